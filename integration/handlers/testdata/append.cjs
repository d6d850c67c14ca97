'use strict';
// Measures how long a module takes that calls append_header for one name again and
// again, 1,000 times and 10,000 times, and prints the shortest of many runs of each
// in milliseconds: {"few", "many"}.

const assert = require('node:assert');
const path = require('node:path');

const memory = new WebAssembly.Memory({ initial: 1 });
let edge;
let times = 0;
WebAssembly.Module = function () {};
WebAssembly.Instance = function (module, imports) {
  ({ edge } = imports);
  new Uint8Array(memory.buffer).set(Buffer.from('x-one'));
  const exports = {
    memory,
    edge_abi_1() {},
    edge_handle() {
      const name = edge.intern(0, 5);
      for (let i = 0; i < times; i++) edge.append_header(0, name, 0, 5);
      return 0;
    },
  };
  return { exports };
};
const { handler } = require(path.join(process.argv[2], 'index.js'));

async function took(n) {
  times = n;
  const came = [{ key: 'X-One', value: 'came' }];
  const event = { Records: [{ cf: { config: { eventType: 'viewer-request' }, request: { headers: { 'x-one': came } } } }] };
  const from = performance.now();
  const { headers } = await handler(event, {});
  const ms = performance.now() - from;
  assert.strictEqual(headers['x-one'].length, n + 1);
  assert.strictEqual(came.length, 1); // it may have to come back
  return ms;
}

(async () => {
  const best = { few: Infinity, many: Infinity };
  for (let i = 0; i < 30; i++) {
    best.few = Math.min(best.few, await took(1000));
    best.many = Math.min(best.many, await took(10000));
  }
  process.stdout.write(JSON.stringify(best));
})();
