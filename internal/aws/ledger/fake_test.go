package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/edgedeploy/edgedeploy/versions"
)

const testAccount = "123456789012"

// errLost is an answer that did not arrive.
var errLost error = lostAnswer{}

type lostAnswer struct{}

func (lostAnswer) Error() string { return "connection reset by peer" }

// Lost and Passing say what package awscloud's error says of a write whose last
// attempt got no answer.
func (lostAnswer) Lost() bool { return true }

func (lostAnswer) Passing() bool { return true }

// errThrottled is an answer that says to come again later.
var errThrottled error = throttledAnswer{}

type throttledAnswer struct{}

func (throttledAnswer) Error() string { return "TooManyRequestsException: Rate exceeded" }

func (throttledAnswer) Passing() bool { return true }

// errDenied is an answer that stays the same however often one asks.
var errDenied = errors.New("AccessDeniedException: not authorized to perform: lambda:UpdateAlias")

// fault says what happens to a call: nothing, its answer is lost before or after
// it had its effect, or it is throttled or denied.
type fault int

const (
	none fault = iota
	lostBefore
	lostAfter
	throttled
	denied
)

// fake is Lambda in memory, as far as the ledger uses it. Its Date is the
// bubble's time plus skew, in whole seconds as in an HTTP header.
type fake struct {
	mu        sync.Mutex
	functions map[string]*function
	calls     []string
	// fault is asked before each call with its number from 1, one at a time.
	fault func(n int, op string) fault
	// onCall runs before each call without the lock, to let others interfere.
	onCall func(n int, op string)

	skew        time.Duration
	lag         time.Duration // how old the aliases are that are read
	latency     time.Duration
	createDelay time.Duration
	updateDelay time.Duration
	roleReady   time.Time
	noDate      bool
	hideTags    bool
	hidden      time.Duration // how long a new function is not seen
	tamper      func(number int, zipped []byte) []byte
	fetches     []string
}

type function struct {
	in       versions.NewFunction
	made     time.Time
	role     string
	runtime  string
	zip      []byte
	revision int
	created  time.Time // when it is Active
	settled  time.Time // when the last update is Successful
	failed   string    // reason why the last update failed
	changed  bool      // since the last publish
	versions []versions.StoredVersion
	zips     map[int][]byte
	next     int
	aliases  map[string]versions.Alias
	past     []pastAliases

	aliasRevisions int
}

func newFake() *fake { return &fake{functions: map[string]*function{}} }

// begin does what every call begins with, and says what happens to it.
func (f *fake) begin(op string) fault {
	time.Sleep(f.latency)
	f.mu.Lock()
	f.calls = append(f.calls, op)
	n, onCall := len(f.calls), f.onCall
	f.mu.Unlock()
	if onCall != nil {
		onCall(n, op)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault == nil {
		return none
	}
	return f.fault(n, op)
}

// answer runs a call's effect unless the fault comes before it.
func answer[T any](f *fake, op string, effect func() (T, error)) (T, error) {
	var zero T
	what := f.begin(op)
	switch what {
	case lostBefore:
		return zero, errLost
	case throttled:
		return zero, errThrottled
	case denied:
		return zero, errDenied
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	v, err := effect()
	if what == lostAfter {
		return zero, errLost
	}
	return v, err
}

func (f *fake) date() time.Time {
	if f.noDate {
		return time.Time{}
	}
	return time.Now().Add(f.skew).Truncate(time.Second)
}

func (f *fake) arn(name string) string {
	return "arn:aws:lambda:us-east-1:" + testAccount + ":function:" + name
}

func (fn *function) state() versions.State {
	now := time.Now()
	switch {
	case now.Before(fn.created):
		return versions.State{State: "Pending", Reason: "The function is being created."}
	case now.Before(fn.settled):
		return versions.State{State: "Active", Update: "InProgress"}
	case fn.failed != "":
		return versions.State{State: "Active", Update: "Failed", Reason: fn.failed}
	default:
		return versions.State{State: "Active", Update: "Successful"}
	}
}

// rev is $LATEST's RevisionId, which changes once more when a transition ends.
func (fn *function) rev() string {
	if !fn.state().Settled() {
		return fmt.Sprintf("rev-%d-moving", fn.revision)
	}
	return fmt.Sprintf("rev-%d", fn.revision)
}

// visible gives a function to those who read.
func (f *fake) visible(name string) *function {
	if fn := f.functions[name]; fn != nil && time.Since(fn.made) >= f.hidden {
		return fn
	}
	return nil
}

func (f *fake) Latest(_ context.Context, name string) (versions.LatestCode, error) {
	return answer(f, "Latest", func() (versions.LatestCode, error) {
		fn := f.visible(name)
		if fn == nil {
			return versions.LatestCode{}, nil
		}
		return versions.LatestCode{
			Exists: true, ARN: f.arn(name), Role: fn.role, Runtime: fn.runtime,
			CodeSHA256: codeSHA256(fn.zip), RevisionID: fn.rev(), State: fn.state(),
		}, nil
	})
}

func (f *fake) Create(_ context.Context, in versions.NewFunction) error {
	_, err := answer(f, "Create", func() (struct{}, error) {
		switch {
		case f.functions[in.Function] != nil:
			return struct{}{}, versions.ErrFunctionExists
		case time.Now().Before(f.roleReady):
			return struct{}{}, versions.ErrRoleNotReady
		case utf8.RuneCountInString(in.Description) > 256 || len(in.Function) > 64:
			return struct{}{}, errors.New("ValidationException")
		}
		in.Tags = maps.Clone(in.Tags)
		f.functions[in.Function] = &function{
			in: in, made: time.Now(), role: in.Role, runtime: in.Runtime, zip: in.Zip, next: 1, changed: true,
			created: time.Now().Add(f.createDelay), zips: map[int][]byte{}, aliases: map[string]versions.Alias{},
		}
		return struct{}{}, nil
	})
	return err
}

// update is what both updates have in common.
func (f *fake) update(op, name, revision string, effect func(*function)) error {
	_, err := answer(f, op, func() (struct{}, error) {
		fn := f.functions[name]
		switch {
		case fn == nil:
			return struct{}{}, versions.ErrNoVersion
		case !fn.state().Settled():
			return struct{}{}, versions.ErrInProgress
		case revision != "" && revision != fn.rev():
			return struct{}{}, versions.ErrStaleRevision
		}
		fn.revision++
		fn.changed = true
		fn.failed = ""
		fn.settled = time.Now().Add(f.updateDelay)
		effect(fn)
		return struct{}{}, nil
	})
	return err
}

func (f *fake) UpdateCode(_ context.Context, name, revision string, zipped []byte) error {
	return f.update("UpdateCode", name, revision, func(fn *function) { fn.zip = zipped })
}

func (f *fake) UpdateConfig(_ context.Context, name, revision, role, runtime string) error {
	return f.update("UpdateConfig", name, revision, func(fn *function) { fn.role, fn.runtime = role, runtime })
}

func (f *fake) PublishVersion(_ context.Context, in versions.PublishInput) (versions.StoredVersion, error) {
	return answer(f, "PublishVersion", func() (versions.StoredVersion, error) {
		fn := f.functions[in.Function]
		switch {
		case fn == nil:
			return versions.StoredVersion{}, versions.ErrNoVersion
		case !fn.state().Settled():
			return versions.StoredVersion{}, versions.ErrInProgress
		case in.RevisionID != "" && in.RevisionID != fn.rev():
			return versions.StoredVersion{}, versions.ErrStaleRevision
		case in.CodeSHA256 != "" && in.CodeSHA256 != codeSHA256(fn.zip):
			return versions.StoredVersion{}, errors.New("InvalidParameterValueException: CodeSHA256 is different")
		case utf8.RuneCountInString(in.Description) > 256:
			return versions.StoredVersion{}, errors.New("ValidationException: description")
		case !fn.changed && len(fn.versions) > 0:
			return fn.versions[len(fn.versions)-1], nil
		}
		return f.publishNow(in.Function, in.Description), nil
	})
}

func (f *fake) publishNow(name, description string) versions.StoredVersion {
	fn := f.functions[name]
	v := versions.StoredVersion{
		Number: fn.next, FunctionARN: f.arn(name), Description: description,
		CodeSHA256: codeSHA256(fn.zip), CodeBytes: int64(len(fn.zip)), Modified: f.date().UTC(),
		State: versions.State{State: "Active", Update: "Successful"},
	}
	fn.next++
	fn.revision++
	fn.changed = false
	fn.versions = append(fn.versions, v)
	fn.zips[v.Number] = fn.zip
	return v
}

func (f *fake) OpenVersion(_ context.Context, name, qualifier string) (versions.StoredVersion, error) {
	return answer(f, "OpenVersion", func() (versions.StoredVersion, error) {
		fn := f.functions[name]
		if fn == nil {
			return versions.StoredVersion{}, versions.ErrNoVersion
		}
		v := versions.StoredVersion{FunctionARN: f.arn(name), CodeSHA256: codeSHA256(fn.zip), State: fn.state()}
		if qualifier != latest {
			if a, ok := fn.read(f.lag)[qualifier]; ok {
				qualifier = a.Version
			}
			i := slices.IndexFunc(fn.versions, func(v versions.StoredVersion) bool { return strconv.Itoa(v.Number) == qualifier })
			if i < 0 {
				return versions.StoredVersion{}, versions.ErrNoVersion
			}
			v = fn.versions[i]
		}
		v.Location = fmt.Sprintf("https://code.test/%s/%d?X-Amz-Signature=TOPSECRET", name, v.Number)
		v.Tags = fn.in.Tags
		if f.hideTags {
			v.Tags, v.TagsError = nil, "AccessDenied: lambda:ListTags"
		}
		return v, nil
	})
}

func (f *fake) ListVersions(_ context.Context, name string) ([]versions.StoredVersion, error) {
	return answer(f, "ListVersions", func() ([]versions.StoredVersion, error) {
		fn := f.functions[name]
		if fn == nil {
			return nil, versions.ErrNoVersion
		}
		list := slices.Clone(fn.versions)
		for i := range list {
			list[i].State = versions.State{}
		}
		return list, nil
	})
}

// failing, interfered, lagging and skewed change the fake while leases use it.
func (f *fake) failing(decide func(n int, op string) fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = decide
}

func (f *fake) interfered(onCall func(n int, op string)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.onCall = onCall
}

func (f *fake) lagging(by time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lag = by
}

func (f *fake) skewed(by time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.skew += by
}

// took gives the calls since the last time it was asked.
func (f *fake) took() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.calls
	f.calls = nil
	return calls
}

// alias gives what an alias points at, or says; "" for none.
func (f *fake) alias(stack, name string) versions.Alias {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fn := f.functions[FunctionName(stack)]; fn != nil {
		return fn.aliases[name]
	}
	return versions.Alias{}
}

// edit lets a hand change the function.
func (f *fake) edit(stack string, change func(*function)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f.functions[FunctionName(stack)])
}
