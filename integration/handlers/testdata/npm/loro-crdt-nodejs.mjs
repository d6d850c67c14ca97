// npm: loro-crdt@1.17.1
// want: "hello"
// wasm-bindgen's target nodejs, by a recent release of it.
import { LoroDoc } from 'loro-crdt';
export const handler = async () => {
  const doc = new LoroDoc();
  doc.getText('t').insert(0, 'hello');
  return { body: doc.getText('t').toString() };
};
