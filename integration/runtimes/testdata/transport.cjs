'use strict';
// Stands in for rapid-client.node, the client's native half, which speaks to
// the Runtime API: one event, then no more. What is reported goes to fd 3, the
// first report first.

const fs = require('node:fs');

const report = (what, id, body) => fs.writeSync(3, `${JSON.stringify({ what, body })}\n`);

let given = false;
exports.next = () => new Promise((resolve) => {
  setImmediate(() => {
    if (given) process.exit(0);
    given = true;
    resolve({
      bodyJson: '{"n":1}',
      headers: {
        'lambda-runtime-aws-request-id': '1',
        'lambda-runtime-deadline-ms': String(Date.now() + 20000),
        'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-central-1:000000000000:function:us-east-1.f:1',
      },
    });
  });
});
exports.done = (id, body) => report('result', id, body);
exports.error = (id, body) => report('error', id, body);
