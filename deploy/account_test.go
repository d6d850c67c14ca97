package deploy_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

const (
	stack   = "shop"
	number  = "123456789012" // the account's
	stackFn = "shop-"        // begins the names of the stack's functions
)

// errDead is what every call answers once the process was killed: it is not
// there any more to hear anything.
var errDead = errors.New("the process was killed")

// lostError is an answer that never arrived although the effect took place.
type lostError struct{ what string }

func (e *lostError) Error() string { return e.what + ": the connection was reset" }
func (e *lostError) Lost() bool    { return true }

// refusedError is CloudFront refusing what it was asked to associate.
type refusedError struct{ content bool }

func (e *refusedError) Error() string        { return "CloudFront UpdateDistribution: refused" }
func (e *refusedError) RefusedContent() bool { return e.content }

// account is a tiny AWS account with the ledger of one stack in it. It is a
// value that can be copied, so that one history can be gone on with in many
// ways.
type account struct {
	distributions map[string]*distribution
	functions     map[string]*function
	book          book
	assigned      int // the last RevisionId and ETag
	names         map[string]string
	denied        string                // the function that may not be read
	withdrawn     map[versions.Ref]bool // versions that CloudFront may not replicate any more
	hidden        string                // the function whose tags may not be read
	unlisted      string                // a function that a listing does not show yet
	noReplicas    bool                  // CloudFront makes none: every version may be deleted at once
	// odd is what reading a configuration for a write ends with; nil normally.
	odd error
}

type distribution struct {
	behaviors []string
	held      associations.Table
	etag      int
	spreading int // reads until Deployed
}

type function struct {
	tags     map[string]string
	config   versions.Config
	code     string
	revision int
	changed  bool // since the last version
	versions []version
	last     int // the highest number that was given
	aliases  map[string]versions.Alias
}

type version struct {
	number int
	config versions.Config
	code   string
	mark   string
	asleep bool // Inactive
	// replicas reports that CloudFront has copies, which refuse the deletion.
	replicas bool
	waking   int // looks until a woken one is Active
}

func (v version) state() versions.State {
	switch {
	case v.asleep:
		return versions.State{State: "Inactive"}
	case v.waking > 0:
		return versions.State{State: "Pending"}
	}
	return versions.State{State: "Active"}
}

// name is what a version is: its content, and its timeout if that is not the
// usual one.
func (v version) name() string {
	if v.config.TimeoutSeconds == config.TimeoutSeconds {
		return v.code
	}
	return fmt.Sprintf("%s/%ds", v.code, v.config.TimeoutSeconds)
}

// newAccount has D1 with the behaviors A, B and C and D2 with A. The function x
// of another owner has the versions 9 and 12; with foreign, x:9 sits in C.
func newAccount(foreign bool) *account {
	a := &account{
		distributions: map[string]*distribution{
			"D1": {behaviors: []string{"/A", "/B", "/C", "default"}, held: associations.Table{}},
			"D2": {behaviors: []string{"/A", "/B", "default"}, held: associations.Table{}},
		},
		functions: map[string]*function{"x": {versions: []version{{number: 9}, {number: 12}}}},
		names:     map[string]string{"www": "D1"},
	}
	if foreign {
		a.distributions["D1"].held[at("D1", "C")] = associations.Binding{Version: versions.Ref{Function: "x", Number: 9}}
	}
	return a
}

func (a *account) copy() *account {
	c := *a
	c.distributions = map[string]*distribution{}
	for id, d := range a.distributions {
		e := *d
		e.behaviors, e.held = slices.Clone(d.behaviors), maps.Clone(d.held)
		c.distributions[id] = &e
	}
	c.functions = map[string]*function{}
	for name, f := range a.functions {
		g := *f
		g.tags, g.versions, g.aliases = maps.Clone(f.tags), slices.Clone(f.versions), maps.Clone(f.aliases)
		c.functions[name] = &g
	}
	c.names = maps.Clone(a.names)
	c.book = a.book.copy()
	return &c
}

func at(id, behavior string) associations.Slot {
	return associations.Slot{Distribution: id, Path: "/" + behavior, Trigger: associations.ViewerRequest}
}

// content names what a published version is: "f2" is function f with content 2.
func (a *account) content(b associations.Binding) string {
	name := strings.TrimPrefix(b.Version.Function, stackFn)
	text := name + ":" + strconv.Itoa(b.Version.Number)
	if f, ok := a.functions[b.Version.Function]; ok && f.tags[versions.StackTag] != "" {
		for _, v := range f.versions {
			if v.number == b.Version.Number {
				text = v.name()
			}
		}
	}
	if b.IncludeBody {
		text += "+"
	}
	return text
}

// bound lists what sits where: "A=f1 B=g1 D2/A=f1".
func (a *account) bound() string {
	var list []string
	for _, id := range []string{"D1", "D2"} {
		for slot, b := range a.distributions[id].held {
			name := strings.TrimPrefix(slot.Path, "/") + "=" + a.content(b)
			if id != "D1" {
				name = id + "/" + name
			}
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// published counts the versions of the stack's functions by content.
func (a *account) published() map[string]int {
	count := map[string]int{}
	for _, f := range a.functions {
		for _, v := range f.versions {
			if v.mark != "" {
				count[v.name()]++
			}
		}
	}
	return count
}

// client is one process's view of an account: each call that has an effect is
// a boundary, where the process may die.
type client struct {
	*account
	dead   bool
	lie    func(label string) error // asked before an effect; see ctl
	after  func(label string) error // asked after it
	reads  atomic.Int64
	mu     sync.Mutex // guards spreading, which reads change: they come at once
	refuse int        // refuse the n-th write of a distribution; 0 for none
	writes int
	asks   bool                 // the refusal is of the content
	look   *release.LedgerState // an old look at the ledger, if it plans on one
}

// effect runs something that changes the account, unless the process dies first.
func (c *client) effect(label string, do func() error) error {
	if c.dead {
		return errDead
	}
	if err := c.lie(label); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return c.after(label)
}

func (c *client) read() error {
	if c.dead {
		return errDead
	}
	c.reads.Add(1)
	return nil
}

// next gives a RevisionId or ETag that no one had before.
func (a *account) next() int { a.assigned++; return a.assigned }

func (c *client) Account(context.Context) (string, error) { return number, c.read() }

func (c *client) Distribution(_ context.Context, id string) (associations.State, error) {
	if err := c.read(); err != nil {
		return associations.State{}, err
	}
	d, ok := c.distributions[id]
	if !ok {
		return associations.State{}, &associations.DistributionError{Distribution: id}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	state := c.state(id)
	d.spreading = max(0, d.spreading-1)
	return state, nil
}

func (a *account) state(id string) associations.State {
	d := a.distributions[id]
	s := associations.State{
		Distribution: id, Account: number, Enabled: true, Deployed: d.spreading == 0, PolicyKnown: true,
		Behaviors: slices.Clone(d.behaviors), Held: maps.Clone(d.held),
	}
	for name, target := range a.names {
		if target == id {
			s.Aliases = append(s.Aliases, name)
		}
	}
	return s
}

func (c *client) DistributionPage(context.Context, string) ([]associations.State, string, error) {
	if err := c.read(); err != nil {
		return nil, "", err
	}
	return []associations.State{c.state("D1"), c.state("D2")}, "", nil
}

func (c *client) AnyPolicy(context.Context) (bool, error) { return false, c.read() }

func (c *client) FunctionPage(context.Context, string) ([]versions.Head, string, error) {
	var page []versions.Head
	for _, name := range slices.Sorted(maps.Keys(c.functions)) {
		if name == c.unlisted {
			continue
		}
		head := c.functions[name].head(name)
		head.Tags, head.TagsError = nil, "a listing does not tell tags"
		page = append(page, head)
	}
	return page, "", c.read()
}

func (c *client) Replicable(_ context.Context, r versions.Ref) (bool, error) {
	return !c.withdrawn[r], c.read()
}

// Write decides three ways, as awscloud does: what is there is still From and
// is written, is To already, or stops the write.
func (c *client) Write(ctx context.Context, _ string, ch associations.Change, guard func(context.Context) error, paused func(associations.Pause)) (associations.State, error) {
	for {
		if err := c.read(); err != nil {
			return associations.State{}, err
		}
		d, ok := c.distributions[ch.Distribution]
		if !ok {
			return associations.State{}, &associations.DistributionError{Distribution: ch.Distribution}
		}
		if c.odd != nil {
			return associations.State{}, c.odd
		}
		todo, etag, err := decide(d, ch)
		if err != nil {
			return associations.State{}, err
		}
		if len(todo) == 0 {
			return c.state(ch.Distribution), nil
		}
		if err := guard(ctx); err != nil {
			return associations.State{}, err
		}
		again := false
		err = c.effect("write "+ch.Distribution, func() error {
			c.writes++
			if c.refuse != 0 && c.writes == c.refuse {
				return &refusedError{c.asks}
			}
			if !c.active(todo) {
				return &refusedError{}
			}
			if d := c.distributions[ch.Distribution]; d.etag != etag {
				again = true
				return nil
			}
			c.put(ch.Distribution, todo)
			return nil
		})
		if err != nil || !again {
			return c.state(ch.Distribution), err
		}
	}
}

// active reports whether every version that is to be attached is Active, or
// CloudFront refuses it.
func (a *account) active(todo []associations.Edit) bool {
	for _, e := range todo {
		if f, ok := a.functions[e.To.Version.Function]; ok {
			for _, v := range f.versions {
				if v.number == e.To.Version.Number && v.state().State != "Active" {
					return false
				}
			}
		}
	}
	return true
}

func decide(d *distribution, ch associations.Change) (todo []associations.Edit, etag int, err error) {
	for _, e := range ch.Edits {
		live := d.held[e.Slot]
		switch {
		case live == e.To:
		case !slices.Contains(d.behaviors, e.Slot.Path):
			return nil, 0, &associations.ChangedError{Slot: e.Slot, From: e.From, To: e.To, NoBehavior: true}
		case live != e.From:
			return nil, 0, &associations.ChangedError{Slot: e.Slot, From: e.From, To: e.To, Live: live}
		default:
			todo = append(todo, e)
		}
	}
	return todo, d.etag, nil
}

func (a *account) put(id string, edits []associations.Edit) {
	d := a.distributions[id]
	for _, e := range edits {
		if e.To.Empty() {
			delete(d.held, e.Slot)
			continue
		}
		d.held[e.Slot] = e.To
		if f, ok := a.functions[e.To.Version.Function]; ok {
			for i := range f.versions {
				f.versions[i].replicas = f.versions[i].replicas || !a.noReplicas && f.versions[i].number == e.To.Version.Number
			}
		}
	}
	d.etag, d.spreading = a.next(), 2
}

func (f *function) head(name string) versions.Head {
	return versions.Head{
		Function: name, Exists: true, ARN: "arn:aws:lambda:us-east-1:" + number + ":function:" + name,
		Config: f.config, CodeSHA256: codeSHA(name, f.code), RevisionID: strconv.Itoa(f.revision),
		State: versions.State{State: "Active", Update: "Successful"}, Tags: maps.Clone(f.tags),
	}
}

// zipOf is the zip of a content, which codeSHA hashes.
func zipOf(name, content string) []byte { return []byte(name + "/" + content) }

func codeSHA(name, content string) string {
	sum := sha256.Sum256(zipOf(name, content))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (c *client) Head(_ context.Context, name string) (versions.Head, error) {
	if err := c.read(); err != nil {
		return versions.Head{}, err
	}
	f, ok := c.functions[name]
	if !ok {
		return versions.Head{Function: name}, nil
	}
	head := f.head(name)
	if c.hidden == name {
		head.Tags, head.TagsError = nil, "AccessDenied"
	}
	return head, nil
}

func (f *function) observed(name string, v version) versions.Version {
	mark, _ := versions.ParseMark(v.mark)
	return versions.Version{
		Ref:        versions.Ref{Function: name, Number: v.number},
		Spec:       versions.Spec{Function: name, Content: mark.Content, Config: v.config},
		CodeSHA256: codeSHA(name, v.code), Stack: mark.Stack,
	}
}

func (c *client) Version(_ context.Context, r versions.Ref) (versions.Published, error) {
	if err := c.read(); err != nil {
		return versions.Published{}, err
	}
	if c.denied == r.Function {
		return versions.Published{}, errors.New("not authorized to perform lambda:GetFunction")
	}
	if f, ok := c.functions[r.Function]; ok {
		for i, v := range f.versions {
			if v.number == r.Number {
				f.versions[i].waking = max(0, v.waking-1)
				return versions.Published{Version: f.observed(r.Function, v), State: v.state(), Tags: maps.Clone(f.tags)}, nil
			}
		}
	}
	return versions.Published{}, fmt.Errorf("%s: %w", r, versions.ErrNoVersion)
}

func (c *client) Wake(_ context.Context, r versions.Ref) error {
	return c.effect("Wake", func() error {
		f, ok := c.functions[r.Function]
		if !ok {
			return versions.ErrNoVersion
		}
		for i, v := range f.versions {
			if v.number == r.Number && v.asleep {
				f.versions[i].asleep, f.versions[i].waking = false, 2
			}
		}
		return nil
	})
}

func (c *client) ByAlias(ctx context.Context, name, alias string) (versions.Published, error) {
	f, ok := c.functions[name]
	if !ok || f.aliases[alias].Name == "" {
		return versions.Published{}, errors.Join(c.read(), versions.ErrNoVersion)
	}
	n, err := strconv.Atoi(f.aliases[alias].Version)
	if err != nil {
		return versions.Published{Version: versions.Version{Ref: versions.Ref{Function: name}}, Tags: maps.Clone(f.tags)}, c.read()
	}
	return c.Version(ctx, versions.Ref{Function: name, Number: n})
}

func (c *client) Versions(_ context.Context, name string) ([]versions.Version, error) {
	if err := c.read(); err != nil {
		return nil, err
	}
	f, ok := c.functions[name]
	if !ok {
		return nil, nil
	}
	var list []versions.Version
	for _, v := range f.versions {
		list = append(list, f.observed(name, v))
	}
	return list, nil
}

func (c *client) Create(_ context.Context, in versions.CreateInput) error {
	return c.effect("CreateFunction", func() error {
		if _, ok := c.functions[in.Function]; ok {
			return versions.ErrFunctionExists
		}
		c.functions[in.Function] = &function{
			tags: maps.Clone(in.Tags), config: in.Config, code: codeOf(in.Zip), revision: c.next(), changed: true, aliases: map[string]versions.Alias{},
		}
		return nil
	})
}

func codeOf(zip []byte) string { _, code, _ := strings.Cut(string(zip), "/"); return code }

// update changes $LATEST against a revision.
func (c *client) update(label, name, revision string, do func(*function)) error {
	return c.effect(label, func() error {
		f, ok := c.functions[name]
		switch {
		case !ok:
			return versions.ErrNoVersion
		case revision != "" && revision != strconv.Itoa(f.revision):
			return versions.ErrStaleRevision
		}
		do(f)
		f.revision, f.changed = c.next(), true
		return nil
	})
}

func (c *client) UpdateConfig(_ context.Context, name, revision string, config versions.Config) error {
	return c.update("UpdateFunctionConfiguration", name, revision, func(f *function) { f.config = config })
}

func (c *client) UpdateCode(_ context.Context, name, revision string, zip []byte) error {
	return c.update("UpdateFunctionCode", name, revision, func(f *function) { f.code = codeOf(zip) })
}

func (c *client) Publish(ctx context.Context, in versions.PublishInput) (versions.Published, error) {
	var ref versions.Ref
	err := c.effect("PublishVersion", func() error {
		f, ok := c.functions[in.Function]
		switch {
		case !ok:
			return versions.ErrNoVersion
		case in.RevisionID != "" && in.RevisionID != strconv.Itoa(f.revision):
			return versions.ErrStaleRevision
		case f.changed || len(f.versions) == 0:
			f.last++
			f.versions = append(f.versions, version{number: f.last, config: f.config, code: f.code, mark: in.Description})
			f.changed, f.revision = false, c.next()
		}
		ref = versions.Ref{Function: in.Function, Number: f.versions[len(f.versions)-1].number}
		return nil
	})
	if err != nil {
		return versions.Published{}, err
	}
	return c.Version(ctx, ref)
}

func (c *client) Tag(_ context.Context, arn string, set map[string]string, remove []string) error {
	name := arn[strings.LastIndex(arn, ":")+1:]
	if name == "edgedeploy-"+stack+"-releases" {
		return c.effect("TagResource", func() error { return nil })
	}
	return c.effect("TagResource", func() error {
		f := c.functions[name]
		if f.tags == nil {
			f.tags = map[string]string{}
		}
		maps.Copy(f.tags, set)
		for _, k := range remove {
			delete(f.tags, k)
		}
		return nil
	})
}

func (c *client) Alias(_ context.Context, name, alias string) (versions.Alias, error) {
	if err := c.read(); err != nil {
		return versions.Alias{}, err
	}
	if f, ok := c.functions[name]; ok && f.aliases[alias].Name != "" {
		return f.aliases[alias], nil
	}
	return versions.Alias{}, versions.ErrNoVersion
}

func (c *client) CreateAlias(_ context.Context, name string, in versions.Alias) (versions.Alias, error) {
	err := c.effect("CreateAlias", func() error {
		f, ok := c.functions[name]
		switch {
		case !ok:
			return versions.ErrNoVersion
		case f.aliases[in.Name].Name != "":
			return versions.ErrAliasExists
		}
		in.RevisionID = strconv.Itoa(c.next())
		f.aliases[in.Name] = in
		return nil
	})
	return in, err
}

func (c *client) UpdateAlias(_ context.Context, name string, in versions.Alias) (versions.Alias, error) {
	err := c.effect("UpdateAlias", func() error {
		f, ok := c.functions[name]
		switch {
		case !ok || f.aliases[in.Name].Name == "":
			return versions.ErrNoVersion
		case in.RevisionID != "" && in.RevisionID != f.aliases[in.Name].RevisionID:
			return versions.ErrStaleRevision
		}
		in.RevisionID = strconv.Itoa(c.next())
		f.aliases[in.Name] = in
		return nil
	})
	return in, err
}

var (
	_ deploy.Lambda     = (*client)(nil)
	_ deploy.CloudFront = (*client)(nil)
	_ deploy.Identity   = (*client)(nil)
)
