// Package ledger keeps a stack's releases and its lock in Lambda: in one
// function per stack that is never invoked and never associated. Lambda's
// control plane is a durable, shared store with compare-and-swap, and whoever
// deploys has access to it anyway, so there is no bucket, table or state file.
//
//	Lambda has                       the ledger uses it as
//	a published version, numbered    a release: its zip holds release.json, its
//	                                 number is the release's, its description
//	                                 is a one-line summary
//	alias r<N>                       protection: a version that an alias names
//	                                 cannot be deleted
//	alias live                       which release is live
//	alias pending                    the release in flight: the write-ahead mark
//	alias lock → $LATEST             the lock: who, doing what, until when, in
//	                                 its description
//
// Aliases move by compare-and-swap on their RevisionId. Every answer that was
// lost, and every 409 and 412, is read back before the ledger decides that it
// lost: a client's own retries can meet their own success. Whether a lock has
// expired is judged by the Date of AWS's own answers, never by a local clock.
//
// The package imports no AWS SDK: it speaks to Lambda through the interfaces
// Reader and Writer. It writes no file, prints nothing, never deletes a
// version, and never lets a presigned URL into an error.
package ledger
