//: edge:
// ---- the `host` interface, version 1 (docs/abi-host.md) -----------------
// What stands in edge is what the module imports, and nothing else.

const edge = {};

//: noEvent: refuse
function noEvent() {
  refuse('this host function needs an event; edge_init has none');
}

//: response:
let response; // of the event; at request events the one begun with respond

//: noResponse: refuse
function noResponse(what) {
  refuse(`${what}: there is no response yet; call respond first`);
}

//: deliver: at noRoom
// deliver hands a string to the guest and returns its length in bytes.
const deliver = (function (value) {
  if (value === undefined || value === null) return -1;
  let len = value.length;
  if (len === 0) return 0; // nothing to put anywhere
  let bits = 0x80;
  if (len <= 48) { // two calls into Node.js take longer than a loop of so many turns
    bits = 0;
    for (let i = 0; i < len; i++) bits |= value.charCodeAt(i);
  }
  if (bits >= 0x80) len = Buffer.byteLength(value);
  const to = at(guest.edge_buffer(len) || noRoom(len), len);
  if (bits >= 0x80) view.utf8Write(value, to, len);
  else for (let i = 0; i < len; i++) view[to + i] = value.charCodeAt(i);
  return len;
});

//: noRoom: refuse
function noRoom(len) {
  refuse(`edge_buffer has no room for ${len} bytes`);
}

//: texts:
// ---- interned strings ---------------------------------------------------

let texts; // by id

//: edge.intern: edge texts text
let ids; // by text

edge.intern = (function (ptr, len) {
  const value = text(ptr, len);
  let id = ids.get(value);
  if (id === undefined) {
    id = texts.push(value) - 1;
    ids.set(value, id);
  }
  return id;
});

//: notInterned: refuse
function notInterned(id) {
  refuse(`no string was interned as ${id}`);
}

//: nameOf: texts headerKey notInterned
let names; // as keys of header maps, where used so

const nameOf = (function (id) {
  return (names[id] ??= headerKey(texts[id] ?? notInterned(id)));
});

//: valueOf: texts headerValue notInterned
let safe; // once they were found fit as header values

const valueOf = (function (id) {
  return (safe[id] ??= headerValue(texts[id] ?? notInterned(id)));
});

//: edge.get: edge noEvent response origins deliver
// ---- fields -------------------------------------------------------------

edge.get = (function (field) {
  if (cf === null) noEvent();
  let value;
  switch (field) {
    case 0: value = cf.request.method; break;
    case 1: value = cf.request.uri; break;
    case 2: value = cf.request.querystring; break;
    case 3: value = cf.request.clientIp; break;
    case 4: value = cf.config.requestId; break;
    case 5: value = cf.config.distributionId; break;
    case 6: value = cf.config.distributionDomainName; break;
    case 7: value = response?.status; break;
    case 8: value = response?.statusDescription; break;
    default: value = origins().get(cf.request, field);
  }
  return deliver(typeof value === 'number' ? String(value) : value);
});

//: edge.set: edge noEvent response text uri querystring VIEWER_RESPONSE notThere headerValue setSeldom noResponse ORIGIN_REQUEST notNow
edge.set = (function (field, ptr, len) {
  if (cf === null) noEvent();
  const value = text(ptr, len);
  switch (field) {
    case 1:
      if (kind > ORIGIN_REQUEST) notNow('uri');
      note(cf.request, 'uri'); // with undo
      cf.request.uri = uri(value);
      break;
    case 2:
      if (kind > ORIGIN_REQUEST) notNow('querystring');
      note(cf.request, 'querystring'); // with undo
      cf.request.querystring = querystring(value);
      break;
    case 8:
      if (kind === VIEWER_RESPONSE) notThere('status');
      if (response === undefined) noResponse('status description');
      note(response, 'statusDescription'); // with undo
      response.statusDescription = headerValue(value);
      break;
    default:
      setSeldom(field, value);
  }
});

//: setSeldom: response noResponse changeStatus whole origins
function setSeldom(field, value) {
  listed = null; // with list
  if (field === 7) changeStatus(response ?? noResponse('status'), whole(value));
  else origins().set(cf.request, kind, field, value);
}

//: headersOf: noEvent response originPart refuse
// ---- headers ------------------------------------------------------------

// headersOf returns the map of one holder, undefined if it has none.
const headersOf = (function (of) {
  if (cf === null) noEvent();
  switch (of) {
    case 0: return cf.request.headers;
    case 1: return response?.headers;
    case 2: return originPart()?.customHeaders;
    default: return refuse(`headers of ${of}: want 0 (request), 1 (response) or 2 (origin)`);
  }
});

//: headersToChange: headersOf notNow response noResponse origins newHeaders ORIGIN_REQUEST
const headersToChange = (function (of) {
  const headers = headersOf(of);
  if (of === 0 && kind > ORIGIN_REQUEST) notNow('request headers');
  if (of === 1 && response === undefined) noResponse('response headers');
  if (of === 2) origins().toChange(cf.request, kind);
  listed = null; // with list
  return headers ?? newHeaders(of);
});

//: newHeaders: response originPart
function newHeaders(of) {
  const holder = of === 0 ? cf.request : of === 1 ? response : originPart();
  const key = of === 2 ? 'customHeaders' : 'headers';
  note(holder, key); // with undo
  return (holder[key] = {});
}

//: edge.header: edge headersOf nameOf deliver
edge.header = (function (of, name, i) {
  const headers = headersOf(of);
  const key = nameOf(name);
  return deliver(headers && Object.hasOwn(headers, key) ? headers[key][i >>> 0]?.value : undefined);
});

//: list: headersOf
let listed = null; // headers as a list, until the next change
let listedOf = -1;

function list(of) {
  if (listed === null || listedOf !== of) {
    listed = Object.entries(headersOf(of) ?? {}).flatMap(([name, all]) => all.map((h) => [name, h.value]));
    listedOf = of;
  }
  return listed;
}

//: edge.header_count: edge list
edge.header_count = function (of) {
  return list(of).length;
};

//: edge.header_at: edge list deliver
edge.header_at = function (of, i) {
  const pair = list(of)[i >>> 0];
  return deliver(pair && `${pair[0]}: ${pair[1]}`);
};

//: edge.set_header: edge headersToChange nameOf texts valueOf
edge.set_header = (function (of, name, value) {
  const headers = headersToChange(of);
  const key = nameOf(name);
  note(headers, key); // with undo
  headers[key] = [{ key: texts[name], value: valueOf(value) }];
});

//: edge.put_header: edge headersToChange nameOf texts headerValue text
edge.put_header = (function (of, name, ptr, len) {
  const headers = headersToChange(of);
  const key = nameOf(name);
  note(headers, key); // with undo
  headers[key] = [{ key: texts[name], value: headerValue(text(ptr, len)) }];
});

//: edge.append_header: edge headersToChange nameOf texts headerValue text
const appended = new WeakSet(); // lists that append_header made: they may grow

edge.append_header = (function (of, name, ptr, len) {
  const headers = headersToChange(of);
  const key = nameOf(name);
  const value = { key: texts[name], value: headerValue(text(ptr, len)) };
  const all = Object.hasOwn(headers, key) ? headers[key] : [];
  if (appended.has(all)) {
    all.push(value);
    return;
  }
  note(headers, key); // with undo
  headers[key] = [...all, value];
  appended.add(headers[key]);
});

//: edge.remove_header: edge headersToChange nameOf
edge.remove_header = function (of, name) {
  const headers = headersToChange(of);
  const key = nameOf(name);
  note(headers, key); // with undo
  delete headers[key];
};

//: edge.respond: edge response noEvent badStatus ORIGIN_REQUEST notForResponses
// ---- responses and bodies -----------------------------------------------

edge.respond = (function (code) {
  if (cf === null) noEvent();
  if (kind > ORIGIN_REQUEST) notForResponses();
  if (code < 200 || code > 599) badStatus(code >>> 0);
  response = { status: String(code), headers: {} };
  listed = null; // with list
});

//: notForResponses: refuse
function notForResponses() {
  refuse(`respond is for request events; at ${KINDS[kind]} change the response`);
}

//: edge.body: edge noEvent deliver at noRoom
edge.body = function () {
  if (cf === null) noEvent();
  const body = cf.request.body;
  if (!body || typeof body.data !== 'string') return -1;
  if (body.encoding === 'text') return deliver(body.data);
  const len = Buffer.byteLength(body.data, 'base64');
  if (len === 0) return 0;
  const to = at(guest.edge_buffer(len) || noRoom(len), len);
  return view.base64Write(body.data, to, len);
};

//: edge.body_truncated: edge noEvent
edge.body_truncated = function () {
  if (cf === null) noEvent();
  return cf.request.body?.inputTruncated ? 1 : 0;
};

//: edge.set_body: edge noEvent at response noResponse ORIGIN_REQUEST changeRequestBody changeResponseBody refuse
edge.set_body = function (form, ptr, len) {
  if (cf === null) noEvent();
  if (form !== 0 && form !== 1) refuse(`body form ${form}: want 0 (text) or 1 (bytes)`);
  const from = at(ptr, len);
  const end = from + (len >>> 0);
  const data = form === 0 ? view.utf8Slice(from, end) : view.base64Slice(from, end);
  const encoding = form === 0 ? 'text' : 'base64';
  if (kind <= ORIGIN_REQUEST && response === undefined) changeRequestBody(data, encoding);
  else changeResponseBody(response ?? noResponse('body'), data, encoding);
};

//: edge.config: edge baked text deliver
// ---- everything else ----------------------------------------------------

let config = null; // once it was asked for

edge.config = (function (ptr, len) {
  config ??= JSON.parse(baked);
  const key = text(ptr, len);
  if (!Object.hasOwn(config, key)) return -1;
  const value = config[key];
  return deliver(typeof value === 'string' ? value : JSON.stringify(value));
});

//: edge.log: edge text refuse
edge.log = function (level, ptr, len) {
  const method = ['debug', 'info', 'warn', 'error'][level] ?? refuse(`log level ${level}: want 0 (debug) to 3 (error)`);
  console[method](text(ptr, len));
};

//: edge.now: edge
edge.now = function () {
  return Date.now();
};

//: edge.random: edge at
edge.random = function (ptr, len) {
  const from = at(ptr, len);
  require('node:crypto').randomFillSync(view, from, len >>> 0);
};

//: handle: response ORIGIN_REQUEST noResult
// ---- calls of the module ------------------------------------------------

const handle = (function () {
  response = kind > ORIGIN_REQUEST ? cf.response : undefined;
  atWork = true;
  const code = guest.edge_handle(kind);
  atWork = false;
  if (code === 0) return kind > ORIGIN_REQUEST ? cf.response : cf.request;
  if (code === 1 && kind <= ORIGIN_REQUEST && response !== undefined) return response;
  return noResult(code);
});

//: noResult: refuse
function noResult(code) {
  refuse(code === 1 ? 'edge_handle returned 1 (answer) without a response from respond' : `edge_handle returned ${code}`);
}
