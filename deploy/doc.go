// Package deploy owns plans, releases and holds: it decides what has to change
// (NewPlan, pure), says what a plan means (Simulate, pure), runs a plan
// (Runner) and says what a rollback goes back to.
//
//	Desired ──┐
//	          ├─NewPlan─► Plan ─► shown ─► Runner.Run ─► Release
//	Observed ─┘            │
//	                       └─Simulate─► Observed
//
// A rollback is a plan whose Desired comes from a release of the ledger: the
// same planner, the same runner. Recovery is planning again: nothing is
// replayed. The package imports no AWS SDK, opens no files and prints nothing.
package deploy
