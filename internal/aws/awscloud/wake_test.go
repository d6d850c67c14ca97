package awscloud

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/pace"
	"github.com/edgedeploy/edgedeploy/versions"
)

// sleeping publishes a version that AWS then sets aside.
func (w *world) sleeping() versions.Version {
	w.t.Helper()
	v := w.publish("auth", "c1").Version
	if err := w.server.SetInactive(account, "arn:aws:lambda:us-east-1:"+account+":function:auth:1"); err != nil {
		w.t.Fatal(err)
	}
	w.operations()
	return v
}

func TestAnInactiveVersionIsWokenByADryRun(t *testing.T) {
	t.Parallel()
	eachWay(t, localaws.Options{}, func(t *testing.T, w *world) {
		v := w.sleeping()
		p, err := w.Lambda.Version(t.Context(), v.Ref)
		want := versions.State{State: "Inactive", Update: "Successful", Reason: "The function is currently idle."}
		if diff := cmp.Diff(want, p.State); err != nil || diff != "" {
			t.Errorf("set aside: %v (-want +got)\n%s", err, diff)
		}
		got, err := versions.AwaitActive(t.Context(), w.Lambda, v, "shop", versions.Pace{Polls: pace.Backoff{First: time.Millisecond, Max: time.Millisecond}}, nil)
		if err != nil || got != v {
			t.Errorf("awaited: %+v, %v; want %+v", got, err, v)
		}
		w.wantCalls("GetFunction 200", "GetFunction 200", "Invoke 409", "GetFunction 200")
		if err := w.Lambda.Wake(t.Context(), v.Ref); err != nil {
			t.Errorf("woken once more: %v", err)
		}
		w.wantCalls("Invoke 204")
	})
}

func TestADryRunThatIsDeniedIsTold(t *testing.T) {
	t.Parallel()
	eachWay(t, localaws.Options{}, func(t *testing.T, w *world) {
		v := w.sleeping()
		w.arm(localaws.Fault{Operation: "Invoke", Kind: localaws.Error, Status: 403, Code: "AccessDeniedException", Message: "no"})
		_, err := versions.AwaitActive(t.Context(), w.Lambda, v, "shop", versions.Pace{Polls: pace.Backoff{First: time.Millisecond, Max: time.Millisecond}}, nil)
		state, ok := errors.AsType[*versions.StateError](err)
		if !ok || state.State != "Inactive" || !strings.Contains(err.Error(), "--function-name auth:1") {
			t.Fatalf("got %v", err)
		}
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Operation != "Invoke" || e.Resource != "auth:1" || !strings.HasPrefix(e.Hint, "allow lambda:InvokeFunction to ") {
			t.Errorf("behind it is %#v", e)
		}
	})
}

// A version that is being made ready needs no other request, whatever the
// failure is called.
func TestWakeIsDoneWhereTheVersionIsBeingMadeReady(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status        int
		code, message string
		refused       bool
	}{
		"the function's code is prepared":   {status: 409, code: "CodeArtifactUserPendingException", message: "INFO: Lambda is initializing your function."},
		"its network is made again":         {status: 409, code: "ResourceNotReadyException", message: "The function is inactive and its VPC connection is no longer available."},
		"another client woke it":            {status: 409, code: "ResourceConflictException", message: "The operation cannot be performed at this time. The function is currently in the following state: Pending"},
		"it does not exist":                 {status: 404, code: "ResourceNotFoundException", message: "Function not found: auth:1", refused: true},
		"preparing it failed, and for good": {status: 409, code: "CodeArtifactUserFailedException", message: "failed", refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, stub := openStub(t, lambdaError(tc.status, tc.code, tc.message))
			err := cloud.Lambda.Wake(t.Context(), versions.Ref{Function: "auth", Number: 1})
			if (err != nil) != tc.refused {
				t.Errorf("got %v", err)
			}
			if got := stub.header.Get("X-Amz-Invocation-Type"); got != "DryRun" || len(stub.body) != 0 {
				t.Errorf("asked for %q with the body %q", got, stub.body)
			}
			if diff := cmp.Diff([]string{"POST /2015-03-31/functions/auth/invocations"}, stub.requests); diff != "" {
				t.Errorf("requests (-want +got)\n%s", diff)
			}
		})
	}
}
