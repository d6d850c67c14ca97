// Package places finds, in the text of a script, the paths that it makes of its
// own place: of __dirname, __filename and import.meta.
//
//	const DATA = path.join(__dirname, '..', 'data');
//	readFileSync(path.join(DATA, 'ranges.json'))      ─► data/ranges.json, read
//	new Worker(new URL('./w.js', import.meta.url))    ─► lib/w.js, run by a worker
//	readFileSync(path.join(DATA, name))               ─► read, and nobody can tell what
//
// It owns the reading of tokens, in JavaScript and TypeScript alike, and what
// the functions of node:path and node:url make of texts that are known. It
// never looks whether a file is there, never runs anything, and gives up on
// what depends on more than the text: that is told as unknown.
package places
