// Package sources gets the modules and zips that a spec names by address and
// digest, and keeps them in a cache on disk.
//
//	dir/<sha256>    what was fetched, named by what it is
//	dir/tmp-…       being written, by some run
//
// Nothing is believed: what a server sends and what the cache holds is hashed
// each time, and the very bytes that were hashed are returned. So any number of
// runs may share a cache without a lock. Each writes a file of its own and
// renames it into place; a damaged entry is fetched anew by whoever finds it.
// A cache that cannot be used costs a request, never a result.
//
// Marks are kept and pruned alike, in a folder of their own: they tell what was
// found out once and costs time to find out again.
//
// The package owns the cache's layout and its pruning. It does not know what a
// module or a zip is, reads no environment, and prints nothing: what it has to
// tell goes to Store.Warn.
package sources
