// Thumbnails at origin-request: /img/320/cats/tom.jpg is /img/cats/tom.jpg of
// the origin, 320 pixels wide. CloudFront caches what this returns, so it runs
// once for each picture and width, in each region.
//
// Lambda@Edge never shows a function the body that an origin sent, so the
// picture is fetched here. What cannot be made smaller goes to the origin as a
// request for the picture as it is.

import { PhotonImage, SamplingFilter, resize } from '@silvia-odwyer/photon-node';
import type { Context, CustomOrigin, Event, Headers, Request, Response } from './cloudfront';

// A response that a function generates may have 1 MB (CloudFront quotas,
// "Quotas on Lambda@Edge"), its headers included. That the body counts as it
// is sent to CloudFront, in base64, is LIKELY.
const MOST_BASE64 = 1_000_000;

// What is fetched at most.
const MOST_FETCHED = 6_000_000;

// What is decoded at most: four bytes a pixel, and as much again. A picture of
// one color has a thousand pixels in a byte, so its size in bytes says little.
const MOST_PIXELS = 40_000_000;

const THUMBNAIL = /^(\/img)\/([0-9]{2,4})(\/.+\.(?:jpe?g|png))$/i;

export async function handler(event: Event, context: Context): Promise<Request | Response> {
  const { request } = event.Records[0].cf;
  const [, base, digits, rest] = THUMBNAIL.exec(request.uri) ?? [];
  if (base === undefined || !plain(base + rest)) return request;
  request.uri = base + rest;

  // Any other width would be one more object in the cache: visitors must not
  // be able to fill it, or to keep this function busy.
  const width = Number(digits);
  const origin = request.origin?.custom;
  if (!context.config.widths.includes(width) || request.method !== 'GET' || origin === undefined) return request;

  const picture = await fetched(origin, request, context.config['wait-milliseconds']);
  const made = picture && smaller(picture, width, context.config.quality);
  if (!made) return request;
  return {
    status: '200',
    statusDescription: 'OK',
    headers: {
      'content-type': [{ key: 'Content-Type', value: made.type }],
      'cache-control': [{ key: 'Cache-Control', value: `public, max-age=${context.config['cache-seconds']}` }],
    },
    body: made.base64,
    bodyEncoding: 'base64',
  };
}

// plain says that a path is one for everybody who reads it. CloudFront chose the
// behavior by the path with its width: /img/320/../private/a.jpg lies below
// /img there, and without the width it is the origin's /private/a.jpg, which
// another behavior may guard.
function plain(path: string): boolean {
  return new URL(`http://origin${path}`).pathname === path;
}

// fetched asks the origin for the picture, as CloudFront would. undefined if it
// is not there, too large or too slow.
async function fetched(origin: CustomOrigin, request: Request, wait: number): Promise<Uint8Array | undefined> {
  const url = `${origin.protocol}://${origin.domainName}:${origin.port}${origin.path}${request.uri}`;
  try {
    const response = await fetch(url, {
      headers: values(origin.customHeaders),
      redirect: 'error', // or it could lead somewhere else than to the origin
      signal: AbortSignal.timeout(wait),
    });
    if (response.status !== 200 || response.body === null) return undefined;
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > MOST_FETCHED) {
        console.warn(`${request.uri} has more than ${MOST_FETCHED} bytes`);
        return undefined; // leaving the loop ends the transfer
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (err) {
    console.warn(`${request.uri}: ${err instanceof Error ? err.message : err}`);
    return undefined;
  }
}

function values(headers: Headers): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, all]) => [name, all.map((h) => h.value).join(', ')]));
}

// smaller scales a picture down. undefined if it is no picture, is not wider,
// or stays too large. A trap in WebAssembly is thrown on, so that the
// trampoline takes a new instance.
function smaller(picture: Uint8Array, width: number, quality: number): { base64: string; type: string } | undefined {
  const type = kindOf(picture);
  const size = pixels(picture);
  if (type === undefined || size === 0) return undefined;
  if (size > MOST_PIXELS) {
    console.warn(`a picture of ${size} pixels is not decoded`);
    return undefined;
  }
  const image = PhotonImage.new_from_byteslice(picture);
  try {
    if (image.get_width() <= width) return undefined;
    const height = Math.max(1, Math.round((image.get_height() * width) / image.get_width()));
    const scaled = resize(image, width, height, SamplingFilter.Lanczos3);
    try {
      const bytes = type === 'image/png' ? scaled.get_bytes() : scaled.get_bytes_jpeg(quality);
      const base64 = Buffer.from(bytes).toString('base64');
      return base64.length <= MOST_BASE64 ? { base64, type } : undefined;
    } finally {
      scaled.free(); // memory of WebAssembly is not collected
    }
  } finally {
    image.free();
  }
}

// kindOf goes by what is in the file, and not by what it is called.
function kindOf(picture: Uint8Array): 'image/png' | 'image/jpeg' | undefined {
  if (picture[0] === 0xff && picture[1] === 0xd8 && picture[2] === 0xff) return 'image/jpeg';
  if (picture[0] === 0x89 && picture[1] === 0x50 && picture[2] === 0x4e && picture[3] === 0x47) return 'image/png';
  return undefined;
}

// pixels is how many a picture says that it has, 0 if it does not say.
function pixels(picture: Uint8Array): number {
  const bytes = new DataView(picture.buffer, picture.byteOffset, picture.length);
  if (picture[0] === 0x89) return picture.length < 24 ? 0 : bytes.getUint32(16) * bytes.getUint32(20); // IHDR is first
  // JPEG: segments, each with its length, until the one that begins a frame:
  // ff c0 to ff cf, but for tables (c4, cc) and what is reserved (c8).
  for (let at = 2; at + 9 <= picture.length && picture[at] === 0xff; ) {
    const marker = picture[at + 1]!;
    if (marker === 0xff) at++; // a byte that fills
    else if (marker >> 4 === 0xc && ![0xc4, 0xc8, 0xcc].includes(marker)) return bytes.getUint16(at + 5) * bytes.getUint16(at + 7);
    else at += 2 + bytes.getUint16(at + 2);
  }
  return 0;
}
