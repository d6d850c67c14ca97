'use strict';
// What each example of AWS's developer guide does, in code of our own. A
// handler's work is in `answers`; drive.cjs wraps it as a callback-style and as
// an async handler.
const querystring = require('node:querystring');
const zlib = require('node:zlib');

const requestOf = (event) => event.Records[0].cf.request;
const responseOf = (event) => event.Records[0].cf.response;
const entry = (key, value) => [{ key, value }];
const PAGE = '<!doctype html>\n<title>Edge</title>\n<p>Hello — from the edge.</p>\n';

function countryOf(request) {
  return request.headers['cloudfront-viewer-country']?.[0].value;
}

function formOf(request) {
  return querystring.parse(Buffer.from(request.body.data, 'base64').toString());
}

exports.answers = {
  'ab-test'(event) {
    const request = requestOf(event);
    if (request.uri !== '/pixel.jpg') return request;
    const groups = { 'group=a': '/groups/a.jpg', 'group=b': '/groups/b.jpg' };
    const cookies = (request.headers.cookie ?? []).map((c) => c.value).join('; ');
    const known = Object.keys(groups).find((mark) => cookies.includes(mark));
    request.uri = groups[known ?? (Math.random() < 0.75 ? 'group=a' : 'group=b')];
    return request;
  },
  'override-header'(event) {
    const response = responseOf(event);
    const from = response.headers['x-amz-meta-last-modified'];
    if (from) response.headers['last-modified'] = [from[0]];
    return response;
  },
  'static-content'() {
    return {
      status: '200', statusDescription: 'OK', body: PAGE,
      headers: { 'cache-control': entry('Cache-Control', 'max-age=100'), 'content-type': entry('Content-Type', 'text/html') },
    };
  },
  'static-content-encoding'() { // as the guide had it in 2018
    return {
      status: '200', statusDescription: 'OK', body: PAGE,
      headers: { 'content-type': entry('Content-Type', 'text/html'), 'content-encoding': entry('Content-Encoding', 'UTF-8') },
    };
  },
  'static-content-gzip'() {
    return {
      headers: { 'content-type': entry('Content-Type', 'text/html; charset=utf-8'), 'content-encoding': entry('Content-Encoding', 'gzip') },
      body: zlib.gzipSync(PAGE).toString('base64'), bodyEncoding: 'base64', status: '200', statusDescription: 'OK',
    };
  },
  redirect() {
    return { status: '302', statusDescription: 'Found', headers: { location: entry('Location', 'https://docs.example.com/edge.html') } };
  },
  'header-from-query'(event) {
    const request = requestOf(event);
    const { auth, ...rest } = querystring.parse(request.querystring);
    request.headers['auth-header'] = entry('Auth-Header', auth);
    request.querystring = querystring.stringify(rest);
    return request;
  },
  'normalize-query'(event) {
    const request = requestOf(event);
    const params = Object.entries(querystring.parse(request.querystring.toLowerCase()));
    request.querystring = querystring.stringify(Object.fromEntries(params.sort(([a], [b]) => (a < b ? -1 : 1))));
    return request;
  },
  'sign-in'(event) {
    const request = requestOf(event);
    const cookies = request.headers.cookie?.[0].value.split(';').map((c) => c.trim().split('=')[0]) ?? [];
    if (cookies.includes('session-id')) return request;
    const back = encodeURIComponent(`https://${request.headers.host[0].value}${request.uri}?${request.querystring}`);
    return { status: '302', statusDescription: 'Found', headers: { location: entry('Location', `https://www.example.com/signin?redirect_url=${back}`) } };
  },
  'country-redirect'(event) {
    const host = { TW: 'tw.example.com', US: 'us.example.com' }[countryOf(requestOf(event))] ?? 'example.com';
    return { status: '302', statusDescription: 'Found', headers: { location: entry('Location', `https://${host}/`) } };
  },
  'device-path'(event) {
    const request = requestOf(event);
    const device = ['desktop', 'mobile', 'tablet', 'smarttv'].find((d) => request.headers[`cloudfront-is-${d}-viewer`]?.[0].value === 'true');
    if (device) request.uri = `/${device}${request.uri}`;
    return request;
  },
  'custom-to-s3'(event) {
    const request = requestOf(event);
    if (querystring.parse(request.querystring).useS3Origin !== 'true') return request;
    const domainName = 'my-bucket.s3.amazonaws.com';
    request.origin = { s3: { domainName, region: '', authMethod: 'none', path: '', customHeaders: {} } };
    request.headers.host = entry('host', domainName);
    return request;
  },
  's3-region'(event) {
    const request = requestOf(event);
    const region = { DE: 'eu-central-1', IE: 'eu-west-1', JP: 'ap-northeast-1' }[countryOf(request)];
    if (!region) return request;
    const domainName = `my-bucket-in-${region}.s3.amazonaws.com`;
    Object.assign(request.origin.s3, { region, domainName });
    request.headers.host = entry('host', domainName);
    return request;
  },
  's3-to-custom'(event) {
    const request = requestOf(event);
    if (querystring.parse(request.querystring).useCustomOrigin !== 'true') return request;
    request.origin = {
      custom: {
        domainName: 'www.example.com', port: 443, protocol: 'https', path: '', sslProtocols: ['TLSv1', 'TLSv1.1'],
        readTimeout: 5, keepaliveTimeout: 5, customHeaders: {},
      },
    };
    request.headers.host = entry('host', 'www.example.com');
    return request;
  },
  'gradual-transfer'(event) {
    const request = requestOf(event);
    if (Math.floor(Math.random() * 100) + 1 > 100) return request; // everything is transferred
    request.origin.s3.domainName = 'blue-bucket.s3.amazonaws.com';
    request.headers.host = entry('host', 'blue-bucket.s3.amazonaws.com');
    return request;
  },
  'country-origin'(event) {
    const request = requestOf(event);
    if (['GB', 'DE', 'IE'].includes(countryOf(request))) {
      request.origin.custom.domainName = 'eu.example.com';
      request.headers.host = entry('host', 'eu.example.com');
    }
    return request;
  },
  'error-to-200'(event) {
    const response = responseOf(event);
    if (response.status >= 400 && response.status <= 599) Object.assign(response, { status: 200, statusDescription: 'OK', body: 'All is well.' });
    return response;
  },
  'error-to-302'(event) {
    const response = responseOf(event);
    if (response.status >= 400 && response.status <= 599) {
      Object.assign(response, { status: 302, statusDescription: 'Found', body: '' });
      response.headers.location = entry('Location', `/plan-b/path?${requestOf(event).querystring}`);
    }
    return response;
  },
  'read-form'(event) {
    const request = requestOf(event);
    if (request.method === 'POST') for (const [name, value] of Object.entries(formOf(request))) console.error(`${name}: ${value}`);
    return request;
  },
  'replace-form'(event) {
    const request = requestOf(event);
    if (request.method === 'POST') {
      Object.assign(request.body, { action: 'replace', encoding: 'text', data: querystring.stringify({ ...formOf(request), added: 'yes' }) });
    }
    return request;
  },
};
