//: own:
// ---- the `bytes` interface, version 1 (docs/abi-bytes.md) ---------------
// The event goes in as JSON; nothing, a patch or a whole response comes out.

const own = (object, key) => (Object.hasOwn(object, key) ? object[key] : undefined);

//: room: at refuse
// room asks the guest where len bytes may be put.
const room = (function (len) {
  const ptr = guest.edge_alloc(len) >>> 0;
  if (ptr === 0 && len > 0) refuse(`edge_alloc has no room for ${len} bytes`);
  return at(ptr, len);
});

//: give: room at
// give hands a text to one of the guest's functions.
const give = (function (value, to) {
  const len = Buffer.byteLength(value);
  const ptr = room(len);
  view.utf8Write(value, ptr, len);
  return to(ptr, len);
});

//: edge_wants:
// Which members of an event the guest reads. Leaving out what it does not read
// saves more than everything else here together: at the response triggers the
// request is the larger part of the event.
const CONFIG = 1;
const REQUEST = 2;
const RESPONSE = 4;
let wanted = []; // by kind, once asked

//: described:
// described is the event as the guest gets it: without the body's data, which
// takes milliseconds as JSON and which most handlers do not want. A module
// that does exports edge_body.
const described = (function () {
  let { config, request, response } = cf;
  const want = (wanted[kind] ??= guest.edge_wants(kind)); // with edge_wants
  if ((want & CONFIG) === 0) config = undefined; // with edge_wants
  if ((want & REQUEST) === 0) request = undefined; // with edge_wants
  if ((want & RESPONSE) === 0) response = undefined; // with edge_wants
  if (request?.body) {
    const { data, ...body } = request.body;
    request = { ...request, body };
  }
  return JSON.stringify({ config, request, response });
});

//: edge_body: room at
function giveBody() {
  const body = cf.request.body;
  if (!body || typeof body.data !== 'string') return;
  const encoding = body.encoding === 'text' ? 'utf8' : 'base64';
  const len = Buffer.byteLength(body.data, encoding);
  const ptr = room(len);
  view.write(body.data, ptr, len, encoding);
  guest.edge_body(ptr, len);
}

//: object: refuse
// ---- patches ------------------------------------------------------------

const object = (function (value, what) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${what} is no object`);
  return value;
});

//: string: refuse
const string = (function (value, what) {
  if (typeof value !== 'string') refuse(`${what} is no string`);
  return value;
});

//: number: refuse
function number(value, what) {
  if (!Number.isInteger(value) || value < 0 || value > 99999) refuse(`${what} is no whole number`);
  return value;
}

//: statusOf: whole number
function statusOf(value) {
  return typeof value === 'string' ? whole(value) : number(value, 'status');
}

//: unknown: refuse
// unknown refuses a member: a typing error must not be a silent loss.
function unknown(key, what, ...members) {
  refuse(`${what} cannot have ${JSON.stringify(key)}; known are ${members.join(', ')}`);
}

//: keyOf: headerKey
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

//: headerValues: headerValue string refuse
const headerValues = (function (name, value) {
  if (typeof value === 'string') return [{ key: name, value: headerValue(value) }];
  if (value === null) return [];
  if (!Array.isArray(value)) refuse(`header ${name} is no string`);
  return value.map((one) => ({ key: name, value: headerValue(string(one, `header ${name}`)) }));
});

//: changeHeaders: object keyOf headerValues refuse
// changeHeaders: a string or a list of strings replaces all values of a header,
// null and an empty list remove it. Everything else stays.
const changeHeaders = (function (holder, key, patch) {
  object(patch, key);
  if (!holder[key]) {
    note(holder, key); // with undo
    holder[key] = {};
  }
  const headers = holder[key];
  const seen = [];
  for (const name in patch) {
    const to = keyOf(name);
    if (seen.includes(to)) refuse(`header ${name} is there twice, in another case`);
    seen.push(to);
    const all = headerValues(name, patch[name]);
    note(headers, to); // with undo
    if (all.length > 0) headers[to] = all;
    else delete headers[to];
  }
});

//: encodingOf: own refuse
function encodingOf(patch) {
  const encoding = own(patch, 'bodyEncoding') ?? 'text';
  if (encoding !== 'text' && encoding !== 'base64') refuse(`${JSON.stringify(encoding)}: want text or base64`);
  return encoding;
}

//: needsBody: refuse
function needsBody(patch) {
  if (!Object.hasOwn(patch, 'body')) refuse('bodyEncoding is there without body');
}

//: changeRequest: uri querystring string changeHeaders origins changeRequestBody encodingOf needsBody unknown
const changeRequest = (function (patch) {
  const { request } = cf;
  for (const key in patch) {
    const value = patch[key];
    switch (key) {
      case 'uri':
        note(request, key); // with undo
        request.uri = uri(string(value, key));
        break;
      case 'querystring':
        note(request, key); // with undo
        request.querystring = querystring(string(value, key));
        break;
      case 'headers': changeHeaders(request, key, value); break;
      case 'origin': origins().patch(request, kind, value, changeHeaders); break;
      case 'body': changeRequestBody(string(value, key), encodingOf(patch)); break;
      case 'bodyEncoding': needsBody(patch); break;
      default: unknown(key, 'a patch of a request', 'uri', 'querystring', 'headers', 'origin', 'body', 'bodyEncoding');
    }
  }
  return request;
});

//: changeResponse: changeStatus statusOf VIEWER_RESPONSE notThere headerValue string changeHeaders changeResponseBody encodingOf needsBody unknown
const changeResponse = (function (target, patch, what) {
  // The status first: a new one drops the old description.
  if (Object.hasOwn(patch, 'status')) changeStatus(target, statusOf(patch.status));
  for (const key in patch) {
    const value = patch[key];
    switch (key) {
      case 'status': break;
      case 'statusDescription':
        if (kind === VIEWER_RESPONSE) notThere('status');
        note(target, key); // with undo
        target.statusDescription = headerValue(string(value, key));
        break;
      case 'headers': changeHeaders(target, key, value); break;
      case 'body': changeResponseBody(target, string(value, key), encodingOf(patch)); break;
      case 'bodyEncoding': needsBody(patch); break;
      default: unknown(key, what, 'status', 'statusDescription', 'headers', 'body', 'bodyEncoding');
    }
  }
  return target;
});

//: apply: object ORIGIN_REQUEST changeRequest changeResponse
// apply makes of what the guest returned what CloudFront gets.
const apply = (function (patch) {
  object(patch, 'what edge_handle returned');
  if (kind > ORIGIN_REQUEST) return changeResponse(cf.response, patch, 'a patch of a response');
  if (Object.hasOwn(patch, 'status')) return changeResponse({ headers: {} }, patch, 'a response');
  return changeRequest(patch);
});

//: parse: refuse
const parse = (function (json) {
  try {
    return JSON.parse(json);
  } catch (err) {
    return refuse(`what edge_handle returned is no JSON: ${err.message}`);
  }
});

//: edge_config: give baked
//: handle: give described at text parse apply ORIGIN_REQUEST
// ---- calls of the module ------------------------------------------------

const handle = (function () {
  atWork = true;
  giveBody(); // with edge_body
  let patch = null;
  const ptr = give(described(), guest.edge_handle);
  if (ptr !== 0) {
    const pair = at(ptr, 8);
    patch = parse(text(view.readUInt32LE(pair), view.readUInt32LE(pair + 4)));
  }
  atWork = false;
  if (patch !== null) return apply(patch);
  return kind > ORIGIN_REQUEST ? cf.response : cf.request;
});
