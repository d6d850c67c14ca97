// npm: ipaddr.js@2.5.0
// want: "true"
import ipaddr from 'ipaddr.js';
export const handler = async () => ({ body: String(ipaddr.parse('10.1.2.3').match(ipaddr.parseCIDR('10.0.0.0/8'))) });
