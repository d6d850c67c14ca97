// npm: isbot@5.2.3
// want: "true"
import { isbot } from 'isbot';
export const handler = async () => ({ body: String(isbot('Googlebot/2.1 (+http://www.google.com/bot.html)')) });
