// edgedeploy trampoline 1, for a handler that awaits where it is loaded: only an
// ES module makes Lambda wait for that before the first event. The rest is
// glue.cjs, and these bytes are the same for every such function.
import glue from './glue.cjs';

await glue.ready;
export const handler = glue.handler;
