// npm: web-tree-sitter@0.27.2
// want: "function"
import { Parser } from 'web-tree-sitter';
let ready;
export const handler = async () => {
  await (ready ??= Parser.init());
  return { body: typeof new Parser().parse };
};
