// npm: marked@18.2.1
// want: "<h1>a</h1>\n"
import { marked } from 'marked';
export const handler = async () => ({ body: String(marked.parse('# a')) });
