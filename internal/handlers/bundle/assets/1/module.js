//: notes:
// No script has this part, which is for those who change the others.
//
// Whatever is done before the first event is done at each cold start. V8 compiles
// a function that stands in parentheses together with the script, and any other
// when it is first called, having read it once before for nothing. So what most
// handlers need at their first event stands in parentheses. A kilobyte of that
// takes 40 µs to compile, one of the others 20 µs to read, and comments nothing:
// the words for what goes wrong are kept out of the former, and what few handlers
// need of an origin is a file of its own.
//
//: always:
'use strict';
// edgedeploy trampoline 1: carries CloudFront events to a WebAssembly module.
//
// edgedeploy put this file together from the parts that the module needs for
// what it imports and exports, and that on-error needs (docs/handlers.md). It is
// the same, byte for byte, for all functions that need the same and have the same
// config. Beside it: the module, and origin.js, which is read when wanted.

const fs = require('node:fs');

const KINDS = ['viewer-request', 'origin-request', 'origin-response', 'viewer-response'];
let kind = -1; // index into KINDS; -1 outside of events
let cf = null; // Records[0].cf

//: ORIGIN_REQUEST:
const ORIGIN_REQUEST = 1; // up to here events have a request that can be changed
//: VIEWER_RESPONSE:
const VIEWER_RESPONSE = 3;

//: baked:
const baked = '{}'; // config: of edgedeploy.yaml, as JSON

//: refuse:
// refuse reports what a module does wrong as a failure of the handler.
function refuse(why) {
  class HandlerError extends Error {
    get name() { return 'HandlerError'; }
  }
  throw new HandlerError(why);
}

//: start: imports unfit
// ---- the instance -------------------------------------------------------
// A trap leaves a module's memory in an unknown state, so the instance is
// dropped and the next event gets a new one. The compiled module is kept.

let compiled = null;
let guest = null; // exports of the live instance
let atWork = false; // whether it is: if it fails now, it is in no known state

const start = (function () {
  compiled ??= new WebAssembly.Module(fs.readFileSync(`${__dirname}/handler.wasm`));
  view = null; // with at
  texts = []; // with texts
  ids = new Map(); // with edge.intern
  names = []; // with nameOf
  safe = []; // with valueOf
  wanted = []; // with edge_wants
  open = new Set([STDIN, STDOUT, STDERR]); // with open
  outputs = {}; // with outputs
  const { exports } = new WebAssembly.Instance(compiled, imports);
  if (exports.edge_abi_1 === undefined) unfit('edge_abi_1'); // with host
  if (exports.edge_alloc === undefined) unfit('edge_alloc'); // with bytes
  guest = exports;
  atWork = true;
  guest._initialize?.();
  guest.edge_init?.(); // with host
  give(baked, guest.edge_config); // with edge_config
  flush(); // with outputs
  atWork = false;
});

//: restart: start
// restart makes an instance that replaces another one, within an event. It must
// not find out: the first one had none.
function restart() {
  const event = cf;
  cf = null;
  try {
    start();
  } finally {
    cf = event;
  }
}

//: unfit: refuse
function unfit(name) {
  refuse(`the module does not export ${name}, so it was not built for this trampoline`);
}

//: at: outside
let view; // the live instance's memory; null before it was looked at, empty once it has grown

// at checks a range of guest memory and returns its first byte. Addresses
// arrive as signed integers.
const at = (function (ptr, len) {
  const from = ptr >>> 0;
  if (view === null || view.length === 0) view = Buffer.from((guest ?? notStarted()).memory.buffer);
  if (from + (len >>> 0) > view.length) outside(from, len >>> 0);
  return from;
});

//: outside: at refuse
function notStarted() {
  refuse('host functions cannot be called before edge_init');
}

function outside(from, len) {
  refuse(`address ${from} + ${len} is outside of the ${view.length} bytes of memory`);
}

//: memory: at
function memory() {
  at(0, 0);
  return view;
}

//: text: at
const text = (function (ptr, len) {
  const from = at(ptr, len);
  return view.utf8Slice(from, from + (len >>> 0));
});

//: continue: restored
//: undo:
// ---- on-error: continue -------------------------------------------------
// Objects are changed in place, and every change is noted, so that a failed
// handler can be undone. Arrays that came are replaced, never changed.

const undo = []; // object, key and old value in turn; no JSON value is undefined

const note = (function (object, key) {
  undo.push(object, key, Object.hasOwn(object, key) ? object[key] : undefined);
});

//: restored: undo
// restored gives the request or response as it came.
function restored() {
  while (undo.length > 0) {
    const value = undo.pop();
    const key = undo.pop();
    const object = undo.pop();
    if (value === undefined) delete object[key];
    else object[key] = value;
  }
  return cf.response ?? cf.request;
}

//: notNow: refuse
function notNow(what) {
  refuse(`${what} cannot be changed at ${KINDS[kind]}`);
}

//: notThere: refuse
function notThere(what) {
  refuse(`viewer-response cannot change the ${what}`);
}

//: headerKey: unusualKey
// ---- what CloudFront would refuse ---------------------------------------

// headerKey gives the key of a header in a map of headers. Nearly all names have
// letters, digits and hyphens only. The first use of a regular expression takes
// longer than this does for all names that a handler ever has.
const headerKey = (function (name) {
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    const letter = c | 0x20; // in lower case, if it is one
    if (!((letter >= 0x61 && letter <= 0x7a) || (c >= 0x30 && c <= 0x39) || c === 0x2d)) return unusualKey(name);
  }
  return name === '' ? unusualKey(name) : name.toLowerCase();
});

//: unusualKey: refuse
function unusualKey(name) {
  const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/; // RFC 9110, 5.1
  const key = name.toLowerCase();
  if (!token.test(name) || key === '__proto__') refuse(`${JSON.stringify(name)} is no header name`);
  return key;
}

//: headerValue: refuse
// headerValue refuses what would start another header.
const headerValue = (function (value) {
  if (value.includes('\n') || value.includes('\r') || value.includes('\0')) refuse('a header value contains a line break or NUL');
  return value;
});

//: whole: refuse
function whole(value) {
  if (!/^[0-9]{1,5}$/.test(value)) refuse(`${JSON.stringify(value)} is no whole number`);
  return Number(value);
}

//: badStatus: refuse
function badStatus(n) {
  refuse(`status ${n} is not within 200 to 599`);
}

//: matching: refuse
function matching(value, pattern, want) {
  if (!pattern.test(value)) refuse(`${JSON.stringify(value)}: ${want}`);
  return value;
}

//: uri: matching
function uri(value) {
  return matching(value, /^\/[^\0-\x20\x7f]*$/, 'a uri starts with / and has no space or control character');
}

//: querystring: matching
function querystring(value) {
  return matching(value, /^[^\0-\x20\x7f#]*$/, 'a querystring has no space, control character or #');
}

//: originPart:
// ---- origins ------------------------------------------------------------

function originPart() {
  const { origin } = cf.request;
  return origin?.custom ?? origin?.s3;
}

//: origins: refuse
let originModule = null; // origin.js, once a handler wanted it

function origins() {
  return (originModule ??= require('./origin.js')(refuse, note)); // with undo
  return (originModule ??= require('./origin.js')(refuse, () => {})); // without undo
}

//: changeStatus: VIEWER_RESPONSE notThere badStatus
// ---- statuses and bodies ------------------------------------------------

function changeStatus(target, n) {
  if (kind === VIEWER_RESPONSE) notThere('status');
  if (!(n >= 200 && n <= 599)) badStatus(n);
  if (target.status === String(n)) return;
  note(target, 'status'); // with undo
  note(target, 'statusDescription'); // with undo
  target.status = String(n);
  // "Not Found" must not stay behind on a 200.
  if (target.statusDescription !== undefined) delete target.statusDescription;
}

//: changeRequestBody: refuse
function changeRequestBody(data, encoding) {
  const body = cf.request.body ?? refuse('the event has no request body; associate the function with its body included');
  note(body, 'action'); // with undo
  note(body, 'data'); // with undo
  note(body, 'encoding'); // with undo
  body.action = 'replace';
  body.data = data;
  body.encoding = encoding;
}

//: changeResponseBody: VIEWER_RESPONSE notThere
function changeResponseBody(target, data, encoding) {
  if (kind === VIEWER_RESPONSE) notThere('body');
  note(target, 'body'); // with undo
  note(target, 'bodyEncoding'); // with undo
  target.body = data;
  target.bodyEncoding = encoding;
}
