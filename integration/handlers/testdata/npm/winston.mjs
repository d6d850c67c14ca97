// npm: winston@3.19.0
// want: "true"
import winston from 'winston';
export const handler = async () => ({ body: String(winston.createLogger({ silent: true, transports: [new winston.transports.Console()] }).isLevelEnabled('info')) });
