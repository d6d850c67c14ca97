package main

import (
	"context"
	"errors"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
	"github.com/edgedeploy/edgedeploy/internal/aws/ledger"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
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
	case done(err), is[*plan.PinError](err), is[*plan.HolderGoneError](err), is[*release.NoTargetError](err):
		return exitFailed // no conflict that may go away by itself, or one that left something behind
	case is[*release.HeldError](err):
		return exitHeld
	case is[*deploy.UndeployedError](err) && !is[*deploy.UnfinishedError](err):
		return exitUndeployed
	case is[*stackspec.InvalidError](err), is[*invalidError](err), is[*bundle.Error](err):
		return exitInvalid
	case conflict(err):
		return exitConflict
	}
	return exitFailed
}

// done reports whether something was written to CloudFront, so that an error is
// no conflict that left all as it was.
func done(err error) bool {
	return is[*deploy.PartialError](err) || is[*deploy.UncommittedError](err) || is[*deploy.RolledBackError](err) ||
		is[*deploy.DriftError](err) || is[*deploy.UnfinishedError](err) || is[*deploy.PruneError](err) || is[*afterwardsError](err)
}

// conflict reports whether something else stands in the way, and nothing was
// done.
func conflict(err error) bool {
	return is[*deploy.LockedError](err) || is[*deploy.LostLockError](err) || is[*deploy.StaleError](err) ||
		is[*plan.InFlightError](err) || is[*ledger.StaleAliasError](err) || is[*release.DiedError](err) || is[*release.LostError](err) || is[*release.PhaseError](err) || is[*plan.AccountError](err) || is[*associations.ConflictError](err) ||
		is[*associations.FunctionConflictError](err) || is[*associations.DetachError](err) ||
		is[*associations.PolicyError](err) || is[*associations.ChangedError](err) || is[*awscloud.RaceError](err) ||
		is[*versions.OwnerError](err) || is[*versions.UnknownOwnerError](err) || is[*ledger.ForeignError](err) || is[*ledger.RecordError](err) ||
		is[*versions.WrongAliasError](err) || is[*versions.UnfitError](err) || errors.Is(err, versions.ErrStaleRevision)
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

// failed is what a command that ended with an error has to tell.
type failed struct {
	err      error
	hint     string
	code     int
	problems []stackspec.Problem
}

// failure is what a failed command prints with -o json: one document. That of a
// command that runs plans has the members of every other run.
func (a *app) failure(f failed) ([]byte, error) {
	switch a.running {
	case "apply", "rollback", "resume":
		p := a.planned
		if p.Stack == "" {
			p.Stack = a.stackName()
		}
		return render.ResultJSON(render.Outcome{
			Plan: p, Refused: true, ExitCode: f.code, Error: f.err.Error(), Hint: f.hint, Problems: f.problems,
		})
	case "validate":
		return render.ValidationJSON(render.Validation{
			Stack: a.stackName(), Problems: f.problems, ExitCode: f.code, Error: f.err.Error(), Hint: f.hint,
		})
	}
	return render.ErrorJSON(render.Failure{
		Stack: a.stackName(), Error: f.err.Error(), Hint: f.hint, Problems: f.problems, ExitCode: f.code,
	})
}

// stackName is the stack that a command is about, "" where that is not known.
func (a *app) stackName() string {
	if a.stack == "" && a.doc != nil {
		return a.doc.Stack.Name
	}
	return a.stack
}
