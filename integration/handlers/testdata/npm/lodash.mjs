// npm: lodash@4.18.1
// want: "foo-bar2"
import _ from 'lodash';
export const handler = async () => ({ body: String(_.kebabCase('fooBar') + _.chunk([1, 2, 3], 2).length) });
