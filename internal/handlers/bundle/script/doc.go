// Package script bundles a JavaScript or TypeScript entry, and everything that
// it imports, to one CommonJS file with the WebAssembly files that it needs
// beside it. The work is esbuild's; no Node.js is needed.
//
//	entry.ts ──┐                                         ┌─────► handler.js
//	packages ──┼─ load: repair what bundling breaks ─► esbuild ─► settle: say where all lies
//	*.wasm ────┘        └─ places: what is read beside ──┴─────► files/…, x_bg-1a2b3c4d.wasm
//
// It owns what has to be repaired: where a source lies, and with it the paths
// that are made of __dirname or import.meta (package places finds them); the
// require(String.raw`…`) of wasm-bindgen's snippets, imports of .wasm files, the
// JavaScript of wasm-bindgen's targets, scripts of workers, and await at the
// top level. The same files give the same bytes on every machine: nothing of a
// folder above the root is in the output, nor of the root's own place.
//
// It reads files below the root it is given. esbuild resolves imports in the
// real file system, so a resolved file is accepted only when it lies below
// the root with all links followed, and its bytes are read through the root.
// What a tsconfig.json extends is read here, because esbuild would ask nobody.
//
// It never runs what it bundles, and nothing is left to be found at run time
// but Node.js itself: an AWS SDK is bundled like any other package, because
// whether the edge's Lambda image has one is LIKELY but nowhere promised.
package script
