'use strict';
// edgedeploy trampoline 1: carries CloudFront events to a WebAssembly module.
//
// Beside this file: edgedeploy.json (which module, what to do on failure, the
// configuration), the module, and wasi.js if the module imports WASI. These
// bytes are the same for every function whose module speaks the same
// interface. This part is what the interfaces have in common.
//
// Whatever is done before the first event is done at each cold start. V8 compiles
// a function that stands in parentheses together with the script, and any other
// when it is first called, having read it once before for nothing. So what most
// handlers need stands in parentheses: that is a third of a millisecond.

const fs = require('node:fs');

const beside = (name) => `${__dirname}/${name}`;
const manifest = JSON.parse(fs.readFileSync(beside('edgedeploy.json'), 'utf8'));
const baked = manifest.config ?? '{}'; // JSON

const KINDS = ['viewer-request', 'origin-request', 'origin-response', 'viewer-response'];
const VIEWER_REQUEST = 0;
const ORIGIN_REQUEST = 1;
const ORIGIN_RESPONSE = 2;

// What a module may do wrong. Each is reported as a failure of the handler.
class HandlerError extends Error {
  get name() { return 'HandlerError'; }
}
function refuse(why) { throw new HandlerError(why); }

// ---- the instance -------------------------------------------------------
// A trap leaves a module's memory in an unknown state, so the instance is
// dropped and the next event gets a new one. The compiled module is kept.

let compiled = null;
let guest = null; // exports of the live instance
let wasi = null; // what the live instance has of WASI, if it wants any
let view = Buffer.alloc(0); // its memory; length 0 once the memory has grown

const start = (function () {
  // An instance that replaces another one is made within an event. It must not
  // find out: the first one had none.
  const event = cf;
  cf = null;
  try {
    begin();
  } finally {
    cf = event;
  }
});

const begin = (function () {
  compiled ??= new WebAssembly.Module(fs.readFileSync(beside(manifest.module)));
  guest = null;
  view = Buffer.alloc(0);
  wasi = manifest.wasi ? require('./wasi.js')(memory) : null;
  abi.forget();
  const { exports } = new WebAssembly.Instance(compiled, { ...abi.imports, ...wasi?.imports });
  abi.accept(exports);
  guest = exports;
  try {
    guest._initialize?.();
    abi.initialize();
    wasi?.flush();
  } catch (err) {
    guest = null;
    throw err;
  }
});

const memory = (function () {
  if (view.length === 0) {
    if (guest === null) refuse('host functions cannot be called before edge_init');
    view = Buffer.from(guest.memory.buffer);
  }
  return view;
});

// at checks a range of guest memory and returns its first byte. Addresses
// arrive as signed integers.
const at = (function (ptr, len) {
  const from = ptr >>> 0;
  if (from + (len >>> 0) > memory().length) {
    refuse(`address ${from} + ${len >>> 0} is outside of the ${view.length} bytes of memory`);
  }
  return from;
});

const text = (function (ptr, len) {
  const from = at(ptr, len);
  return view.utf8Slice(from, from + (len >>> 0));
});

// ---- the event ----------------------------------------------------------

let kind = -1; // index into KINDS; -1 outside of events
let cf = null; // Records[0].cf

// Objects are changed in place. With on-error: continue every change is noted,
// so that a failed handler can be undone; arrays are replaced, never changed.
const keepsOriginal = manifest.onError === 'continue';
const undo = []; // object, key and old value in turn; no JSON value is undefined

const put = (function (object, key, value) {
  if (keepsOriginal) undo.push(object, key, Object.hasOwn(object, key) ? object[key] : undefined);
  object[key] = value;
});
const drop = (function (object, key) {
  if (keepsOriginal) undo.push(object, key, object[key]);
  delete object[key];
});
function restore() {
  while (undo.length > 0) {
    const value = undo.pop();
    const key = undo.pop();
    const object = undo.pop();
    if (value === undefined) delete object[key];
    else object[key] = value;
  }
}

const isRequestEvent = () => kind === VIEWER_REQUEST || kind === ORIGIN_REQUEST;

const mayChangeRequest = (function (what) {
  if (!isRequestEvent()) refuse(`${what} cannot be changed at ${KINDS[kind]}`);
});

// ---- what CloudFront would refuse ---------------------------------------

// ordinary says that a name has letters, digits and hyphens only, as nearly all
// have. The first use of a regular expression takes longer than this does for
// all names that a handler ever has.
const ordinary = (function (name) {
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    const letter = c | 0x20; // in lower case, if it is one
    if (!((letter >= 0x61 && letter <= 0x7a) || (c >= 0x30 && c <= 0x39) || c === 0x2d)) return false;
  }
  return name !== '';
});

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/; // RFC 9110, 5.1

// headerKey gives the key of a header in a map of headers.
const headerKey = (function (name) {
  const key = name.toLowerCase();
  if (!ordinary(name) && (!TOKEN.test(name) || key === '__proto__')) refuse(`${JSON.stringify(name)} is no header name`);
  return key;
});

// headerValue refuses what would start another header.
const headerValue = (function (value) {
  if (value.includes('\n') || value.includes('\r') || value.includes('\0')) refuse('a header value contains a line break or NUL');
  return value;
});

function whole(value) {
  if (!/^[0-9]{1,5}$/.test(value)) refuse(`${JSON.stringify(value)} is no whole number`);
  return Number(value);
}
function oneOf(value, ...allowed) {
  if (!allowed.includes(value)) refuse(`${JSON.stringify(value)}: want ${allowed.join(' or ')}`);
  return value;
}
const matching = (function (value, pattern, want) {
  if (!pattern.test(value)) refuse(`${JSON.stringify(value)}: ${want}`);
  return value;
});
const status = (function (n) {
  if (!(n >= 200 && n <= 599)) refuse(`status ${n} is not within 200 to 599`);
  return String(n);
});
const uri = (value) => matching(value, /^\/[^\0-\x20\x7f]*$/, 'a uri starts with / and has no space or control character');
const querystring = (value) => matching(value, /^[^\0-\x20\x7f#]*$/, 'a querystring has no space, control character or #');
const domainName = (value) => matching(value, /^[^\s\0-\x20\x7f:/]+$/, 'a domain name has no colon, slash, space or control character');
const originPath = (value) => matching(value, /^(\/[^\0-\x20\x7f]*[^\0-\x20\x7f/])?$/, 'an origin path is empty, or starts and does not end with /, and has no space or control character');

// ---- origins ------------------------------------------------------------

const origin = () => cf.request.origin;
const originKind = () => (origin()?.custom ? 'custom' : origin()?.s3 ? 's3' : undefined);
const originPart = () => origin()?.custom ?? origin()?.s3;

function originToChange(want) {
  if (kind !== ORIGIN_REQUEST) refuse(`the origin cannot be changed at ${KINDS[kind]}`);
  if (want !== undefined && originKind() !== want) refuse(`only a ${want} origin has this field`);
  return originPart() ?? refuse('the event has no origin');
}

function changeOriginKind(value) {
  const { domainName, path: folder, customHeaders } = originToChange();
  if (value === originKind()) return;
  const common = { customHeaders, domainName, path: folder };
  if (value === 's3') {
    put(cf.request, 'origin', { s3: { ...common, authMethod: 'none' } });
  } else if (value === 'custom') {
    put(cf.request, 'origin', {
      custom: {
        ...common, keepaliveTimeout: 5, port: 443, protocol: 'https', readTimeout: 30, sslProtocols: ['TLSv1.2'],
      },
    });
  } else {
    refuse(`origin kind ${JSON.stringify(value)}: want custom or s3`);
  }
}

// ---- statuses and bodies ------------------------------------------------

const mayChangeResponse = (function (what) {
  if (!isRequestEvent() && kind !== ORIGIN_RESPONSE) refuse(`viewer-response cannot change the ${what}`);
});

function changeStatus(target, next) {
  mayChangeResponse('status');
  if (target.status === next) return;
  put(target, 'status', next);
  // "Not Found" must not stay behind on a 200.
  if (Object.hasOwn(target, 'statusDescription')) drop(target, 'statusDescription');
}

function changeRequestBody(data, encoding) {
  const body = cf.request.body ?? refuse('the event has no request body; associate the function with its body included');
  put(body, 'action', 'replace');
  put(body, 'data', data);
  put(body, 'encoding', encoding);
}

function changeResponseBody(target, data, encoding) {
  mayChangeResponse('body');
  put(target, 'body', data);
  put(target, 'bodyEncoding', encoding);
}

// ---- the handler --------------------------------------------------------

const run = (function () {
  kind = KINDS.indexOf(cf.config.eventType);
  if (kind < 0) refuse(`event type ${JSON.stringify(cf.config.eventType)} is unknown`);
  if (guest === null) start();
  let result;
  try {
    result = abi.handle();
  } catch (err) {
    guest = null; // a trap, or a host call that was refused halfway through
    throw err;
  }
  return abi.result(result);
});

// passing logs a failure and says whether the event goes on unchanged.
function passing(err) {
  wasi?.flush();
  console.error(err?.stack ?? String(err));
  return keepsOriginal;
}

// Two parameters, because Node.js 24 on Lambda refuses handlers that declare
// three. There is nothing to await: events of one instance never overlap.
exports.handler = async (event, context) => {
  cf = event.Records[0].cf;
  try {
    const result = run();
    if (wasi !== null) wasi.flush();
    return result;
  } catch (err) {
    if (!passing(err)) throw err;
    restore();
    return cf.response ?? cf.request;
  } finally {
    kind = -1;
    cf = null;
    abi.finish();
    if (undo.length > 0) undo.length = 0;
  }
};

// load is the last statement of every trampoline.
function load() {
  try {
    start();
  } catch (err) {
    // Not loading at all is the clearest failure, unless traffic must go on.
    if (!passing(err)) throw err;
  }
}
