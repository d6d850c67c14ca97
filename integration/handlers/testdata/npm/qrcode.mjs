// npm: qrcode@1.5.4
// want: "<svg"
import QRCode from 'qrcode';
export const handler = async () => ({ body: String((await QRCode.toString('a', { type: 'svg' })).slice(0, 4)) });
