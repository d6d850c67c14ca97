// npm: nanoid@5.1.16
// want: "12"
import { nanoid } from 'nanoid';
export const handler = async () => ({ body: String(nanoid(12).length) });
