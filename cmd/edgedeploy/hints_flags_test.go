package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
	"github.com/edgedeploy/edgedeploy/internal/aws/ledger"
	"github.com/edgedeploy/edgedeploy/internal/handlers/node"
	"github.com/edgedeploy/edgedeploy/internal/screen/term"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/internal/start/planfile"
	"github.com/edgedeploy/edgedeploy/versions"
)

// met is an error with the commands that may end with it.
type met struct {
	by  string // "" for all
	err error
}

// meetable are errors with a hint, of each kind one or more.
func meetable() []met {
	const (
		planning  = "plan apply"
		returning = "plan apply rollback"
		running   = "apply rollback resume"
		writing   = "apply rollback"
		stacks    = "rollback status history show unlock resume"
		packing   = "plan apply build validate test invoke"
	)
	slot := associations.Slot{Distribution: "E1AAAAAAAAAAAA", Path: "default", Trigger: "viewer-request"}
	flight := release.Release{Stack: "shop", Number: 3, Kind: release.KindApply, Returns: 2, Parent: 2}
	lock := release.LockInfo{RunID: "r1.2", Holder: "jo", Expires: time.Unix(4102444800, 0)}
	expired := lock
	expired.Expired = true
	foreign := lock
	foreign.Foreign = "frozen"
	denied := &awscloud.Error{Service: "CloudFront", Operation: "UpdateDistribution", Hint: "allow it"}
	lost := func(l release.LockInfo) error { return &deploy.LostLockError{Stack: "shop", Lock: l} }
	written := []deploy.SlotResult{{Edit: associations.Edit{Slot: slot}, State: deploy.SlotWritten}, {State: deploy.SlotChanged}}
	return []met{
		{"", &awscloud.ProfileError{Name: "x"}}, {"", &noSpecError{file: "x.yaml"}}, {"", &foreignSpecError{"../edgedeploy.yaml"}}, {"", denied},
		{"", &connect.NoLocalError{}}, {"", &plan.AccountError{Want: "1", Have: "2"}},
		{stacks, &noStackError{errors.New("x")}}, {stacks, &unknownStackError{stack: "x"}},
		{"invoke", &unknownFunctionError{name: "x", known: []string{"site"}}}, {"test", &noFixturesError{"x"}},
		{packing, &node.NotFoundError{Language: "Python"}}, {packing, &node.NotFoundError{}},
		{planning, &associations.ConflictError{Slot: slot}}, {planning, &associations.ConflictError{Slot: slot, Owner: "store"}},
		{planning, &associations.ConflictError{Slot: slot, Stack: "shop", Owner: "shop", NoLedger: true}},
		{returning, &associations.ConflictError{Slot: slot, Stack: "shop", Owner: "shop"}},
		{returning, &associations.FunctionConflictError{Slot: slot}}, {returning, &associations.BehaviorError{Slot: slot}},
		{returning, &associations.DistributionError{Distribution: "E1"}}, {returning, &versions.OwnerError{Function: "x"}},
		{returning, &associations.DetachError{Distribution: "E1"}}, {returning, &associations.PolicyError{Distribution: "E1"}},
		{writing, &plan.HolderGoneError{Slot: slot}}, {writing, &plan.PinError{}}, {planning, &deploy.AliasError{}}, {planning, &plan.SameDistributionError{}},
		{"apply rollback unlock", &term.NotInteractiveError{}},
		{running, &deploy.StaleError{Stack: "shop"}}, {running, &deploy.LockedError{Stack: "shop", Lock: lock}},
		{running, &deploy.LockedError{Stack: "shop", Lock: lock, Waited: time.Minute}}, {"unlock", &deploy.LockedError{Stack: "shop", Lock: lock, Asked: "r7"}},
		{running, &deploy.LockedError{Stack: "shop", Lock: foreign}}, {running + " unlock", &deploy.LockedError{Stack: "shop", Lock: expired}},
		{running, lost(lock)}, {running, lost(release.LockInfo{})},
		{planning, &release.HeldError{Stack: "shop", Held: []release.Held{{Release: 2}}}}, {planning, &release.HeldError{Stack: "shop", Flight: 3}},
		{planning, &release.HeldError{Stack: "shop", Flight: 3, Stays: true}},
		{"rollback show resume", &release.NoTargetError{Stack: "shop"}}, {"rollback", &release.NoTargetError{Stack: "shop", Live: 1}},
		{"rollback", &release.NoTargetError{Stack: "shop", Live: 1, Asked: 9}}, {"rollback", &release.DiedError{Stack: "shop", Live: 2, Returns: 1}},
		{running, &release.PhaseError{Stack: "shop", Release: 3, Phase: "shift"}}, {"resume", &severalHeldError{"shop", []release.Hold{{Release: 2}, {Release: 4}}}},
		{"resume", &plan.InFlightError{Stack: "shop", State: release.LedgerState{Live: release.Release{Stack: "shop", Number: 2}, Pending: flight, Phase: release.PhaseRun}}},
		{running, &ledger.StaleAliasError{Stack: "shop", Left: 2}}, {running + " plan status", &release.LostError{Stack: "shop", Lost: 2}},
		{stacks + " plan apply", &ledger.RecordError{Stack: "shop", Number: 3}}, {stacks + " plan apply", &ledger.RecordError{Stack: "shop", Number: 3, Good: 2}},
		{stacks, deploy.ErrNoRelease}, {"apply", &planfile.Error{}}, {"apply", &elsewhereError{planned: "/x", StaleError: &deploy.StaleError{Stack: "shop"}}},
		{writing, &deploy.PartialError{Stack: "shop", Release: flight, Slots: written, Err: denied}}, {writing, &deploy.PartialError{Stack: "shop", Err: denied}},
		{running, &deploy.UncommittedError{Stack: "shop", Release: flight, Err: denied}},
		{"resume", &deploy.UncommittedError{Stack: "shop", Release: release.Release{Kind: release.KindResume}, Err: denied}},
		{"apply", &deploy.RolledBackError{Stack: "shop", Flight: flight, Slots: written, Err: denied}},
		{"apply", &deploy.RolledBackError{Stack: "shop", Flight: flight, Slots: written, Err: denied, Rollback: denied}},
		{writing, &deploy.DriftError{Stack: "shop"}}, {writing, &deploy.UndeployedError{Stack: "shop"}},
		{"rollback", &deploy.UnfinishedError{Stack: "shop", Target: 2, Left: []plan.Unfinished{{Slot: slot, Gone: true}, {Slot: slot}}}},
		{running, &deploy.InterruptedError{Stack: "shop"}}, {running, &deploy.InterruptedError{Stack: "shop", Accepted: true}}, {writing, &associations.ChangedError{}},
	}
}

// A hint is read under the command that printed it: each flag that it speaks of is
// one of that command, or stands behind the name of a command that has it.
func TestHintsSpeakOfFlagsThatTheCommandHas(t *testing.T) {
	t.Parallel()
	root, hints := testTree(), 0
	for _, m := range meetable() {
		for _, c := range root.Commands() {
			if m.by != "" && !slices.Contains(strings.Fields(m.by), c.Name()) {
				continue
			}
			for _, saved := range []string{"", "change.edplan"} {
				a := &app{running: c.Name(), saved: saved, file: defaultFile, lookup: func(string) (string, bool) { return "", false }}
				hint := a.hint(m.err)
				if hint == "" {
					continue
				}
				hints++
				if problem := wrongAdvice(root, c.Name(), "edgedeploy: hint: "+hint); problem != "" {
					t.Errorf("%s, %T: %s: %s", c.Name(), m.err, problem, hint)
				}
			}
		}
	}
	if t.Logf("%d hints", hints); hints < 200 {
		t.Errorf("only %d hints were read", hints)
	}
}
