// npm: protobufjs@8.8.1
// want: "8,5"
import protobuf from 'protobufjs';
export const handler = async () => ({ body: String(protobuf.parse('syntax = "proto3"; message M { int32 a = 1; }').root.lookupType('M').encode({ a: 5 }).finish().join()) });
