package release

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Kind says how a release came to be.
type Kind string

// The kinds of releases.
const (
	KindApply    Kind = "apply"
	KindAdopt    Kind = "adopt" // an apply that took over slots or functions
	KindRollback Kind = "rollback"
	KindResume   Kind = "resume"
)

// ReleaseSchema is the version of the release record's format.
const ReleaseSchema = 1

// Release records which versions were bound to which slots, by whom, from
// which source and when. The record is written before traffic is touched;
// whether it became live is the ledger's to say.
type Release struct {
	Schema int    `json:"schema"`
	Number int    `json:"-"` // given by the ledger; 0 before that
	Stack  string `json:"stack"`
	Kind   Kind   `json:"kind"`
	// Parent is the release that was live when this one was made, 0 for none.
	Parent int `json:"parent"`
	// Of is the release that a rollback went back to. It is 0 for the other
	// kinds, and for a rollback to the state before the first release.
	Of      int       `json:"of,omitempty"`
	RunID   string    `json:"runId"` // unique, so that no two records have equal bytes
	At      time.Time `json:"at"`
	Account string    `json:"account"`
	Actor   string    `json:"actor,omitempty"`
	Message string    `json:"message,omitempty"`
	Tool    string    `json:"tool"` // version of edgedeploy
	Source  Source    `json:"source,omitzero"`

	Role          string            `json:"role"` // the ledger function's own
	Tags          map[string]string `json:"tags,omitempty"`
	Functions     []Function        `json:"functions"`     // by key
	Distributions []Distribution    `json:"distributions"` // by key
	Bindings      []Bound           `json:"bindings"`      // by slot
	// Changed are the edits this release made, with the previous holder of
	// each slot, foreign ones included.
	Changed []associations.Edit `json:"changed,omitempty"`
	// Origins says what sat in each bound slot before the stack first took it.
	// Slots that were empty have no entry. A rollback to 0 gives these back.
	Origins []Bound `json:"origins,omitempty"`
	Holds   []Hold  `json:"holds,omitempty"`
}

// Source is where a release's handlers came from.
type Source struct {
	Commit string `json:"commit,omitempty"` // full git commit id
	Branch string `json:"branch,omitempty"`
	Dirty  bool   `json:"dirty,omitempty"` // files differed from the commit
}

// Function is one function of a stack: wanted, or as a release recorded it.
type Function struct {
	Key        string        `json:"key"` // its name in the spec
	Spec       versions.Spec `json:"spec"`
	Trampoline int           `json:"trampoline,omitempty"` // 0 for ready bundles
	// Number is the published version. In a Desired it is 0 for "whichever
	// version is Spec", and set when exactly this version is meant (rollback).
	Number     int    `json:"number"`
	CodeSHA256 string `json:"codeSha256,omitempty"` // base64, of the zip
	ZipBytes   int64  `json:"zipBytes,omitempty"`
}

// Ref names the recorded version.
func (f Function) Ref() versions.Ref {
	return versions.Ref{Function: f.Spec.Function, Number: f.Number}
}

// Distribution is one distribution of a stack.
type Distribution struct {
	Key   string `json:"key"` // its name in the spec
	ID    string `json:"id"`
	Alias string `json:"alias,omitempty"` // the name it was found by
}

// Bound is one slot with what sits in it. (A map with a struct key cannot be
// JSON; releases and plans keep sorted lists.)
type Bound struct {
	Slot    associations.Slot    `json:"slot"`
	Binding associations.Binding `json:"binding"`
}

// Table gives a list of bound slots as a table.
func Table(list []Bound) associations.Table {
	t := make(associations.Table, len(list))
	for _, b := range list {
		t[b.Slot] = b.Binding
	}
	return t
}

// List gives a table as a list in the order of its slots.
func List(t associations.Table) []Bound {
	list := make([]Bound, 0, len(t))
	for _, s := range t.Slots() {
		list = append(list, Bound{s, t[s]})
	}
	return list
}

// BindingsDigest names what a release binds, in twelve hex digits: two
// releases with equal digests bind the same.
func (r Release) BindingsDigest() string {
	list := slices.Clone(r.Bindings)
	slices.SortFunc(list, func(a, b Bound) int { return a.Slot.Compare(b.Slot) })
	doc, err := json.Marshal(list)
	if err != nil {
		panic("deploy: bindings are not JSON: " + err.Error()) // plain strings and numbers always are
	}
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:6])
}

// Function finds a function by its Lambda name.
func (r Release) Function(name string) (Function, bool) {
	for _, f := range r.Functions {
		if f.Spec.Function == name {
			return f, true
		}
	}
	return Function{}, false
}

// Summary is what a listing of the ledger tells about a release without
// opening its record.
type Summary struct {
	Number   int
	Kind     Kind
	Parent   int
	Of       int
	At       time.Time
	Bindings string // BindingsDigest
	Commit   string // twelve digits, with "+" behind when dirty
	Holds    int    // how many holds were in force with it
	Actor    string // both may be cut short
	Message  string
}

// Summary tells of a release what a listing tells.
func (r Release) Summary() Summary {
	s := Summary{
		Number: r.Number, Kind: r.Kind, Parent: r.Parent, Of: r.Of, At: r.At,
		Bindings: r.BindingsDigest(), Commit: r.Source.Short(), Holds: len(r.Holds),
		Actor: r.Actor, Message: r.Message,
	}
	return s
}

// Short names the commit in twelve digits, with "+" behind when files differed from it.
func (s Source) Short() string {
	short := s.Commit
	if len(short) > 12 {
		short = short[:12]
	}
	if s.Dirty {
		short += "+"
	}
	return short
}

func CompareFunctions(a, b Function) int { return cmp.Compare(a.Key, b.Key) }

// Resolve fills in the numbers that AWS gave to the versions a plan published.
func (r Release) Resolve(published map[string]versions.Version) Release {
	number := func(ref versions.Ref) versions.Ref {
		if v, ok := published[ref.Function]; ok && ref.Pending() {
			return v.Ref
		}
		return ref
	}
	r.Functions = slices.Clone(r.Functions)
	for i, f := range r.Functions {
		if v, ok := published[f.Spec.Function]; ok && f.Number == 0 {
			r.Functions[i].Number, r.Functions[i].CodeSHA256 = v.Ref.Number, v.CodeSHA256
		}
	}
	r.Bindings = slices.Clone(r.Bindings)
	for i := range r.Bindings {
		r.Bindings[i].Binding.Version = number(r.Bindings[i].Binding.Version)
	}
	r.Changed = slices.Clone(r.Changed)
	for i := range r.Changed {
		r.Changed[i].To.Version = number(r.Changed[i].To.Version)
	}
	return r
}
