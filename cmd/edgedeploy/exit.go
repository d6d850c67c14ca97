package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
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
	"github.com/edgedeploy/edgedeploy/internal/screen/term"
	"github.com/edgedeploy/edgedeploy/stackspec"
	"github.com/edgedeploy/edgedeploy/versions"
)

// The exit codes, as docs/cli.md lists them.
const (
	exitFailed      = 1
	exitChanges     = 2
	exitInvalid     = 3
	exitConflict    = 4
	exitHeld        = 5
	exitUndeployed  = 6
	exitInterrupted = 130
)

// errShown ends a command whose findings were printed already.
var errShown = errors.New("")

// invalidError is errShown for a spec or bundle that is invalid.
type invalidError struct{ problems []stackspec.Problem }

func (e *invalidError) Error() string { return "the spec or a bundle is invalid" }

// exitCode says what an error means to a script.
func exitCode(err error) int {
	switch {
	case is[*term.InterruptError](err), is[*deploy.InterruptedError](err), errors.Is(err, context.Canceled):
		return exitInterrupted
	case is[*deploy.PartialError](err), is[*deploy.BehindError](err):
		return exitFailed // something was done: no conflict that left all as it was
	case is[*release.HeldError](err):
		return exitHeld
	case is[*deploy.UndeployedError](err):
		return exitUndeployed
	case is[*stackspec.InvalidError](err), is[*invalidError](err), is[*bundle.Error](err):
		return exitInvalid
	case conflict(err):
		return exitConflict
	}
	return exitFailed
}

// conflict says that somebody or something else stands in the way, and that
// nothing was done.
func conflict(err error) bool {
	return is[*deploy.LockedError](err) || is[*deploy.LostLockError](err) || is[*deploy.StaleError](err) ||
		is[*release.InFlightError](err) || is[*plan.AccountError](err) || is[*associations.ConflictError](err) ||
		is[*associations.FunctionConflictError](err) || is[*associations.DetachError](err) ||
		is[*associations.PolicyError](err) || is[*associations.ChangedError](err) || is[*awscloud.RaceError](err) ||
		is[*versions.OwnerError](err) || is[*versions.UnknownOwnerError](err) || is[*ledger.ForeignError](err) ||
		is[*versions.WrongAliasError](err) || errors.Is(err, versions.ErrStaleRevision)
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// problemsOf gives the findings about a spec that an error carries.
func problemsOf(err error) []stackspec.Problem {
	if e, ok := errors.AsType[*stackspec.InvalidError](err); ok {
		return e.Problems
	}
	if e, ok := errors.AsType[*invalidError](err); ok {
		return e.problems
	}
	if e, ok := errors.AsType[*sourceError](err); ok {
		return e.problems
	}
	return nil
}

// hint says what to do about an error, "" when the error says it itself.
func (a *app) hint(err error) string {
	var hints []string
	for _, one := range leaves(err) {
		if h := a.advice(one); h != "" && !slices.Contains(hints, h) {
			hints = append(hints, h)
		}
	}
	hints = oncePerLine(hints)
	if len(hints) > 3 {
		hints = hints[:3]
	}
	return strings.Join(hints, "; ")
}

// oncePerLine says once what is to be done in several lines of the spec: the
// same words behind which place wrote different lines become one hint.
func oncePerLine(hints []string) []string {
	placed := regexp.MustCompile(`^(.*) \((.*:)([0-9]+)\)$`)
	var texts []string
	lines := map[string][]string{} // by the text, with a place for them
	for _, h := range hints {
		text, line := h, ""
		if m := placed.FindStringSubmatch(h); m != nil {
			text, line = m[1]+" ("+m[2], m[3]
		}
		if lines[text] == nil {
			texts = append(texts, text)
		}
		lines[text] = append(lines[text], line)
	}
	for i, text := range texts {
		if all := lines[text]; all[0] != "" {
			texts[i] = text + strings.Join(all, ", ") + ")"
		}
	}
	return texts
}

// leaves takes apart what is blocked by several problems at once.
func leaves(err error) []error {
	if e, ok := errors.AsType[*plan.BlockedError](err); ok {
		return e.Problems
	}
	return []error{err}
}

func (a *app) advice(err error) string {
	if h := cmp.Or(a.runAdvice(err), a.planAdvice(err)); h != "" {
		return h
	}
	if e, ok := errors.AsType[*bundle.Error](err); ok {
		return e.Hint
	}
	if h := testAdvice(err); h != "" {
		return h
	}
	if is[*planFileError](err) {
		return "edgedeploy plan --out FILE writes such a file; a spec is named with -f"
	}
	if e, ok := errors.AsType[*usageError](err); ok {
		return "see " + e.command + " --help"
	}
	if e, ok := errors.AsType[*awscloud.Error](err); ok {
		return e.Hint
	}
	if errors.Is(err, deploy.ErrNoRelease) {
		return "edgedeploy history lists the releases there are"
	}
	return ""
}

// testAdvice is about what keeps handlers from being run.
func testAdvice(err error) string {
	if e, ok := errors.AsType[*fixture.PlaceError](err); ok {
		return e.Hint
	}
	switch {
	case is[*node.NotFoundError](err):
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
	)
	switch {
	case errors.As(err, &conflict):
		return "take it over with --adopt (rollback --to 0 gives it back), or remove the line" + a.slotLine(conflict.Slot)
	case errors.As(err, &function):
		return "remove that CloudFront Function from the behavior, or the line" + a.slotLine(function.Slot)
	case errors.As(err, &behavior):
		return "use one of the existing path patterns, or add the cache behavior to the distribution first" + a.slotLine(behavior.Slot)
	case errors.As(err, &missing):
		return "check the id, and that the credentials are for the account that owns it" + a.distributionLine(missing.Distribution)
	case errors.As(err, &owner):
		return "choose another name: for the function, or take it over with --adopt" + a.functionLine(owner.Function)
	case is[*associations.DetachError](err):
		return "say --allow-detach if its functions shall be detached, or put it back into the spec"
	case is[*associations.PolicyError](err):
		return "say --with-policy to change it all the same"
	case is[*plan.AccountError](err):
		return "use the credentials of that account (--profile), or correct account: in the spec"
	case is[*plan.PinError](err):
		return "that release cannot be restored: choose another one (edgedeploy history), or apply the source of it again"
	case is[*release.NoTargetError](err):
		return "edgedeploy history lists what there is; --to N goes to a certain release, --to 0 to before the first one"
	case is[*deploy.AliasError](err):
		return "alternate domain names are those in the distribution's own settings; or give its id"
	case is[*plan.SameDistributionError](err):
		return "keep one of the two, with the behaviors of both"
	case is[*term.NotInteractiveError](err):
		return "look at the plan, then say --yes"
	}
	return ""
}

// runAdvice is about what stops a run, and how to go on from there.
func (a *app) runAdvice(err error) string {
	var (
		held    *release.HeldError
		locked  *deploy.LockedError
		partial *deploy.PartialError
		stopped *deploy.InterruptedError
	)
	switch {
	case errors.As(err, &partial):
		return fmt.Sprintf("edgedeploy rollback --stack %s --to %d%s restores what was there; edgedeploy apply goes on", partial.Stack, partial.Live, a.localWords())
	case is[*deploy.BehindError](err):
		return "run the same command again: it finds everything in place and completes the ledger"
	case errors.As(err, &held):
		return fmt.Sprintf("change what was rolled back, or lift the hold with: edgedeploy resume --stack %s%s", held.Stack, a.localWords())
	case errors.As(err, &locked):
		return fmt.Sprintf("wait for it, or, if that run is dead: edgedeploy unlock --stack %s%s", locked.Stack, a.localWords())
	case is[*deploy.LostLockError](err):
		return "another run is at work now; look at edgedeploy status before you go on"
	case is[*associations.ChangedError](err):
		return "somebody else edited the distribution: plan again and look"
	case is[*deploy.UndeployedError](err):
		return "nothing is wrong: edgedeploy status tells when it is everywhere; --timeout waits longer"
	case errors.As(err, &stopped) && stopped.Accepted:
		return "edgedeploy status tells when it is everywhere"
	case errors.As(err, &stopped) && stopped.Written:
		return "edgedeploy apply goes on; edgedeploy rollback goes back"
	case is[*release.InFlightError](err):
		return "finish it first: edgedeploy rollback takes it back, edgedeploy apply completes it; then resume"
	case is[*deploy.StaleError](err):
		return "somebody else deployed in the meantime: plan again and look at what it says now"
	}
	return ""
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

// localWords are the flags that a hinted command needs too.
func (a *app) localWords() string {
	if len(a.localFlags) == 0 {
		return ""
	}
	return " " + strings.Join(a.localFlags, " ")
}

// errorJSON is what a failed command prints with -o json: one document.
func errorJSON(err error, hint string, code int) ([]byte, error) {
	doc := struct {
		Schema   int                 `json:"schema"`
		Error    string              `json:"error"`
		Hint     string              `json:"hint,omitempty"`
		Problems []stackspec.Problem `json:"problems,omitempty"`
		ExitCode int                 `json:"exitCode"`
	}{1, err.Error(), hint, problemsOf(err), code}
	out, jerr := json.MarshalIndent(doc, "", "  ")
	if jerr != nil {
		return nil, jerr
	}
	return append(out, '\n'), nil
}
