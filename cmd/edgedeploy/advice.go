package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
	"github.com/edgedeploy/edgedeploy/internal/aws/ledger"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/handlers/fixture"
	"github.com/edgedeploy/edgedeploy/internal/handlers/node"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/screen/term"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/internal/start/planfile"
	"github.com/edgedeploy/edgedeploy/versions"
)

// advising are errors that know what to do about them.
type advising interface {
	error
	advice() string
}

func (a *app) advice(err error) string {
	if is[*noStackError](err) {
		return "--stack NAME names the stack, or -f the spec that does"
	}
	if e, ok := errors.AsType[advising](err); ok {
		return e.advice()
	}
	if e, ok := errors.AsType[*elsewhereError](err); ok {
		return "run it in the folder that it was made in, or say --local-data " + render.ShellWord(render.Clean(e.planned))
	}
	if h := cmp.Or(a.runAdvice(err), a.stateAdvice(err), a.planAdvice(err)); h != "" {
		return h
	}
	if e, ok := errors.AsType[*bundle.Error](err); ok {
		return e.Hint
	}
	if h := testAdvice(err); h != "" {
		return h
	}
	if is[*awscloud.ProfileError](err) {
		return "check --profile and AWS_PROFILE: aws configure list-profiles"
	}
	if is[*connect.NoLocalError](err) {
		return "run this in the project's folder, or say --local-data FOLDER"
	}
	if is[*planfile.Error](err) {
		return "edgedeploy plan --out FILE writes such a file; a spec is named with -f"
	}
	if e, ok := errors.AsType[*awscloud.Error](err); ok {
		return e.Hint
	}
	if errors.Is(err, deploy.ErrNoRelease) {
		return a.history() + " lists the releases there are"
	}
	return ""
}

// history is the command that lists the releases of the stack at hand.
func (a *app) history() string {
	stack := a.stack
	if stack == "" && a.doc != nil {
		stack = a.doc.Stack.Name
	}
	return a.commands(stack).Command(release.Action{Verb: "history"})
}

// testAdvice is about what keeps handlers from being run.
func testAdvice(err error) string {
	if e, ok := errors.AsType[*fixture.PlaceError](err); ok {
		return e.Hint
	}
	missing, ok := errors.AsType[*node.NotFoundError](err)
	switch {
	case ok && missing.Language == "Python":
		return "install Python 3 (python.org), or say where it is: --python PATH, or EDGEDEPLOY_PYTHON"
	case ok:
		return "install Node.js 22 or 24 (nodejs.org), or say where it is: --node PATH, or EDGEDEPLOY_NODE"
	case is[*noFixturesError](err):
		return "`edgedeploy test --help` says what one is; `edgedeploy invoke FUNCTION --event FILE` runs a single event"
	}
	return ""
}

// planAdvice is about what stops a plan.
func (a *app) planAdvice(err error) string {
	var (
		conflict *associations.ConflictError
		function *associations.FunctionConflictError
		behavior *associations.BehaviorError
		missing  *associations.DistributionError
		owner    *versions.OwnerError
		gone     *plan.HolderGoneError
	)
	switch {
	case errors.As(err, &conflict):
		return a.conflictAdvice(conflict) + a.slotLine(conflict.Slot)
	case errors.As(err, &function):
		return "remove that CloudFront Function from the behavior, or the line" + a.slotLine(function.Slot)
	case errors.As(err, &behavior):
		return "use one of the existing path patterns, or add the cache behavior to the distribution first" + a.slotLine(behavior.Slot)
	case errors.As(err, &missing):
		return "check the id, and that the credentials are for the account that owns it" + a.distributionLine(missing.Distribution)
	case errors.As(err, &owner):
		return "choose another name: for the function, or take it over with --adopt" + a.functionLine(owner.Function)
	case errors.As(err, &gone):
		return fmt.Sprintf("empty %s or attach there what shall be there, outside of edgedeploy; then run the same command again", gone.Slot)
	case is[*associations.DetachError](err) && a.running == "rollback":
		return "say --allow-detach if it shall be emptied"
	case is[*associations.DetachError](err):
		return "say --allow-detach if its functions shall be detached, or put it back into the spec"
	case is[*associations.PolicyError](err):
		return "say --with-policy to change it all the same"
	case is[*plan.AccountError](err):
		return "use the credentials of that account (--profile), or correct account: in the spec"
	case is[*plan.PinError](err):
		return "that release cannot be restored; " + a.history() + " lists the others, and rollback --to N goes to one"
	case is[*deploy.AliasError](err):
		return "alternate domain names are those in the distribution's own settings; or give its id"
	case is[*plan.SameDistributionError](err):
		return "keep one of the two, with the behaviors of both"
	case is[*term.NotInteractiveError](err):
		return "look at the plan, then say --yes"
	}
	return ""
}

// recordAdvice is about a version of the ledger's function that is no release.
func (a *app) recordAdvice(e *ledger.RecordError) string {
	switch {
	case e.Newer:
		return "" // it says what to do
	case e.Good != 0:
		return a.commands(e.Stack).Ways(release.Next(release.LedgerState{Lost: e.Good}, "")) + "; " + a.history() + " lists the others"
	default:
		return a.history() + " lists the releases there are, and rollback --to N goes to one"
	}
}

// conflictAdvice is about a slot that something else holds. Only what is not the
// stack's own is promised to be given back: an old version of its own comes back
// into service by a rollback to a release that has it, and in no other way.
func (a *app) conflictAdvice(e *associations.ConflictError) string {
	switch {
	case a.running == "rollback":
		return "take it back with --adopt"
	case e.Own() && e.NoLedger:
		return "take it over with --adopt: the stack's releases begin anew with it"
	case e.Own():
		return "take it over with --adopt (a rollback empties it, unless the release it goes to has that version, too), or remove the line"
	case e.Owner != "":
		return fmt.Sprintf("if stack: was renamed, say %s again, or take it over with --adopt (rollback --to 0 gives it back); else remove the line", e.Owner)
	default:
		return "take it over with --adopt (rollback --to 0 gives it back), or remove the line"
	}
}

// stateAdvice is about where the stack stands: what leads on is decided by
// deploy/release, and written here with the flags of this run.
func (a *app) stateAdvice(err error) string {
	var (
		held    *release.HeldError
		none    *release.NoTargetError
		died    *release.DiedError
		phase   *release.PhaseError
		flying  *plan.InFlightError
		several *severalHeldError
		locked  *deploy.LockedError
		stale   *deploy.StaleError
		behind  *ledger.StaleAliasError
		gone    *release.LostError
		record  *ledger.RecordError
	)
	status := func(stack, does string) string {
		return a.commands(stack).Ways([]release.Action{{Verb: release.VerbStatus, Does: does}})
	}
	switch {
	case errors.As(err, &held):
		again := ""
		if a.saved != "" {
			again = "; then plan again, because this plan is stale by then"
		}
		return "change what was rolled back, or: " + a.commands(held.Stack).Ways(held.Next()) + again
	case errors.As(err, &none):
		return strings.TrimPrefix(a.commands(none.Stack).Ways(none.Next())+"; "+a.history()+" lists what there is", "; ")
	case errors.As(err, &died) && a.running == "prune":
		return a.commands(died.Stack).Ways([]release.Action{{Verb: release.VerbApply, Does: "goes on with what that run began; then prune"}})
	case errors.As(err, &died):
		return a.commands(died.Stack).Ways(died.Next())
	case errors.As(err, &phase):
		state := release.LedgerState{Pending: release.Release{Stack: phase.Stack, Number: phase.Release}, Phase: phase.Phase}
		return a.commands(phase.Stack).Ways(release.Next(state, ""))
	case errors.As(err, &flying):
		return a.commands(flying.Stack).Ways(release.Next(flying.State, flying.Written))
	case errors.As(err, &several):
		return "say which, or --all: " + a.commands(several.stack).Ways(release.Next(release.LedgerState{Live: release.Release{Holds: several.holds}}, ""))
	case errors.As(err, &locked):
		return a.lockAdvice(locked)
	case errors.As(err, &record):
		return a.recordAdvice(record)
	case errors.As(err, &behind):
		return a.commands(behind.Stack).Ways(release.Next(release.LedgerState{Lost: behind.Left}, ""))
	case errors.As(err, &gone):
		return a.commands(gone.Stack).Ways(gone.Next())
	case errors.As(err, &stale) && a.running == "apply":
		return "another run deployed in the meantime: plan again and look at what it says now"
	case errors.As(err, &stale) && a.running == "rollback":
		return status(stale.Stack, "says what is live now; what is to be undone is named with --of, and a release to go to with --to")
	case errors.As(err, &stale):
		return status(stale.Stack, "says what is live now") + "; then the same command again"
	}
	return ""
}

// lostAdvice is about a lock that the run lost: what is in flight now need not be
// its release, so nothing that would undo it is named.
func (a *app) lostAdvice(err error) string {
	lost, ok := errors.AsType[*deploy.LostLockError](err)
	if !ok {
		return ""
	}
	status := a.commands(lost.Stack).Ways([]release.Action{{Verb: release.VerbStatus, Does: "says how things stand"}})
	switch {
	case lost.Lock.RunID != "":
		return "another run has the lock now; " + status
	case lost.Deleted, lost.Unlocked != "":
		return status + "; the same command again takes the lock anew"
	}
	return status + ", after that run: look before anything is run again"
}

// lockAdvice is about a lock that another run holds, or held when it died.
func (a *app) lockAdvice(e *deploy.LockedError) string {
	c := a.commands(e.Stack)
	named := c.Command(release.Action{Verb: release.VerbUnlock, Run: e.Lock.RunID})
	switch {
	case e.Lock.Foreign != "":
		return fmt.Sprintf("something wrote that into alias lock of function %s: find out what for; %s takes it away", release.LedgerFunction(e.Stack), named)
	case e.Lock.Expired:
		return "if it is that one: " + c.Command(release.Action{Verb: release.VerbUnlock})
	case a.running == "unlock", a.running == "prune", e.Waited > 0:
		return "wait until it ends; if that run is dead: " + named
	}
	return "wait for it (--lock-timeout 10m does); if that run is dead: " + named
}

// runAdvice is about what stops a run, and how to go on from there.
func (a *app) runAdvice(err error) string {
	var (
		back       *deploy.RolledBackError
		stopped    *deploy.InterruptedError
		drift      *deploy.DriftError
		undeployed *deploy.UndeployedError
		unfinished *deploy.UnfinishedError
	)
	status := func(stack, does string) string {
		return a.commands(stack).Ways([]release.Action{{Verb: release.VerbStatus, Does: does}})
	}
	switch {
	case errors.As(err, &back) && back.Rollback == nil:
		return "the release before is live again; what is wrong with this one stands above"
	case errors.As(err, &back):
		return cmp.Or(a.flightAdvice(back.Rollback), a.commands(back.Stack).Ways(
			release.Next(release.LedgerState{Pending: back.Flight}, render.SlotsWritten(back.Slots))))
	case a.flightAdvice(err) != "":
		return a.flightAdvice(err)
	case errors.As(err, &drift):
		return status(drift.Stack, "says what each slot holds")
	case errors.As(err, &unfinished):
		return a.unfinishedAdvice(unfinished)
	case is[*associations.ChangedError](err):
		return "something else edited the distribution: plan again and look"
	case errors.As(err, &undeployed):
		return "nothing is wrong: " + status(undeployed.Stack, "says when it is everywhere") + "; --timeout waits longer"
	case errors.As(err, &stopped) && stopped.Accepted:
		return status(stopped.Stack, "says when it is everywhere")
	case errors.As(err, &stopped):
		return "the same command again goes on"
	}
	return ""
}

// unfinishedAdvice is about what a rollback left: cache behaviors that are to be
// made, and slots that are for others to change.
func (a *app) unfinishedAdvice(e *deploy.UnfinishedError) string {
	var hints []string
	gone := func(l plan.Unfinished) bool { return l.Gone }
	if slices.ContainsFunc(e.Left, gone) {
		hints = append(hints, "where a cache behavior is needed, add it to the distribution; then "+a.commands(e.Stack).Ways([]release.Action{
			{Verb: release.VerbRollback, To: e.Target, HasTo: true, Does: fmt.Sprintf("binds there what release %d did", e.Target)},
		}))
	}
	if slices.ContainsFunc(e.Left, func(l plan.Unfinished) bool { return !l.Gone }) {
		hints = append(hints, "no release decides the slot of a version that is left: change it outside of edgedeploy; the same command again says whether something is left")
	}
	return strings.Join(hints, "; ")
}

// flightAdvice is about a release that a run left in flight.
func (a *app) flightAdvice(err error) string {
	var (
		partial *deploy.PartialError
		behind  *deploy.UncommittedError
	)
	switch {
	case is[*deploy.LostLockError](err):
		return a.lostAdvice(err)
	case errors.As(err, &partial):
		if partial.Release.Number == 0 {
			return causeFirst(err, "the same command again goes on")
		}
		on := release.Next(release.LedgerState{Pending: partial.Release}, render.SlotsWritten(partial.Slots))
		if slices.ContainsFunc(partial.Slots, func(s deploy.SlotResult) bool { return s.State == deploy.SlotChanged }) {
			on = release.Adopting(on)
		}
		return causeFirst(err, a.commands(partial.Stack).Ways(on))
	case errors.As(err, &behind) && behind.Release.Kind == release.KindResume:
		return causeFirst(err, "run the same command again: it makes another record")
	case errors.As(err, &behind):
		return causeFirst(err, a.commands(behind.Stack).Ways(release.Next(release.LedgerState{Pending: behind.Release}, release.WrittenAll)))
	}
	return ""
}

// causeFirst puts before the ways on what is to be done about the cause: until then
// they end as this run did.
func causeFirst(err error, ways string) string {
	if e, ok := errors.AsType[*awscloud.Error](err); ok && e.Hint != "" {
		return e.Hint + "; then: " + ways
	}
	return ways
}

// slotLine names the line of the spec that a slot stands on.
func (a *app) slotLine(s associations.Slot) string {
	if a.doc == nil {
		return ""
	}
	return a.doc.place(a.doc.slotLine(s))
}

func (a *app) distributionLine(id string) string {
	if a.doc == nil {
		return ""
	}
	return a.doc.place(a.doc.distributionLine(id))
}

func (a *app) functionLine(name string) string {
	if a.doc == nil {
		return ""
	}
	return a.doc.place(a.doc.functionLine(name))
}
