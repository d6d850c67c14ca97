// npm: blurhash@2.0.5
// want: "00Eyb["
import { encode } from 'blurhash';
export const handler = async () => ({ body: String(encode(new Uint8ClampedArray(4 * 4 * 4).fill(128), 4, 4, 1, 1)) });
