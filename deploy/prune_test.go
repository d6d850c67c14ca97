package deploy_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/versions"
)

const ledgerFunction = "edgedeploy-" + stack + "-releases"

func prune(keep int) command { return command{verb: "prune", keep: keep} }

func (p *client) prune(ctx context.Context, c command) (deploy.Pruned, error) {
	state, err := ledger{p}.Read(ctx, stack)
	if err != nil {
		return deploy.Pruned{}, err
	}
	n := runs.Add(1)
	r := &deploy.Runner{
		Cloud:  deploy.Cloud{Lambda: p, CloudFront: p, Identity: p, Storage: p},
		Ledger: ledger{p}, Now: func() time.Time { return time.Unix(0, 0) }, Limit: 1,
	}
	return r.Prune(ctx, deploy.Pruning{Stack: stack, Keep: c.keep}, state, deploy.Run{ID: fmt.Sprint("run", n), Actor: "me"})
}

// sits reports whether a version sits in a slot of a distribution.
func (a *account) sits(r versions.Ref) bool {
	for _, d := range a.distributions {
		for _, b := range d.held {
			if b.Version == r {
				return true
			}
		}
	}
	return false
}

// stored lists the versions and the aliases of all functions.
func (a *account) stored() string {
	var list []string
	for name, f := range a.functions {
		text := strings.TrimPrefix(name, stackFn) + ":"
		for _, v := range f.versions {
			text += fmt.Sprintf(" %d=%s", v.number, v.code)
		}
		var named []string
		for _, alias := range f.aliases {
			named = append(named, " @"+alias.Version)
		}
		slices.Sort(named)
		text += strings.Join(named, "")
		list = append(list, text)
	}
	slices.Sort(list)
	return strings.Join(list, "; ")
}

func (c *client) Shelf(_ context.Context, name string) (versions.Shelf, error) {
	f, ok := c.functions[name]
	if !ok {
		return versions.Shelf{}, errors.Join(c.read(), versions.ErrNoVersion)
	}
	shelf := versions.Shelf{Function: name}
	for _, v := range f.versions {
		shelf.Stock = append(shelf.Stock, versions.Stock{Version: f.observed(name, v), Bytes: 10, Modified: time.Unix(int64(v.number), 0)})
	}
	for _, a := range f.aliases {
		shelf.Aliases = append(shelf.Aliases, a)
	}
	return shelf, c.read()
}

func (c *client) DeleteVersion(_ context.Context, r versions.Ref) error {
	return c.effect("delete version", func() error {
		f, ok := c.functions[r.Function]
		if !ok {
			return nil
		}
		for _, a := range f.aliases {
			if a.Version == strconv.Itoa(r.Number) {
				return versions.ErrAliased
			}
		}
		for i, v := range f.versions {
			switch {
			case v.number != r.Number:
			case v.replicas || c.sits(r):
				return versions.ErrReplicated
			default:
				f.versions = append(f.versions[:i:i], f.versions[i+1:]...)
				return nil
			}
		}
		return nil
	})
}

func (c *client) DeleteFunction(_ context.Context, name string) error {
	if name == ledgerFunction {
		return c.effect("delete ledger", func() error {
			c.book = book{}
			return nil
		})
	}
	return c.effect("delete function", func() error {
		if f, ok := c.functions[name]; ok {
			for _, v := range f.versions {
				if v.replicas {
					return versions.ErrReplicated
				}
			}
		}
		delete(c.functions, name)
		return nil
	})
}

func (c *client) DeleteAlias(_ context.Context, name, alias string) error {
	return c.effect("delete alias", func() error {
		if f, ok := c.functions[name]; ok {
			delete(f.aliases, alias)
		}
		return nil
	})
}

var _ versions.Shop = (*client)(nil)

// gone is a history whose replicas CloudFront has deleted where it can.
func gone(h *history) *history {
	h.account.hand("replicas gone")
	return h
}

// removals are what a pruning came to, in words.
func removals(p deploy.Pruned) string {
	var list []string
	for _, m := range p.Removals {
		text := strings.TrimPrefix(m.Ref.String(), stackFn)
		if m.Ref.Number == 0 {
			text = strings.TrimPrefix(m.Ref.Function, stackFn)
		}
		switch {
		case m.Alias != "":
			text += "@"
		case m.Waits:
			text += " waits"
		case m.Err != nil:
			text += " failed"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

func TestPruneDeletesWhatNothingNeeds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before   []command
		by       func(*account)
		keep     int
		replicas bool
		removed  string
		stored   string
	}{
		"versions of releases that are not kept": {
			before: []command{apply("s1"), apply("s2"), apply("s3"), apply("fix")}, keep: 1,
			removed: "f:1, f:2", // g1 is live's again
			stored:  "f: 3=f3 4=f4 @3 @4; g: 1=g1 2=g3 @1 @2; x: 9= 12=",
		},
		"nothing within the kept": {before: []command{apply("s1"), apply("s2")}, keep: 2, stored: "f: 1=f1 2=f2 @1 @2; g: 1=g1 @1; x: 9= 12="},
		"what is replicated still waits": {
			before: []command{apply("s1"), apply("s2"), apply("s3"), apply("fix")}, keep: 1, replicas: true,
			removed: "f:1 waits, f:2 waits",
			stored:  "f: 1=f1 2=f2 3=f3 4=f4 @1 @2 @3 @4; g: 1=g1 2=g3 @1 @2; x: 9= 12=",
		},
		"a whole function that left the stack": {
			before: []command{apply("s1"), detaching("rem"), apply("one"), apply("onlyA2"), apply("onlyA3")}, keep: 1,
			removed: "f:1, g",
			stored:  "f: 2=f2 3=f3 @2 @3; x: 9= 12=",
		},
		"never what another owner bound": {
			before: []command{apply("s1"), apply("s2"), apply("s3"), apply("fix")}, keep: 1,
			by:      func(a *account) { a.hand("bind", "C", "f1") },
			removed: "f:2",
			stored:  "f: 1=f1 3=f3 4=f4 @1 @3 @4; g: 1=g1 2=g3 @1 @2; x: 9= 12=",
		},
		"never what was not published by the stack": {
			before: []command{apply("s1"), apply("s2"), apply("s3"), apply("fix")}, keep: 1,
			by: func(a *account) {
				a.functions[stackFn+"f"].versions[0].mark = "made in the console"
				a.functions[stackFn+"f"].versions[1].mark = versions.Mark{Stack: "other", Content: "f2"}.Describe()
			},
			stored: "f: 1=f1 2=f2 3=f3 4=f4 @1 @2 @3 @4; g: 1=g1 2=g3 @1 @2; x: 9= 12=",
		},
		"never what another alias names": {
			before: []command{apply("s1"), apply("s2"), apply("s3"), apply("fix")}, keep: 1,
			by: func(a *account) {
				a.functions[stackFn+"f"].aliases["prod"] = versions.Alias{Name: "prod", Version: "4", Second: "1", RevisionID: "p"}
				a.functions[stackFn+"f"].aliases["edge"] = versions.Alias{Name: "edge", Version: "2", RevisionID: "q"}
			},
			stored: "f: 1=f1 2=f2 3=f3 4=f4 @1 @2 @2 @3 @4 @4; g: 1=g1 2=g3 @1 @2; x: 9= 12=",
		},
		"never a function of another stack": {
			before: []command{apply("s1"), apply("s2"), apply("s3"), apply("fix")}, keep: 1,
			by:     func(a *account) { a.functions[stackFn+"f"].tags[versions.StackTag] = "other" },
			stored: "f: 1=f1 2=f2 3=f3 4=f4 @1 @2 @3 @4; g: 1=g1 2=g3 @1 @2; x: 9= 12=",
		},
		"what a rollback holds may be resumed": {
			before: []command{apply("s1"), apply("s2"), rollback}, keep: 1,
			stored: "f: 1=f1 2=f2 @1 @2; g: 1=g1 @1; x: 9= 12=",
		},
		"an alias that a dead run left": {
			before: []command{apply("s1")}, keep: 1,
			by: func(a *account) {
				f := a.functions[stackFn+"f"]
				loose := versions.Spec{Function: stackFn + "f", Content: "f9", Config: config}.Alias()
				f.aliases[loose] = versions.Alias{Name: loose, Version: "$LATEST", RevisionID: "l"}
			},
			removed: "f@",
			stored:  "f: 1=f1 @1; g: 1=g1 @1; x: 9= 12=",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, false)
			h.do(c.before...)
			if c.by != nil {
				c.by(h.account)
			}
			if !c.replicas {
				gone(h)
			}
			bound := h.account.bound()
			h.do(prune(c.keep))
			if got := removals(h.last.pruned); got != c.removed {
				t.Errorf("removed %q, want %q", got, c.removed)
			}
			if got := h.account.stored(); got != c.stored {
				t.Errorf("stored  %s\nwant    %s", got, c.stored)
			}
			h.bound(bound)
			h.do(prune(c.keep))
			if got := h.last.pruned; !c.replicas && len(got.Removals) != 0 {
				t.Errorf("again it removes %q", removals(got))
			}
		})
	}
}

// Whatever was done before, pruning leaves what the kept releases need and what
// any slot holds: a rollback afterwards, plain or to any kept release, ends as it
// would have without the pruning.
func TestPruneTakesNothingThatIsNeeded(t *testing.T) {
	t.Parallel()
	deleted := 0
	for _, s := range scenes() {
		for keep := range 9 {
			start := newHistory(t, s.foreign)
			s.before(start)
			start.account.run(s.run, never(), nil)
			for _, c := range [][]command{{}, {detaching("fix"), detaching("fix2"), detaching("new1"), rollback}, {detaching("new1"), detaching("fix"), to(1), detaching("fix2")}}[keep%3] {
				start.account.run(c, never(), nil)
			}
			gone(start)
			keep = 1 + keep/3
			h := start.fork()
			out := h.account.run(prune(keep), never(), nil)
			if out.code != 0 {
				h.errorf("%s: prune --keep %d: exit %d: %v", s.name, keep, out.code, out.err)
				continue
			}
			deleted += len(out.pruned.Removals)
			for _, id := range []string{"D1", "D2"} {
				for slot, b := range h.account.distributions[id].held {
					if !h.account.exists(b.Version) && start.account.exists(b.Version) {
						h.errorf("%s: prune --keep %d deleted %s, which sits at %s", s.name, keep, b.Version, slot)
					}
				}
			}
			later := []command{rollback, {verb: "rollback", named: true, detach: true}}
			for _, n := range out.pruned.Leftovers.Kept {
				later = append(later, to(n))
			}
			for _, c := range later {
				got, want := h.fork(), start.fork()
				a, b := got.account.run(c, never(), nil), want.account.run(c, never(), nil)
				if a.code != b.code || got.account.bound() != want.account.bound() {
					h.errorf("%s: %s after prune --keep %d: exit %d and %q, without exit %d and %q (%v)", s.name, c, keep,
						a.code, got.account.bound(), b.code, want.account.bound(), a.err)
				}
			}
		}
	}
	if deleted == 0 {
		t.Error("nothing was ever deleted: the test shows nothing")
	}
	t.Logf("%d deletions", deleted)
}

func (a *account) exists(r versions.Ref) bool {
	f, ok := a.functions[r.Function]
	return ok && slices.ContainsFunc(f.versions, func(v version) bool { return v.number == r.Number })
}

// A pruning that dies at any effect, or whose answer is lost there, ends when it
// is typed again as it would have ended undisturbed; and so does whatever is
// typed instead of it.
func TestAPruningMayDieAnywhere(t *testing.T) {
	t.Parallel()
	covered, points := map[string]int{}, 0
	for name, c := range map[string]struct {
		before   []command
		replicas bool
	}{
		"versions":         {before: []command{apply("s1"), apply("s2"), apply("s3"), apply("fix"), apply("fix2")}},
		"a whole function": {before: []command{apply("s1"), detaching("rem"), apply("onlyA2"), apply("onlyA3")}},
		"refused":          {before: []command{apply("s1"), apply("s2"), apply("s3"), apply("fix")}, replicas: true},
	} {
		start := newHistory(t, false)
		start.do(c.before...)
		if !c.replicas {
			gone(start)
		}
		undisturbed := start.fork()
		undisturbed.do(prune(1))
		for n := range undisturbed.last.steps {
			for _, how := range ways {
				points++
				covered[undisturbed.last.steps[n]+" "+how]++
				h := start.fork()
				out := h.account.run(prune(1), &ctl{at: n, how: how}, nil)
				where := fmt.Sprintf("%s, %s %s (%d)", name, how, out.steps[n], n)
				h.goesOnLike(where, undisturbed)
				instead := h.fork()
				for _, later := range []command{apply("s2"), apply("s1")} { // what was pruned is published again, once
					instead.account.run(later, never(), nil)
				}
				instead.bound("A=f1 B=g1")
				for content, times := range instead.account.published() {
					if times > 1 {
						instead.errorf("%s: %s is there %d times", where, content, times)
					}
				}
				h.do(prune(1))
				if got, want := h.account.stored(), undisturbed.account.stored(); got != want {
					h.errorf("%s: stored %s, want %s", where, got, want)
				}
				h.same(where, undisturbed)
			}
		}
	}
	for _, label := range []string{"lock", "unkeep", "UpdateAlias", "delete version", "delete alias", "delete function", "unlock"} {
		for _, how := range ways {
			if covered[label+" "+how] == 0 {
				t.Errorf("no pruning was stopped at %s, %s", label, how)
			}
		}
	}
	t.Logf("%d points", points)
}

// What a run that died has in flight needs what it found and what it was to
// write, and so do the runs that go on from there.
func TestPruneTakesNothingThatADeadRunNeeds(t *testing.T) {
	t.Parallel()
	deleted, points := 0, 0
	for _, s := range scenes() {
		first := newHistory(t, s.foreign)
		first.do(apply("new1"), apply("new2"), to(0)) // what may be deleted
		s.before(first)
		undisturbed := first.fork().account.run(s.run, never(), nil)
		for n := range undisturbed.steps {
			start := first.fork()
			start.account.run(s.run, &ctl{at: n, how: "after"}, nil)
			gone(start)
			h := start.fork()
			out := h.account.run(prune(1), never(), nil)
			points++
			deleted += len(out.pruned.Removals)
			if s.run.named && s.run.to != 0 && !slices.Contains(out.pruned.Leftovers.Kept, s.run.to) && len(out.pruned.Removals) > 0 {
				continue // it goes to a release that is not kept
			}
			for _, later := range [][]command{{s.run}, {rollback}, {detaching("fix"), rollback}, {detaching("fix"), detaching("fix2"), to(0)}} {
				got, want := h.fork(), start.fork()
				for _, c := range later {
					c.restore, c.refuse = false, 0
					a, b := got.account.run(c, never(), nil), want.account.run(c, never(), nil)
					if a.code != b.code || got.account.bound() != want.account.bound() {
						h.errorf("%s, dead after %s (%d): %v after prune: exit %d and %q, without exit %d and %q (%v)", s.name, undisturbed.steps[n], n, later,
							a.code, got.account.bound(), b.code, want.account.bound(), a.err)
						break
					}
				}
			}
		}
	}
	if deleted == 0 {
		t.Error("nothing was ever deleted: the test shows nothing")
	}
	t.Logf("%d points, %d deletions", points, deleted)
}
