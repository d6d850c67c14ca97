// npm: negotiator@1.1.0
// want: "en,de"
import Negotiator from 'negotiator';
export const handler = async () => ({ body: String(new Negotiator({ headers: { 'accept-language': 'de;q=0.5, en' } }).languages()) });
