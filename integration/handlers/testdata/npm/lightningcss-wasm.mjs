// npm: lightningcss-wasm@1.33.0
// want: "a{color:red}"
import init, { transform } from 'lightningcss-wasm';
let ready;
export const handler = async () => {
  await (ready ??= init());
  return { body: Buffer.from(transform({ filename: 'a.css', code: Buffer.from('a { color: #ff0000 }'), minify: true }).code).toString() };
};
