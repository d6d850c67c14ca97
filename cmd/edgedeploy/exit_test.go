package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
	"github.com/edgedeploy/edgedeploy/internal/aws/ledger"
	"github.com/edgedeploy/edgedeploy/versions"
)

// 4 is for a conflict that left everything as it was. What a write is behind is 1,
// whatever stood in the way then.
func TestEachErrorHasItsExitCode(t *testing.T) {
	t.Parallel()
	lost := &deploy.LostLockError{Stack: "shop"}
	taken := &associations.ConflictError{}
	blocked := func(list ...error) error { return &plan.BlockedError{Stack: "shop", Problems: list} }
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"a wrong alias":                   {&versions.WrongAliasError{Function: "shop-auth", Alias: "edge-1", Version: "3"}, exitConflict},
		"what is not known":               {fmt.Errorf("publish: %w", &versions.UnfitError{Function: "shop-auth", Unknown: []string{"GpuConfig"}}), exitConflict},
		"locked":                          {&deploy.LockedError{Stack: "shop"}, exitConflict},
		"a lost lock, nothing written":    {lost, exitConflict},
		"a lost lock, something written":  {&deploy.PartialError{Stack: "shop", Err: lost}, exitFailed},
		"a lost lock, all written":        {&deploy.UncommittedError{Stack: "shop", Err: lost}, exitFailed},
		"a lost lock, rolled back":        {&deploy.RolledBackError{Stack: "shop", Err: taken}, exitFailed},
		"stale":                           {&deploy.StaleError{Stack: "shop"}, exitConflict},
		"a live that is no record":        {&ledger.RecordError{Stack: "shop"}, exitConflict},
		"a live that was deleted":         {&ledger.StaleAliasError{Stack: "shop"}, exitConflict},
		"in flight":                       {&plan.InFlightError{Stack: "shop"}, exitConflict},
		"a saved plan from elsewhere":     {&elsewhereError{StaleError: &deploy.StaleError{}}, exitConflict},
		"an apply that died":              {&release.DiedError{Stack: "shop"}, exitConflict},
		"a rollout":                       {blocked(&release.PhaseError{Stack: "shop"}), exitConflict},
		"a slot of others":                {blocked(taken), exitConflict},
		"a version that is gone":          {blocked(&plan.PinError{Gone: true}), exitFailed},
		"a version that is gone, and one": {blocked(taken, &plan.PinError{Gone: true}), exitFailed},
		"a holder that is gone":           {blocked(&plan.HolderGoneError{}), exitFailed},
		"nothing to go back to":           {&release.NoTargetError{Stack: "shop"}, exitFailed},
		"drift":                           {&deploy.DriftError{Stack: "shop"}, exitFailed},
		"left undone":                     {&deploy.UnfinishedError{Stack: "shop"}, exitFailed},
		"several held":                    {&severalHeldError{stack: "shop"}, exitFailed},
		"held":                            {&release.HeldError{Stack: "shop"}, exitHeld},
		"not everywhere":                  {&deploy.UndeployedError{Stack: "shop"}, exitUndeployed},
		"interrupted":                     {&deploy.PartialError{Stack: "shop", Err: &deploy.InterruptedError{}}, exitInterrupted},
		"anything else":                   {errors.New("no"), exitFailed},
	} {
		if code := exitCode(fmt.Errorf("apply: %w", c.err)); code != c.want {
			t.Errorf("%s: the exit code is %d, want %d", name, code, c.want)
		}
	}
}

// TestExitCodesOfA412 gives errors as deploy wraps them.
func TestExitCodesOfA412(t *testing.T) {
	t.Parallel()
	answer := &awscloud.Error{Service: "CloudFront", Operation: "UpdateDistribution", Code: "PreconditionFailed", Message: "no", Status: 412, Hint: "do this"}
	for name, tt := range map[string]struct {
		err  error
		want int
	}{
		"a refusal for good":                  {&awscloud.RefusedError{Err: answer}, exitFailed},
		"a refusal after another write of it": {&deploy.PartialError{Err: &awscloud.RefusedError{Err: answer}}, exitFailed},
		"a lost race":                         {&awscloud.RaceError{Rounds: 5, Err: answer}, exitConflict},
		"a lost race after another write":     {&deploy.PartialError{Err: &awscloud.RaceError{Rounds: 5, Err: answer}}, exitFailed},
	} {
		err := fmt.Errorf("distribution E1: %w", tt.err)
		if got := exitCode(err); got != tt.want {
			t.Errorf("%s ends with %d, want %d", name, got, tt.want)
		}
		if !strings.Contains(err.Error(), "PreconditionFailed: no") {
			t.Errorf("%s hides AWS's sentence: %v", name, err)
		}
	}
	if got := (&app{}).hint(fmt.Errorf("distribution E1: %w", &awscloud.RefusedError{Err: answer})); got != "do this" {
		t.Errorf("the hint is %q", got)
	}
}
