// npm: @jsquash/webp@1.5.0
// want: "WEBP,8,6"
// fast
// Glue of Emscripten's that fetches its module.
import encode from '@jsquash/webp/encode.js';
import decode from '@jsquash/webp/decode.js';
globalThis.ImageData ??= class { constructor(data, width, height) { Object.assign(this, { data, width, height }); } };
const image = new ImageData(new Uint8ClampedArray(4 * 8 * 6).fill(200), 8, 6);
export async function handler() {
  const webp = await encode(image);
  const { width, height } = await decode(webp);
  return { body: String([Buffer.from(webp).toString('latin1', 8, 12), width, height]) };
}
