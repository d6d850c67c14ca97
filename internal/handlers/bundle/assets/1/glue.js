'use strict';
// edgedeploy trampoline 1: carries CloudFront events to a handler in
// JavaScript, which wasm-bindgen or a person wrote (docs/abi-glue.md).
//
// This is index.js, or glue.cjs beside an index.mjs if the handler awaits where it
// is loaded. Beside this file: edgedeploy.json (what to do on failure, the configuration),
// and handler.js with the modules that it reads. These bytes are the same for
// every function with such a handler.

const fs = require('node:fs');
const vm = require('node:vm');

const beside = (name) => `${__dirname}/${name}`;
const manifest = JSON.parse(fs.readFileSync(beside('edgedeploy.json'), 'utf8'));
const config = frozen(JSON.parse(manifest.config ?? '{}'));
const keepsOriginal = manifest.onError === 'continue';

function frozen(value) {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

// What a handler may do wrong, beside what it throws itself. Its stack would
// lead into this file, where nothing is to be learned: it is the sentence only.
class HandlerError extends Error {
  constructor(why) {
    super(why);
    this.stack = `HandlerError: ${why}`;
  }
  get name() { return 'HandlerError'; }
}
function refuse(why) { throw new HandlerError(why); }

// ---- the handler --------------------------------------------------------

let handle = null; // the live handler; null before the first, and after a trap
let body = null; // its script, compiled

// start runs the handler's script, as if for the first time. require would
// compile it again after every trap, which takes longer than all the rest, and
// would keep what the last one held: memories of Wasm are large.
function start() {
  const filename = beside(manifest.module);
  body ??= vm.compileFunction(fs.readFileSync(filename, 'utf8'), ['exports', 'require', 'module', '__filename', '__dirname'], {
    filename, importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const fresh = { exports: {} };
  body.call(fresh.exports, fresh.exports, require, fresh, filename, __dirname);
  const { ready } = fresh.exports; // a promise, if the script awaits where it is loaded
  return ready ? ready.then(() => accept(fresh.exports)) : accept(fresh.exports);
}

function accept({ handler }) {
  if (typeof handler !== 'function') refuse('the entry exports no function handler: write "export const handler = …", or "exports.handler = …" in CommonJS');
  handle = givesCallbacks() || handler.length > 2 ? called(handler) : handler;
}

// broken says whether a module's memory may be in any state: after a trap
// (which is how a panic of Rust ends), or when the stack ran out halfway.
function broken(err) {
  for (let e = err, depth = 0; e instanceof Error && depth < 8; e = e.cause, depth++) {
    if (e instanceof WebAssembly.RuntimeError) return true;
    if (e instanceof RangeError && e.message.includes('call stack')) return true;
  }
  return false;
}

// ---- results ------------------------------------------------------------
// Lambda writes results as JSON. There a Map is {}, and with it every header
// would be lost; and null is a value, which CloudFront refuses. mended returns
// the very same value if there is nothing to mend, and never changes one: the
// handler may want it again.

const DEEPEST = 200; // no result of CloudFront's has ten levels
let depth = 0; // of the value at hand

function mended(value) {
  if (depth >= DEEPEST) throw new TooDeep();
  depth++;
  const sound = mend(value);
  depth--;
  return sound;
}

class TooDeep extends Error {}

// ready mends a whole result. One that holds itself would be mended for ever.
function ready(result) {
  depth = 0;
  try {
    return mended(result);
  } catch (err) {
    if (!(err instanceof TooDeep)) throw err;
  }
  const circle = circleIn(result, 'the result', [], new Set());
  refuse(circle ? `${circle}, so it cannot be written as JSON; return a plain value` : `the result has more than ${DEEPEST} levels; return a plain value`);
}

// circleIn says where a value holds one that it is in, or returns undefined.
function circleIn(value, name, above, sound) {
  if (typeof value !== 'object' || value === null || sound.has(value) || above.length > DEEPEST) return undefined;
  const level = above.findIndex((one) => one.value === value);
  if (level >= 0) return `${name} is ${above[level].name} again`;
  const inside = [...above, { value, name }];
  for (const [key, member] of value instanceof Map ? value : Object.entries(value)) {
    const circle = circleIn(member, Array.isArray(value) ? `${name}[${key}]` : `${name}.${String(key)}`, inside, sound);
    if (circle) return circle;
  }
  sound.add(value);
  return undefined;
}

function mend(value) {
  if (typeof value === 'bigint') return whole(value);
  if (typeof value !== 'object' || value === null || typeof value.toJSON === 'function') return value;
  if (value instanceof Map) return members(Array.from(value, ([key, member]) => [key, mended(member)]));
  if (Array.isArray(value)) return items(value);
  // An instance of a class that wasm-bindgen exported is an address.
  if (Object.hasOwn(value, '__wbg_ptr')) {
    refuse(`the result holds an instance of ${value.constructor?.name}, whose members stay in WebAssembly; return a plain value, as serde_wasm_bindgen::to_value makes it`);
  }
  const keys = Object.keys(value);
  for (let i = 0; i < keys.length; i++) {
    const member = value[keys[i]];
    const sound = mended(member);
    if (absent(member) || sound !== member) return copied(value, keys, i, sound);
  }
  return value;
}

// copied mends an object from its key number i on, whose value is mended. What
// was looked at is not looked at again: at every level that would double the
// work for those below.
function copied(value, keys, i, sound) {
  return members(keys.map((key, k) => [key, k === i ? sound : k < i ? value[key] : mended(value[key])]));
}

const absent = (value) => value === null || value === undefined;
const present = (value) => !absent(value);

// members makes an object of what is mended already.
function members(entries) {
  const object = {};
  for (const [key, value] of entries) {
    // Plainly setting __proto__ would set the prototype.
    if (present(value)) Object.defineProperty(object, String(key), { value, enumerable: true, writable: true, configurable: true });
  }
  return object;
}

function items(list) {
  for (let i = 0; i < list.length; i++) {
    const sound = mended(list[i]);
    if (absent(list[i]) || sound !== list[i]) {
      return [...list.slice(0, i), sound, ...list.slice(i + 1).map(mended)].filter(present);
    }
  }
  return list;
}

function whole(value) {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) refuse(`the result holds ${value}n, which JSON cannot say exactly`);
  return number;
}

// ---- events -------------------------------------------------------------

// passing logs a failure and says whether the event goes on unchanged.
function passing(err) {
  console.error(err.stack);
  return keepsOriginal;
}

// Rust's Err(JsValue) arrives as whatever the value is.
const asError = (thrown) => (thrown instanceof Error ? thrown : new HandlerError(`the handler threw ${said(thrown)}`));
const said = (value) => (typeof value === 'string' ? value : require('node:util').inspect(value, { breakLength: Infinity }));

// Two parameters, because Node.js 24 on Lambda refuses handlers that declare
// three.
exports.handler = async (event, context) => {
  const { request, response } = event.Records[0].cf;
  // A handler may change what it was given before it fails.
  const original = keepsOriginal ? structuredClone(response ?? request) : undefined;
  try {
    if (handle === null) await start();
    context ??= {};
    context.config = config;
    return ready(await handle(event, context));
  } catch (thrown) {
    const err = asError(thrown);
    if (broken(err)) handle = null;
    if (!passing(err)) throw err;
    return original;
  }
};

// Not loading at all is the clearest failure, unless traffic must go on.
function unloaded(thrown) {
  const err = asError(thrown);
  if (!passing(err)) throw err;
}

try {
  exports.ready = start()?.catch(unloaded); // for index.mjs, if there is one
} catch (thrown) {
  unloaded(thrown);
}
