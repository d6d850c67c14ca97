
// ---- the `host` interface, version 1 (docs/abi-host.md) -----------------

let answer; // the response that a request handler builds
let texts = []; // interned strings by id
let names = []; // the same, as keys of header maps, where used so
let safe = []; // the same, once they were found fit as header values
let ids = new Map(); // interned string -> id
let listed = null; // headers as a list, until the next change
let listedOf = -1;

const response = () => (isRequestEvent() ? answer : cf.response);

const inEvent = (function () {
  if (cf === null) refuse('this host function needs an event; edge_init has none');
});
const responseToChange = (function (what) {
  return response() ?? refuse(`${what}: there is no response yet; call respond first`);
});

// room asks the guest where len bytes may be put.
const room = (function (len) {
  const ptr = guest.edge_buffer(len) >>> 0;
  if (ptr === 0) refuse(`edge_buffer has no room for ${len} bytes`);
  return at(ptr, len);
});

// Two calls into Node.js take longer than a loop of this many turns.
const SHORT = 48;

// deliver hands a string to the guest and returns its length in bytes.
const deliver = (function (value) {
  if (value === undefined || value === null) return -1;
  const short = value.length;
  if (short === 0) return 0; // nothing to put anywhere
  if (short <= SHORT) {
    let bits = 0;
    for (let i = 0; i < short; i++) bits |= value.charCodeAt(i);
    if (bits < 0x80) {
      const to = room(short);
      for (let i = 0; i < short; i++) view[to + i] = value.charCodeAt(i);
      return short;
    }
  }
  const len = Buffer.byteLength(value);
  const to = room(len);
  view.utf8Write(value, to, len);
  return len;
});

// ---- headers ------------------------------------------------------------

const OF_REQUEST = 0;
const OF_RESPONSE = 1;
const OF_ORIGIN = 2;

const constant = (function (id) {
  return texts[id] ?? refuse(`no string was interned as ${id}`);
});
const constantName = (function (id) {
  return names[id] ?? (names[id] = headerKey(constant(id)));
});
const constantValue = (function (id) {
  return safe[id] ?? (safe[id] = headerValue(constant(id)));
});

// headersOf returns the map of one holder, undefined if it has none.
const headersOf = (function (of) {
  inEvent();
  switch (of) {
    case OF_REQUEST: return cf.request.headers;
    case OF_RESPONSE: return response()?.headers;
    case OF_ORIGIN: return originPart()?.customHeaders;
    default: return refuse(`headers of ${of}: want 0 (request), 1 (response) or 2 (origin)`);
  }
});

const headersToChange = (function (of) {
  inEvent();
  listed = null;
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
});

const values = (function (headers, name) {
  return headers && Object.hasOwn(headers, name) ? headers[name] : [];
});

function list(of) {
  if (listed === null || listedOf !== of) {
    listed = Object.entries(headersOf(of) ?? {}).flatMap(([name, all]) => all.map((h) => [name, h.value]));
    listedOf = of;
  }
  return listed;
}

// ---- fields -------------------------------------------------------------

const getField = (function (field) {
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
});

const setField = (function (field, value) {
  switch (field) {
    case 1:
      mayChangeRequest('uri');
      return put(cf.request, 'uri', uri(value));
    case 2:
      mayChangeRequest('querystring');
      return put(cf.request, 'querystring', querystring(value));
    case 7: return changeStatus(responseToChange('status'), status(whole(value)));
    case 8:
      mayChangeResponse('status');
      return put(responseToChange('status description'), 'statusDescription', headerValue(value));
    case 9:
      listed = null;
      return changeOriginKind(value);
    case 10: return put(originToChange(), 'domainName', domainName(value));
    case 11: return put(originToChange(), 'path', originPath(value));
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
});

// ---- what the module may import -----------------------------------------

const LOG = ['debug', 'info', 'warn', 'error'];
const TEXT = 0;
const BYTES = 1;

let config = null; // once it was asked for

const edge = {
  intern: (function (ptr, len) {
    const value = text(ptr, len);
    let id = ids.get(value);
    if (id === undefined) {
      id = texts.push(value) - 1;
      ids.set(value, id);
    }
    return id;
  }),

  get: (function (field) {
    inEvent();
    const value = getField(field);
    return deliver(typeof value === 'number' ? String(value) : value);
  }),
  set: (function (field, ptr, len) {
    inEvent();
    setField(field, text(ptr, len));
  }),

  header: (function (of, name, i) {
    return deliver(values(headersOf(of), constantName(name))[i >>> 0]?.value);
  }),
  header_count(of) {
    return list(of).length;
  },
  header_at(of, i) {
    const pair = list(of)[i >>> 0];
    return deliver(pair && `${pair[0]}: ${pair[1]}`);
  },
  set_header: (function (of, name, value) {
    put(headersToChange(of), constantName(name), [{ key: texts[name], value: constantValue(value) }]);
  }),
  put_header: (function (of, name, ptr, len) {
    put(headersToChange(of), constantName(name), [{ key: texts[name], value: headerValue(text(ptr, len)) }]);
  }),
  append_header: (function (of, name, ptr, len) {
    const headers = headersToChange(of);
    const key = constantName(name);
    put(headers, key, [...values(headers, key), { key: texts[name], value: headerValue(text(ptr, len)) }]);
  }),
  remove_header(of, name) {
    const headers = headersToChange(of);
    if (Object.hasOwn(headers, constantName(name))) drop(headers, names[name]);
  },

  respond: (function (code) {
    inEvent();
    if (!isRequestEvent()) refuse(`respond is for request events; at ${KINDS[kind]} change the response`);
    answer = { status: status(code >>> 0), headers: {} };
    listed = null;
  }),

  body() {
    inEvent();
    const body = cf.request.body;
    if (!body || typeof body.data !== 'string') return -1;
    if (body.encoding === 'text') return deliver(body.data);
    const len = Buffer.byteLength(body.data, 'base64');
    if (len === 0) return 0;
    const to = room(len);
    return view.base64Write(body.data, to, len);
  },
  body_truncated() {
    inEvent();
    return cf.request.body?.inputTruncated ? 1 : 0;
  },
  set_body(form, ptr, len) {
    inEvent();
    if (form !== TEXT && form !== BYTES) refuse(`body form ${form}: want 0 (text) or 1 (bytes)`);
    const from = at(ptr, len);
    const end = from + (len >>> 0);
    const data = form === TEXT ? view.utf8Slice(from, end) : view.base64Slice(from, end);
    const encoding = form === TEXT ? 'text' : 'base64';
    if (isRequestEvent() && answer === undefined) changeRequestBody(data, encoding);
    else changeResponseBody(responseToChange('body'), data, encoding);
  },

  config: (function (ptr, len) {
    config ??= JSON.parse(baked);
    const key = text(ptr, len);
    if (!Object.hasOwn(config, key)) return -1;
    const value = config[key];
    return deliver(typeof value === 'string' ? value : JSON.stringify(value));
  }),
  log(level, ptr, len) {
    const method = LOG[level] ?? refuse(`log level ${level}: want 0 (debug) to 3 (error)`);
    console[method](text(ptr, len));
  },
  now() {
    return Date.now();
  },
  random(ptr, len) {
    const from = at(ptr, len);
    require('node:crypto').randomFillSync(view, from, len >>> 0);
  },
};

const abi = {
  imports: { edge },

  forget() {
    texts = [];
    names = [];
    safe = [];
    ids = new Map();
  },
  accept: (function (exports) {
    if (typeof exports.edge_abi_1 !== 'function') {
      refuse('the module does not export edge_abi_1, so it was not built for this trampoline');
    }
  }),
  initialize: (function () {
    guest.edge_init?.();
  }),
  handle: (function () {
    return guest.edge_handle(kind);
  }),
  result: (function (code) {
    if (code === 0) return isRequestEvent() ? cf.request : cf.response;
    if (code === 1 && answer !== undefined) return answer;
    if (code === 1) refuse('edge_handle returned 1 (answer) without a response from respond');
    return refuse(`edge_handle returned ${code}`);
  }),
  finish: (function () {
    answer = undefined;
    listed = null;
  }),
};

load();
