// npm: ua-parser-js@2.0.10
// want: "Firefox"
import { UAParser } from 'ua-parser-js';
export const handler = async () => ({ body: String(UAParser('Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0').browser.name) });
