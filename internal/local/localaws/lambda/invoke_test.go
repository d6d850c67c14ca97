package lambda_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/lambda"
)

var (
	inactive = object{"State": "Inactive", "StateReason": "The function is currently idle.", "StateReasonCode": "Idle", "LastUpdateStatus": "Successful"}
	restored = object{
		"State": "Pending", "StateReason": "The function is being restored.", "StateReasonCode": "Restoring", "LastUpdateStatus": "Successful",
	}
)

// invoke sends an invocation of a type; none if it is "".
func (f *fixture) invoke(kind, path string) answer {
	f.t.Helper()
	r, err := http.NewRequest("POST", f.server.URL+functions+path, strings.NewReader("{}"))
	if err != nil {
		f.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("X-Amz-Invocation-Type", kind)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, body}
}

func (f *fixture) refused(what string, a answer, status int, code, message string) {
	f.t.Helper()
	if got := a.header.Get("x-amzn-ErrorType"); a.status != status || got != code || a.object(f.t)["message"] != message {
		f.t.Errorf("%s: got %d %s %s, want %d %s %s", what, a.status, got, a.body, status, code, message)
	}
}

func (f *fixture) setInactive(arn string) error {
	return f.store.Update(func(tx kv.Tx) error { return f.svc.SetInactive(tx, account, arn, f.clock()) })
}

const (
	beingPending = "The operation cannot be performed at this time. The function is currently in the following state: Pending"
	initializing = "INFO: Lambda is initializing your function. It will be ready to invoke shortly."
)

// TestAnInvocationBringsAnInactiveVersionBack: it fails once, the version is
// Pending, and then Active (Lambda Developer Guide, "Lambda function states").
func TestAnInvocationBringsAnInactiveVersionBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{VersionActive: 4 * time.Second})
	f.create("fn")
	f.publish("fn", "one")
	f.publish("fn", "two")
	before := f.configuration("fn", "1")
	if err := f.setInactive(arn("fn:1")); err != nil {
		t.Fatal(err)
	}
	f.advance(1000 * time.Hour)
	f.wantState("set aside", f.configuration("fn", "1"), inactive)
	f.wantState("its neighbour", f.configuration("fn", "2"), active)
	if facts, ok := f.facts(arn("fn:1")); !ok || facts.State != "Inactive" {
		t.Errorf("CloudFront is told %q", facts.State)
	}
	f.refused("the first call", f.invoke("DryRun", "/fn/invocations?Qualifier=1"), 409, "CodeArtifactUserPendingException", initializing)
	f.wantState("woken", f.configuration("fn", "1"), restored)
	f.refused("the second call", f.invoke("DryRun", "/fn/invocations?Qualifier=1"), 409, "ResourceConflictException", beingPending)
	f.advance(4*time.Second - 1)
	f.wantState("a moment before", f.configuration("fn", "1"), restored)
	f.advance(1)
	f.wantState("on time", f.configuration("fn", "1"), active)
	if a := f.invoke("DryRun", "/fn/invocations?Qualifier=1"); a.status != 204 || len(a.body) != 0 {
		t.Errorf("a dry run of an Active version: %d %s", a.status, a.body)
	}
	after := f.configuration("fn", "1")
	delete(before, "RevisionId")
	delete(after, "RevisionId") // changes when a transition ends
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the version changed (-before +after):\n%s", diff)
	}
}

func TestADryRunSaysWhatIsNotThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{FunctionCreate: time.Second})
	f.must(201, "POST", functions, creation(t, "fn", nil))
	f.refused("a Pending function", f.invoke("DryRun", "/fn/invocations"), 409, "ResourceConflictException", beingPending)
	for _, path := range []string{"/fn/invocations?Qualifier=7", "/no/invocations"} {
		if a := f.invoke("DryRun", path); a.status != 404 || a.header.Get("x-amzn-ErrorType") != "ResourceNotFoundException" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func TestNothingIsInvokedHere(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	f.publish("fn", "one")
	if err := f.setInactive(arn("fn:1")); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"", "RequestResponse", "Event", "dryrun"} {
		f.refused("type "+kind, f.invoke(kind, "/fn/invocations?Qualifier=1"), 501, "NotOfferedException",
			"the local AWS does not offer Invoke: it keeps functions and versions, and runs nothing here")
	}
	f.wantState("not woken", f.configuration("fn", "1"), inactive)
}

func TestOnlyASettledVersionBecomesInactive(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{VersionActive: time.Second})
	f.create("fn")
	f.must(201, "POST", functions+"/fn/versions", nil)
	for what, name := range map[string]string{
		"a Pending one": arn("fn:1"), "no version": arn("fn:2"), "$LATEST": arn("fn:$LATEST"), "a function": arn("fn"),
		"another account's": "arn:aws:lambda:us-east-1:999999999999:function:fn:1", "no ARN": "fn:1",
	} {
		if err := f.setInactive(name); err == nil {
			t.Errorf("%s became Inactive", what)
		}
	}
}
