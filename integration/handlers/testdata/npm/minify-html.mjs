// npm: @minify-html/wasm@0.18.1
// want: "<p class=a>b</p>"
// not: v20. takes no typed references
// fast
// With typed references, which Node.js 20 does not take.
import { minify } from '@minify-html/wasm';
export const handler = async () => ({ body: String(Buffer.from(minify(Buffer.from('<p  class="a" >  b  </p>'), { keep_closing_tags: true }))) });
