'use strict';
// The least that any way costs which carries the event and the result as JSON,
// with no WebAssembly at all: the plain handler, its event written out, its
// result written out and read again.

const { handle } = require('./plain.js');

exports.handler = async (event, context) => {
  JSON.stringify(event.Records[0].cf);
  return JSON.parse(JSON.stringify(handle(event)));
};
