// npm: @resvg/resvg-wasm@2.6.2
// want: "10,7,255,0,0,255,PNG"
// fast
// Given its module.
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import module from '@resvg/resvg-wasm/index_bg.wasm';
let ready;
export async function handler() {
  await (ready ??= initWasm(module));
  const image = new Resvg('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="7"><rect width="10" height="7" fill="#f00"/></svg>').render();
  return { body: String([image.width, image.height, ...image.pixels.slice(0, 4), Buffer.from(image.asPng()).toString('latin1', 1, 4)]) };
}
