// npm: @jsquash/png@3.1.1
// want: "PNG,8,6"
// fast
// wasm-bindgen's target web, started without arguments.
import encode from '@jsquash/png/encode.js';
import decode from '@jsquash/png/decode.js';
globalThis.ImageData ??= class { constructor(data, width, height) { Object.assign(this, { data, width, height }); } };
const image = new ImageData(new Uint8ClampedArray(4 * 8 * 6).fill(200), 8, 6);
export async function handler() {
  const png = await encode(image);
  const { width, height } = await decode(png);
  return { body: String([Buffer.from(png).toString('latin1', 1, 4), width, height]) };
}
