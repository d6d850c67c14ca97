// npm: liquidjs@10.30.1
// want: "X"
import { Liquid } from 'liquidjs';
export const handler = async () => ({ body: String(await new Liquid().parseAndRender('{{ a | upcase }}', { a: 'x' })) });
