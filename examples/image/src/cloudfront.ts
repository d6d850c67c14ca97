// What of an origin-request event this handler uses. CloudFront's whole form is
// in its Developer Guide, "Lambda@Edge event structure".

export type Headers = Record<string, { key?: string; value: string }[]>;

export interface CustomOrigin {
  customHeaders: Headers;
  domainName: string;
  path: string;
  port: number;
  protocol: 'http' | 'https';
}

export interface Request {
  method: string;
  uri: string;
  querystring: string;
  headers: Headers;
  origin?: { custom?: CustomOrigin; s3?: object };
}

export interface Response {
  status: string;
  statusDescription?: string;
  headers: Headers;
  body?: string;
  bodyEncoding?: 'text' | 'base64';
}

export interface Event {
  Records: [{ cf: { config: { eventType: string }; request: Request } }];
}

// The function's config: in edgedeploy.yaml.
export interface Context {
  config: { widths: number[]; quality: number; 'cache-seconds': number; 'wait-milliseconds': number };
}
