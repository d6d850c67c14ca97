// npm: tiny-secp256k1@2.2.4
// want: "031b84c5567b126440995d3ed5aaba0565d71e1834604819ff9c17f5e9d5dd078f"
// fast
// The path of its module is made in another file than the one that names it.
import { pointFromScalar } from 'tiny-secp256k1';
export const handler = async () => ({ body: String(Buffer.from(pointFromScalar(Buffer.alloc(32, 1), true)).toString('hex')) });
