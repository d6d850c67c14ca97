'use strict';
// Gives events to the handlers beside this file, each once as a handler that
// takes a callback and once as one that returns a promise. In: a list of
// {"name", "event"} on stdin. Out: a list of what came of each, both ways.
const { answers } = require('./handlers.cjs');

const callbackStyle = (answer) => (event, context, callback) => { callback(null, answer(event)); };
const asyncStyle = (answer) => async (event) => answer(event);

const called = (handler, event) => new Promise((resolve, reject) => {
  handler(event, {}, (err, result) => (err ? reject(err) : resolve(result)));
});

async function main() {
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  const out = [];
  const asked = JSON.parse(text);
  const unasked = Object.keys(answers).filter((name) => !asked.some((a) => a.name === name));
  if (unasked.length > 0) throw new Error(`no event is for ${unasked.join(', ')}`);
  for (const { name, event } of asked) {
    const answer = answers[name];
    out.push({ callback: await called(callbackStyle(answer), structuredClone(event)), async: await asyncStyle(answer)(event) });
  }
  process.stdout.write(JSON.stringify(out));
}

main();
