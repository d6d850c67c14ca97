// Package release owns the release model: what a release records, what is in
// flight, what a rollback goes back to, what it holds, and what a person should
// do next. All of it is pure: values in, values out.
//
//	live ──► Release ──parent──► Release ──parent──► …
//	           │ brought: which release brought what is bound
//	           │ returns: where a rollback of it goes
//	           │ back:    what was taken out of service, if it went back
//	           │ edits:   each slot it changes, from and to
//	pending ─► a release whose number is above live's is in flight
//
// docs/releases.md tells the same for people.
package release
