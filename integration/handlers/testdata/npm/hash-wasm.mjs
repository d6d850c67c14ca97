// npm: hash-wasm@4.13.0
// want: "d24ec4f1a98c6e5b,17762fddd969a453925d65717ac3eea21320b66b54342fde15128d6caf21215f"
// fast
import { xxhash64, blake3 } from 'hash-wasm';
export const handler = async () => ({ body: String([await xxhash64('a'), await blake3('a')]) });
