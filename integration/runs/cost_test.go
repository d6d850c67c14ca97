package runs

import (
	"slices"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

var (
	viewer = slot("E1AAAAAAAAAAAA", associations.DefaultPath, associations.ViewerRequest)
	images = slot("E1AAAAAAAAAAAA", "/img/*", associations.OriginResponse)
	second = slot("E2AAAAAAAAAAAA", associations.DefaultPath, associations.ViewerRequest)
)

// writes are the calls that change a distribution.
func writes(calls []localaws.Call) int {
	n := 0
	for _, c := range calls {
		if c.Service == "cloudfront" && c.Method != "GET" {
			n++
		}
	}
	return n
}

// aws leaves out the downloads of records, which are no calls of an AWS API.
func aws(calls []localaws.Call) []localaws.Call {
	return slices.DeleteFunc(slices.Clone(calls), func(c localaws.Call) bool { return c.Service == "code" })
}

func TestAPlanWithNothingToDoTakesFewCallsAndNoWrite(t *testing.T) {
	t.Parallel()
	r := newRig(t, viewer.Distribution)
	want := r.want("event.Records[0].cf.request", viewer, images)
	r.mustApply(want)

	r.connect()
	r.server.ResetCalls()
	plan, err := r.plan(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Changes() {
		t.Fatalf("the plan has changes: %+v", plan.Stages)
	}
	calls := r.calls()
	// The record's download counts here: five in all is the promise.
	if len(calls) > 5 || len(aws(calls)) != 3 {
		t.Errorf("%d calls, want at most 5 with 3 of them to AWS APIs:\n%s", len(calls), operations(calls))
	}
	for _, c := range calls {
		if c.Method != "GET" {
			t.Errorf("%s %s is a write", c.Service, c.Operation)
		}
	}
}

// maxApplyCalls is what an apply of one changed function takes, besides polls.
const maxApplyCalls = 24

func TestAChangedFunctionTakesOneCloudFrontWriteAndAtMost24Calls(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]struct {
		source string
		memory int
	}{
		"code":          {"({...event.Records[0].cf.request})", 128},
		"configuration": {"event.Records[0].cf.request", 256},
		"both":          {"({...event.Records[0].cf.request})", 256},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, viewer.Distribution)
			r.mustApply(r.want("event.Records[0].cf.request", viewer, images))
			next := r.want(change.source, viewer, images)
			next.Functions[0].Spec.Config.MemoryMB = change.memory

			r.connect()
			r.server.ResetCalls()
			r.mustApply(next)
			calls := r.calls()
			if n := writes(calls); n != 1 {
				t.Errorf("%d CloudFront writes, want 1", n)
			}
			polls := polling(calls)
			if n := len(aws(calls)) - polls; n > maxApplyCalls {
				t.Errorf("%d calls besides %d polls, want at most %d:\n%s", n, polls, maxApplyCalls, operations(calls))
			}
			t.Logf("%s: %d AWS calls and %d polls", name, len(aws(calls))-polls, polls)
		})
	}
}

// polling counts the reads that only wait for what was accepted before them:
// a function's state after it was updated, a distribution's after the write.
func polling(calls []localaws.Call) int {
	n, written := 0, false
	updated := map[string]bool{}
	for _, c := range calls {
		function := functionOf(c.Path)
		switch {
		case c.Operation == "UpdateDistribution":
			written = true
		case strings.HasPrefix(c.Operation, "UpdateFunction"), c.Operation == "CreateFunction":
			updated[function] = true
		case strings.HasPrefix(c.Operation, "GetFunction") && updated[function]:
			n++
		case c.Operation == "GetDistribution" && written:
			n++
		}
	}
	return n
}

func functionOf(path string) string {
	_, rest, _ := strings.Cut(path, "/functions/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func TestTwoDistributionsTakeOneWriteEach(t *testing.T) {
	t.Parallel()
	r := newRig(t, viewer.Distribution, second.Distribution)
	r.mustApply(r.want("event.Records[0].cf.request", viewer, images, second))
	r.server.ResetCalls()
	r.mustApply(r.want("({...event.Records[0].cf.request})", viewer, images, second))
	if n := writes(r.calls()); n != 2 {
		t.Errorf("%d CloudFront writes for two changed distributions, want 2", n)
	}
}
