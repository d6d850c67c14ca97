// npm: useragent@2.3.0
// want: "Firefox 128.0.0 / Linux 0.0.0"
// warns: "request" is required within a function and not there
// fast
// Requires what is not there in a function that nobody calls.
import useragent from 'useragent';
export const handler = async () => ({ body: String(useragent.parse('Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0').toString()) });
