// npm: pino@10.4.0
// want: "false"
// warns: starts a worker whose file cannot be told
import pino from 'pino';
export const handler = async () => ({ body: String(pino({ level: 'silent' }).isLevelEnabled('error')) });
