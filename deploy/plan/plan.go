package plan

import (
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Desired is what a spec with its bundles says shall be.
type Desired struct {
	Stack     string
	Account   string // refuse any other account; "" for any
	Role      string // the ledger function's role
	Tags      map[string]string
	Functions []release.Function // by key
	// Distributions, by key, with what shall be bound there. Bindings name
	// functions; version number 0 means the version that Functions says.
	Distributions []release.Distribution
	StrictHold    bool
	Source        release.Source
	Provenance    Provenance
}

// Provenance is what is known of the source's commit besides its name. It only
// leads to notes.
type Provenance struct {
	// Unheld is why a rollback cannot hold the commit of this source: there is
	// none, or files differ from it. "" if it can.
	Unheld string
	// Orders say how the source's commit stands to others, by commit.
	Orders map[string]Order
	// Untold is why an Order is OrderUnknown.
	Untold string
}

// Order is how a commit stands to another one.
type Order string

// The orders of a commit and another one.
const (
	OrderUnknown  Order = "unknown"
	OrderSame     Order = "same"
	OrderAfter    Order = "after"    // the other is an ancestor of it
	OrderBefore   Order = "before"   // it is an ancestor of the other
	OrderDiverged Order = "diverged" // each has commits that the other lacks
)

// Binds reports whether a slot wants the function.
func (d Desired) Binds(function string) bool {
	return release.Release{Distributions: d.Distributions}.Bound()[function]
}

// Observed is what there is: pure data, without clients.
type Observed struct {
	Stack   string
	Account string
	Ledger  release.LedgerState
	// Releases are those that a rollback may have to look at besides the live
	// one and the one in flight, by number.
	Releases map[int]release.Release
	// Heads are the functions that no recorded version serves.
	Heads map[string]versions.Head
	// Versions are the versions that are known: found by their aliases, or listed.
	Versions versions.Inventory
	// Interrupted are the functions whose wanted content has its alias on
	// $LATEST: a run died while it published. Their Versions were listed.
	Interrupted map[string]bool
	// States are those of versions that were read one by one.
	States map[versions.Ref]versions.Published
	// Unread are versions that no plan needs, and why they could not be looked
	// at: of others, in slots that are wanted.
	Unread map[versions.Ref]string
	// Gone are versions that were looked for and do not exist.
	Gone map[versions.Ref]bool
	// Orphans are the functions that left the stack earlier and exist still.
	Orphans []string
	// Distributions, by id. One that does not exist is absent.
	Distributions map[string]associations.State
}

// inHand are the releases that were read.
func (o Observed) inHand() []release.Release {
	return slices.AppendSeq([]release.Release{o.Ledger.Live, o.Ledger.Pending}, maps.Values(o.Releases))
}

// Held is what sits in a slot.
func (o Observed) Held(s associations.Slot) associations.Binding {
	return o.Distributions[s.Distribution].Held[s]
}

// exists reports whether the slot's cache behavior exists.
func (o Observed) exists(s associations.Slot) bool {
	return slices.Contains(o.Distributions[s.Distribution].Behaviors, s.Path)
}

// Serves reports whether the version that a release recorded may be taken: it
// was not looked at, or it is what was recorded.
func (o Observed) Serves(f release.Function) bool {
	seen, looked := o.States[f.Ref()]
	return !o.Gone[f.Ref()] && (!looked || seen.Version.Spec.Known() == f.Spec && seen.Version.Stack == o.Stack)
}

// written says how far the release in flight came.
func (o Observed) written() release.Written { return o.Ledger.Pending.Written(o.Held) }

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
	// Differs says what is not as in the version that is replaced: "module",
	// "timeout 5 → 4". It is "content" where a record does not say more.
	Differs    []string          `json:"differs,omitempty"`
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
	// Kind is one of: records, adopt-slot, adopt-function, leaves, skipped, stray, renamed, moved,
	// left, gone, drift, mixed-triggers, policy, in-flight, already-back, resets,
	// nothing, orphan, takes-back, order-unknown, no-commit, applied, unknown-config.
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// Unfinished is something that a rollback cannot do: it does the rest, and ends
// with exit code 1.
type Unfinished struct {
	Slot   associations.Slot `json:"slot"`
	Reason string            `json:"reason"`
	// Gone reports that the slot's cache behavior does not exist: what is bound
	// there can be bound once it does.
	Gone bool `json:"gone,omitempty"`
}

// Schema is the version of the plan's JSON format.
const Schema = 1

// Plan is everything that a run will do, as data. The plan that was shown is
// the value that runs.
type Plan struct {
	Schema  int              `json:"schema"`
	Stack   string           `json:"stack"`
	Kind    release.Kind     `json:"kind"`
	Account string           `json:"account"`
	Saw     release.Position `json:"saw"`
	// Settle is the release in flight that the run commits first, because all
	// its writes were made; 0 for none.
	Settle int `json:"settle,omitempty"`
	// Complete is the release in flight that the run finishes, instead of
	// recording another: a rollback, or the apply that a saved plan began. 0 for none.
	Complete int `json:"complete,omitempty"`
	// Record reports that the run records Goal before it writes. Otherwise what
	// it writes is recorded already.
	Record bool `json:"record"`
	// Goal is the release that the run leads to: without number, time and
	// provenance if it is to be recorded. Functions with Number 0 are published
	// by this plan.
	Goal   release.Release `json:"goal"`
	Stages []Stage         `json:"stages"`
	// Named reports that a rollback was told where to go: only such a one may
	// be planned anew without being shown.
	Named bool           `json:"named,omitempty"`
	Held  []release.Held `json:"held,omitempty"` // why the plan must not run
	Notes []Note         `json:"notes,omitempty"`
	// Unfinished are what a rollback leaves undone: the run ends with exit code 1.
	Unfinished []Unfinished `json:"unfinished,omitempty"`
	// Seen and Heads save a run that follows at once from reading again. A
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
	// Keys are what the spec, or else a release, calls the distributions, by id.
	Keys map[string]string `json:"keys,omitempty"`
	// Kept are the functions that need no new version, with the version that serves.
	Kept []release.Function `json:"kept,omitempty"`
	// Replaced are the live versions that kept ones come after, by function key.
	Replaced map[string]Replaced `json:"replaced,omitempty"`
	// Back tells since when the stack is back at an earlier release: a rollback
	// that changes nothing says so.
	Back *Back `json:"back,omitempty"`
	// Target is the release that a rollback goes to, nil for the state before the
	// first, and where none is gone to.
	Target *Target `json:"target,omitempty"`
	// FlightStays reports that a rollback cannot end the release in flight.
	FlightStays bool `json:"flightStays,omitempty"`
	// Holds are the holds in force once a rollback or resume ran.
	Holds []release.Hold `json:"holds,omitempty"`
}

// Replaced is a live version that an existing one takes the place of.
type Replaced struct {
	Number int `json:"number"`
	// Differs says what is not as in it, as in [Publish].
	Differs []string `json:"differs"`
}

// Back is where a stack is back at.
type Back struct {
	At     int       `json:"at"`     // the release whose bindings are live
	Since  time.Time `json:"since"`  // when the rollback was recorded
	Undone int       `json:"undone"` // the release that it took out of service
	// Further is where one more step back would lead, 0 for before the first;
	// -1 where there is nothing further.
	Further int `json:"further"`
}

// Target is what a person knows a release by.
type Target struct {
	Release int       `json:"release"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor,omitempty"`
	Message string    `json:"message,omitempty"`
	Commit  string    `json:"commit,omitempty"`
	Dirty   bool      `json:"dirty,omitempty"` // files differed from the commit
}

// Changes reports whether running the plan changes something: a version, a
// distribution, tags or the ledger. Waiting for propagation is no change.
func (p Plan) Changes() bool {
	return p.Record || p.Settle != 0 || p.Complete != 0 || p.acts()
}

// acts reports whether a step changes something in the account.
func (p Plan) acts() bool {
	for s := range p.Steps() {
		if _, wait := s.(Await); !wait {
			return true
		}
	}
	return false
}

// HeldError tells that the plan is held, and what leads on.
func (p Plan) HeldError() *release.HeldError {
	e := &release.HeldError{Stack: p.Stack, Held: p.Held}
	if p.Settle == 0 {
		e.Flight, e.Stays = p.Saw.Pending, p.Context.FlightStays
	}
	return e
}

// Steps are the plan's steps in their order.
func (p Plan) Steps() iter.Seq[Step] {
	return func(yield func(Step) bool) {
		for _, stage := range p.Stages {
			for _, s := range stage {
				if !yield(s) {
					return
				}
			}
		}
	}
}

// Writes gives the distributions that the plan writes, in order.
func (p Plan) Writes() []string {
	var ids []string
	for s := range p.Steps() {
		if a, ok := s.(Associate); ok {
			ids = append(ids, a.Change.Distribution)
		}
	}
	return ids
}

// Edits are the slots that the plan writes.
func (p Plan) Edits() []associations.Edit {
	var edits []associations.Edit
	for s := range p.Steps() {
		if a, ok := s.(Associate); ok {
			edits = append(edits, a.Change.Edits...)
		}
	}
	return edits
}
