// npm: jsonata@2.2.2
// want: "3"
import jsonata from 'jsonata';
export const handler = async () => ({ body: String(await jsonata('$sum(a.b)').evaluate({ a: [{ b: 1 }, { b: 2 }] })) });
