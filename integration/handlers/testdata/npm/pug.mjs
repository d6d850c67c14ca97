// npm: pug@3.0.4
// want: "<p>x</p>"
// warns: run-filter.js:33:26: This call to "require" will not be bundled
import pug from 'pug';
export const handler = async () => ({ body: String(pug.render('p= a', { a: 'x' })) });
