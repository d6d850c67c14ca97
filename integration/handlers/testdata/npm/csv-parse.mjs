// npm: csv-parse@7.0.3
// want: "2,3"
import { parse } from 'csv-parse/sync';
export const handler = async () => ({ body: String(parse('a,b\n1,"2,3"', { columns: true })[0].b) });
