// npm: @jsquash/jpeg@1.6.0
// want: "255,8,6,200"
// fast
import encode from '@jsquash/jpeg/encode.js';
import decode from '@jsquash/jpeg/decode.js';
globalThis.ImageData ??= class { constructor(data, width, height) { Object.assign(this, { data, width, height }); } };
const image = new ImageData(new Uint8ClampedArray(4 * 8 * 6).fill(200), 8, 6);
export async function handler() {
  const jpeg = await encode(image, { quality: 90 });
  const { width, height, data } = await decode(jpeg);
  return { body: String([new Uint8Array(jpeg)[0], width, height, data[0]]) };
}
