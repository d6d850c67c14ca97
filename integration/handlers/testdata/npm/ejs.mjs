// npm: ejs@7.0.2
// want: "&lt;!"
import ejs from 'ejs';
export const handler = async () => ({ body: String(ejs.render('<%= a %>!', { a: '<' })) });
