// npm: handlebars@4.7.10
// want: "1;2;"
import Handlebars from 'handlebars';
export const handler = async () => ({ body: String(Handlebars.compile('{{#each l}}{{this}};{{/each}}')({ l: [1, 2] })) });
