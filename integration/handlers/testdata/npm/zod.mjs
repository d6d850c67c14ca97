// npm: zod@4.6.7
// want: "5"
import { z } from 'zod';
export const handler = async () => ({ body: String(z.object({ a: z.coerce.number() }).parse({ a: '5' }).a) });
