// npm: graphql@16.15.0
// want: "4"
import { buildSchema, graphqlSync } from 'graphql';
export const handler = async () => ({ body: String(graphqlSync({ schema: buildSchema('type Query { a: Int }'), source: '{ a }', rootValue: { a: 4 } }).data.a) });
