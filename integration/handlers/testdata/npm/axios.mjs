// npm: axios@1.21.1
// want: "/a?b=c+d"
import axios from 'axios';
export const handler = async () => ({ body: String(axios.getUri({ url: '/a', params: { b: 'c d' } })) });
