// npm: @bokuweb/zstd-wasm@0.0.27
// want: "hello"
import { init, compress, decompress } from '@bokuweb/zstd-wasm';
let ready;
export const handler = async () => {
  await (ready ??= init());
  return { body: Buffer.from(decompress(compress(Buffer.from('hello'), 3))).toString() };
};
