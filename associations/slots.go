package associations

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/versions"
)

// Trigger is a CloudFront event type (CloudFront API model, EventType).
type Trigger string

// The four event types, spelled as CloudFront spells them.
const (
	ViewerRequest  Trigger = "viewer-request"
	OriginRequest  Trigger = "origin-request"
	OriginResponse Trigger = "origin-response"
	ViewerResponse Trigger = "viewer-response"
)

// Triggers lists the event types in the order in which a request meets them.
func Triggers() []Trigger {
	return []Trigger{ViewerRequest, OriginRequest, OriginResponse, ViewerResponse}
}

// Valid reports whether CloudFront knows the event type.
func (t Trigger) Valid() bool { return slices.Contains(Triggers(), t) }

// Viewer reports whether the function runs on the viewer's side of the cache.
func (t Trigger) Viewer() bool { return t == ViewerRequest || t == ViewerResponse }

// Request reports whether the function sees a request: only there can it have the
// body ("The IncludeBody option can only be used with viewer-request or
// origin-request events.", CloudFront's own refusal).
func (t Trigger) Request() bool { return t == ViewerRequest || t == OriginRequest }

// DefaultPath names the default cache behaviour. A path pattern that is
// spelled "default" is "/default" here, so the two cannot be confused.
const DefaultPath = "default"

// CanonicalPath gives the one spelling of a path pattern: with exactly the
// leading slash that CloudFront treats as optional ("*.jpg" and "/*.jpg" match
// alike; CloudFront Developer Guide, "Path pattern").
func CanonicalPath(pattern string) string {
	return "/" + strings.TrimPrefix(pattern, "/")
}

// Slot is a place for one function: a trigger of a cache behaviour of a
// distribution. Path is DefaultPath or a CanonicalPath.
type Slot struct {
	Distribution string  `json:"distribution"`
	Path         string  `json:"path"`
	Trigger      Trigger `json:"trigger"`
}

func (s Slot) String() string {
	return fmt.Sprintf("%s %s %s", s.Distribution, s.Path, s.Trigger)
}

// Compare orders slots by distribution, then path with the default behaviour
// first, then trigger in the order of Triggers.
func (s Slot) Compare(o Slot) int {
	return cmp.Or(
		cmp.Compare(s.Distribution, o.Distribution),
		cmp.Compare(pathRank(s.Path), pathRank(o.Path)),
		cmp.Compare(s.Path, o.Path),
		cmp.Compare(slices.Index(Triggers(), s.Trigger), slices.Index(Triggers(), o.Trigger)),
	)
}

func pathRank(path string) int {
	if path == DefaultPath {
		return 0
	}
	return 1
}

// Binding is what sits, or shall sit, in a slot. The zero value is an empty slot.
type Binding struct {
	Version versions.Ref `json:"version,omitzero"`
	// ARN is set, and Version is not, when what sits there is no numbered
	// version of a us-east-1 function of the distribution's own account:
	// something edgedeploy can give back but not name otherwise.
	ARN         string `json:"arn,omitempty"`
	IncludeBody bool   `json:"includeBody,omitempty"`
}

// Empty reports whether nothing sits there.
func (b Binding) Empty() bool { return b == Binding{} }

func (b Binding) String() string {
	name := b.Version.String()
	switch {
	case b.Empty():
		return "nothing"
	case b.ARN != "":
		name = b.ARN
	}
	if b.IncludeBody {
		name += " with body"
	}
	return name
}

// Table says what sits in which slots. Empty slots have no entry.
type Table map[Slot]Binding

// Slots lists the table's slots in order.
func (t Table) Slots() []Slot {
	slots := make([]Slot, 0, len(t))
	for s := range t {
		slots = append(slots, s)
	}
	slices.SortFunc(slots, Slot.Compare)
	return slots
}

// State is one distribution as it was observed.
type State struct {
	Distribution string
	Account      string // from the distribution's ARN
	DomainName   string
	Aliases      []string // alternate domain names
	Enabled      bool
	Deployed     bool // the last accepted configuration is everywhere
	Staging      bool
	// Modified is when its configuration was changed last; zero where CloudFront
	// does not tell.
	Modified time.Time
	// Policy is the continuous deployment policy's id, "" for none. A listing
	// of distributions does not tell it: then PolicyKnown is false.
	Policy      string
	PolicyKnown bool
	// Behaviors are the canonical paths of the cache behaviours in order of
	// precedence, DefaultPath last.
	Behaviors []string
	Held      Table
	// Functions are the CloudFront Functions on viewer triggers, by ARN. Their
	// presence excludes Lambda@Edge from both viewer triggers of the same
	// behaviour (CloudFront Developer Guide, "Restrictions on edge functions").
	Functions map[Slot]string
}

// Edit is one slot's change within one distribution.
type Edit struct {
	Slot Slot    `json:"slot"`
	From Binding `json:"from,omitzero"`
	To   Binding `json:"to,omitzero"`
}

// Change is everything that changes in one distribution: one write.
type Change struct {
	Distribution string `json:"distribution"`
	Edits        []Edit `json:"edits"`
	// WithPolicy allows for a continuous deployment policy (Rules.WithPolicy),
	// also for one that is attached after the plan was made.
	WithPolicy bool `json:"withPolicy,omitempty"`
}

// Pause says that the write of a distribution is held back, because CloudFront
// throttled it or one before it.
type Pause struct {
	// For is how long, until it is sent.
	For time.Duration
	// Every is how often CloudFront seems to take a write, as learned so far: one in
	// this time. 0 is not known.
	Every time.Duration
	// Throttled is how often in a row this write was throttled itself.
	Throttled int
}

// Ownership is what the releases of a stack say about slots, versions and
// functions.
type Ownership struct {
	// Slots are those that the live release binds, that one in flight binds or
	// edits, and those that were left by a superseded release.
	Slots map[Slot]bool
	// Versions are those that a release of the stack recorded, and those that
	// were seen to carry the stack's own mark, of a function tagged for it.
	Versions map[versions.Ref]bool
	// Functions are those that the live release, or the one in flight, binds
	// somewhere.
	Functions map[string]bool
}

// Ours reports whether b is a version of the stack.
func (o Ownership) Ours(b Binding) bool { return b.ARN == "" && o.Versions[b.Version] }

// Empties reports whether the stack may empty the slot while b sits in it.
func (o Ownership) Empties(s Slot, b Binding) bool { return o.Slots[s] && o.Ours(b) }

// Fills reports whether the stack may fill the slot while b sits in it: it is
// empty, or b is a version of the stack, of a function that it binds somewhere
// or in a slot that it may empty. So a renamed path pattern is no conflict, and
// a version that is only published, and that another tool bound, is one.
func (o Ownership) Fills(s Slot, b Binding) bool {
	return b.Empty() || o.Ours(b) && (o.Functions[b.Version.Function] || o.Slots[s])
}
