// npm: mime-types@3.0.2
// want: "application/json; charset=utf-8"
import mime from 'mime-types';
export const handler = async () => ({ body: String(mime.contentType('a.json')) });
