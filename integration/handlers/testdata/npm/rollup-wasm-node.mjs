// npm: @rollup/wasm-node@4.68.4
// want: "VariableDeclaration"
// fast
import { parseAst } from '@rollup/wasm-node/parseAst';
export const handler = async () => ({ body: String(parseAst('let a = 1').body[0].type) });
