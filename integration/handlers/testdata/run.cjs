'use strict';
// Loads the handler of an unpacked bundle and gives it events, one after the
// other, as Lambda does. In: {dir, entry, export, events} as JSON on stdin.
// Out: {load, parameters, outcomes} as JSON on stdout; every outcome has the
// result or the error, and what was logged. The console is replaced before
// anything is loaded, as Lambda's runtime replaces it.

const path = require('node:path');
const { pathToFileURL } = require('node:url');

let logs = [];
for (const level of ['debug', 'info', 'warn', 'error', 'log']) {
  console[level] = (...args) => logs.push({ level, text: args.join(' ') });
}

// JSON would hide what CloudFront refuses.
function holes(value, at) {
  if (value === null || value === undefined) return [at];
  if (typeof value !== 'object') return [];
  if (value instanceof Map) return [`${at} is a Map`];
  return Object.entries(value).flatMap(([key, v]) => holes(v, `${at}.${key}`));
}

async function main(input) {
  const out = { outcomes: [] };
  let handler;
  try {
    const loaded = await import(pathToFileURL(path.join(input.dir, input.entry)));
    handler = loaded[input.export] ?? loaded.default[input.export];
    out.parameters = handler.length;
  } catch (err) {
    out.load = String(err);
  }
  out.loadLogs = logs;
  for (const event of handler ? input.events : []) {
    logs = [];
    const outcome = {};
    try {
      outcome.result = await handler(event, { awsRequestId: 'test' });
      outcome.holes = holes(outcome.result, 'result');
    } catch (err) {
      outcome.error = String(err);
    }
    outcome.logs = logs;
    out.outcomes.push(outcome);
  }
  process.stdout.write(JSON.stringify(out));
}

let text = '';
process.stdin.setEncoding('utf8').on('data', (s) => (text += s)).on('end', () => main(JSON.parse(text)));
