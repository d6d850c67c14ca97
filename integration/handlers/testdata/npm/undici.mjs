// npm: undici@7.30.2
// want: "b"
import { Headers } from 'undici';
export const handler = async () => ({ body: String(new Headers({ A: 'b' }).get('a')) });
