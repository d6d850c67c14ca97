// npm: html-rewriter-wasm@0.4.1
// want: "<p>new</p>"
// fast
// With snippets.
import { HTMLRewriter } from 'html-rewriter-wasm';
export async function handler() {
  let body = '';
  const rewriter = new HTMLRewriter((chunk) => { body += Buffer.from(chunk); });
  rewriter.on('p', { async element(e) { e.setInnerContent('new'); } });
  try {
    await rewriter.write(Buffer.from('<p>old</p>'));
    await rewriter.end();
  } finally {
    rewriter.free();
  }
  return { body };
}
