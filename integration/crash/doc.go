// Package crash holds the program to its promise that the same command again
// always reaches the same end: it runs the released binary against the local
// AWS, lets each kind of run die, or be failed, at every single call, and types
// the command again, as a person or a pipeline would.
//
//	restore ─► run, struck at call n ─► 3 minutes ─► run again ─► status, plan, run again
//	                                        │             │
//	                            each command that         must equal the
//	                            status or a hint names    undisturbed run
//
// A strike is one of ways. Many strikes leave an account in the same state:
// what follows is a function of that state alone, so it is tried once a state.
// Accounts are compared by [snapshot], which reads them without the product's
// code and leaves out only what is never the same: dates, run ids, revisions.
//
// It ships nothing and consists of tests.
package crash
