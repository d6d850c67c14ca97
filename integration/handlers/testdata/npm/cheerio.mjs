// npm: cheerio@1.2.0
// want: "x"
import { load } from 'cheerio';
export const handler = async () => ({ body: String(load('<p class=a>x</p>')('p.a').text()) });
