package versions

import (
	"context"
	"errors"
	"time"
)

// StackTag is the tag that says which stack owns a function.
const StackTag = "edgedeploy:stack"

// Head is a function's unpublished state ($LATEST) with its tags.
type Head struct {
	Function   string
	Exists     bool
	ARN        string
	Config     Config
	CodeSHA256 string // base64, as Lambda reports it
	RevisionID string // changes with every mutation and again when a transition ends
	State      State
	Tags       map[string]string
	// TagsError says why Tags is unknown ("" when it is known): GetFunction
	// answers without tags when lambda:ListTags is not allowed.
	TagsError string
	// Modified is when $LATEST was changed last; zero where Lambda does not tell.
	Modified time.Time `json:"-"`
}

// Unfit says what of the configuration keeps every version from being published;
// *UnfitError.
func (h Head) Unfit() error {
	e := &UnfitError{Function: h.Function, Unknown: h.Config.carries(Unknown), Never: h.Config.carries(Never)}
	if len(e.Unknown)+len(e.Never) == 0 {
		return nil
	}
	return e
}

// State is where a function or a version stands. The zero value is unknown.
type State struct {
	State  string // Pending, Active, Inactive, Failed
	Update string // LastUpdateStatus: Successful, InProgress, Failed; "" on a Pending function
	Reason string // AWS's words
}

// Settled reports whether nothing is in transition: mutations are accepted, also
// while the function is Inactive ("Functions can only be updated if they are in
// the Active or Inactive state": AWS Compute Blog, "Tracking the state of Lambda
// functions"; of publishing it says nothing).
func (s State) Settled() bool { return s.State != "Pending" && s.Update != "InProgress" }

// CreateInput is all that a new function is made of.
type CreateInput struct {
	Function string
	Config   Config
	Tags     map[string]string
	Zip      []byte
}

// PublishInput makes $LATEST into a numbered version.
type PublishInput struct {
	Function    string
	RevisionID  string
	CodeSHA256  string
	Description string
}

// Alias is a name that points at a version.
type Alias struct {
	Name string
	// Version is a number, or "$LATEST".
	Version string
	// Description is at most 256 characters (Lambda API model).
	Description string
	// Second is the number of a second version that gets a share of what is
	// invoked through the alias (RoutingConfig, which has one at most: Lambda
	// Developer Guide, "Lambda function weighted aliases"). "" for none.
	Second string
	// RevisionID changes with every update of the alias, and with nothing
	// else. Given to an update, it makes that a compare-and-swap; empty, the
	// update is unconditional.
	RevisionID string
}

// Errors that a Writer distinguishes, because the protocol acts on them.
var (
	// ErrInProgress: 409, an update is in progress or the function is Pending.
	ErrInProgress = errors.New("an update of the function is in progress")
	// ErrRoleNotReady: 400, Lambda cannot assume the role (yet).
	ErrRoleNotReady = errors.New("the role cannot be assumed by Lambda")
	// ErrStaleRevision: 412, the RevisionId is no longer the latest.
	ErrStaleRevision = errors.New("the function changed since it was read")
	// ErrFunctionExists: 409 on create.
	ErrFunctionExists = errors.New("the function exists already")
	// ErrAliasExists: 409 on the creation of an alias.
	ErrAliasExists = errors.New("the alias exists already")
	// ErrNoVersion: the function or version does not exist.
	ErrNoVersion = errors.New("no such function version")
)

// Reader is what this package reads of Lambda.
type Reader interface {
	// Head reads $LATEST and the tags; a missing function is Exists false, no error.
	Head(ctx context.Context, function string) (Head, error)
	// Version reads one published version, its state, and the function's tags; ErrNoVersion if there is none.
	Version(ctx context.Context, r Ref) (Published, error)
	// ByAlias reads the version that an alias names, like Version; a Ref.Number
	// of 0 means that the alias names $LATEST. ErrNoVersion if the function has
	// no such alias, or if there is no function: Lambda answers both alike.
	ByAlias(ctx context.Context, function, alias string) (Published, error)
	// Versions lists the published versions, oldest first, through all pages.
	// A list does not tell states. A missing function gives none, and no error.
	Versions(ctx context.Context, function string) ([]Version, error)
}

// Published is one version as GetFunction tells it: with its state, and the
// tags of its function.
type Published struct {
	Version   Version
	State     State
	Tags      map[string]string
	TagsError string
}

// Writer is what this package changes in Lambda. Each call returns as soon as
// Lambda accepted it: transitions are still going on.
type Writer interface {
	Create(ctx context.Context, in CreateInput) error
	// UpdateConfig sets every member of Config and resets all that Forbidden names.
	UpdateConfig(ctx context.Context, function, revisionID string, c Config) error
	UpdateCode(ctx context.Context, function, revisionID string, zip []byte) error
	// Publish may return a version that existed before: Lambda publishes
	// nothing when nothing changed since the last version, and then drops the
	// new description.
	Publish(ctx context.Context, in PublishInput) (Published, error)
	// Tag sets and removes tags of a function.
	Tag(ctx context.Context, functionARN string, set map[string]string, remove []string) error
	// Wake makes a dry run of one version, which runs no code, so that Lambda
	// makes an Inactive one ready again. Without an error Lambda was asked;
	// whether the version wakes its state tells.
	Wake(ctx context.Context, r Ref) error
}

// Aliases is what this package reads and changes of a function's aliases.
type Aliases interface {
	// Alias reads one alias; ErrNoVersion if there is none.
	Alias(ctx context.Context, function, name string) (Alias, error)
	// CreateAlias creates an alias; ErrAliasExists if there is one.
	CreateAlias(ctx context.Context, function string, a Alias) (Alias, error)
	// UpdateAlias gives an alias another version and description;
	// ErrStaleRevision unless its revision is a.RevisionID.
	UpdateAlias(ctx context.Context, function string, a Alias) (Alias, error)
}

// Lambda is the whole of what the publish protocol needs.
type Lambda interface {
	Reader
	Writer
	Aliases
}
