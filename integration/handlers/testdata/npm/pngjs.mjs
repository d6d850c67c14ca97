// npm: pngjs@7.0.0
// want: "3"
import { PNG } from 'pngjs';
export const handler = async () => ({ body: String(PNG.sync.read(PNG.sync.write(new PNG({ width: 3, height: 2 }))).width) });
