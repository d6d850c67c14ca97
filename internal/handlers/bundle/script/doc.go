// Package script bundles a JavaScript or TypeScript entry, and everything that
// it imports, to one CommonJS file with the WebAssembly files that it needs
// beside it. The work is esbuild's; no Node.js is needed.
//
//	entry.ts ──┐
//	packages ──┼─ load: repair what bundling breaks ─► esbuild ─► handler.js
//	*.wasm ────┘                                         └─────► x_bg-1a2b3c4d.wasm
//
// It owns what has to be repaired: paths that glue code makes from __dirname
// or import.meta.url, the require(String.raw`…`) of wasm-bindgen's snippets,
// imports of .wasm files, and the JavaScript of wasm-bindgen's targets. The
// same files give the same bytes on every machine: nothing of a folder above
// the root is in the output, nor of the root's own place.
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
