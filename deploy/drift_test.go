package deploy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/versions"
)

// drift says how an account differs from what the live release recorded.
func (h *history) drift() string {
	h.t.Helper()
	none := func(string) error { return nil }
	p := &client{account: h.account, lie: none, after: none}
	state, err := ledger{p}.Read(context.Background(), stack)
	if err != nil && state.Broken == 0 {
		h.t.Fatal(err)
	}
	list, err := deploy.FindDrift(context.Background(), deploy.NewReader(deploy.Cloud{Lambda: p, CloudFront: p, Identity: p}), state)
	if err != nil {
		h.t.Fatal(err)
	}
	var words []string
	for _, d := range list {
		text := string(d.Kind) + " "
		switch d.Kind {
		case plan.DriftSlot, plan.DriftGone, plan.DriftStray:
			text += fmt.Sprintf("%s: %s, not %s", d.Slot.Path, h.account.content(d.Live), h.account.content(d.Recorded))
		default:
			text += strings.TrimPrefix(d.Version.Function, stackFn)
			if d.Version.Number != 0 {
				text += fmt.Sprint(":", d.Version.Number)
			}
		}
		if d.Repaired {
			text += " (apply repairs it)"
		}
		if d.Detail == "" {
			h.errorf("%s has no words", text)
		}
		words = append(words, text)
	}
	return strings.Join(words, "; ")
}

func TestDriftNamesWhatIsNotAsItWasLeft(t *testing.T) {
	t.Parallel()
	f := func(a *account) *function { return a.functions[stackFn+"f"] }
	for name, c := range map[string]struct {
		before []command
		by     func(*account)
		want   string
	}{
		"nothing":                            {before: []command{apply("s1")}},
		"nothing after a rollback":           {before: []command{apply("s1"), apply("s2"), rollback}},
		"nothing after an adoption in place": {before: []command{apply("s1"), apply("only")}},
		"an association that was removed": {
			before: []command{apply("s1")}, by: func(a *account) { a.hand("clear", "A") }, want: "slot /A: :0, not f1 (apply repairs it)",
		},
		"another version of the stack": {
			before: []command{apply("s1"), apply("s2")}, by: func(a *account) { a.hand("bind", "A", "f1") }, want: "slot /A: f1, not f2 (apply repairs it)",
		},
		"a version of others": {
			before: []command{apply("s1")}, by: func(a *account) { a.hand("bind", "A", "x:9") }, want: "slot /A: x:9, not f1",
		},
		"a cache behavior that is gone": {
			before: []command{apply("s1")}, by: func(a *account) { a.hand("drop", "A") }, want: "gone /A: :0, not f1",
		},
		"a renamed pattern": {
			before: []command{apply("s1")}, by: func(a *account) { a.hand("rename", "A", "Z") }, want: "gone /A: :0, not f1; stray /Z: f1, not :0",
		},
		"a version that was deleted": {
			before: []command{apply("only")}, by: func(a *account) { a.hand("delete", "h2") }, want: "version h:1 (apply repairs it)",
		},
		"a version that sleeps": {
			before: []command{apply("s1")}, by: func(a *account) { a.hand("sleep", "f1") }, want: "version f:1",
		},
		"$LATEST that was edited": {
			before: []command{apply("s1")}, by: func(a *account) { f(a).code = "by hand" }, want: "latest f",
		},
		"the configuration of $LATEST": {
			before: []command{apply("s1")}, by: func(a *account) { f(a).config.MemoryMB = 512 }, want: "latest f",
		},
		"a tag that was removed": {
			before: []command{apply("tag")}, by: func(a *account) { delete(f(a).tags, "t") }, want: "tags f",
		},
		"the stack's own tag": {
			before: []command{apply("s1")}, by: func(a *account) { f(a).tags[versions.StackTag] = "other" }, want: "tags f",
		},
		"tags of others": {before: []command{apply("s1")}, by: func(a *account) { f(a).tags["cost-center"] = "7" }},
		"a resource policy that was replaced": {
			before: []command{apply("s1")},
			by:     func(a *account) { a.withdrawn = map[versions.Ref]bool{{Function: stackFn + "f", Number: 1}: true} },
			want:   "replication f:1",
		},
		"an alias of the ledger": {
			before: []command{apply("s1")}, by: func(a *account) { a.hand("lose live") }, want: "ledger edgedeploy-shop-releases",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, false)
			h.do(c.before...)
			if c.by != nil {
				c.by(h.account)
			}
			if got := h.drift(); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// What drift says that apply repairs, apply repairs; what it does not say so of
// stays or needs more.
func TestApplyRepairsWhatDriftSays(t *testing.T) {
	t.Parallel()
	repaired := 0
	for _, by := range [][]string{{"clear", "A"}, {"bind", "A", "f1"}, {"bind", "A", "x:9"}, {"bind", "B", "f2"}, {"clear", "B"}} {
		h := newHistory(t, false)
		h.do(apply("s1"), apply("s2"))
		h.account.hand(by[0], by[1:]...)
		said := strings.Contains(h.drift(), "apply repairs it")
		out := h.account.run(apply("s2"), never(), nil)
		if left := h.drift(); (out.code == 0 && left == "") != said {
			t.Errorf("%v: said %v; apply ends with %d (%v), left %q", by, said, out.code, out.err, left)
		}
		if said {
			repaired++
		}
	}
	if repaired != 4 {
		t.Errorf("%d were repaired", repaired)
	}
}
