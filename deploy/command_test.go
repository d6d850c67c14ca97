package deploy_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/pace"
	"github.com/edgedeploy/edgedeploy/versions"
)

// spec is what a person writes, and the commit it is in: the name of the spec.
type spec struct {
	name  string
	tags  map[string]string
	dists []entry
	only  string // contents that are published and bound nowhere: "h2"
	// timeout is the functions' own, 0 for 5 seconds.
	timeout int
}

// entry is one distribution of a spec: found by alias, or by id, with what is
// bound where: "A=f1 B=g1+" (+ is include-body).
type entry struct{ key, alias, id, bind string }

func specs() map[string]spec {
	www := func(bind string) []entry { return []entry{{key: "www", alias: "www", bind: bind}} }
	both := func(bind, d2 string) []entry { return append(www(bind), entry{key: "img", id: "D2", bind: d2}) }
	list := []spec{
		{name: "s1", dists: www("A=f1 B=g1")}, {name: "s2", dists: www("A=f2 B=g1")}, {name: "s3", dists: www("A=f3 B=g3")},
		{name: "fix", dists: www("A=f4 B=g1")}, {name: "fix2", dists: www("A=f5 B=g1")},
		{name: "new1", dists: www("A=f6 B=g6")}, {name: "new2", dists: www("A=f7 B=g7")},
		{name: "add", dists: www("A=f1 B=g1 C=f1")}, {name: "addC", dists: www("A=f1 B=g1 C=h2")}, {name: "inplace", dists: www("A=f2 B=g1 C=f2")}, {name: "rem", dists: www("A=f1")},
		{name: "swap", dists: www("A=f1 B=f1")}, {name: "ib", dists: www("A=f1+ B=g1")}, {name: "gg", dists: www("A=g1 B=g1")},
		{name: "tag", tags: map[string]string{"t": "1"}, dists: www("A=f2 B=g1")}, {name: "onlyC", dists: www("C=f5")},
		{name: "only", only: "h2", dists: www("A=f1 B=g1")}, {name: "only3", only: "h3", dists: www("A=f1 B=g1")},
		{name: "two", dists: both("A=f1 B=g1", "A=f1")}, {name: "two2", dists: both("A=f2 B=g1", "A=f2")},
		{name: "wide3", dists: both("A=f3 B=g3", "A=f3")},
		{name: "wide", dists: both("A=f1 B=g1 C=f1", "A=f1")},
		{name: "slow", timeout: 9, dists: www("A=f1 B=g1")},
		{name: "one", dists: []entry{{key: "www", id: "D1", bind: "A=f1"}}}, {name: "d2", dists: []entry{{key: "www", id: "D2", bind: "A=f2"}}},
		{name: "onlyA2", dists: www("A=f2")}, {name: "onlyA3", dists: www("A=f3")},
		{name: "z2", dists: www("Z=f2 B=g1")}, {name: "z3", dists: www("Z=f3 B=g1")},
		{name: "abc1", dists: www("A=f1 B=g1 C=h1")}, {name: "abc2", dists: www("A=f2 B=g2 C=h2")}, {name: "abc3", dists: www("A=f3 B=g2 C=h2")},
	}
	m := map[string]spec{}
	for _, s := range list {
		m[s.name] = s
	}
	return m
}

var config = versions.Config{Runtime: "nodejs24.x", Handler: "index.handler", Role: "arn:aws:iam::123456789012:role/edge", MemoryMB: 128, TimeoutSeconds: 5}

// want is a spec with its bundles. Distributions named by alias have no id yet.
func (s spec) want() plan.Desired {
	want := plan.Desired{Stack: stack, Account: number, Role: config.Role, Tags: s.tags, Source: release.Source{Commit: "commit-" + s.name}}
	for _, e := range s.dists {
		d := release.Distribution{Key: e.key, Alias: e.alias, Bindings: []release.Placed{}}
		if e.id != "" {
			d.IDs = []string{e.id}
		}
		for bind := range strings.FieldsSeq(e.bind) {
			path, content, _ := strings.Cut(bind, "=")
			content, body := strings.CutSuffix(content, "+")
			code := content
			name := stackFn + code[:1]
			d.Bindings = append(d.Bindings, release.Placed{
				Path: "/" + path, Trigger: associations.ViewerRequest,
				Binding: associations.Binding{Version: versions.Ref{Function: name}, IncludeBody: body},
			})
			want.Functions = s.with(want.Functions, code)
		}
		want.Distributions = append(want.Distributions, d)
	}
	for code := range strings.FieldsSeq(s.only) {
		want.Functions = s.with(want.Functions, code)
	}
	return want
}

// with adds the function that a content is of.
func (s spec) with(list []release.Function, code string) []release.Function {
	name := stackFn + code[:1]
	if f, ok := (release.Release{Functions: list}).Function(name); ok {
		if f.Spec.Content != versions.ContentID(code) {
			panic(s.name + " has two contents of " + name)
		}
		return list
	}
	c := config
	if s.timeout != 0 {
		c.TimeoutSeconds = s.timeout
	}
	return append(list, release.Function{
		Key: code[:1], CodeSHA256: codeSHA(name, code), ZipBytes: int64(len(zipOf(name, code))),
		Spec: versions.Spec{Function: name, Content: versions.ContentID(code), Config: c},
	})
}

// command is what a person types.
type command struct {
	verb          string // apply, rollback, resume
	spec          string
	adopt, detach bool
	to            int // rollback --to, with named
	named         bool
	of            int
	lift          release.Lift
	restore       bool // apply --on-failure rollback
	refuse        int  // CloudFront refuses the n-th write
	content       bool // because of the content
	keep          int  // prune --keep
}

func apply(name string) command     { return command{verb: "apply", spec: name} }
func adopting(name string) command  { return command{verb: "apply", spec: name, adopt: true} }
func detaching(name string) command { return command{verb: "apply", spec: name, detach: true} }
func to(n int) command              { return command{verb: "rollback", to: n, named: true} }
func of(n int) command              { return command{verb: "rollback", of: n} }
func resume(n int, function string) command {
	return command{verb: "resume", lift: release.Lift{Release: n, Function: function}}
}

var rollback = command{verb: "rollback"}

func (c command) String() string {
	s := c.verb
	switch {
	case c.spec != "":
		s += " " + c.spec
	case c.named:
		s += " --to " + strconv.Itoa(c.to)
	case c.of != 0:
		s += " --of " + strconv.Itoa(c.of)
	case c.keep != 0:
		s += " --keep " + strconv.Itoa(c.keep)
	case c.lift != release.Lift{}:
		s += fmt.Sprint(" ", c.lift)
	}
	for flag, set := range map[string]bool{" --adopt": c.adopt, " --allow-detach": c.detach, " --on-failure rollback": c.restore} {
		if set {
			s += flag
		}
	}
	return s
}

// ctl says where a run dies, or where an answer is lost, and who acts in between.
type ctl struct {
	at    int            // the effect, counted from 0; -1 for none
	how   string         // before, after, lost
	hooks map[int]func() // run before effect n
	// lostThen runs when an answer is lost, before anything is read back.
	lostThen func()
	n        int
	last     string
	steps    []string
}

func never() *ctl { return &ctl{at: -1} }

// outcome is what a command came to.
type outcome struct {
	code       int
	err        error
	plan       plan.Plan
	result     deploy.Result
	pruned     deploy.Pruned
	dismantled deploy.Dismantled
	steps      []string
	dead       bool
}

// run types a command at an account; between is called between plan and lock.
func (a *account) run(c command, k *ctl, between func()) outcome {
	p := &client{account: a, refuse: c.refuse, asks: c.content}
	p.lie = func(label string) error {
		k.steps = append(k.steps, label)
		if h := k.hooks[k.n]; h != nil {
			h()
		}
		k.last = label
		if k.n == k.at && k.how == "before" {
			p.dead = true
			return errDead
		}
		return nil
	}
	p.after = func(label string) error {
		k.n++
		if k.n-1 != k.at {
			return nil
		}
		if k.how == "after" {
			p.dead = true
			return errDead
		}
		if k.lostThen != nil {
			k.lostThen()
		}
		return &lostError{label}
	}
	out := p.try(c, between)
	for try := 1; is[*deploy.StaleError](out.err) && (c.verb == "apply" || c.named) && try < 3; try++ {
		out = p.try(c, nil) // --yes plans again
	}
	out.steps, out.dead, out.code = k.steps, p.dead, exitCode(out.err)
	if p.dead || k.how == "lost" && k.last == "lock" {
		a.book.lock.expired = true // it runs out by itself
	}
	return out
}

// withOldLook runs a command that planned on an old look at the ledger.
func (a *account) withOldLook(c command, old release.LedgerState) outcome {
	none := func(string) error { return nil }
	p := &client{account: a, lie: none, after: none, look: &old}
	out := p.try(c, nil)
	out.code = exitCode(out.err)
	return out
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

var runs atomic.Int64

// try plans and runs once.
func (p *client) try(c command, between func()) outcome {
	ctx := context.Background()
	planned, err := p.plan(ctx, c)
	out := outcome{plan: planned, err: err}
	if err != nil {
		return out
	}
	if c.verb == "prune" {
		out.pruned, out.err = p.prune(ctx, c)
		return out
	}
	if between != nil {
		between()
	}
	n := runs.Add(1)
	r := &deploy.Runner{
		Cloud: deploy.Cloud{Lambda: p, CloudFront: p, Identity: p, Storage: p}, Ledger: ledger{p}, Now: func() time.Time { return time.Unix(0, 0) },
		Code: func(id versions.ContentID) ([]byte, error) {
			for s := range planned.Steps() {
				if pub, ok := s.(plan.Publish); ok && pub.Spec.Content == id {
					return zipOf(pub.Spec.Function, string(id)), nil
				}
			}
			return nil, fmt.Errorf("no content %s", id)
		},
		Limit: 1, Restore: c.restore, Pace: versions.Pace{Polls: pace.Backoff{First: time.Nanosecond, Max: time.Nanosecond}}, Poll: time.Nanosecond, Timeout: time.Minute,
	}
	if c.verb == "destroy" {
		out.result, out.dismantled, out.err = p.destroy(ctx, r, planned)
		return out
	}
	out.result, out.err = r.Run(ctx, planned, deploy.Run{ID: fmt.Sprint("run", n), Actor: "me", Tool: "test", At: time.Unix(n, 0)})
	return out
}

func (p *client) plan(ctx context.Context, c command) (plan.Plan, error) {
	reader := deploy.NewReader(deploy.Cloud{Lambda: p, CloudFront: p, Identity: p})
	state, err := ledger{p}.Read(ctx, stack)
	if known := is[*brokenError](err) && c.named && c.to != 0; err != nil && !known {
		return plan.Plan{}, err
	}
	if p.look != nil {
		state = *p.look
	}
	rules := plan.Rules{Adopt: c.adopt, AllowDetach: c.detach}
	switch c.verb {
	case "prune":
		return plan.Plan{}, nil
	case "destroy":
		return deploy.PrepareDestroy(ctx, reader, state, rules)
	case "rollback":
		return deploy.PrepareRollback(ctx, reader, ledger{p}, state, release.Request{To: c.to, Named: c.named, Of: c.of}, rules)
	case "resume":
		return deploy.PrepareResume(ctx, reader, state, c.lift)
	}
	want := specs()[c.spec].want()
	found, err := deploy.Resolve(ctx, reader, want.Distributions, state.Live)
	if err != nil {
		return plan.Plan{}, err
	}
	want.Distributions = found
	return deploy.Prepare(ctx, reader, state, want, rules)
}

// exitCode is what the command line makes of an error: docs/cli.md.
func exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case is[*deploy.PartialError](err), is[*deploy.UncommittedError](err), is[*deploy.RolledBackError](err):
		return 1
	case is[*release.HeldError](err):
		return 5
	case is[*deploy.UndeployedError](err) && !is[*deploy.UnfinishedError](err):
		return 6
	case is[*plan.NotHeldError](err):
		return 0 // said again: it is lifted
	case is[*deploy.LockedError](err), is[*deploy.LostLockError](err), is[*deploy.StaleError](err), is[*plan.InFlightError](err),
		is[*release.PhaseError](err), is[*release.DiedError](err), is[*release.LostError](err), is[*associations.ConflictError](err), is[*associations.DetachError](err),
		is[*associations.ChangedError](err), is[*versions.OwnerError](err), is[*lostLiveError](err), is[*brokenError](err):
		return 4
	}
	return 1
}

// hand is what the owners of distributions and other functions do.
func (a *account) hand(what string, args ...string) {
	d1 := a.distributions["D1"]
	switch what {
	case "bind": // slot, version
		a.put("D1", []associations.Edit{{Slot: at("D1", args[0]), To: a.find(args[1])}})
	case "clear":
		delete(d1.held, at("D1", args[0]))
	case "rename", "copy":
		from, to := at("D1", args[0]), at("D1", args[1])
		if held, ok := d1.held[from]; ok {
			d1.held[to] = held
		}
		d1.behaviors = append(d1.behaviors, to.Path)
		if what == "rename" {
			delete(d1.held, from)
			d1.behaviors = remove(d1.behaviors, from.Path)
		}
	case "drop":
		delete(d1.held, at("D1", args[0]))
		d1.behaviors = remove(d1.behaviors, "/"+args[0])
	case "restore":
		d1.behaviors = append(d1.behaviors, "/"+args[0])
	case "alias":
		a.names["www"] = args[0]
	case "sleep": // what AWS does with a version that was not invoked for weeks
		ref := a.find(args[0]).Version
		for i, v := range a.functions[ref.Function].versions {
			if v.number == ref.Number {
				a.functions[ref.Function].versions[i].asleep = true
			}
		}
	case "lose the ledger":
		a.book = book{}
	case "lose live":
		a.book.live, a.book.lost = 0, a.book.live
	case "break live":
		a.book.records = append(a.book.records, release.Release{})
		a.book.live = len(a.book.records)
	case "replicas gone": // what CloudFront does, hours later
		for name, f := range a.functions {
			for i, v := range f.versions {
				f.versions[i].replicas = a.sits(versions.Ref{Function: name, Number: v.number})
			}
		}
	case "delete function":
		delete(a.functions, args[0])
	case "delete":
		ref := a.find(args[0]).Version
		f := a.functions[ref.Function]
		for i, v := range f.versions {
			if v.number == ref.Number {
				f.versions = append(f.versions[:i:i], f.versions[i+1:]...)
				break
			}
		}
		for name, alias := range f.aliases {
			if alias.Version == strconv.Itoa(ref.Number) {
				delete(f.aliases, name)
			}
		}
	default:
		panic(what)
	}
	d1.etag = a.next()
}

func remove(list []string, x string) []string {
	var rest []string
	for _, s := range list {
		if s != x {
			rest = append(rest, s)
		}
	}
	return rest
}

// find names a version by its content, "f2", or by number, "x:9".
func (a *account) find(name string) associations.Binding {
	if fn, n, ok := strings.Cut(name, ":"); ok {
		k, err := strconv.Atoi(n)
		if err != nil {
			panic(err)
		}
		return associations.Binding{Version: versions.Ref{Function: fn, Number: k}}
	}
	fn := stackFn + name[:1]
	for _, v := range a.functions[fn].versions {
		if v.code == name {
			return associations.Binding{Version: versions.Ref{Function: fn, Number: v.number}}
		}
	}
	panic("no version " + name)
}
