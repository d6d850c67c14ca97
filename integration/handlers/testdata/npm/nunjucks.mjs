// npm: nunjucks@3.2.4
// want: "X"
import nunjucks from 'nunjucks';
export const handler = async () => ({ body: String(nunjucks.renderString('{{ a | upper }}', { a: 'x' })) });
