// npm: js-yaml@5.5.0
// want: "3"
import { load } from 'js-yaml';
export const handler = async () => ({ body: String(load('a: 3').a) });
