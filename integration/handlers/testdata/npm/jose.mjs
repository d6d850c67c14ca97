// npm: jose@6.2.18
// want: "1"
// fast
import { SignJWT, jwtVerify } from 'jose';
const key = new TextEncoder().encode('0123456789abcdef0123456789abcdef');
export const handler = async () => {
  const token = await new SignJWT({ a: 1 }).setProtectedHeader({ alg: 'HS256' }).sign(key);
  return { body: String((await jwtVerify(token, key)).payload.a) };
};
