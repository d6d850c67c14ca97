'use strict';
// Loads the handler of the folder named first, and answers each line of JSON on
// stdin (an event) by one line on stdout: {"result": …} or {"error": …}.

const path = require('node:path');
const readline = require('node:readline');

for (const level of ['debug', 'info', 'warn', 'error', 'log']) console[level] = () => {};
const { handler } = require(path.join(process.argv[2], 'index.js'));

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  let answer;
  try {
    answer = { result: await handler(JSON.parse(line), {}) };
  } catch (err) {
    answer = { error: `${err.name}: ${err.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
