// npm: @cedar-policy/cedar-wasm@4.13.0
// want: "4.13.0"
// fast
import { getCedarVersion } from '@cedar-policy/cedar-wasm/nodejs';
export const handler = async () => ({ body: String(getCedarVersion()) });
