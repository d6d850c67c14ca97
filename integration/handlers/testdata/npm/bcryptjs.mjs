// npm: bcryptjs@3.0.3
// want: "true"
import bcrypt from 'bcryptjs';
export const handler = async () => ({ body: String(bcrypt.compareSync('a', bcrypt.hashSync('a', 4))) });
