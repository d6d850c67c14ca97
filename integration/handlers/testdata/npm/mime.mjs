// npm: mime@4.1.2
// want: "image/webp"
import mime from 'mime';
export const handler = async () => ({ body: String(mime.getType('a.webp')) });
