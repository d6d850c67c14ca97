// npm: cookie@1.1.1
// want: "x y"
import { parseCookie } from 'cookie';
export const handler = async () => ({ body: String(parseCookie('a=1; b=x%20y').b) });
