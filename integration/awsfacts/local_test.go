package awsfacts

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/edgedeploy/edgedeploy/integration/program"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

const localRole = "arn:aws:iam::" + program.Account + ":role/edge"

// served starts a local AWS where things take a moment, as in AWS.
func served(t *testing.T) *program.Local {
	t.Helper()
	dir, err := os.MkdirTemp("", "edgedeploy-awsfacts")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // left behind, it only takes space
	binary, err := program.Build(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), program.Patience)
	defer cancel()
	local, err := program.Serve(ctx, binary, dir, "--update-delay", "20ms", "--replica-delay", "1h")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := local.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := local.Seed(ctx, localaws.Seed{Roles: []iam.SeedRole{{ARN: localRole}}}); err != nil {
		t.Fatal(err)
	}
	return local
}

// at is the configuration of clients of a local AWS: no real credential goes there.
func at(endpoint string) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(endpoint),
		Credentials: credentials.NewStaticCredentialsProvider(program.Account, "x", ""),
	}
}

// The local AWS does what the program expects of AWS, and the questions work.
func TestTheLocalAWSDoesWhatTheCodeExpectsOfAWS(t *testing.T) {
	t.Parallel()
	local := served(t)
	a, err := open(t.Context(), at(local.Endpoint), program.Account, localRole, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	found := askAll(t.Context(), a, all())
	for _, f := range found {
		if !f.same() {
			t.Errorf("%s: seen %q (%v), expected %q", f.name, f.seen, f.err, f.expected)
		}
	}
	t.Log("\n" + table(found))

	// What is cleaned up is gone; what cannot go yet is told of.
	left := a.clean(t.Context(), time.Minute)
	for _, what := range left {
		if !strings.Contains(what, "because it is a replicated function") {
			t.Errorf("left behind: %s", what)
		}
	}
	if len(left) == 0 {
		t.Error("nothing is left behind, although there are replicas")
	}
	var functions struct {
		Functions []struct{ FunctionName string }
	}
	if err := local.JSON(t.Context(), "lambda", "GET /2015-03-31/functions/", nil, &functions); err != nil {
		t.Fatal(err)
	}
	if len(functions.Functions) != len(left) {
		t.Errorf("%d functions are there, and %v was told", len(functions.Functions), left)
	}
}

func TestNoOtherAccountThanTheNamedOneIsAsked(t *testing.T) {
	t.Parallel()
	local := served(t)
	for named, role := range map[string]string{
		"":                    localRole,
		"12345678901":         localRole,
		"210987654321":        localRole, // twelve digits, but not whose the credentials are
		program.Account:       "",
		program.Account + "0": localRole,
	} {
		if err := local.ResetCalls(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := open(t.Context(), at(local.Endpoint), named, role, t.Logf); err == nil {
			t.Errorf("account %q with role %q is accepted", named, role)
		}
		calls, err := local.Calls(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range calls {
			if c.Operation != "GetCallerIdentity" {
				t.Errorf("account %q: %s was called", named, c.Operation)
			}
		}
	}
}

func TestAFindingIsTheSameOnlyIfItIsWhatIsExpected(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		expected, seen string
		err            error
		want           bool
	}{
		"equal":                          {"yes", "yes", nil, true},
		"another":                        {"yes", "no", nil, false},
		"a beginning":                    {"Code: it …", "Code: it is so", nil, true},
		"another beginning":              {"Code: it …", "Other: it is so", nil, false},
		"more than was expected":         {"yes", "yes, mostly", nil, false},
		"an error is never what we want": {"", "", context.Canceled, false},
	} {
		if got := (finding{fact: fact{expected: c.expected}, seen: c.seen, err: c.err}).same(); got != c.want {
			t.Errorf("%s: same is %v", name, got)
		}
	}
}
