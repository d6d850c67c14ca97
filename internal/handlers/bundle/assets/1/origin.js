'use strict';
// edgedeploy trampoline 1: what handlers read and change of an origin. Most of them
// do neither, so index.js reads this file when one does. It is the same for every
// function whose module has the same interface.
//
// refuse fails the handler; note is told of the member that is about to change.

const { isArray } = Array;
const KINDS = ['viewer-request', 'origin-request', 'origin-response', 'viewer-response'];
const ORIGIN_REQUEST = 1;

//: host:
// The fields of the host interface from 10 on; before them is the kind.
const KEYS = ['domainName', 'path', 'protocol', 'port', 'readTimeout', 'keepaliveTimeout', 'sslProtocols', 'region', 'authMethod'];
const KIND = 9;
const FIRST_CUSTOM = 12;
const FIRST_S3 = 17;
const LAST = 18;

//: always:
module.exports = (refuse, note) => {
  const said = (value) => JSON.stringify(value);

//: host:
  function whole(value) {
    if (!/^[0-9]{1,5}$/.test(value)) refuse(`${said(value)} is no whole number`);
    return Number(value);
  }
//: always:
  function oneOf(value, ...allowed) {
    if (!allowed.includes(value)) refuse(`${said(value)}: want ${allowed.join(' or ')}`);
    return value;
  }
  function domainName(value) {
    if (!/^[^\s\0-\x20\x7f:/]+$/.test(value)) refuse(`${said(value)}: a domain name has no colon, slash, space or control character`);
    return value;
  }
  function path(value) {
    if (!/^(\/[^\0-\x20\x7f]*[^\0-\x20\x7f/])?$/.test(value)) {
      refuse(`${said(value)}: an origin path is empty, or starts and does not end with /, and has no space or control character`);
    }
    return value;
  }

  const kindOf = ({ origin }) => (origin?.custom ? 'custom' : origin?.s3 ? 's3' : undefined);

  // toChange returns what an event of that kind has of an origin of the wanted kind.
  function toChange(request, kind, want) {
    if (kind !== ORIGIN_REQUEST) refuse(`the origin cannot be changed at ${KINDS[kind]}`);
    if (want !== undefined && kindOf(request) !== want) refuse(`only a ${want} origin has this field`);
    return request.origin?.custom ?? request.origin?.s3 ?? refuse('the event has no origin');
  }

  function changeKind(request, kind, to) {
    const { domainName, path, customHeaders } = toChange(request, kind);
    if (to === kindOf(request)) return;
    const common = { customHeaders, domainName, path };
    note(request, 'origin');
    if (to === 's3') {
      request.origin = { s3: { ...common, authMethod: 'none' } };
    } else if (to === 'custom') {
      request.origin = {
        custom: {
          ...common, keepaliveTimeout: 5, port: 443, protocol: 'https', readTimeout: 30, sslProtocols: ['TLSv1.2'],
        },
      };
    } else {
      refuse(`origin kind ${said(to)}: want custom or s3`);
    }
  }

//: host:
  // ---- fields by number ---------------------------------------------------

  const ofKind = (field) => (field >= FIRST_S3 ? 's3' : field >= FIRST_CUSTOM ? 'custom' : undefined);

  function get(request, field) {
    if (field < KIND || field > LAST) refuse(`field ${field} is unknown`);
    if (field === KIND) return kindOf(request);
    const { origin } = request;
    const part = field < FIRST_CUSTOM ? origin?.custom ?? origin?.s3 : origin?.[ofKind(field)];
    const value = part?.[KEYS[field - KIND - 1]];
    return isArray(value) ? value.join(',') : value;
  }

  function set(request, kind, field, value) {
    if (field < 0 || field > LAST) refuse(`field ${field} is unknown`);
    if (field < KIND) refuse(`field ${field} is read-only`);
    if (field === KIND) {
      changeKind(request, kind, value);
      return;
    }
    const part = toChange(request, kind, ofKind(field));
    const key = KEYS[field - KIND - 1];
    const sound = soundField(key, value);
    note(part, key);
    part[key] = sound;
  }

  function soundField(key, value) {
    switch (key) {
      case 'domainName': return domainName(value);
      case 'path': return path(value);
      case 'protocol': return oneOf(value, 'http', 'https');
      case 'sslProtocols': return value.split(',');
      case 'region': return value;
      case 'authMethod': return oneOf(value, 'none', 'origin-access-identity');
      default: return whole(value);
    }
  }

//: bytes:
  // ---- members of a patch -------------------------------------------------

  // soundMember returns a member that a patch has for an origin, if it may be there.
  function soundMember(to, key, value) {
    const text = (it, what) => (typeof it === 'string' ? it : refuse(`${what} is no string`));
    switch (key) {
      case 'domainName': return domainName(text(value, key));
      case 'path': return path(text(value, key));
    }
    if (to === 's3') {
      switch (key) {
        case 'authMethod': return oneOf(value, 'none', 'origin-access-identity');
        case 'region': return text(value, key);
        default: return refuse(`origin s3 cannot have ${said(key)}; known are domainName, path, customHeaders, region, authMethod`);
      }
    }
    switch (key) {
      case 'protocol': return oneOf(value, 'http', 'https');
      case 'port':
      case 'readTimeout':
      case 'keepaliveTimeout':
        if (!Number.isInteger(value) || value < 0 || value > 99999) refuse(`${key} is no whole number`);
        return value;
      case 'sslProtocols':
        if (!isArray(value)) refuse('sslProtocols is no list');
        return value.map((one) => text(one, 'one of sslProtocols'));
      default:
        return refuse(`origin custom cannot have ${said(key)}; known are domainName, path, customHeaders, protocol, port, readTimeout, keepaliveTimeout, sslProtocols`);
    }
  }

  // patch applies a patch of the origin; changeHeaders applies one of headers.
  function patch(request, kind, wanted, changeHeaders) {
    const object = (it, what) => (typeof it === 'object' && it !== null && !isArray(it) ? it : refuse(`${what} is no object`));
    const kinds = Object.keys(object(wanted, 'origin'));
    if (kinds.length !== 1) refuse('origin wants exactly one of custom and s3');
    const [to] = kinds;
    changeKind(request, kind, to);
    const part = toChange(request, kind);
    const edits = object(wanted[to], to);
    for (const key in edits) {
      if (key === 'customHeaders') {
        changeHeaders(part, key, edits[key]);
      } else {
        const sound = soundMember(to, key, edits[key]);
        note(part, key);
        part[key] = sound;
      }
    }
  }

//: always:
  return { toChange, get, set }; // with host
  return { patch }; // with bytes
};
