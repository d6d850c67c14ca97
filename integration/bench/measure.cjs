'use strict';
// Measures the handler of an unpacked bundle in this process, as the first
// argument says, and prints what it found as one line of JSON. Times are in
// microseconds.
//
//   {"dir", "what": "calls", "events": [file…], "warm": N, "calls": N}
//   {"dir", "what": "load",  "events": [file]}          load and first call
//   {"dir", "what": "results", "events": [file…]}       what the handler returns
//   {"dir", "what": "trap",  "events": [trap, good], "calls": N}
//
// Every event is read from JSON anew, as Lambda's runtime does it, outside of
// what is measured.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');

const job = JSON.parse(process.argv[2]);
const events = job.events.map((name) => fs.readFileSync(name, 'utf8'));
const entry = path.join(job.dir, 'index.js');
const us = (from) => (performance.now() - from) * 1000;

for (const level of ['debug', 'info', 'warn', 'error', 'log']) console[level] = () => {};

function spread(times) {
  times.sort();
  return { median: times[times.length >> 1], p99: times[Math.floor(times.length * 0.99)] };
}

async function load() {
  const from = performance.now();
  const { handler } = require(entry);
  await handler(JSON.parse(events[0]), {});
  return { median: us(from), p99: us(from) };
}

async function calls() {
  const { handler } = require(entry);
  for (let i = 0; i < job.warm; i++) await handler(JSON.parse(events[i % events.length]), {});
  const times = new Float64Array(job.calls);
  for (let i = 0; i < job.calls; i++) {
    const event = JSON.parse(events[i % events.length]);
    const from = performance.now();
    await handler(event, {});
    times[i] = us(from);
  }
  return spread(times);
}

async function results() {
  const { handler } = require(entry);
  const all = [];
  for (const event of events) all.push(await handler(JSON.parse(event), {}));
  // JSON would hide a Map, an absent value, and much else.
  assert.deepStrictEqual(JSON.parse(JSON.stringify(all)), all);
  return { results: all };
}

// A call that traps and the good one after it, together.
async function trap() {
  const { handler } = require(entry);
  const [bad, good] = events;
  const want = JSON.stringify(await handler(JSON.parse(good), {}));
  const times = new Float64Array(job.calls);
  for (let i = 0; i < job.calls; i++) {
    const first = JSON.parse(bad);
    const second = JSON.parse(good);
    const from = performance.now();
    const failed = await handler(first, {}).then(() => false, () => true);
    const got = await handler(second, {});
    times[i] = us(from);
    if (!failed) throw new Error('the call that should trap did not');
    if (JSON.stringify(got) !== want) throw new Error(`after a trap the handler gave ${JSON.stringify(got)}`);
  }
  return spread(times);
}

({ load, calls, results, trap })[job.what]().then(
  (found) => process.stdout.write(`${JSON.stringify(found)}\n`),
  (err) => { process.stderr.write(`${err.stack}\n`); process.exitCode = 1; },
);
