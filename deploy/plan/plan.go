package plan

import (
	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Desired is what shall be: from a spec with its bundles, or from a release.
type Desired struct {
	Stack         string
	Kind          release.Kind
	Of            int    // rollback: the target release
	Account       string // refuse any other account; "" for any
	Role          string // the ledger function's role
	Tags          map[string]string
	Functions     []release.Function // by key
	Distributions []release.Distribution
	// Bindings name functions; Number 0 means the version that Functions says.
	Bindings   associations.Table
	StrictHold bool
	Source     release.Source
	// Origins are those that the target of a rollback recorded.
	Origins []release.Bound
	// GivesBack are the slots that a rollback leaves to what sat there before
	// the stack took them. Slots that are not the stack's any more stay as
	// they are.
	GivesBack associations.Table
	// Holds are those in force after a rollback; an apply keeps those of the
	// live release.
	Holds []release.Hold
}

// binds says that a slot wants the function.
func (d Desired) Binds(function string) bool {
	for _, b := range d.Bindings {
		if b.Version.Function == function {
			return true
		}
	}
	return false
}

// Observed is what there is: pure data, without clients.
type Observed struct {
	Stack   string
	Account string
	Ledger  release.LedgerState
	// Heads are the functions that no recorded version serves.
	Heads map[string]versions.Head
	// Versions are the versions that are known: found by their aliases, or listed.
	Versions versions.Inventory
	// Interrupted are the functions whose wanted content has its alias on
	// $LATEST: a run died while it published. Their Versions were listed.
	Interrupted map[string]bool
	// States are those of versions that were read one by one.
	States map[versions.Ref]versions.Published
	// Gone are recorded versions that were looked for and do not exist any more.
	Gone map[versions.Ref]bool
	// Distributions, by id. One that does not exist is absent.
	Distributions map[string]associations.State
}

// Rules are a person's permissions for one plan.
type Rules struct {
	Adopt       bool `json:"adopt,omitempty"`
	AllowDetach bool `json:"allowDetach,omitempty"`
	WithPolicy  bool `json:"withPolicy,omitempty"`
}

// Step is one act of a plan: Publish, Activate, Tag, Associate or Await.
type Step interface{ step() }

// Publish makes a new version of a function, creating the function if need be.
type Publish struct {
	Key      string        `json:"key"`
	Spec     versions.Spec `json:"spec"`
	Create   bool          `json:"create,omitempty"`   // the function does not exist
	Adopt    bool          `json:"adopt,omitempty"`    // it exists without our tag: take it over
	Replaces int           `json:"replaces,omitempty"` // version of the live release
	// Config says what differs in the configuration from the version that is
	// replaced ("timeout 5 → 4"); "" when nothing does.
	Config     string            `json:"config,omitempty"`
	Resets     string            `json:"resets,omitempty"` // forbidden configuration found on $LATEST
	CodeSHA256 string            `json:"codeSha256"`
	ZipBytes   int64             `json:"zipBytes"`
	Tags       map[string]string `json:"tags,omitempty"`
}

// Activate waits until an existing version is Active and still what it was
// recorded to be.
type Activate struct {
	Key     string           `json:"key"`
	Version versions.Version `json:"version"`
	// Point moves the content's alias, which a run that died left on $LATEST,
	// to the version.
	Point bool `json:"point,omitempty"`
}

// Tag brings a function's tags to what the spec says.
type Tag struct {
	Key      string            `json:"key"`
	Function string            `json:"function"`
	Set      map[string]string `json:"set,omitempty"`
	Remove   []string          `json:"remove,omitempty"` // keys, sorted
}

// Associate writes all edits of one distribution, at once.
type Associate struct {
	Change associations.Change `json:"change"`
}

// Await waits until a distribution's last configuration is everywhere.
type Await struct {
	Distribution string `json:"distribution"`
}

func (Publish) step()   {}
func (Activate) step()  {}
func (Tag) step()       {}
func (Associate) step() {}
func (Await) step()     {}

// Stage is a set of steps that do not depend on each other.
type Stage []Step

// Note is something a person should read before saying yes.
type Note struct {
	// Kind is one of: adopt-slot, adopt-function, skipped, drift, mixed-triggers,
	// policy, ledger-pending, resets, reuse-unchecked.
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// PlanSchema is the version of the plan's JSON format.
const PlanSchema = 1

// Plan is everything that a run will do, as data. The plan that was shown is
// the value that runs.
type Plan struct {
	Schema  int              `json:"schema"`
	Stack   string           `json:"stack"`
	Kind    release.Kind     `json:"kind"`
	Account string           `json:"account"`
	Saw     release.Position `json:"saw"`
	// Goal is the release that the run will record, without number, time and
	// provenance. Functions with Number 0 are published by this plan.
	Goal   release.Release `json:"goal"`
	Stages []Stage         `json:"stages"`
	// Record says that the goal differs from the live release, even if there
	// is nothing to do in the account: a release must be recorded.
	Record bool           `json:"record"`
	Held   []release.Held `json:"held,omitempty"` // why the plan must not run; see HeldError
	Notes  []Note         `json:"notes,omitempty"`
	// seen and heads save a run that follows at once from reading again. A
	// saved plan has neither.
	Seen  release.Seen             `json:"-"`
	Heads map[string]versions.Head `json:"-"`
	// Context is for people: it has no bearing on what runs.
	Context Context `json:"context"`
}

// Context is what a rendering of the plan shows besides its steps.
type Context struct {
	// Domains are the distributions' names for people, by id: the first alias,
	// or the CloudFront domain name.
	Domains map[string]string `json:"domains,omitempty"`
	// Kept are the functions that need no new version, with the version that serves.
	Kept []release.Function `json:"kept,omitempty"`
}

// Changes says that running the plan changes something: a version, a
// distribution, tags or the ledger. Waiting for propagation is no change.
func (p Plan) Changes() bool {
	if p.Record {
		return true
	}
	for _, stage := range p.Stages {
		for _, s := range stage {
			if _, wait := s.(Await); !wait {
				return true
			}
		}
	}
	return false
}

// Writes gives the distributions that the plan writes, in order.
func (p Plan) Writes() []string {
	var ids []string
	for _, stage := range p.Stages {
		for _, s := range stage {
			if a, ok := s.(Associate); ok {
				ids = append(ids, a.Change.Distribution)
			}
		}
	}
	return ids
}
