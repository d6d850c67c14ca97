//go:build awsfacts

package awsfacts

import (
	"context"
	"os"
	"os/signal"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// TestAWS asks the account that EDGEDEPLOY_AWSFACTS_ACCOUNT names; see README.md.
func TestAWS(t *testing.T) {
	named := os.Getenv("EDGEDEPLOY_AWSFACTS_ACCOUNT")
	if named == "" {
		t.Fatal("EDGEDEPLOY_AWSFACTS_ACCOUNT does not name an account: nothing was made")
	}
	ctx, a := allowed(t, named)
	found := askAll(ctx, a, all())
	t.Log("\n" + table(found))
	for _, f := range found {
		if !f.same() {
			t.Errorf("%s: seen %q (%v), expected %q", f.name, f.seen, f.err, f.expected)
		}
	}
}

// allowed opens the account that was named. After ^C nothing more is asked, and
// what was made is cleaned up.
func allowed(t *testing.T, named string) (context.Context, *account) {
	t.Helper()
	var cfg aws.Config
	if endpoint := os.Getenv("EDGEDEPLOY_AWSFACTS_ENDPOINT"); endpoint != "" {
		cfg = at(endpoint)
	} else {
		var err error
		cfg, err = config.LoadDefaultConfig(t.Context(), config.WithRegion("us-east-1"),
			config.WithRetryMode(aws.RetryModeAdaptive), config.WithRetryMaxAttempts(10)) // CloudFront throttles writes
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
	t.Cleanup(stop) // after what is cleaned up below
	a, err := open(ctx, cfg, named, os.Getenv("EDGEDEPLOY_AWSFACTS_ROLE"), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, what := range a.clean(context.WithoutCancel(t.Context()), 40*time.Minute) {
			t.Logf("LEFT BEHIND, delete it later: %s", what)
		}
	})
	return ctx, a
}
