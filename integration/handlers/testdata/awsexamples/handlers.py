"""What each Python example of AWS's developer guide does, in code of our own.

In: a list of {"name", "event"} on stdin. Out: a list of what came of each. An
example that the guide has in JavaScript only is answered with null.
"""
import base64
import json
import random
import sys
from urllib.parse import parse_qs, quote_plus, urlencode

PAGE = '<!doctype html>\n<title>Edge</title>\n<p>Hello — from the edge.</p>\n'


def request_of(event):
    return event['Records'][0]['cf']['request']


def response_of(event):
    return event['Records'][0]['cf']['response']


def entry(key, value):
    return [{'key': key, 'value': value}]


def country_of(request):
    return request['headers'].get('cloudfront-viewer-country', [{'value': None}])[0]['value']


def params_of(text):
    return {name: values[0] for name, values in parse_qs(text).items()}


def found(location):
    return {'status': '302', 'statusDescription': 'Found', 'headers': {'location': entry('Location', location)}}


def ab_test(event, context):
    request = request_of(event)
    if request['uri'] != '/pixel.jpg':
        return request
    groups = {'group=a': '/groups/a.jpg', 'group=b': '/groups/b.jpg'}
    for cookie in request['headers'].get('cookie', []):
        for mark, uri in groups.items():
            if mark in cookie['value']:
                request['uri'] = uri
                return request
    request['uri'] = groups['group=a' if random.random() < 0.75 else 'group=b']
    return request


def override_header(event, context):
    response = response_of(event)
    source = response['headers'].get('x-amz-meta-last-modified')
    if source:
        response['headers']['last-modified'] = [source[0]]
    return response


def static_content(event, context):
    headers = {'cache-control': entry('Cache-Control', 'max-age=100'), 'content-type': entry('Content-Type', 'text/html')}
    return {'status': '200', 'statusDescription': 'OK', 'headers': headers, 'body': PAGE}


def redirect(event, context):
    return found('https://docs.example.com/edge.html')


def header_from_query(event, context):
    request = request_of(event)
    params = params_of(request['querystring'])
    request['headers']['auth-header'] = entry('Auth-Header', params.pop('auth'))
    request['querystring'] = urlencode(params)
    return request


def normalize_query(event, context):
    request = request_of(event)
    request['querystring'] = urlencode(sorted(params_of(request['querystring'].lower()).items()))
    return request


def sign_in(event, context):
    request = request_of(event)
    cookies = request['headers'].get('cookie', [{'value': ''}])[0]['value'].split(';')
    if any(cookie.strip().startswith('session-id=') for cookie in cookies):
        return request
    back = 'https://%s%s?%s' % (request['headers']['host'][0]['value'], request['uri'], request['querystring'])
    return found('https://www.example.com/signin?redirect_url=' + quote_plus(back.encode('utf-8')))


def country_redirect(event, context):
    host = {'TW': 'tw.example.com', 'US': 'us.example.com'}.get(country_of(request_of(event)), 'example.com')
    return found('https://%s/' % host)


def device_path(event, context):
    request = request_of(event)
    for device in ('desktop', 'mobile', 'tablet', 'smarttv'):
        if request['headers'].get('cloudfront-is-%s-viewer' % device, [{'value': ''}])[0]['value'] == 'true':
            request['uri'] = '/' + device + request['uri']
            break
    return request


def custom_to_s3(event, context):
    request = request_of(event)
    if params_of(request['querystring']).get('useS3Origin') == 'true':
        name = 'my-bucket.s3.amazonaws.com'
        request['origin'] = {'s3': {'domainName': name, 'region': '', 'authMethod': 'none', 'path': '', 'customHeaders': {}}}
        request['headers']['host'] = entry('host', name)
    return request


def s3_region(event, context):
    request = request_of(event)
    region = {'DE': 'eu-central-1', 'IE': 'eu-west-1', 'JP': 'ap-northeast-1'}.get(country_of(request))
    if region:
        name = 'my-bucket-in-%s.s3.amazonaws.com' % region
        request['origin']['s3'].update(region=region, domainName=name)
        request['headers']['host'] = entry('host', name)
    return request


def s3_to_custom(event, context):
    request = request_of(event)
    if params_of(request['querystring']).get('useCustomOrigin') == 'true':
        request['origin'] = {'custom': {
            'domainName': 'www.example.com', 'port': 443, 'protocol': 'https', 'path': '', 'sslProtocols': ['TLSv1', 'TLSv1.1'],
            'readTimeout': 5, 'keepaliveTimeout': 5, 'customHeaders': {},
        }}
        request['headers']['host'] = entry('host', 'www.example.com')
    return request


def gradual_transfer(event, context):
    request = request_of(event)
    if random.randint(1, 100) <= 100:  # everything is transferred
        request['origin']['s3']['domainName'] = 'blue-bucket.s3.amazonaws.com'
        request['headers']['host'] = entry('host', 'blue-bucket.s3.amazonaws.com')
    return request


def country_origin(event, context):
    request = request_of(event)
    if country_of(request) in ('GB', 'DE', 'IE'):
        request['origin']['custom']['domainName'] = 'eu.example.com'
        request['headers']['host'] = entry('host', 'eu.example.com')
    return request


def error_to_200(event, context):
    response = response_of(event)
    if 400 <= int(response['status']) <= 599:
        response.update(status=200, statusDescription='OK', body='All is well.')
    return response


def error_to_302(event, context):
    response = response_of(event)
    if 400 <= int(response['status']) <= 599:
        response.update(status=302, statusDescription='Found', body='')
        response['headers']['location'] = entry('Location', '/plan-b/path?' + request_of(event)['querystring'])
    return response


def form_of(request):
    return params_of(base64.b64decode(request['body']['data']).decode())


def read_form(event, context):
    request = request_of(event)
    if request['method'] == 'POST':
        for name, value in form_of(request).items():
            print(name, value, file=sys.stderr)
    return request


def replace_form(event, context):
    request = request_of(event)
    if request['method'] == 'POST':
        request['body'].update(action='replace', encoding='text', data=urlencode({**form_of(request), 'added': 'yes'}))
    return request


answers = []
for asked in json.load(sys.stdin):
    handler = globals().get(asked['name'].replace('-', '_'))
    answers.append(handler and handler(asked['event'], None))
json.dump(answers, sys.stdout)
