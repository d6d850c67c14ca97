'use strict';
// edgedeploy trampoline 1: carries CloudFront events to a WebAssembly module
// that speaks the `host` interface, version 1 (docs/abi-host.md).
//
// Beside this file: edgedeploy.json (which module, what to do on failure), the
// module, and config.json if there is configuration. These bytes are the same
// for every function that uses trampoline 1.

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const beside = (name) => path.join(__dirname, name);
const manifest = JSON.parse(fs.readFileSync(beside('edgedeploy.json'), 'utf8'));
const config = readConfig();

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
let view = Buffer.alloc(0); // its memory; length 0 once the memory has grown
let texts = []; // interned strings by id
let names = []; // the same, lower-cased, where used as a header name
let ids = new Map(); // interned string -> id

function start() {
  compiled ??= new WebAssembly.Module(fs.readFileSync(beside(manifest.module)));
  texts = [];
  names = [];
  ids = new Map();
  view = Buffer.alloc(0);
  const instance = new WebAssembly.Instance(compiled, { edge });
  if (typeof instance.exports.edge_abi_1 !== 'function') {
    refuse('the module does not export edge_abi_1, so it was not built for this trampoline');
  }
  guest = instance.exports;
  try {
    guest.edge_init?.();
  } catch (err) {
    guest = null;
    throw err;
  }
}

function memory() {
  if (view.length === 0) {
    if (guest === null) refuse('host functions cannot be called before edge_init');
    view = Buffer.from(guest.memory.buffer);
  }
  return view;
}

// at checks a range of guest memory and returns its first byte. Addresses
// arrive as signed integers.
function at(ptr, len) {
  const from = ptr >>> 0;
  if (from + (len >>> 0) > memory().length) {
    refuse(`address ${from} + ${len >>> 0} is outside of the ${view.length} bytes of memory`);
  }
  return from;
}

function text(ptr, len) {
  const from = at(ptr, len);
  return view.toString('utf8', from, from + (len >>> 0));
}

// room asks the guest where len bytes may be put.
function room(len) {
  const ptr = guest.edge_buffer(len) >>> 0;
  if (ptr === 0) refuse(`edge_buffer has no room for ${len} bytes`);
  return at(ptr, len);
}

// deliver hands a string to the guest and returns its length in bytes.
function deliver(value) {
  if (value === undefined || value === null) return -1;
  const len = Buffer.byteLength(value);
  if (len === 0) return 0; // nothing to put anywhere
  const to = room(len);
  view.write(value, to, len, 'utf8');
  return len;
}

// ---- the event ----------------------------------------------------------

let kind = -1; // index into KINDS; -1 outside of events
let cf = null; // Records[0].cf
let answer; // the response that a request handler builds
let listed = null; // headers as a list, until the next change
let listedOf = -1;

// Objects are changed in place. With on-error: continue every change is noted,
// so that a failed handler can be undone; arrays are replaced, never changed.
const keepsOriginal = manifest.onError === 'continue';
let undo = [];

function note(object, key) {
  listed = null;
  if (keepsOriginal) undo.push([object, key, Object.hasOwn(object, key), object[key]]);
}
function put(object, key, value) {
  note(object, key);
  object[key] = value;
}
function drop(object, key) {
  note(object, key);
  delete object[key];
}
function restore() {
  while (undo.length > 0) {
    const [object, key, had, value] = undo.pop();
    if (had) object[key] = value;
    else delete object[key];
  }
}

const isRequestEvent = () => kind === VIEWER_REQUEST || kind === ORIGIN_REQUEST;
const response = () => (isRequestEvent() ? answer : cf.response);

function inEvent() {
  if (cf === null) refuse('this host function needs an event; edge_init has none');
}
function mayChangeRequest(what) {
  if (!isRequestEvent()) refuse(`${what} cannot be changed at ${KINDS[kind]}`);
}
function responseToChange(what) {
  return response() ?? refuse(`${what}: there is no response yet; call respond first`);
}

// ---- headers ------------------------------------------------------------

const OF_REQUEST = 0;
const OF_RESPONSE = 1;
const OF_ORIGIN = 2;

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/; // RFC 9110, 5.1
const BREAKS = /[\0\r\n]/; // a value must not start another header

function constant(id) {
  return texts[id] ?? refuse(`no string was interned as ${id}`);
}

function headerName(id) {
  if (names[id] !== undefined) return names[id];
  const name = constant(id);
  if (!TOKEN.test(name) || name === '__proto__') refuse(`${JSON.stringify(name)} is no header name`);
  return (names[id] = name.toLowerCase());
}

function headerValue(value) {
  if (BREAKS.test(value)) refuse('a header value contains a line break or NUL');
  return value;
}

// headersOf returns the map of one holder, undefined if it has none.
function headersOf(of) {
  inEvent();
  switch (of) {
    case OF_REQUEST: return cf.request.headers;
    case OF_RESPONSE: return response()?.headers;
    case OF_ORIGIN: return originPart()?.customHeaders;
    default: return refuse(`headers of ${of}: want 0 (request), 1 (response) or 2 (origin)`);
  }
}

function headersToChange(of) {
  inEvent();
  let holder;
  let key = 'headers';
  switch (of) {
    case OF_REQUEST:
      mayChangeRequest('request headers');
      holder = cf.request;
      break;
    case OF_RESPONSE:
      holder = responseToChange('response headers');
      break;
    case OF_ORIGIN:
      holder = originToChange();
      key = 'customHeaders';
      break;
    default:
      return headersOf(of); // refuses
  }
  if (!holder[key]) put(holder, key, {});
  return holder[key];
}

function values(headers, name) {
  return headers && Object.hasOwn(headers, name) ? headers[name] : [];
}

function list(of) {
  if (listed === null || listedOf !== of) {
    listed = Object.entries(headersOf(of) ?? {}).flatMap(([name, all]) => all.map((h) => [name, h.value]));
    listedOf = of;
  }
  return listed;
}

// ---- fields -------------------------------------------------------------

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

function whole(value) {
  if (!/^[0-9]{1,5}$/.test(value)) refuse(`${JSON.stringify(value)} is no whole number`);
  return Number(value);
}
function oneOf(value, ...allowed) {
  if (!allowed.includes(value)) refuse(`${JSON.stringify(value)}: want ${allowed.join(' or ')}`);
  return value;
}
function matching(value, pattern, want) {
  if (!pattern.test(value)) refuse(`${JSON.stringify(value)}: ${want}`);
  return value;
}

function status(value) {
  const n = whole(value);
  if (n < 200 || n > 599) refuse(`status ${n} is not within 200 to 599`);
  return String(n);
}

function changeStatus(value) {
  const target = responseToChange('status');
  if (!isRequestEvent() && kind !== ORIGIN_RESPONSE) refuse('viewer-response cannot change the status');
  const next = status(value);
  if (target.status === next) return;
  put(target, 'status', next);
  // "Not Found" must not stay behind on a 200.
  if (Object.hasOwn(target, 'statusDescription')) drop(target, 'statusDescription');
}

function getField(field) {
  switch (field) {
    case 0: return cf.request.method;
    case 1: return cf.request.uri;
    case 2: return cf.request.querystring;
    case 3: return cf.request.clientIp;
    case 4: return cf.config.requestId;
    case 5: return cf.config.distributionId;
    case 6: return cf.config.distributionDomainName;
    case 7: return response()?.status;
    case 8: return response()?.statusDescription;
    case 9: return originKind();
    case 10: return originPart()?.domainName;
    case 11: return originPart()?.path;
    case 12: return origin()?.custom?.protocol;
    case 13: return origin()?.custom?.port;
    case 14: return origin()?.custom?.readTimeout;
    case 15: return origin()?.custom?.keepaliveTimeout;
    case 16: return origin()?.custom?.sslProtocols?.join(',');
    case 17: return origin()?.s3?.region;
    case 18: return origin()?.s3?.authMethod;
    default: return refuse(`field ${field} is unknown`);
  }
}

function setField(field, value) {
  switch (field) {
    case 1:
      mayChangeRequest('uri');
      return put(cf.request, 'uri', matching(value, /^\/[^\0-\x20\x7f]*$/, 'a uri starts with / and has no space or control character'));
    case 2:
      mayChangeRequest('querystring');
      return put(cf.request, 'querystring', matching(value, /^[^\0-\x20\x7f#]*$/, 'a querystring has no space, control character or #'));
    case 7: return changeStatus(value);
    case 8:
      if (!isRequestEvent() && kind !== ORIGIN_RESPONSE) refuse('viewer-response cannot change the status');
      return put(responseToChange('status description'), 'statusDescription', headerValue(value));
    case 9: return changeOriginKind(value);
    case 10: return put(originToChange(), 'domainName', matching(value, /^[^\s:/]+$/, 'a domain name has no colon, slash or space'));
    case 11: return put(originToChange(), 'path', matching(value, /^(\/.*[^/])?$/, 'an origin path is empty, or starts and does not end with /'));
    case 12: return put(originToChange('custom'), 'protocol', oneOf(value, 'http', 'https'));
    case 13: return put(originToChange('custom'), 'port', whole(value));
    case 14: return put(originToChange('custom'), 'readTimeout', whole(value));
    case 15: return put(originToChange('custom'), 'keepaliveTimeout', whole(value));
    case 16: return put(originToChange('custom'), 'sslProtocols', value.split(','));
    case 17: return put(originToChange('s3'), 'region', value);
    case 18: return put(originToChange('s3'), 'authMethod', oneOf(value, 'none', 'origin-access-identity'));
    default:
      getField(field); // refuses what is unknown
      return refuse(`field ${field} is read-only`);
  }
}

// ---- bodies -------------------------------------------------------------

const TEXT = 0;
const BYTES = 1;

function bodyToChange() {
  if (isRequestEvent() && answer === undefined) {
    const body = cf.request.body ?? refuse('the event has no request body; associate the function with its body included');
    put(body, 'action', 'replace');
    return { target: body, data: 'data', encoding: 'encoding' };
  }
  if (!isRequestEvent() && kind !== ORIGIN_RESPONSE) refuse('viewer-response cannot change the body');
  return { target: responseToChange('body'), data: 'body', encoding: 'bodyEncoding' };
}

// ---- what the module may import -----------------------------------------

const LOG = ['debug', 'info', 'warn', 'error'];

const edge = {
  intern(ptr, len) {
    const value = text(ptr, len);
    let id = ids.get(value);
    if (id === undefined) {
      id = texts.push(value) - 1;
      ids.set(value, id);
    }
    return id;
  },

  get(field) {
    inEvent();
    const value = getField(field);
    return deliver(typeof value === 'number' ? String(value) : value);
  },
  set(field, ptr, len) {
    inEvent();
    setField(field, text(ptr, len));
  },

  header(of, name, i) {
    return deliver(values(headersOf(of), headerName(name))[i >>> 0]?.value);
  },
  header_count(of) {
    return list(of).length;
  },
  header_at(of, i) {
    const pair = list(of)[i >>> 0];
    return deliver(pair && `${pair[0]}: ${pair[1]}`);
  },
  set_header(of, name, value) {
    put(headersToChange(of), headerName(name), [{ key: constant(name), value: headerValue(constant(value)) }]);
  },
  put_header(of, name, ptr, len) {
    put(headersToChange(of), headerName(name), [{ key: constant(name), value: headerValue(text(ptr, len)) }]);
  },
  append_header(of, name, ptr, len) {
    const headers = headersToChange(of);
    const added = { key: constant(name), value: headerValue(text(ptr, len)) };
    put(headers, headerName(name), [...values(headers, headerName(name)), added]);
  },
  remove_header(of, name) {
    const headers = headersToChange(of);
    if (Object.hasOwn(headers, headerName(name))) drop(headers, headerName(name));
  },

  respond(code) {
    inEvent();
    if (!isRequestEvent()) refuse(`respond is for request events; at ${KINDS[kind]} change the response`);
    answer = { status: status(String(code >>> 0)), headers: {} };
    listed = null;
  },

  body() {
    inEvent();
    const body = cf.request.body;
    if (!body || typeof body.data !== 'string') return -1;
    if (body.encoding === 'text') return deliver(body.data);
    const len = Buffer.byteLength(body.data, 'base64');
    if (len === 0) return 0;
    const to = room(len);
    return view.write(body.data, to, len, 'base64');
  },
  body_truncated() {
    inEvent();
    return cf.request.body?.inputTruncated ? 1 : 0;
  },
  set_body(form, ptr, len) {
    inEvent();
    if (form !== TEXT && form !== BYTES) refuse(`body form ${form}: want 0 (text) or 1 (bytes)`);
    const from = at(ptr, len);
    const { target, data, encoding } = bodyToChange();
    const name = form === TEXT ? 'text' : 'base64';
    put(target, data, view.toString(form === TEXT ? 'utf8' : 'base64', from, from + (len >>> 0)));
    put(target, encoding, name);
  },

  config(ptr, len) {
    return deliver(config.get(text(ptr, len)));
  },
  log(level, ptr, len) {
    const method = LOG[level] ?? refuse(`log level ${level}: want 0 (debug) to 3 (error)`);
    console[method](text(ptr, len));
  },
  now() {
    return Date.now();
  },
  random(ptr, len) {
    const from = at(ptr, len);
    crypto.randomFillSync(view, from, len >>> 0);
  },
};

// readConfig returns the baked configuration, each value as the text that the
// guest will get: strings as they are, everything else as JSON.
function readConfig() {
  if (manifest.config === undefined) return new Map();
  const values = JSON.parse(fs.readFileSync(beside(manifest.config), 'utf8'));
  return new Map(Object.entries(values).map(([key, v]) => [key, typeof v === 'string' ? v : JSON.stringify(v)]));
}

// ---- the handler --------------------------------------------------------

function run() {
  kind = KINDS.indexOf(cf.config.eventType);
  if (kind < 0) refuse(`event type ${JSON.stringify(cf.config.eventType)} is unknown`);
  if (guest === null) start();
  let result;
  try {
    result = guest.edge_handle(kind);
  } catch (err) {
    guest = null; // a trap, or a host call that was refused halfway through
    throw err;
  }
  if (result === 0) return isRequestEvent() ? cf.request : cf.response;
  if (result === 1 && answer !== undefined) return answer;
  if (result === 1) refuse('edge_handle returned 1 (answer) without a response from respond');
  return refuse(`edge_handle returned ${result}`);
}

// passing logs a failure and says whether the event goes on unchanged.
function passing(err) {
  console.error(err?.stack ?? String(err));
  return keepsOriginal;
}

// Two parameters, because Node.js 24 on Lambda refuses handlers that declare
// three. There is nothing to await: events of one instance never overlap.
exports.handler = async (event, context) => {
  cf = event.Records[0].cf;
  try {
    return run();
  } catch (err) {
    if (!passing(err)) throw err;
    restore();
    return cf.response ?? cf.request;
  } finally {
    kind = -1;
    cf = null;
    answer = undefined;
    listed = null;
    undo = [];
  }
};

try {
  start();
} catch (err) {
  // Not loading at all is the clearest failure, unless traffic must go on.
  if (!passing(err)) throw err;
}
