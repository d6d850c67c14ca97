// npm: node-fetch@3.3.2
// want: "b"
import { Headers } from 'node-fetch';
export const handler = async () => ({ body: String(new Headers({ A: 'b' }).get('a')) });
