// Package versions owns what a published Lambda version is, when an existing
// one serves and a new one must be made, and the protocol that makes one.
//
// A version is identified by its content and its configuration (Spec); AWS
// merely numbers it (Ref). So a reverted commit, a rollback, a second run and
// a resumed crash all come to the same thing: the version is there already.
//
//	Spec{Function, Content, Config} ──Reuse──► Ref{Function, Number}   it exists
//	                                └─Publish─► Version                it is made
//
// The package knows neither the AWS SDK nor files: it speaks to Lambda through
// the small interfaces Reader and Writer, in its own words.
package versions
