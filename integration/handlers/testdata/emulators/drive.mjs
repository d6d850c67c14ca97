// Gives results of functions to two programs that play CloudFront, and says
// what each does with them. In: the folder that has them in node_modules, and a
// list of {"trigger", "event", "result"} on stdin. Out: a list of {"offline",
// "cdk"}.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , dir] = process.argv;
const offline = createRequire(join(dir, 'index.js'))('serverless-offline-edge-lambda/dist/utils');
const cdk = await import(pathToFileURL(join(dir, 'node_modules', 'cdk-local', 'dist', 'internal.js')));

const lines = (pairs) => pairs.map(([name, value]) => `${name}: ${value}`).sort().join(', ');
const answers = (status, pairs) => [`answers ${status}`, lines(pairs)].filter(Boolean).join(', ');

function attempt(act) {
  try {
    return act();
  } catch (err) {
    return `throws ${err.name}`;
  }
}

// As its server does: dist/behavior-router.js and dist/services.
function byOffline({ result }) {
  if (!offline.isResponseResult(result)) return 'goes on';
  const headers = new offline.CloudFrontHeadersHelper(result.headers).asHttpHeaders();
  return answers(parseInt(result.status, 10), headers.flatMap(({ key, value }) => value.map((v) => [key, v])));
}

function byCdk({ trigger, event, result }) {
  const { request, response } = event.Records[0].cf;
  const flat = (headers) => Object.fromEntries(Object.entries(headers).map(([name, list]) => [name, list.map((e) => e.value)]));
  if (trigger.endsWith('-request')) {
    const base = { clientIp: request.clientIp, method: request.method, uri: request.uri, querystring: request.querystring, headers: flat(request.headers) };
    const outcome = cdk.applyEdgeRequestResult(result, base);
    if (outcome.kind === 'continue') return 'goes on';
    return answers(outcome.response.statusCode, Object.entries(outcome.response.headers));
  }
  const was = Object.fromEntries(Object.entries(flat(response.headers)).map(([name, values]) => [name, values.join(', ')]));
  const outcome = cdk.applyEdgeResponseResult(result, { statusCode: Number(response.status), headers: was }, Buffer.from(''));
  return answers(outcome.statusCode, Object.entries(outcome.headers));
}

let text = '';
for await (const chunk of process.stdin) text += chunk;
process.stdout.write(JSON.stringify(JSON.parse(text).map((asked) => ({
  offline: attempt(() => byOffline(asked)), cdk: attempt(() => byCdk(asked)),
}))));
