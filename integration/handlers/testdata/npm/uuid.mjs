// npm: uuid@14.0.3
// want: "cfbff0d1-9375-5685-968c-48ce8b15ae17"
import { v5 } from 'uuid';
export const handler = async () => ({ body: String(v5('example.com', v5.DNS)) });
