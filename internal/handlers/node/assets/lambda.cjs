'use strict';
// Finds a handler and calls it as Lambda's own Node.js runtimes do. Until
// nodejs22.x that is what version 3 of the runtime interface client does (npm
// aws-lambda-ric), from nodejs24.x on version 4. The names and texts of errors
// are Lambda's: people look for them.

const fs = require('node:fs');
const path = require('node:path');
const util = require('node:util');
const { pathToFileURL } = require('node:url');

// A runtime's own error. Lambda says "Runtime." and the kind in errorType.
function refusal(kind, message, cause) {
  const err = new Error(message);
  err.name = `Runtime.${kind}`;
  err.stack = cause?.stack ?? '';
  return err;
}

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');

// Handlers may mark themselves as streaming while they are loaded. CloudFront
// takes no streamed result, so nothing here streams.
function provideGlobals() {
  globalThis.awslambda = {
    streamifyResponse(handler) {
      handler[STREAMING] = 'response';
      return handler;
    },
    HttpResponseStream: class HttpResponseStream {},
  };
}

// "lib/main.v2.handler" is the export v2.handler of the module lib/main.
function parseHandler(handler) {
  if (handler.includes('..')) {
    throw refusal('MalformedHandlerName', `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const base = path.basename(handler);
  const dot = base.indexOf('.');
  if (dot < 0) throw refusal('MalformedHandlerName', 'Bad handler');
  return { root: handler.slice(0, handler.indexOf(base)), module: base.slice(0, dot), name: base.slice(dot + 1) };
}

// ifThere loads a file in one of two ways; undefined when there is none.
const required = (file) => (fs.existsSync(file) ? require(file) : undefined);
async function imported(task, file) {
  if (!fs.existsSync(file)) return undefined;
  // Lambda imports the bare path, so what means something in a URL does here.
  return import(pathToFileURL(`${task}/`).href + path.relative(task, file));
}

// Does the nearest package.json say that .js files are ES modules?
function typeModule(folder) {
  if (folder.endsWith('/node_modules')) return false;
  const file = path.join(folder, 'package.json');
  if (fs.existsSync(file)) {
    try {
      return JSON.parse(fs.readFileSync(file, 'utf8'))?.type === 'module';
    } catch (err) {
      console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, err);
      return false;
    }
  }
  return folder === '/' ? false : typeModule(path.dirname(folder));
}

// Until Node.js 22: .js is required unless package.json makes it an ES module.
async function loadUntil22(task, { root, module }) {
  const stem = path.resolve(task, root, module);
  const es = fs.existsSync(`${stem}.js`) && typeModule(path.dirname(stem));
  return required(stem)
    || (!es && required(`${stem}.js`))
    || (es && await imported(task, `${stem}.js`))
    || await imported(task, `${stem}.mjs`)
    || required(`${stem}.cjs`)
    || require(require.resolve(module, { paths: [task, root] }));
}

// From Node.js 24 on everything is imported.
async function loadFrom24(task, { root, module }) {
  const stem = path.resolve(task, root.replace(/\/$/, ''), module);
  for (const extension of ['', '.js', '.mjs', '.cjs']) {
    const loaded = await imported(task, stem + extension);
    if (loaded) return loaded;
  }
  return require(require.resolve(module, { paths: [task, path.join(task, root)] }));
}

// An export's name may lead into an object. From 24 on only objects are looked
// into, and the default export is looked at, too.
const within = (look) => (from, name) => name.split('.').reduce((of, key) => look(of, key), from);
const anyMember = within((of, key) => of && of[key]);
const objectMember = within((of, key) => (of && typeof of === 'object' ? of[key] : undefined));
function exportFrom24(loaded, name) {
  const own = objectMember(loaded, name);
  if (own || loaded === null || typeof loaded !== 'object' || !('default' in loaded)) return own;
  return objectMember(loaded.default, name);
}

const NO_CALLBACKS = 'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. ' +
  'You need to modify this function to use a supported handler signature to use Node.js 24 or later. ' +
  'For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';

// load gives the handler, or throws what Lambda would report.
async function load({ task, handler, callbacks }) {
  provideGlobals();
  const wanted = parseHandler(handler);
  let loaded;
  try {
    loaded = await (callbacks ? loadUntil22 : loadFrom24)(task, wanted);
  } catch (err) {
    if (err instanceof SyntaxError) throw refusal('UserCodeSyntaxError', String(err), err);
    if ((callbacks || err instanceof Error) && err.code === 'MODULE_NOT_FOUND') throw refusal('ImportModuleError', String(err), err);
    throw err;
  }
  const found = (callbacks ? anyMember : exportFrom24)(loaded, wanted.name);
  if (!found) throw refusal('HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof found !== 'function') throw refusal('HandlerNotFound', `${handler} is not a function`);
  const streams = found[STREAMING];
  if (streams !== undefined && streams !== null && streams !== false && streams !== 'response') {
    throw refusal('MalformedStreamingHandler', 'Only response streaming is supported.');
  }
  if (!callbacks && !streams && found.length >= 3) throw refusal('CallbackHandlerDeprecated', NO_CALLBACKS);
  return found;
}

// Code that runs when nothing is left to do: no timer, no open socket.
let whenIdle;
process.on('beforeExit', () => {
  const next = whenIdle;
  whenIdle = undefined;
  if (next) setImmediate(next);
});

// Until Node.js 22 a result comes from a promise, from the callback or from the
// context's succeed, fail and done. What else a handler returns is ignored: its
// result is null once nothing is left to do. warn tells of that.
function invokeUntil22(handler, event, context, warn) {
  return new Promise((resolve, reject) => {
    let waits = true;
    let over = false;
    const once = (report) => (...args) => {
      if (over) return;
      over = true;
      whenIdle = undefined;
      report(...args);
    };
    const failed = (err) => err !== undefined && err !== null;
    const done = once((err, result) => (failed(err) ? reject(err) : resolve(result)));
    const ways = {
      succeed: (result) => done(null, result),
      fail: (err) => done(failed(err) ? err : 'handled'),
      done,
    };
    const callback = once((err, result) => {
      if (failed(err)) reject(err);
      else if (waits) whenIdle = () => resolve(result);
      else resolve(result);
    });
    Object.defineProperty(context, 'callbackWaitsForEmptyEventLoop', {
      enumerable: true, get: () => waits, set: (value) => { waits = value; },
    });
    Object.assign(context, ways);
    let ignored = '';
    whenIdle = () => {
      if (ignored !== '') warn(ignored);
      resolve(null);
    };
    try {
      const returned = handler(event, context, callback);
      if (returned && returned.then && typeof returned.then === 'function') {
        ignored = 'the promise of the handler was not settled when nothing was left to do: Lambda returns null then, before Node.js 24';
        returned.then(ways.succeed, ways.fail).catch(ways.fail);
      } else if (returned !== undefined) {
        ignored = 'the handler returned without a promise: before Node.js 24, Lambda ignores what a handler returns unless it is async';
      }
    } catch (err) {
      callback(err);
    }
  });
}

// invoke gives the result of one event, or throws. warn is for what Lambda does
// without a word.
async function invoke(handler, { callbacks }, event, context, warn) {
  if (handler[STREAMING]) throw new Error('the handler streams its response, and CloudFront takes no stream: return the response');
  return callbacks ? invokeUntil22(handler, event, context, warn) : handler(event, context);
}

// stringify gives the result as JSON.
function stringify(result, { callbacks }) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch (err) {
    const message = 'Unable to stringify response body';
    const refused = callbacks ? new Error(message) : refusal('JSONStringifyError', message);
    refused.stack = `${message}: ${err.message}`;
    throw refused;
  }
}

// describe is an error as Lambda reports it. Anything may be thrown.
function describe(err, { callbacks }) {
  const like = (e) => [e.name, e.message, e.stack].every((s) => typeof s === 'string' && s !== '');
  try {
    if (callbacks ? util.types.isNativeError(err) || like(err) : err instanceof Error) {
      return { name: String(err.name), message: String(err.message), stack: String(err.stack ?? '') };
    }
    return { name: typeof err, message: callbacks ? err.toString() : String(err), stack: util.format(err) };
  } catch {
    return { name: 'handled', message: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack', stack: '' };
  }
}

// unhandled is what becomes of a rejection that nobody waits for.
function unhandled(reason, { callbacks }) {
  return callbacks ? refusal('UnhandledPromiseRejection', String(reason), reason) : reason;
}

module.exports = { load, invoke, stringify, describe, unhandled };
