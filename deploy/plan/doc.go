// Package plan decides what has to change (NewPlan) and says what a plan means
// (Simulate). Both are pure.
//
//	Desired ──┐
//	          ├─NewPlan─► Plan ─► shown ─► deploy.Runner ─► release.Release
//	Observed ─┘            │
//	                       └─Simulate─► Observed
package plan
