
// ---- the `bytes` interface, version 1 (docs/abi-bytes.md) ----------------
// The event goes in as JSON; nothing, a patch or a whole response comes out.

const own = (object, key) => (Object.hasOwn(object, key) ? object[key] : undefined);

// room asks the guest where len bytes may be put.
const room = (function (len) {
  const ptr = guest.edge_alloc(len) >>> 0;
  if (ptr === 0 && len > 0) refuse(`edge_alloc has no room for ${len} bytes`);
  return at(ptr, len);
});

// give hands a text to one of the guest's functions.
const give = (function (value, to) {
  const len = Buffer.byteLength(value);
  const ptr = room(len);
  view.utf8Write(value, ptr, len);
  return to(ptr, len);
});

// Which members of an event the guest reads. Leaving out what it does not read
// saves more than everything else here together: at the response triggers the
// request is the larger part of the event.
const CONFIG = 1;
const REQUEST = 2;
const RESPONSE = 4;
let wanted = []; // by kind, once asked

const wants = (function () {
  return (wanted[kind] ??= guest.edge_wants === undefined ? CONFIG | REQUEST | RESPONSE : guest.edge_wants(kind));
});

// described is the event as the guest gets it: without the body's data, which
// takes milliseconds as JSON and which most handlers do not want. A module
// that does exports edge_body.
const described = (function () {
  const want = wants();
  let { config, request, response } = cf;
  if ((want & CONFIG) === 0) config = undefined;
  if ((want & REQUEST) === 0) request = undefined;
  if ((want & RESPONSE) === 0) response = undefined;
  if (request?.body) {
    const { data, ...body } = request.body;
    request = { ...request, body };
  }
  return JSON.stringify({ config, request, response });
});

const giveBody = (function () {
  const body = cf.request.body;
  if (guest.edge_body === undefined || !body || typeof body.data !== 'string') return;
  const encoding = body.encoding === 'text' ? 'utf8' : 'base64';
  const len = Buffer.byteLength(body.data, encoding);
  const ptr = room(len);
  view.write(body.data, ptr, len, encoding);
  guest.edge_body(ptr, len);
});

// ---- patches ------------------------------------------------------------

const object = (function (value, what) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${what} is no object`);
  return value;
});
const string = (function (value, what) {
  if (typeof value !== 'string') refuse(`${what} is no string`);
  return value;
});
function number(value, what) {
  if (!Number.isInteger(value) || value < 0 || value > 99999) refuse(`${what} is no whole number`);
  return value;
}
function statusOf(value) {
  return status(typeof value === 'string' ? whole(value) : number(value, 'status'));
}

// unknown refuses a member: a typing error must not be a silent loss.
function unknown(key, what, ...members) {
  refuse(`${what} cannot have ${JSON.stringify(key)}; known are ${members.join(', ')}`);
}

// Handlers name the same few headers again and again, and judging a name costs
// more than looking it up. What visitors send does not get here, but a handler
// might make up names: the memory for them is bounded.
const keys = new Map();
const keyOf = (function (name) {
  let key = keys.get(name);
  if (key === undefined) {
    key = headerKey(name);
    if (keys.size < 1000) keys.set(name, key);
  }
  return key;
});

const headerValues = (function (name, value) {
  if (typeof value === 'string') return [{ key: name, value: headerValue(value) }];
  if (value === null) return [];
  if (!Array.isArray(value)) refuse(`header ${name} is no string`);
  return value.map((one) => ({ key: name, value: headerValue(string(one, `header ${name}`)) }));
});

// changeHeaders: a string or a list of strings replaces all values of a header,
// null and an empty list remove it. Everything else stays.
const changeHeaders = (function (holder, key, patch) {
  object(patch, key);
  if (!holder[key]) put(holder, key, {});
  const headers = holder[key];
  const seen = [];
  for (const name in patch) {
    const to = keyOf(name);
    if (seen.includes(to)) refuse(`header ${name} is there twice, in another case`);
    seen.push(to);
    const all = headerValues(name, patch[name]);
    if (all.length > 0) put(headers, to, all);
    else if (Object.hasOwn(headers, to)) drop(headers, to);
  }
});

function changeOrigin(patch) {
  const kinds = Object.keys(object(patch, 'origin'));
  if (kinds.length !== 1) refuse('origin wants exactly one of custom and s3');
  const [to] = kinds;
  changeOriginKind(to);
  const part = originToChange();
  const edits = object(patch[to], to);
  for (const key in edits) {
    if (key === 'customHeaders') changeHeaders(part, key, edits[key]);
    else put(part, key, originField(to, key, edits[key]));
  }
}

function originField(to, key, value) {
  switch (key) {
    case 'domainName': return domainName(string(value, key));
    case 'path': return originPath(string(value, key));
  }
  if (to === 's3') {
    switch (key) {
      case 'authMethod': return oneOf(value, 'none', 'origin-access-identity');
      case 'region': return string(value, key);
      default: return unknown(key, 'origin s3', 'domainName', 'path', 'customHeaders', 'region', 'authMethod');
    }
  }
  switch (key) {
    case 'protocol': return oneOf(value, 'http', 'https');
    case 'port':
    case 'readTimeout':
    case 'keepaliveTimeout': return number(value, key);
    case 'sslProtocols':
      if (!Array.isArray(value)) refuse('sslProtocols is no list');
      return value.map((one) => string(one, 'one of sslProtocols'));
    default:
      return unknown(key, 'origin custom', 'domainName', 'path', 'customHeaders', 'protocol', 'port', 'readTimeout', 'keepaliveTimeout', 'sslProtocols');
  }
}

const encodingOf = (patch) => oneOf(own(patch, 'bodyEncoding') ?? 'text', 'text', 'base64');

function needsBody(patch) {
  if (!Object.hasOwn(patch, 'body')) refuse('bodyEncoding is there without body');
}

const changeRequest = (function (patch) {
  const { request } = cf;
  for (const key in patch) {
    const value = patch[key];
    switch (key) {
      case 'uri': put(request, key, uri(string(value, key))); break;
      case 'querystring': put(request, key, querystring(string(value, key))); break;
      case 'headers': changeHeaders(request, key, value); break;
      case 'origin': changeOrigin(value); break;
      case 'body': changeRequestBody(string(value, key), encodingOf(patch)); break;
      case 'bodyEncoding': needsBody(patch); break;
      default: unknown(key, 'a patch of a request', 'uri', 'querystring', 'headers', 'origin', 'body', 'bodyEncoding');
    }
  }
  return request;
});

const changeResponse = (function (target, patch, what) {
  // The status first: a new one drops the old description.
  if (Object.hasOwn(patch, 'status')) changeStatus(target, statusOf(patch.status));
  for (const key in patch) {
    const value = patch[key];
    switch (key) {
      case 'status': break;
      case 'statusDescription':
        mayChangeResponse('status');
        put(target, key, headerValue(string(value, key)));
        break;
      case 'headers': changeHeaders(target, key, value); break;
      case 'body': changeResponseBody(target, string(value, key), encodingOf(patch)); break;
      case 'bodyEncoding': needsBody(patch); break;
      default: unknown(key, what, 'status', 'statusDescription', 'headers', 'body', 'bodyEncoding');
    }
  }
  return target;
});

// apply makes of what the guest returned what CloudFront gets.
const apply = (function (patch) {
  object(patch, 'what edge_handle returned');
  if (!isRequestEvent()) return changeResponse(cf.response, patch, 'a patch of a response');
  if (Object.hasOwn(patch, 'status')) return changeResponse({ headers: {} }, patch, 'a response');
  return changeRequest(patch);
});

const parse = (function (json) {
  try {
    return JSON.parse(json);
  } catch (err) {
    return refuse(`what edge_handle returned is no JSON: ${err.message}`);
  }
});

const abi = {
  imports: {},

  forget() {
    wanted = [];
  },
  accept: (function (exports) {
    if (typeof exports.edge_alloc !== 'function') {
      refuse('the module does not export edge_alloc, so it was not built for this trampoline');
    }
  }),
  initialize: (function () {
    if (guest.edge_config !== undefined) give(baked, guest.edge_config);
  }),
  handle: (function () {
    giveBody();
    const ptr = give(described(), guest.edge_handle) >>> 0;
    if (ptr === 0) return null;
    const pair = at(ptr, 8);
    return parse(text(view.readUInt32LE(pair), view.readUInt32LE(pair + 4)));
  }),
  result: (function (patch) {
    if (patch === null) return isRequestEvent() ? cf.request : cf.response;
    return apply(patch);
  }),
  finish() {},
};

load();
