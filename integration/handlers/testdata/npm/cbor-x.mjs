// npm: cbor-x@1.6.9
// want: "7"
import { encode, decode } from 'cbor-x';
export const handler = async () => ({ body: String(decode(encode({ a: 7 })).a) });
