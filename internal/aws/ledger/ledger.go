package ledger

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/pace"
	"github.com/edgedeploy/edgedeploy/versions"
)

// NewestRuntime is the newest Node.js runtime that CreateFunction is known to
// accept (recorded against AWS on 2026-01-12). The API model of 2026-08 lists
// nodejs26.x too; whether it is accepted everywhere is UNKNOWN. The ledger's
// function never runs, but Lambda refuses new code for a function whose
// runtime is deprecated.
const NewestRuntime = "nodejs24.x"

// KeptReleases is how many of the newest releases are protected by an alias.
// Lambda lists at most 50 aliases a page (Lambda API, ListAliases): with
// live, pending and lock, the whole state stays one page.
const KeptReleases = 40

// Times of the lock. Three renewals fit before it expires, so two may fail.
const (
	LockTTL    = 2 * time.Minute
	RenewEvery = 40 * time.Second
	retryEvery = 5 * time.Second // after a renewal that failed
)

// Bounds of what waits for Lambda.
const (
	// Transitions take a second or so; each look is one of the 15 calls a second
	// that Lambda allows in all (Lambda quotas).
	firstPoll   = 200 * time.Millisecond
	longestPoll = 2 * time.Second
	// settleTimeout is how long the SDK's own waiters wait for an update
	// (Lambda API model, waiters FunctionUpdatedV2 and FunctionActiveV2: 300 × 1 s).
	settleTimeout = 5 * time.Minute
	// roleTimeout bounds the wait for a new role to be assumable. IAM says
	// only that changes take a while; terraform-provider-aws waits as long.
	roleTimeout = 2 * time.Minute
	roleFirst   = time.Second // between the first two tries
	// callTimeout bounds a call that has to go on after its caller gave up.
	callTimeout = 15 * time.Second
	// maxTries bounds each compare-and-swap loop: more than one lost race
	// under a held lock already is out of the ordinary.
	maxTries = 5
)

// Reader is what the ledger reads of Lambda. A missing function, version or
// alias is an error that is versions.ErrNoVersion.
type Reader interface {
	// Latest reads $LATEST; a missing function is Exists false, no error.
	Latest(ctx context.Context, function string) (versions.LatestCode, error)
	// OpenVersion reads one version with its presigned location, by number, by
	// alias or $LATEST.
	OpenVersion(ctx context.Context, function, qualifier string) (versions.StoredVersion, error)
	// ListVersions lists the numbered versions, oldest first, through all pages.
	ListVersions(ctx context.Context, function string) ([]versions.StoredVersion, error)
	// Aliases lists all aliases, with the Date of AWS's answer.
	Aliases(ctx context.Context, function string) ([]versions.Alias, time.Time, error)
	// Alias reads one alias, with the Date of AWS's answer.
	Alias(ctx context.Context, function, name string) (versions.Alias, time.Time, error)
}

// Writer is what the ledger changes in Lambda. Code and configuration are
// accepted at once and still in transition when a call returns. The errors it
// tells apart are versions.ErrFunctionExists, ErrAliasExists, ErrStaleRevision,
// ErrInProgress, ErrRoleNotReady and ErrNoVersion.
type Writer interface {
	Create(ctx context.Context, f versions.NewFunction) error
	UpdateCode(ctx context.Context, function, revisionID string, zip []byte) error
	UpdateConfig(ctx context.Context, function, revisionID, role, runtime string) error
	PublishVersion(ctx context.Context, in versions.PublishInput) (versions.StoredVersion, error)
	CreateAlias(ctx context.Context, function string, a versions.Alias) (versions.Alias, time.Time, error)
	// UpdateAlias is a compare-and-swap when a.RevisionID is set.
	UpdateAlias(ctx context.Context, function string, a versions.Alias) (versions.Alias, time.Time, error)
	DeleteAlias(ctx context.Context, function, name string) error
}

// API is Lambda, as far as the ledger needs it.
type API interface {
	Reader
	Writer
}

// Ledger keeps the releases of stacks. Only API has to be set. It remembers
// its last snapshot of each stack, so that a run that follows a Read takes the lock
// without another (release.Seen), and what it read under a lock that it just took.
type Ledger struct {
	API API
	// Transport fetches the presigned locations of records; nil is
	// http.DefaultTransport.
	Transport http.RoundTripper
	// OnDownload is told of every request to such a location; nil is not told.
	OnDownload func(Download)
	// AllowHTTP says for which host names records may come over plain http:
	// loopback, and the local AWS. nil is for none.
	AllowHTTP func(host string) bool
	// Runtime is what the ledger's function is given; "" is NewestRuntime.
	Runtime string
	// Poll is the longest pause between two reads of a transition, the first ones
	// being shorter; 0 is two seconds.
	Poll time.Duration
	// Warn hears what a person should know although the ledger goes on: a
	// renewal that failed, a version that is no release. It may be called from
	// another goroutine. It may be nil.
	Warn func(stack, text string)

	mu        sync.Mutex // guards what follows
	snapshots map[string]snapshot
	// under are the positions that were read when a lock was taken and that
	// nothing asked for since.
	under map[string]release.Position
	// odd are versions that the alias pending names and that are no releases.
	odd map[string]int
}

var _ deploy.Ledger = (*Ledger)(nil)

// stackNames are the stack names that fit: the function's name may have 64
// characters (Lambda API, CreateFunction), and 20 of them are ours.
var stackNames = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// FunctionName names the function that keeps a stack's releases.
func FunctionName(stack string) string { return release.LedgerFunction(stack) }

// ForeignError says that a function has the name of a stack's ledger but not
// the tag that edgedeploy puts on it: it is not ours, and is left alone.
type ForeignError struct {
	Stack    string
	Function string
	Tag      string // the value of versions.StackTag there; "" if it has none
	// TagsError says why the tags are unknown, "" if they are known.
	TagsError string
}

func (e *ForeignError) Error() string {
	switch {
	case e.TagsError != "":
		return fmt.Sprintf("stack %s: cannot tell whether function %s is its ledger, because its tags are unknown (lambda:ListTags is needed): %s",
			e.Stack, e.Function, e.TagsError)
	case e.Tag != "":
		return fmt.Sprintf("stack %s: function %s has the name of its ledger, but is tagged %s=%s", e.Stack, e.Function, versions.StackTag, e.Tag)
	default:
		return fmt.Sprintf("stack %s: function %s has the name of its ledger, but not the tag %s=%s", e.Stack, e.Function, versions.StackTag, e.Stack)
	}
}

func checkStack(stack string) error {
	if !stackNames.MatchString(stack) {
		return fmt.Errorf("stack name %q: want 1 to 40 of a-z, 0-9 and -", stack)
	}
	return nil
}

// wrap says where something went wrong. Errors that callers act on say it
// themselves.
func wrap(stack, doing string, err error) error {
	if err == nil || selfContained(err) {
		return err
	}
	return fmt.Errorf("stack %s: %s (function %s): %w", stack, doing, FunctionName(stack), err)
}

func selfContained(err error) bool {
	for _, as := range []func(error) bool{is[*deploy.LockedError], is[*deploy.LostLockError], is[*ForeignError], is[*RecordError], is[*StaleAliasError]} {
		if as(err) {
			return true
		}
	}
	return false
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func (l *Ledger) warn(stack, format string, args ...any) {
	if l.Warn != nil {
		l.Warn(stack, fmt.Sprintf(format, args...))
	}
}

func (l *Ledger) runtime() string {
	if l.Runtime == "" {
		return NewestRuntime
	}
	return l.Runtime
}

// polls paces the looks at a transition.
func (l *Ledger) polls() pace.Backoff {
	if l.Poll <= 0 {
		return pace.Backoff{First: firstPoll, Max: longestPoll}
	}
	return pace.Backoff{First: firstPoll, Max: l.Poll}
}
