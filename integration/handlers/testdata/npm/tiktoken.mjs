// npm: tiktoken@1.0.22
// want: "15339,1917"
// fast
// It looks for its module in many places.
import { get_encoding } from 'tiktoken';
const encoding = get_encoding('cl100k_base');
export const handler = () => ({ body: encoding.encode('hello world').join() });
