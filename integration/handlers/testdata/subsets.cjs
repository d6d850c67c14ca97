'use strict';
// Runs the trampoline of a module that imports a few functions beside that of one
// that imports all, with the same events and the same calls, and compares what
// they do. The module is played by this script, so that it can call anything.
//
//   node subsets.cjs JSON    {"some": DIR, "all": DIR, "imports": [{module, name, params}…],
//                             "exports": [names of the bytes interface], "abi", "seed"}
//
// It prints nothing if both do the same.

const assert = require('node:assert');
const path = require('node:path');

const job = JSON.parse(process.argv[2]);

// Everything that differs between two runs stands still.
Date.now = () => 1700000000000;
process.hrtime.bigint = () => 123456789n;
Atomics.wait = () => 'timed-out';
require('node:crypto').randomFillSync = (buffer, from, size) => { buffer.fill(7, from, from + size); };

let seed = job.seed;
const random = (n) => { // mulberry32
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % n;
};
const pick = (list) => list[random(list.length)];

// ---- what the module has in its memory -----------------------------------

const TEXTS = [
  '', '/a', '/b/', 'no path', 'x=1', 'a#b', 'X-One', 'x-one', 'Host', 'bad name', '__proto__', 'x_y', 'v', 'v\r\nw', 'é€😀',
  'custom', 's3', 'example.org', 'a:b', 'https', 'ftp', '443', '200', '404', '99', 'TLSv1.2,TLSv1.1', '/p', '/p/', 'none',
  'origin-access-identity', 'eu-west-1', 'key', 'missing', 'a rather long text, of more characters than are copied in a loop',
];
const places = [];
let end = 4096;
const image = Buffer.alloc(65536);
for (const text of TEXTS) {
  places.push([end, image.write(text, end)]);
  end += 64;
}
places.push([image.writeUInt8(0xff, end) - 1, 2], [70000, 1], [-1, 1]); // no UTF-8; not there
// An array of iovec and a list of subscriptions, as WASI wants them.
image.writeUInt32LE(places[6][0], 1024);
image.writeUInt32LE(5, 1028);
image.writeUInt32LE(places[14][0], 1032);
image.writeUInt32LE(3, 1036); // half a character
image.writeUInt8(0, 2048 + 8);
image.writeBigUInt64LE(5n, 2048 + 24);
image.writeUInt8(2, 2096 + 8);
image.writeUInt32LE(1, 2096 + 16);

// ---- calls ---------------------------------------------------------------

const text = () => pick(places);
const field = () => [random(21) - 1];
const of = () => [random(4)];
const id = () => [random(8)];
const number = () => [pick([0, 1, 2, 3, 200, 301, 999, -1])];
const HOST = {
  intern: [text], get: [field], set: [field, text], header: [of, id, number], header_count: [of], header_at: [of, number],
  set_header: [of, id, id], put_header: [of, id, text], append_header: [of, id, text], remove_header: [of, id], respond: [number],
  body: [], body_truncated: [], set_body: [number, text], config: [text], log: [number, text], now: [], random: [text],
};
const word = () => pick([0, 1, 2, 3, 7, 1024, 2048, 3000, 8192, 70000, -1]);

function call() {
  const { module, name, params } = pick(job.imports);
  const args = module === 'edge' ? HOST[name].flatMap((arg) => arg()) : params.map((type) => (type === 'i64' ? BigInt(word()) : word()));
  return { module, name, args };
}

// ---- events --------------------------------------------------------------

const KINDS = ['viewer-request', 'origin-request', 'origin-response', 'viewer-response', 'origin-request'];
function event() {
  const eventType = random(40) === 0 ? 'none' : pick(KINDS);
  const headers = () => ({ host: [{ key: 'Host', value: 'h' }], 'x-one': [{ key: 'X-One', value: '1' }, { key: 'X-One', value: '2' }] });
  const custom = { customHeaders: headers(), domainName: 'o', path: '', keepaliveTimeout: 5, port: 443, protocol: 'https', readTimeout: 30, sslProtocols: ['TLSv1.2'] };
  const request = { clientIp: '::1', method: 'GET', uri: '/u', querystring: 'q', headers: headers() };
  if (random(2) === 0) request.body = { action: 'read-only', inputTruncated: random(2) === 0, encoding: pick(['base64', 'text']), data: pick(['aGk=', '']) };
  if (random(3) > 0) request.origin = random(2) === 0 ? { custom } : { s3: { customHeaders: headers(), domainName: 'b', path: '/p', region: 'r', authMethod: 'none' } };
  const cf = { config: { eventType, requestId: 'r', distributionId: 'E1', distributionDomainName: 'd' }, request };
  if (eventType.endsWith('response')) cf.response = { status: '200', statusDescription: 'OK', headers: headers() };
  return { Records: [{ cf }] };
}
const PATCHES = [
  '{}', '{"uri":"/x","headers":{"X-One":["a","b"],"Host":null}}', '{"status":404,"body":"b"}', '{"status":"301","statusDescription":"M","headers":{"Location":"/"}}',
  '{"headers":{"bad name":"v"}}', '{"uri":"x"}', '{"other":1}', 'no JSON', '[]', '{"origin":{"custom":{"port":80,"customHeaders":{"a":"b"}}}}',
  '{"origin":{"s3":{"region":"r","path":"/x"}}}', '{"body":"eA==","bodyEncoding":"base64"}', '{"querystring":"a=1"}', '{"origin":{"custom":{"port":"x"}}}',
];

const plan = Array.from({ length: 40 }, () => ({
  event: event(),
  calls: Array.from({ length: job.imports.length === 0 ? 0 : random(12) }, call),
  returned: pick([0, 0, 0, 1, 1, 7]),
  patch: pick(PATCHES), // in the bytes interface
  grows: random(8) === 0, // memory, before the first call
  full: random(8) === 0, // no room for what the host delivers
}));

// ---- the module ----------------------------------------------------------

const ROOM = 16384; // where the host may write

// play loads a trampoline with a module that does as planned, and gives what it did.
async function play(dir, exported) {
  const trace = [];
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 4 });
  const own = { Module: WebAssembly.Module, Instance: WebAssembly.Instance };
  let imports;
  let step = null;
  function work() {
    if (step.grows && memory.buffer.byteLength < 4 * 65536) memory.grow(1);
    for (const { module, name, args } of step?.calls ?? []) {
      if (imports[module]?.[name] === undefined) throw new Error(`${module}.${name} is not there`);
      let returned;
      try {
        returned = imports[module][name](...args);
      } catch (err) {
        trace.push([name, String(err)]);
        throw err; // as through WebAssembly
      }
      trace.push([name, String(returned)]);
    }
  }
  const put = (bytes, at) => Buffer.from(memory.buffer).set(bytes, at);
  const exports = { memory };
  if (job.abi === 'host') {
    Object.assign(exports, {
      edge_abi_1() {},
      edge_init() { trace.push(['init', Object.keys(imports.edge ?? {}).length > 0 ? 'with imports' : 'alone']); },
      edge_buffer: () => (step.full ? 0 : ROOM),
      edge_handle() { work(); return step.returned; },
    });
  } else {
    Object.assign(exports, {
      edge_alloc: () => ROOM,
      edge_handle(ptr, len) {
        trace.push(['event', Buffer.from(memory.buffer, ptr, len).toString()]);
        work();
        if (step.returned === 7) return 0;
        put(Buffer.from(step.patch), 12000);
        Buffer.from(memory.buffer).writeUInt32LE(12000, 11000);
        Buffer.from(memory.buffer).writeUInt32LE(Buffer.byteLength(step.patch), 11004);
        return 11000;
      },
      edge_config(ptr, len) { trace.push(['config', job.exports.includes('edge_config') && Buffer.from(memory.buffer, ptr, len).toString()]); },
      edge_body(ptr, len) { trace.push(['body', job.exports.includes('edge_body') && Buffer.from(memory.buffer, ptr, len).toString()]); },
      edge_wants: (kind) => (job.exports.includes('edge_wants') ? (kind + job.seed) & 7 : 7),
    });
    for (const name of ['edge_config', 'edge_body', 'edge_wants']) if (!exported.includes(name)) delete exports[name];
  }
  WebAssembly.Module = function () {};
  WebAssembly.Instance = function (module, given) {
    imports = given;
    put(image, 0);
    return { exports };
  };
  for (const level of ['debug', 'info', 'warn', 'error', 'log']) console[level] = (said) => { trace.push([level, String(said).split('\n')[0]]); };
  try {
    let handler;
    try {
      ({ handler } = require(path.join(dir, 'index.js')));
    } catch (err) {
      return { trace, imports, load: String(err) };
    }
    for (step of plan) {
      trace.push(['begins', step.event.Records[0].cf.config.eventType]);
      const event = structuredClone(step.event);
      try {
        trace.push(['result', JSON.stringify(await handler(event, {}))]);
      } catch (err) {
        trace.push(['error', String(err)]);
      }
      // What a module without edge_body is not given is not in its memory.
      const seen = Buffer.from(memory.buffer, 0, job.abi === 'host' ? memory.buffer.byteLength : ROOM);
      trace.push(['memory', require('node:crypto').createHash('sha256').update(seen).digest('hex')]);
    }
    return { trace, imports };
  } finally {
    Object.assign(WebAssembly, own);
  }
}

(async () => {
  const some = await play(job.some, job.exports);
  const all = await play(job.all, ['edge_config', 'edge_body', 'edge_wants']);
  const names = Object.entries(some.imports).flatMap(([module, members]) => Object.keys(members).map((name) => `${module}.${name}`));
  assert.deepStrictEqual(names.sort(), job.imports.map((i) => `${i.module}.${i.name}`).sort());
  // Those who do not export a function do not hear of it.
  const heard = ({ trace }) => trace.filter(([what, value]) => !(['config', 'body'].includes(what) && value === false));
  assert.deepStrictEqual(heard(some), heard(all));
  assert.ok(!heard(some).some(([, said]) => /ReferenceError|TypeError|SyntaxError/.test(said)), JSON.stringify(some.trace, null, 1));
})().catch((err) => {
  process.stderr.write(`${err.stack}\n`);
  process.exitCode = 1;
});
