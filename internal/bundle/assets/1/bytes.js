
// ---- the `bytes` interface, version 1 (docs/abi-bytes.md) ----------------
// The event goes in as JSON; nothing, a patch or a whole response comes out.

const own = (object, key) => (Object.hasOwn(object, key) ? object[key] : undefined);

// give puts bytes into the guest's memory and returns their address.
function give(len, write) {
  const ptr = guest.edge_alloc(len) >>> 0;
  if (ptr === 0 && len > 0) refuse(`edge_alloc has no room for ${len} bytes`);
  const to = at(ptr, len);
  if (len > 0) write(to);
  return ptr;
}

function giveText(value) {
  const len = Buffer.byteLength(value);
  return [give(len, (to) => view.utf8Write(value, to, len)), len];
}

// described is the event as the guest gets it: without the body's data, which
// takes milliseconds as JSON and which most handlers do not want. A module
// that does exports edge_body.
function described() {
  const body = cf.request.body;
  if (body === undefined) return JSON.stringify(cf);
  const { data, ...rest } = body;
  return JSON.stringify({ ...cf, request: { ...cf.request, body: rest } });
}

function giveBody() {
  const body = cf.request.body;
  if (guest.edge_body === undefined || !body || typeof body.data !== 'string') return;
  const encoding = body.encoding === 'text' ? 'utf8' : 'base64';
  const len = Buffer.byteLength(body.data, encoding);
  const ptr = give(len, (to) => view.write(body.data, to, len, encoding));
  guest.edge_body(ptr, len);
}

// ---- patches ------------------------------------------------------------

function object(value, what) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${what} is no object`);
  return value;
}
function string(value, what) {
  if (typeof value !== 'string') refuse(`${what} is no string`);
  return value;
}
function number(value, what) {
  if (!Number.isInteger(value) || value < 0 || value > 99999) refuse(`${what} is no whole number`);
  return value;
}
function statusOf(value) {
  return status(typeof value === 'string' ? whole(value) : number(value, 'status'));
}

// eachMember applies a patch member by member and refuses what is unknown: a
// typing error must not be a silent loss.
function eachMember(patch, setters, what) {
  for (const key of Object.keys(patch)) {
    const set = own(setters, key) ?? refuse(`${what} cannot have ${JSON.stringify(key)}; known are ${Object.keys(setters).join(', ')}`);
    set(patch[key]);
  }
}

// changeHeaders: a string or a list of strings replaces all values of a header,
// null and an empty list remove it. Everything else stays.
function changeHeaders(holder, key, patch) {
  object(patch, key);
  if (!holder[key]) put(holder, key, {});
  const headers = holder[key];
  const seen = new Set();
  for (const name of Object.keys(patch)) {
    const to = headerKey(name);
    if (seen.size === seen.add(to).size) refuse(`header ${name} is there twice, in another case`);
    const all = patch[name] === null ? [] : [patch[name]].flat();
    if (all.length > 0) {
      put(headers, to, all.map((value) => ({ key: name, value: headerValue(string(value, `header ${name}`)) })));
    } else if (Object.hasOwn(headers, to)) {
      drop(headers, to);
    }
  }
}

function changeOrigin(patch) {
  const kinds = Object.keys(object(patch, 'origin'));
  if (kinds.length !== 1) refuse('origin wants exactly one of custom and s3');
  changeOriginKind(kinds[0]);
  const part = originToChange();
  const set = (key, check) => (value) => put(part, key, check(value));
  const common = {
    customHeaders: (value) => changeHeaders(part, 'customHeaders', value),
    domainName: set('domainName', (v) => domainName(string(v, 'domainName'))),
    path: set('path', (v) => originPath(string(v, 'path'))),
  };
  const custom = {
    ...common,
    keepaliveTimeout: set('keepaliveTimeout', (v) => number(v, 'keepaliveTimeout')),
    port: set('port', (v) => number(v, 'port')),
    protocol: set('protocol', (v) => oneOf(v, 'http', 'https')),
    readTimeout: set('readTimeout', (v) => number(v, 'readTimeout')),
    sslProtocols: set('sslProtocols', (v) => (Array.isArray(v) ? v : refuse('sslProtocols is no list')).map((one) => string(one, 'one of sslProtocols'))),
  };
  const s3 = {
    ...common,
    authMethod: set('authMethod', (v) => oneOf(v, 'none', 'origin-access-identity')),
    region: set('region', (v) => string(v, 'region')),
  };
  eachMember(object(patch[kinds[0]], kinds[0]), kinds[0] === 's3' ? s3 : custom, `origin ${kinds[0]}`);
}

const encodingOf = (patch) => oneOf(own(patch, 'bodyEncoding') ?? 'text', 'text', 'base64');

function needsBody(patch) {
  if (!Object.hasOwn(patch, 'body')) refuse('bodyEncoding is there without body');
}

function changeRequest(patch) {
  eachMember(patch, {
    uri: (value) => put(cf.request, 'uri', uri(string(value, 'uri'))),
    querystring: (value) => put(cf.request, 'querystring', querystring(string(value, 'querystring'))),
    headers: (value) => changeHeaders(cf.request, 'headers', value),
    origin: changeOrigin,
    body: (value) => changeRequestBody(string(value, 'body'), encodingOf(patch)),
    bodyEncoding: () => needsBody(patch),
  }, 'a patch of a request');
  return cf.request;
}

function changeResponse(target, patch, what) {
  // The status first: a new one drops the old description.
  if (Object.hasOwn(patch, 'status')) changeStatus(target, statusOf(patch.status));
  eachMember(patch, {
    status: () => {},
    statusDescription: (value) => {
      mayChangeResponse('status');
      put(target, 'statusDescription', headerValue(string(value, 'statusDescription')));
    },
    headers: (value) => changeHeaders(target, 'headers', value),
    body: (value) => changeResponseBody(target, string(value, 'body'), encodingOf(patch)),
    bodyEncoding: () => needsBody(patch),
  }, what);
  return target;
}

// apply makes of what the guest returned what CloudFront gets.
function apply(patch) {
  object(patch, 'what edge_handle returned');
  if (!isRequestEvent()) return changeResponse(cf.response, patch, 'a patch of a response');
  if (Object.hasOwn(patch, 'status')) return changeResponse({ headers: {} }, patch, 'a response');
  return changeRequest(patch);
}

function parse(json) {
  try {
    return JSON.parse(json);
  } catch (err) {
    return refuse(`what edge_handle returned is no JSON: ${err.message}`);
  }
}

const abi = {
  imports: {},

  forget() {},
  accept(exports) {
    if (typeof exports.edge_alloc !== 'function') {
      refuse('the module does not export edge_alloc, so it was not built for this trampoline');
    }
  },
  initialize() {
    if (guest.edge_config !== undefined) guest.edge_config(...giveText(baked.trimEnd()));
  },
  handle() {
    giveBody();
    const ptr = guest.edge_handle(...giveText(described())) >>> 0;
    if (ptr === 0) return null;
    const pair = at(ptr, 8);
    return parse(text(view.readUInt32LE(pair), view.readUInt32LE(pair + 4)));
  },
  result(patch) {
    if (patch === null) return isRequestEvent() ? cf.request : cf.response;
    return apply(patch);
  },
  finish() {},
};

load();
