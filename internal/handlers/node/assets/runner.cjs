'use strict';
// Loads a handler and gives it events. In, on fd 4: lines of JSON; the first
// says what to load, each other is an event. Out, on fd 3: one line of JSON
// once it runs, and one for each of those. What Lambda does in between is in
// lambda.cjs. The console and the streams are replaced before anything is
// loaded, as Lambda replaces the console.
//
// The next line is read in one blocking call: between two events Lambda stops
// the process, too, and nothing of ours keeps its event loop busy.

const fs = require('node:fs');
const util = require('node:util');
const lambda = require('./lambda.cjs');

const OUT = 3;
const IN = 4;
const MOST_LOGS = 1000; // entries of one event; what comes after is counted
const MOST_HIDDEN = 100;

let logs = [];
let dropped = 0;
function log(level, text) {
  if (logs.length < MOST_LOGS) logs.push({ level, text });
  else dropped += 1;
}
for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'log']) {
  console[level] = (...args) => {
    const text = util.format(...args);
    log(level, text.startsWith('(node:') ? shown(text) : text); // Node.js's own warnings name files
  };
}
for (const name of ['stdout', 'stderr']) {
  process[name].write = (chunk, encoding, done) => {
    log(name, shown(String(chunk).replace(/\n$/, '')));
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
      rest = rest.subarray(fs.writeSync(OUT, rest));
    } catch (err) {
      if (err.code !== 'EAGAIN') throw err;
      pause();
    }
  }
}

// What else than waiting could be done with a pipe that does not block?
const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);

const chunk = Buffer.allocUnsafe(1 << 16);
let read = [];
function nextLine() {
  for (;;) {
    let n;
    try {
      n = fs.readSync(IN, chunk);
    } catch (err) {
      if (err.code !== 'EAGAIN') throw err;
      pause();
      continue;
    }
    if (n === 0) return undefined;
    read.push(Buffer.from(chunk.subarray(0, n)));
    if (chunk[n - 1] === 10) { // one line is asked for at a time
      const line = Buffer.concat(read).toString();
      read = [];
      return JSON.parse(line);
    }
  }
}

// Where the bundle was unpacked is no news to anybody, and another place every
// time. This program stands where Lambda has its own.
let settings = { task: '', callbacks: false };
const shown = (text) => text
  .replaceAll(`file://${settings.task}/`, '').replaceAll(`${settings.task}/`, '')
  .replaceAll(`\n- ${__dirname}/runner.cjs`, '')
  .replaceAll(`${__dirname}/lambda.cjs`, '/var/runtime/index.mjs');
function failure(err) {
  const { name, message, stack } = lambda.describe(err, settings);
  return { name, message: shown(message), stack: shown(stack) };
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

function context(deadline) {
  const env = process.env;
  return {
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: settings.arn,
    awsRequestId: '00000000-0000-4000-8000-000000000000',
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadline - performance.now())),
  };
}

async function run(handler, event) {
  const start = performance.now();
  const outcome = { type: 'outcome' };
  try {
    const warn = (text) => log('warn', text);
    const result = await lambda.invoke(handler, settings, event, context(start + settings.timeout), warn);
    outcome.ms = performance.now() - start;
    outcome.hidden = hidden(result, '', new Set(), []);
    outcome.result = lambda.stringify(result, settings);
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
process.on('unhandledRejection', (reason) => fatal(lambda.unhandled(reason, settings)));

async function load() {
  const start = performance.now();
  const answer = { type: 'loaded' };
  let handler;
  try {
    handler = await lambda.load(settings);
    answer.parameters = handler.length;
  } catch (err) {
    answer.error = failure(err);
  }
  answer.ms = performance.now() - start;
  await settled();
  send(answer);
  return handler;
}

async function main() {
  send({ type: 'started' });
  settings = nextLine();
  const handler = await load();
  for (let event = nextLine(); event !== undefined; event = nextLine()) await run(handler, event);
  process.exit(0); // what a handler left behind keeps nobody waiting
}

main();
