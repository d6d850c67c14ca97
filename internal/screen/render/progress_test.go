package render

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

var (
	publishGeo  = plan.Publish{Key: "geo-redirect", Spec: versions.Spec{Function: "storefront-geo-redirect"}}
	publishOne  = plan.Publish{Key: "one", Spec: versions.Spec{Function: "storefront-one"}}
	associateIt = plan.Associate{Change: associations.Change{Distribution: dist}}
	awaitIt     = plan.Await{Distribution: dist}
)

// happening is one event, some seconds after the first.
type happening struct {
	after int
	event deploy.Event
}

func aRun() []happening {
	waiting := func(s plan.Step, reason string) deploy.Event {
		return deploy.StepWaiting{Step: s, Reason: reason, Since: at.Add(40 * time.Second)}
	}
	return []happening{
		{0, deploy.StepStarted{Step: publishGeo}},
		{0, deploy.StepStarted{Step: publishOne}},
		{1, deploy.StepWaiting{Step: publishGeo, Reason: "the function is Pending", Since: at.Add(time.Second)}},
		{5, deploy.StepDone{Step: publishGeo, Detail: "version 18"}},
		{5, deploy.StepFailed{Step: publishOne, Err: errors.New("publish one:\n403 AccessDenied")}},
		{6, deploy.Recorded{Release: release.Release{Number: 42}}},
		{6, deploy.StepStarted{Step: associateIt}},
		{6, deploy.StepDone{Step: associateIt}},
		{7, deploy.Committed{Release: release.Release{Number: 42}}},
		{8, deploy.Warned{Text: "the lock was not given back\x1b[2J"}},
		{40, deploy.StepStarted{Step: awaitIt}},
		{50, waiting(awaitIt, "InProgress")},
		{69, waiting(awaitIt, "InProgress")},
		{70, waiting(awaitIt, "InProgress")},
		{90, waiting(awaitIt, "InProgress")},
		{99, waiting(awaitIt, "InProgress")},
		{100, waiting(awaitIt, "InProgress")},
		{250, deploy.StepDone{Step: awaitIt, Detail: "deployed everywhere"}},
	}
}

func TestProgressInAPipeIsOneLineForEachThing(t *testing.T) {
	t.Parallel()
	p := &Progress{}
	var got []string
	for _, h := range aRun() {
		got = append(got, p.Add(h.event, at.Add(time.Duration(h.after)*time.Second))...)
	}
	want := []string{
		"publish geo-redirect: started",
		"publish one: started",
		"publish geo-redirect: done, version 18 (5 s)",
		"publish one: failed",
		"release 42 is recorded",
		"update E2EXAMPLE1ABCD: started",
		"update E2EXAMPLE1ABCD: done",
		"release 42 is live",
		"warning: the lock was not given back",
		"await E2EXAMPLE1ABCD: started",
		"await E2EXAMPLE1ABCD: waiting for 30 s, InProgress",
		"await E2EXAMPLE1ABCD: waiting for 1 min, InProgress",
		"await E2EXAMPLE1ABCD: done, deployed everywhere (3 min)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines differ (-want +got):\n%s", diff)
	}
	if left := p.Block(at); len(left) != 0 {
		t.Errorf("still running: %q", left)
	}
}

func TestProgressOnATerminalRepaintsWhatRuns(t *testing.T) {
	t.Parallel()
	p := &Progress{Terminal: true, Style: Style{Width: 40}}
	var got []string
	for _, h := range aRun()[:5] {
		now := at.Add(time.Duration(h.after) * time.Second)
		for _, l := range p.Add(h.event, now) {
			got = append(got, "stays: "+l)
		}
		got = append(got, p.Block(now)...)
	}
	want := []string{
		"… publish geo-redirect      0 s",
		"… publish geo-redirect      0 s",
		"… publish one               0 s",
		"… publish geo-redirect      1 s   the…",
		"… publish one               1 s",
		"stays: publish geo-redirect: done, version 18 (5 s)",
		"… publish one      5 s",
		"stays: publish one: failed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines differ (-want +got):\n%s", diff)
	}
}

// A block line that takes two rows of a terminal spoils the repaint.
func TestProgressBlockLinesTakeOneRow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(2, 60).Draw(t, "width")
		p := &Progress{Terminal: true, Style: Style{Width: width, Color: rapid.Bool().Draw(t, "color")}}
		step := plan.Publish{Key: hostile().Draw(t, "key")}
		p.Add(deploy.StepStarted{Step: step}, at)
		p.Add(deploy.StepWaiting{Step: step, Reason: hostile().Draw(t, "reason"), Since: at}, at.Add(time.Minute))
		for _, l := range p.Block(at.Add(time.Hour)) {
			if l := uncolored(l); cells(l) >= width || Clean(l) != l {
				t.Fatalf("%q takes %d of %d columns", l, cells(l), width)
			}
		}
	})
}

func TestProgressSaysNothingTwiceWithinHalfAMinute(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, now, said := &Progress{}, at, map[string]time.Time{}
		steps := []plan.Step{publishGeo, awaitIt, plan.Activate{Key: "a"}, plan.Tag{Key: "a", Function: "f"}}
		for i, n := 0, rapid.IntRange(1, 60).Draw(t, "events"); i < n; i++ {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second)
			s := rapid.SampledFrom(steps).Draw(t, "step")
			id := fmt.Sprintf("%T", s)
			if len(p.Add(deploy.StepWaiting{Step: s, Reason: "r"}, now)) > 0 {
				if last, ok := said[id]; ok && now.Sub(last) < 30*time.Second {
					t.Fatalf("%s said twice within %v", id, now.Sub(last))
				}
				said[id] = now
			}
		}
	})
}

func TestEveryStepHasWords(t *testing.T) {
	t.Parallel()
	for _, s := range []plan.Step{publishGeo, associateIt, awaitIt,
		plan.Activate{Key: "geo", Version: versions.Version{Ref: versions.Ref{Function: "f", Number: 3}}},
		plan.Tag{Key: "geo", Function: "f"}, plan.Tag{Function: "edgedeploy-shop-releases"}} {
		if label := (&Progress{}).stepLabel(s); label != strings.TrimSpace(label) || !strings.Contains(label, " ") {
			t.Errorf("%T is called %q", s, label)
		}
	}
	if got := (&Progress{Keys: map[string]string{dist: "www"}}).stepLabel(associateIt); got != "update www ("+dist+")" {
		t.Errorf("with a key in the spec it is called %q", got)
	}
}
