// npm: source-map@0.8.0
// want: "33"
// fast
import { SourceMapConsumer, SourceMapGenerator } from 'source-map';
export const handler = async () => {
  const map = new SourceMapGenerator({ file: 'o.js' });
  map.addMapping({ generated: { line: 10, column: 35 }, source: 'i.js', original: { line: 33, column: 2 } });
  return { body: String(await SourceMapConsumer.with(map.toString(), null, (c) => c.originalPositionFor({ line: 10, column: 35 }).line)) };
};
