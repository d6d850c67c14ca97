// Package deploy talks: it looks at the account (Observe, Prepare) and runs
// plans (Runner), over the interfaces that it declares for AWS and the ledger.
// What it decides with is pure and lives below: deploy/plan and deploy/release.
//
//	plan.Desired ──┐
//	               ├─plan.NewPlan─► plan.Plan ─► shown ─► Runner.Run ─► release.Release
//	plan.Observed ─┘
//
// A rollback is a plan whose Desired comes from a release of the ledger: the
// same planner, the same runner. Recovery is planning again: nothing is
// replayed. The package imports no AWS SDK, opens no files and prints nothing.
package deploy
