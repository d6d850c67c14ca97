// npm: ajv@8.20.0
// want: "true"
// It compiles functions from texts.
import Ajv from 'ajv';
export const handler = async () => ({ body: String(new Ajv().compile({ type: 'object', required: ['a'] })({ a: 1 })) });
