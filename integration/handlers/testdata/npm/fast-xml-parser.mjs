// npm: fast-xml-parser@5.12.1
// want: "1"
import { XMLParser } from 'fast-xml-parser';
export const handler = async () => ({ body: String(new XMLParser().parse('<a><b>1</b></a>').a.b) });
