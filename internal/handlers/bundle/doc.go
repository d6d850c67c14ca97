// Package bundle turns a handler into the zip that Lambda gets, and reads such
// zips back.
//
//	handler.wasm ──tell its interface, strip────┐
//	trampoline N for it (embedded) ─────────────┼─► files ─► content id
//	config ──canonical JSON─────────────────────┤        └─► zip, the same bytes every time
//	script, or what wasm-bindgen wrote ─bundle──┤
//	ready directory or .zip ──leave out, check──┘
//
// It owns what may be inside a bundle (names, sizes, kinds of files, what a
// directory's .edgedeployignore leaves out), the
// content id, the zip's exact bytes, the numbered trampolines in assets, and
// the judgement which interface a module speaks: host (docs/abi-host.md),
// bytes (docs/abi-bytes.md) or glue (docs/abi-glue.md), whose scripts are
// bundled by package script. A trampoline that was ever released is never
// edited: its bytes are part of content ids, so a change is a new number.
//
// It never runs a handler, never talks to AWS, never reads outside of the root
// it is given, and does not judge sizes against triggers: it reports them.
package bundle
