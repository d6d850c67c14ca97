package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
	"github.com/edgedeploy/edgedeploy/versions"
)

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

func TestAWrongAliasIsAConflict(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("publish auth: %w", &versions.WrongAliasError{Function: "shop-auth", Alias: "edge-1", Version: "3"})
	if code := exitCode(err); code != exitConflict {
		t.Errorf("the exit code is %d, want %d", code, exitConflict)
	}
}
