// npm: qs@6.17.1
// want: "1,2"
import qs from 'qs';
export const handler = async () => ({ body: String(qs.parse('a[b][]=1&a[b][]=2').a.b) });
