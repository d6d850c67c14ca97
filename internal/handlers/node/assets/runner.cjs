'use strict';
// Loads a handler and gives it events, as Lambda's Node.js runtime does.
// In: lines of JSON on stdin; the first says what to load, each other is an
// event. Out: one line of JSON on fd 3 once it runs, and one for each of those.
// The console and the streams are replaced before anything is loaded, as Lambda
// replaces the console.

const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const util = require('node:util');
const { pathToFileURL } = require('node:url');

const CHANNEL = 3;
const MOST_LOGS = 1000; // entries of one event; what comes after is counted
const MOST_HIDDEN = 100;

let logs = [];
let dropped = 0;
function log(level, text) {
  if (logs.length < MOST_LOGS) logs.push({ level, text });
  else dropped += 1;
}
for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'log']) {
  console[level] = (...args) => log(level, util.format(...args));
}
for (const name of ['stdout', 'stderr']) {
  process[name].write = (chunk, encoding, done) => {
    log(name, String(chunk).replace(/\n$/, ''));
    const after = typeof encoding === 'function' ? encoding : done;
    if (after) process.nextTick(after);
    return true;
  };
}

function send(message) {
  if (dropped > 0) logs.push({ level: 'warn', text: `${dropped} more log entries were dropped` });
  let rest = Buffer.from(`${JSON.stringify({ ...message, logs })}\n`);
  logs = [];
  dropped = 0;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(fs.writeSync(CHANNEL, rest));
    } catch (err) {
      if (err.code !== 'EAGAIN') throw err;
    }
  }
}

// Errors may be anything that was thrown. Where the bundle was unpacked is no
// news to anybody, and another place every time.
let dir = '';
const within = (text) => String(text).replaceAll(`file://${dir}/`, '').replaceAll(`${dir}/`, '');
function failure(err) {
  if (!(err instanceof Error)) return { name: 'Error', message: within(util.format(err)), stack: '' };
  return { name: String(err.name), message: within(err.message), stack: within(err.stack ?? '') };
}

// NOTHING is what an instance hides that JSON says as it is.
const NOTHING = null;

// What JSON would hide: where, what stands there, and what JSON makes of it.
function hidden(value, at, seen, out, key = '') {
  if (out.length >= MOST_HIDDEN) return out;
  if (typeof value === 'bigint' && typeof value.toJSON === 'function') return hidden(value.toJSON(key), at, seen, out);
  const found = kindOf(value);
  if (found === NOTHING) return out;
  if (found !== undefined) out.push({ path: at, ...found });
  if (value === null || typeof value !== 'object' || found !== undefined || seen.has(value)) return out;
  seen.add(value);
  if (typeof value.toJSON === 'function') return hidden(value.toJSON(key), at, seen, out);
  const below = (name) => `${at}/${name.replace(/~/g, '~0').replace(/\//g, '~1')}`;
  const unlisted = unlistedOf(value);
  for (const name of unlisted) out.push({ path: below(name), kind: className(value), how: 'unlisted' });
  const members = Object.entries(value);
  if (members.length === 0 && unlisted.length === 0 && !isPlain(value)) out.push({ path: at, kind: className(value), how: 'opaque' });
  for (const [name, member] of members) hidden(member, below(name), seen, out, name);
  return out;
}

function kindOf(value) {
  switch (typeof value) {
    case 'undefined':
    case 'function':
    case 'symbol':
      return { kind: typeof value };
    case 'bigint':
      return { kind: 'BigInt' };
    case 'number':
      return Number.isFinite(value) ? undefined : { kind: String(value) };
    case 'object':
      return value === null ? undefined : instanceKind(value);
  }
  return undefined;
}

// Instances of JavaScript's and of Node.js's own classes. Where they can be
// empty, an empty one loses nothing.
function instanceKind(value) {
  const { types } = util;
  const as = (how) => ({ kind: className(value), how });
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? { kind: 'an invalid Date' } : as('dated');
  if (ArrayBuffer.isView(value) && !types.isDataView(value)) return as('spelled');
  if (typeof value.toJSON === 'function' || isPlain(value)) return undefined;
  if (types.isBoxedPrimitive(value)) return NOTHING;
  if (types.isNativeError(value)) return as('emptied');
  if (Object.keys(value).length > 0) return undefined;
  if (types.isMap(value) || types.isSet(value)) return value.size > 0 ? as('emptied') : NOTHING;
  if (!isOfPlatform(value)) return undefined;
  if (typeof value[Symbol.iterator] === 'function') return isEmpty(value) ? NOTHING : as('emptied');
  return as('emptied');
}

// A class that is there without being loaded, or a kind of object that has none
// of its own.
function isOfPlatform(value) {
  const { types } = util;
  if (types.isGeneratorObject(value) || types.isMapIterator(value) || types.isSetIterator(value)) return true;
  for (let proto = Object.getPrototypeOf(value); proto !== null && Object.getPrototypeOf(proto) !== null; proto = Object.getPrototypeOf(proto)) {
    const own = Object.getOwnPropertyDescriptor(proto, 'constructor')?.value;
    if (typeof own === 'function' && globalThis[own.name] === own) return true;
  }
  return false;
}

function isEmpty(iterable) {
  for (const _ of iterable) return false;
  return true;
}

// Plain objects and lists are what JSON has; an object without prototype is one.
function isPlain(value) {
  const proto = Object.getPrototypeOf(value);
  return Array.isArray(value) || proto === null || Object.getPrototypeOf(proto) === null;
}

function className(value) {
  const { constructor } = value;
  return typeof constructor === 'function' ? constructor.name : '';
}

// Members that are there for whoever reads them, but that JSON does not list:
// own ones that are not enumerable, and what the classes have but for methods.
function unlistedOf(value) {
  if (Array.isArray(value)) return [];
  const names = new Set();
  for (let of = value; of !== null && (of === value || Object.getPrototypeOf(of) !== null); of = Object.getPrototypeOf(of)) {
    for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(of))) {
      if (of === value && member.enumerable || typeof member.value === 'function') continue;
      if (name !== 'constructor' && !Object.prototype.propertyIsEnumerable.call(value, name)) names.add(name);
    }
  }
  return [...names];
}

function context(settings, deadline) {
  return {
    functionName: settings.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${settings.name}`,
    memoryLimitInMB: String(settings.memory),
    awsRequestId: '00000000-0000-4000-8000-000000000000',
    logGroupName: `/aws/lambda/us-east-1.${settings.name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadline - performance.now())),
  };
}

// Lambda's own words, of its runtime interface client for Node.js 24.
const NO_CALLBACKS = 'AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. ' +
  'You need to modify this function to use a supported handler signature to use Node.js 24 or later.';

// Until Node.js 22, Lambda takes the result from a promise or from a callback,
// and ignores what else a handler returns.
function invoke(handler, event, ctx, callbacks) {
  if (!callbacks) return handler(event, ctx);
  return new Promise((resolve, reject) => {
    const done = (err, result) => (err ? reject(err) : resolve(result));
    const result = handler(event, ctx, done);
    if (typeof result?.then === 'function') resolve(result);
    else if (handler.length < 3) {
      reject(new Error('the handler returned without a promise: before Node.js 24, Lambda ignores what a handler returns unless it is async'));
    }
  });
}

async function load(settings) {
  const file = path.join(dir, settings.file);
  const found = ['.js', '.mjs', '.cjs'].find((ext) => fs.existsSync(file + ext));
  if (found === undefined) throw new Error(`there is no ${settings.file}.js, .mjs or .cjs in the bundle`);
  const loaded = await import(pathToFileURL(file + found));
  // As Lambda's runtime takes it, an export's name may lead into an object.
  const named = (from) => settings.export.split('.').reduce((of, key) => of?.[key], from);
  const handler = named(loaded) ?? named(loaded.default);
  if (typeof handler !== 'function') {
    throw new Error(`${settings.file}${found} exports no function ${settings.export}`);
  }
  return handler;
}

async function run(handler, settings, event) {
  const start = performance.now();
  const outcome = { type: 'outcome' };
  try {
    const result = await invoke(handler, event, context(settings, start + settings.timeout), settings.callbacks);
    outcome.ms = performance.now() - start;
    outcome.hidden = hidden(result, '', new Set(), []);
    try {
      outcome.result = JSON.stringify(result) ?? 'null';
    } catch (err) {
      throw new Error(`Unable to stringify response body: ${err.message}`);
    }
  } catch (err) {
    outcome.ms ??= performance.now() - start;
    outcome.error = failure(err);
  }
  await settled();
  send(outcome);
}

// What an event leaves behind at once, such as a promise that was rejected and
// that nobody waits for, is the end of that event and not of the next.
const settled = () => new Promise((done) => { setImmediate(done); });

// What nobody caught ends the process on Lambda too.
function fatal(err) {
  send({ type: 'fatal', error: failure(err) });
  process.exit(1);
}
process.on('uncaughtException', fatal);
process.on('unhandledRejection', fatal);

async function main() {
  let handler;
  let settings;
  for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const message = JSON.parse(line);
    if (settings !== undefined) {
      await run(handler, settings, message);
      continue;
    }
    settings = message;
    dir = settings.dir;
    const start = performance.now();
    const answer = { type: 'loaded' };
    try {
      handler = await load(settings);
      answer.parameters = handler.length;
      if (!settings.callbacks && handler.length >= 3) throw new Error(NO_CALLBACKS);
    } catch (err) {
      answer.error = failure(err);
    }
    answer.ms = performance.now() - start;
    await settled();
    send(answer);
  }
  process.exit(0); // timers that a handler left behind keep nobody waiting
}

send({ type: 'started' });
main();
