// Package versions owns what a published Lambda version is, when an existing
// one serves and a new one must be made, and the protocol that makes one.
//
// A version is identified by its content and its configuration (Spec); AWS
// merely numbers it (Ref). So a reverted commit, a rollback, a second run and
// a resumed crash all come to the same thing: the version is there already.
//
//	Spec{Function, Content, Config} ──Find────► Version   it exists: its alias names it
//	                                └─Publish─► Version   it is made, and its alias
//
// Each version has an alias on its function, named after content and
// configuration (Spec.Alias). It is on $LATEST while the version is being made,
// and on the number ever after. So a version is found with one call, what a
// dead run left is told from what never began, and Lambda refuses to delete a
// version that is named.
//
// The package knows neither the AWS SDK nor files: it speaks to Lambda through
// the small interfaces Reader, Writer and Aliases, in its own words.
package versions
