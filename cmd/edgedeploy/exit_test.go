package main

import (
	"fmt"
	"testing"

	"github.com/edgedeploy/edgedeploy/versions"
)

func TestAWrongAliasIsAConflict(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("publish auth: %w", &versions.WrongAliasError{Function: "shop-auth", Alias: "edge-1", Version: "3"})
	if code := exitCode(err); code != exitConflict {
		t.Errorf("the exit code is %d, want %d", code, exitConflict)
	}
}
