// npm: @cedar-policy/cedar-wasm@4.13.0
// want: "4.13.0"
// fast
// Made for bundlers.
import { getCedarVersion } from '@cedar-policy/cedar-wasm';
export const handler = async () => ({ body: String(getCedarVersion()) });
