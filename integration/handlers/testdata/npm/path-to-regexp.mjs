// npm: path-to-regexp@9.0.0
// want: "7"
import { match } from 'path-to-regexp';
export const handler = async () => ({ body: String(match('/a/:id')('/a/7').params.id) });
