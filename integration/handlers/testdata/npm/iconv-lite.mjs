// npm: iconv-lite@0.7.3
// want: "日"
import iconv from 'iconv-lite';
export const handler = async () => ({ body: String(iconv.decode(Buffer.from([0x93, 0xfa]), 'Shift_JIS')) });
