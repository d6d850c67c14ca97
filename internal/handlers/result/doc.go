// Package result owns CloudFront's judgement of what a Lambda@Edge function
// returned: given the event that the function got, is the result one that
// CloudFront accepts at that trigger?
//
//	event  ──ParseEvent──► Event ─┐
//	                              ├─ Judge ──► violations: path, rule, sentence
//	result ──────────────────────┘
//
// Every function is pure, and the package imports nothing of ours, so that
// tests of handlers and a local data plane judge alike. It never runs anything.
//
// Each rule has a name, one verdict, the triggers where it can be broken and a
// source, and Rules lists them. Where AWS does not say what happens, or says that
// an edit is ignored, the verdict is a warning. CloudFront's own words are given
// where somebody saw them.
package result
