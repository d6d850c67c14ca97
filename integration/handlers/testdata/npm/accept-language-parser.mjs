// npm: accept-language-parser@1.5.0
// want: "en"
import parser from 'accept-language-parser';
export const handler = async () => ({ body: String(parser.pick(['fr', 'en'], 'en-GB,en;q=0.8')) });
