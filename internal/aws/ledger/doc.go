// Package ledger keeps a stack's releases and its lock in Lambda: in one
// function per stack that is never invoked and never associated. Lambda's
// control plane is a durable, shared store with compare-and-swap, and a deployer
// has access to it anyway, so there is no bucket, table or state file.
//
//	Lambda has                       the ledger uses it as
//	a published version, numbered    a release: its zip holds release.json, its
//	                                 number is the release's, its description
//	                                 is a one-line summary
//	alias r<N>                       protection: a version that an alias names
//	                                 cannot be deleted
//	alias live                       which release is live
//	alias pending                    the release in flight: the write-ahead mark
//	alias lock → $LATEST             the lock, in its description: who, doing
//	                                 what, until when, and where the ledger stood
//
// Aliases move by compare-and-swap on their RevisionId, live and pending only to
// newer releases. Every answer that was lost, and every 409 and 412, is read back
// before the ledger decides that it lost: a client's own retries can meet their
// own success. Reads of aliases may be behind (LIKELY), so no read decides alone:
//
//   - The lock is taken by compare-and-swap on its text, hence on the last one.
//     What that says of live and pending is current, and an alias that reads
//     older is read again.
//   - The lock is proven by compare-and-swap. It is lost only when one is refused
//     and a later text of the lock is another run's.
//   - A run that takes an expired lock over, or one that was taken away by hand,
//     first rewrites live and pending: the compare-and-swaps of the run that held
//     it are refused from then on, should it wake. What it can still do is to
//     publish a version that no alias names.
//
// Whether a lock has expired is judged by the Date of AWS's own answers, never by
// a local clock. How old a proof is, is told by this machine's clocks: the
// monotonic one may stand still while the machine is suspended, and the wall
// clock may be set, so the later of both counts.
//
// Formats carry a number, and only gain members within one. A member of a record
// or of the lock that this program does not know is kept in what is made from it,
// as is a word in the descriptions of live and pending; one in a part of a record
// (a function, a distribution, a hold) is left out.
//
// The package imports no AWS SDK: it reaches Lambda through the interfaces
// Reader and Writer. It writes no file, prints nothing, never deletes a
// version, and never lets a presigned URL into an error.
package ledger
