// Package locks holds the real program to what docs/releases.md says of the lock:
// who may take it away, how it is waited for, what a signal leaves behind, and what
// a run that wakes after it lost the lock can still do.
//
// It owns no code of the product, only its tests.
package locks
