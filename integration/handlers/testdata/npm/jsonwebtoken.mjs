// npm: jsonwebtoken@9.0.3
// want: "1"
import jwt from 'jsonwebtoken';
export const handler = async () => ({ body: String(jwt.verify(jwt.sign({ a: 1, iat: 1 }, 'k'), 'k').a) });
