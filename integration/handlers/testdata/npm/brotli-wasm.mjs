// npm: brotli-wasm@3.0.1
// want: "hello"
// fast
import brotli from 'brotli-wasm';
export const handler = async () => ({ body: String(Buffer.from((await brotli).decompress((await brotli).compress(Buffer.from('hello'))))) });
