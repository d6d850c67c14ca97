// npm: loro-crdt@1.17.1
// want: "hello"
// wasm-bindgen's target web, by a recent release of it.
import init, { LoroDoc } from 'loro-crdt/web';
let ready;
export const handler = async () => {
  await (ready ??= init());
  const doc = new LoroDoc();
  doc.getText('t').insert(0, 'hello');
  return { body: doc.getText('t').toString() };
};
