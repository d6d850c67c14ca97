// npm: yaml@2.9.1
// want: "2"
import { parse } from 'yaml';
export const handler = async () => ({ body: String(parse('a: [1, 2]').a[1]) });
