package versions

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/pace"
)

// steady looks once a second, so that calls can be counted.
var steady = Pace{Polls: pace.Backoff{First: time.Second, Max: time.Second}, Luck: even}

func even() float64 { return 0.5 }

// errLost is an answer that never arrived.
var errLost = errors.New("connection reset")

// lambda is an account's Lambda, in memory, with the state machine that AWS
// documents: transitions that take time, a RevisionId that changes with every
// mutation and again when its transition ends, and a PublishVersion that
// answers with the last version when nothing was updated since.
type lambda struct {
	functions map[string]*function
	delay     time.Duration // how long each transition of $LATEST takes
	published time.Duration // how long a new version is Pending
	roleAfter time.Time     // from when the role can be assumed
	assign    int           // last RevisionId

	// contents: only a real difference counts as a change for PublishVersion
	// (UNKNOWN at AWS); identical updates then never give a new version.
	contents bool
	// tagsTake delays the sight of tags.
	tagsTake time.Duration

	// deaf: a dry run does nothing to an Inactive version (UNKNOWN at AWS).
	deaf bool
	// wakesAfter is how long a version that was woken still shows as Inactive.
	wakesAfter time.Duration

	calls  []string
	before map[int]func() error // by call number from 1: answered instead of the call
	after  map[int]func() error // run after the call had its effect; an error replaces the answer
}

type function struct {
	name      string
	config    Config
	code      string
	tags      map[string]string
	tagsFrom  time.Time
	hideTags  string
	failed    string // State Failed
	updFailed string // the update in progress ends Failed
	busyUntil time.Time
	busy      string // Pending, InProgress, or ""
	update    string // LastUpdateStatus once settled
	revision  string
	changed   bool // updated since the last publish
	versions  []*version
	numbered  int
	aliases   map[string]Alias
}

type version struct {
	number      int
	config      Config
	code        string
	description string
	activeAt    time.Time
	state       string    // other than Pending or Active
	wokenAt     time.Time // from when a woken version shows as Pending; zero if it was not woken
	relapses    bool      // its resources cannot be made again: it ends Inactive
}

func newLambda() *lambda {
	return &lambda{functions: map[string]*function{}, before: map[int]func() error{}, after: map[int]func() error{}}
}

func hashOf(zip []byte) string {
	sum := sha256.Sum256(zip)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (l *lambda) rev() string { l.assign++; return "r" + strconv.Itoa(l.assign) }

// call logs a call and lets it fail before, or after, it has its effect.
func (l *lambda) call(name string, do func() error) error {
	l.calls = append(l.calls, name)
	n := len(l.calls)
	if fail := l.before[n]; fail != nil {
		if err := fail(); err != nil {
			return err
		}
	}
	l.advance()
	err := do()
	if fail := l.after[n]; fail != nil {
		if lost := fail(); lost != nil {
			return lost
		}
	}
	return err
}

// advance ends the transitions whose time has come.
func (l *lambda) advance() {
	for _, f := range l.functions {
		if f.busy == "" || time.Now().Before(f.busyUntil) {
			continue
		}
		f.update = "Successful"
		if f.updFailed != "" {
			f.update = "Failed"
		}
		f.busy, f.revision = "", l.rev()
	}
}

func (l *lambda) find(name string) (*function, error) {
	f := l.functions[name]
	if f == nil {
		return nil, fmt.Errorf("Function not found: %s: %w", name, ErrNoVersion)
	}
	return f, nil
}

// mutable finds a function for a call that is refused during transitions and
// for another revision.
func (l *lambda) mutable(name, revision string) (*function, error) {
	f, err := l.find(name)
	switch {
	case err != nil:
		return nil, err
	case f.busy != "" || f.failed != "":
		return nil, fmt.Errorf("%s is busy: %w", name, ErrInProgress)
	case revision != "" && revision != f.revision:
		return nil, fmt.Errorf("%s is at %s, not %s: %w", name, f.revision, revision, ErrStaleRevision)
	}
	return f, nil
}

func (l *lambda) begin(f *function, kind string) {
	f.revision, f.changed, f.updFailed = l.rev(), true, ""
	f.busy, f.busyUntil = kind, time.Now().Add(l.delay)
}

func (l *lambda) Head(_ context.Context, name string) (h Head, err error) {
	err = l.call("Head", func() error {
		h = l.head(name)
		return nil
	})
	if err != nil {
		return Head{}, err
	}
	return h, nil
}

func (l *lambda) head(name string) Head {
	f := l.functions[name]
	if f == nil {
		return Head{Function: name}
	}
	h := Head{Function: name, Exists: true, ARN: "arn:" + name, Config: f.config, CodeSHA256: f.code, RevisionID: f.revision, TagsError: f.hideTags}
	if f.hideTags == "" && !time.Now().Before(f.tagsFrom) {
		h.Tags = maps.Clone(f.tags)
	}
	switch {
	case f.failed != "":
		h.State = State{State: "Failed", Reason: f.failed}
	case f.busy == "Pending":
		h.State = State{State: "Pending", Reason: "The function is being created."}
	case f.busy == "InProgress":
		h.State = State{State: "Active", Update: "InProgress", Reason: "The function is being created."}
	default:
		h.State = State{State: "Active", Update: f.update, Reason: f.updFailed}
	}
	return h
}

func (l *lambda) observe(f *function, v *version) Published {
	p := Published{Version: v.observed(f.name), State: State{State: "Active", Update: "Successful"}, TagsError: f.hideTags}
	if f.hideTags == "" {
		p.Tags = maps.Clone(f.tags)
	}
	if time.Now().Before(v.activeAt) {
		p.State = State{State: "Pending", Reason: "The function is being created."}
	}
	if v.state != "" && !v.waking() {
		p.State = State{State: v.state}
	}
	return p
}

// waking reports whether the version was woken, and shows it: it is Pending, or
// Active after that.
func (v *version) waking() bool {
	now := time.Now()
	return !v.wokenAt.IsZero() && !now.Before(v.wokenAt) && (!v.relapses || now.Before(v.activeAt))
}

func (l *lambda) Wake(_ context.Context, r Ref) error {
	return l.call("Wake", func() error {
		f, err := l.find(r.Function)
		if err != nil {
			return err
		}
		v := f.version(r.Number)
		switch {
		case v == nil:
			return fmt.Errorf("Function not found: %s: %w", r, ErrNoVersion)
		case v.state == "Inactive" && !l.deaf:
			v.wokenAt = time.Now().Add(l.wakesAfter)
			v.activeAt = v.wokenAt.Add(l.published)
		}
		return nil
	})
}

func (v *version) observed(name string) Version {
	m, _ := ParseMark(v.description)
	return Version{
		Ref:        Ref{name, v.number},
		Spec:       Spec{Function: name, Content: m.Content, Config: v.config},
		CodeSHA256: v.code,
		Stack:      m.Stack,
	}
}

func (l *lambda) Version(_ context.Context, r Ref) (p Published, err error) {
	err = l.call("Version", func() error {
		f, err := l.find(r.Function)
		if err != nil {
			return err
		}
		if v := f.version(r.Number); v != nil {
			p = l.observe(f, v)
			return nil
		}
		return fmt.Errorf("Function not found: %s: %w", r, ErrNoVersion)
	})
	return p, err
}

func (l *lambda) Versions(_ context.Context, name string) (list []Version, err error) {
	err = l.call("Versions", func() error {
		list = l.list(name)
		return nil
	})
	return list, err
}

func (l *lambda) list(name string) (list []Version) {
	if f := l.functions[name]; f != nil {
		for _, v := range f.versions {
			list = append(list, v.observed(name))
		}
	}
	slices.SortFunc(list, func(a, b Version) int { return cmp.Compare(a.Ref.Number, b.Ref.Number) })
	return list
}

func (l *lambda) Create(_ context.Context, in CreateInput) error {
	return l.call("Create", func() error {
		if l.functions[in.Function] != nil {
			return fmt.Errorf("Function already exist: %s: %w", in.Function, ErrFunctionExists)
		}
		if time.Now().Before(l.roleAfter) {
			return fmt.Errorf("The role defined for the function cannot be assumed by Lambda: %w", ErrRoleNotReady)
		}
		f := &function{name: in.Function, config: in.Config, code: hashOf(in.Zip), tags: maps.Clone(in.Tags)}
		l.functions[in.Function] = f
		l.begin(f, "Pending")
		return nil
	})
}

func (l *lambda) UpdateConfig(_ context.Context, name, revision string, c Config) error {
	return l.call("UpdateConfig", func() error {
		f, err := l.mutable(name, revision)
		if err != nil {
			return err
		}
		if f.config.Role != c.Role && time.Now().Before(l.roleAfter) {
			return fmt.Errorf("The role defined for the function cannot be assumed by Lambda: %w", ErrRoleNotReady)
		}
		kept := f.config
		f.config = c
		f.config.Extra = strings.Join(kept.carries(ByCode), ",") // which is UpdateFunctionCode's
		l.begin(f, "InProgress")
		return nil
	})
}

func (l *lambda) UpdateCode(_ context.Context, name, revision string, zip []byte) error {
	return l.call("UpdateCode", func() error {
		f, err := l.mutable(name, revision)
		if err != nil {
			return err
		}
		f.code, f.config = hashOf(zip), f.config.without(ByCode)
		l.begin(f, "InProgress")
		return nil
	})
}

func (l *lambda) Publish(_ context.Context, in PublishInput) (p Published, err error) {
	err = l.call("Publish", func() error {
		f, err := l.mutable(in.Function, in.RevisionID)
		if err != nil {
			return err
		}
		if in.CodeSHA256 != f.code {
			return fmt.Errorf("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s)", in.CodeSHA256, f.code)
		}
		if last := f.last(); last != nil && !l.differs(f, last) {
			p = l.observe(f, last)
			return nil
		}
		f.numbered++
		v := &version{number: f.numbered, config: f.config, code: f.code, description: in.Description, activeAt: time.Now().Add(l.published)}
		f.versions = append(f.versions, v)
		f.changed, f.revision = false, l.rev()
		p = l.observe(f, v)
		return nil
	})
	if err != nil {
		return Published{}, err
	}
	return p, nil
}

func (l *lambda) differs(f *function, last *version) bool {
	if l.contents {
		return f.config != last.config || f.code != last.code
	}
	return f.changed
}

func (f *function) last() *version {
	if len(f.versions) == 0 {
		return nil
	}
	return f.versions[len(f.versions)-1]
}

func (l *lambda) Tag(_ context.Context, arn string, set map[string]string, remove []string) error {
	return l.call("Tag", func() error {
		f, err := l.mutable(arn[len("arn:"):], "")
		if err != nil {
			return err
		}
		f.tags = maps.Clone(f.tags)
		if f.tags == nil {
			f.tags = map[string]string{}
		}
		maps.Copy(f.tags, set)
		for _, key := range remove {
			delete(f.tags, key)
		}
		f.tagsFrom = time.Now().Add(l.tagsTake)
		return nil
	})
}

// version gives the version of a number.
func (f *function) version(number int) *version {
	for _, v := range f.versions {
		if v.number == number {
			return v
		}
	}
	return nil
}

func (l *lambda) findAlias(function, name string) (*function, Alias, error) {
	f, err := l.find(function)
	if err != nil {
		return nil, Alias{}, err
	}
	a, ok := f.aliases[name]
	if !ok {
		return f, Alias{}, fmt.Errorf("Cannot find alias arn: %s:%s: %w", function, name, ErrNoVersion)
	}
	return f, a, nil
}

func (l *lambda) ByAlias(_ context.Context, name, alias string) (p Published, err error) {
	err = l.call("ByAlias", func() error {
		f, a, err := l.findAlias(name, alias)
		if err != nil {
			return err
		}
		if a.Version == latest {
			h := l.head(name)
			p = Published{Version: Version{Ref: Ref{Function: name}, Spec: Spec{Function: name, Config: h.Config}, CodeSHA256: h.CodeSHA256}, State: h.State, Tags: h.Tags, TagsError: h.TagsError}
			return nil
		}
		number, err := strconv.Atoi(a.Version)
		if err != nil {
			return err
		}
		p = l.observe(f, f.version(number))
		return nil
	})
	return p, err
}

func (l *lambda) Alias(_ context.Context, function, name string) (a Alias, err error) {
	err = l.call("Alias", func() error {
		_, a, err = l.findAlias(function, name)
		return err
	})
	return a, err
}

func (l *lambda) CreateAlias(_ context.Context, function string, in Alias) (a Alias, err error) {
	err = l.call("CreateAlias", func() error {
		f, _, err := l.findAlias(function, in.Name)
		switch {
		case f == nil:
			return err
		case err == nil:
			return fmt.Errorf("Alias already exists: %s:%s: %w", function, in.Name, ErrAliasExists)
		}
		a, err = l.setAlias(f, in)
		return err
	})
	return a, err
}

func (l *lambda) UpdateAlias(_ context.Context, function string, in Alias) (a Alias, err error) {
	err = l.call("UpdateAlias", func() error {
		f, have, err := l.findAlias(function, in.Name)
		if err != nil {
			return err
		}
		if in.RevisionID != "" && in.RevisionID != have.RevisionID {
			return fmt.Errorf("alias %s is at %s, not %s: %w", in.Name, have.RevisionID, in.RevisionID, ErrStaleRevision)
		}
		a, err = l.setAlias(f, in)
		return err
	})
	return a, err
}

func (l *lambda) setAlias(f *function, a Alias) (Alias, error) {
	if number, err := strconv.Atoi(a.Version); a.Version != latest && (err != nil || f.version(number) == nil) {
		return Alias{}, fmt.Errorf("Function not found: %s:%s: %w", f.name, a.Version, ErrNoVersion)
	}
	if f.aliases == nil {
		f.aliases = map[string]Alias{}
	}
	a.RevisionID = l.rev()
	f.aliases[a.Name] = a
	return a, nil
}

// mutations are the calls that were not only looks, without those that keep
// the alias, which stand in every publication.
func (l *lambda) mutations() []string {
	return slices.DeleteFunc(slices.Clone(l.calls), func(c string) bool {
		return c == "Head" || c == "Version" || c == "Alias" || c == "CreateAlias" || c == "UpdateAlias"
	})
}
