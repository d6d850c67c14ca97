// Package bundle turns a handler into the zip that Lambda gets, and reads such
// zips back.
//
//	handler.wasm ──check host interface, strip──┐
//	trampoline-N.js (embedded) ─────────────────┼─► files ─► content id
//	config ──canonical JSON─────────────────────┤        └─► zip, the same bytes every time
//	ready directory or .zip ──check names, caps─┘
//
// It owns what may be inside a bundle (names, sizes, kinds of files), the
// content id, the zip's exact bytes, the numbered trampolines in assets, and
// the judgement whether a module speaks the host interface of docs/abi-host.md.
// A trampoline that was ever released is never edited: its bytes are part of
// content ids, so a change is a new number. It is one file, longer than the
// others here, because every file more is a read at each cold start.
//
// It never runs a handler, never talks to AWS, never reads outside of the root
// it is given, and does not judge sizes against triggers: it reports them.
package bundle
