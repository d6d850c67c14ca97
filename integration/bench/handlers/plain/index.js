'use strict';
// The handler of examples/redirect in plain JavaScript, written as one would
// write it by hand: what every other way is compared with.

const config = { 'redirect-from': 'www.example.com', 'redirect-to': 'example.com', 'frame-options': 'SAMEORIGIN' };
const security = [
  ['Strict-Transport-Security', 'max-age=63072000; includeSubDomains'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'strict-origin-when-cross-origin'],
  ['X-Frame-Options', config['frame-options']],
].map(([key, value]) => [key.toLowerCase(), key, value]);

function redirect(request) {
  const host = request.headers.host?.[0]?.value ?? '';
  if (host.toLowerCase() !== config['redirect-from']) return request;
  let to = 'https://' + config['redirect-to'] + request.uri;
  if (request.querystring !== '') to += '?' + request.querystring;
  return {
    status: '301',
    statusDescription: 'Moved Permanently',
    headers: {
      location: [{ key: 'Location', value: to }],
      'cache-control': [{ key: 'Cache-Control', value: 'max-age=3600' }],
    },
  };
}
function indexDocument(request) {
  const uri = request.uri;
  if (uri.endsWith('/')) request.uri = uri + 'index.html';
  else if (uri.lastIndexOf('/') > uri.lastIndexOf('.')) request.uri = uri + '/index.html';
  return request;
}
function secure(response) {
  for (const [name, key, value] of security) response.headers[name] = [{ key, value }];
  return response;
}
function handle(event) {
  const cf = event.Records[0].cf;
  switch (cf.config.eventType) {
    case 'viewer-request': return redirect(cf.request);
    case 'origin-request': return indexDocument(cf.request);
    default: return secure(cf.response);
  }
}

exports.handle = handle;
exports.handler = async (event, context) => handle(event);
