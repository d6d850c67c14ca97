// npm: fflate@0.8.3
// want: "hello"
import { gzipSync, gunzipSync, strFromU8, strToU8 } from 'fflate';
export const handler = async () => ({ body: String(strFromU8(gunzipSync(gzipSync(strToU8('hello'))))) });
