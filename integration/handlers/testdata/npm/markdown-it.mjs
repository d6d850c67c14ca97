// npm: markdown-it@15.0.3
// want: "<p><em>a</em></p>\n"
import MarkdownIt from 'markdown-it';
export const handler = async () => ({ body: String(new MarkdownIt().render('*a*')) });
