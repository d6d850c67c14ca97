// npm: msgpackr@2.1.4
// want: "1"
import { pack, unpack } from 'msgpackr';
export const handler = async () => ({ body: String(unpack(pack({ a: [1] })).a[0]) });
