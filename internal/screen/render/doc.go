// Package render owns how values look: plans, releases, problems, progress and
// IAM policies as text for a terminal, as JSON for programs, and as Markdown
// for pull requests.
//
//	value ──► text      signs first, aligned; colour never the only carrier
//	      ├─► JSON      one document, stable members
//	      └─► Markdown  everything from outside escaped
//
// Every function is pure: values in, text out. The package never writes
// anywhere, never asks the clock, the environment or a terminal, and decides
// nothing. Texts end with a newline.
//
// Text from outside (messages, actors, path patterns, AWS's sentences) passes
// Clean before it reaches a terminal, and is written as character references
// in Markdown, so that it can neither steer a terminal nor leave its cell.
package render
