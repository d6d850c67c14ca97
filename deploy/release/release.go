package release

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Kind tells which command made a release.
type Kind string

// The kinds of releases.
const (
	KindApply    Kind = "apply"
	KindRollback Kind = "rollback"
	KindResume   Kind = "resume"
	KindDestroy  Kind = "destroy"
)

// Schema is the version of the record's format. Members may be added without
// raising it: a program keeps those that it does not know.
const Schema = 1

// Origin is the number of the release that brought what a release binds.
type Origin int

// Self stands for the record's own number while it has none: the ledger numbers
// a record by its bytes' place, so the bytes cannot hold the number.
const Self Origin = -1

// MarshalJSON writes Self as "self".
func (o Origin) MarshalJSON() ([]byte, error) {
	if o == Self {
		return []byte(`"self"`), nil
	}
	return json.Marshal(int(o))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (o *Origin) UnmarshalJSON(data []byte) error {
	if string(data) == `"self"` {
		*o = Self
		return nil
	}
	var n int
	if err := json.Unmarshal(data, &n); err != nil || n < 0 {
		return fmt.Errorf("a release is named by its number or \"self\", not by %s", data)
	}
	*o = Origin(n)
	return nil
}

// Release records which versions are bound to which slots, by whom, from which
// source and when, and how to go back. The record is written before CloudFront
// is; whether it became live is for the ledger's aliases to say. The zero value
// is release 0, the state before the first: it binds nothing.
type Release struct {
	Schema int    `json:"schema"`
	Number int    `json:"-"` // given by the ledger; 0 before that
	Stack  string `json:"stack"`
	Kind   Kind   `json:"kind"`
	// Adopted reports that an apply took over slots or functions (--adopt).
	Adopted bool `json:"adopted,omitempty"`

	// Parent is the release that was live when this one was made, 0 for none.
	Parent int `json:"parent"`
	// Brought is the release that brought these bindings: a release that
	// changes a slot brings its own, a rollback has its target's.
	Brought Origin `json:"brought"`
	// Returns is where a rollback of this release goes; 0 is before the first.
	Returns int `json:"returns"`
	// Back is the release that a rollback took out of service by going back.
	// Releases on top that change no slot inherit it. 0 if it did not go back.
	Back int `json:"back,omitempty"`
	// Undone and Target are what a rollback undoes and where it goes. They are 0
	// for the other kinds; a Target of 0 is the state before the first release.
	Undone int `json:"undone,omitempty"`
	Target int `json:"target,omitempty"`

	// Automatic reports that --on-failure rollback made a rollback: it holds
	// nothing. A typed rollback that completes it holds as any.
	Automatic bool `json:"automatic,omitempty"`

	RunID   string    `json:"runId"`       // unique, so that no two records have equal bytes
	At      time.Time `json:"at,omitzero"` // a plan's goal has none yet
	Account string    `json:"account"`
	Actor   string    `json:"actor,omitempty"`
	Message string    `json:"message,omitempty"`
	Tool    string    `json:"tool"` // version of edgedeploy
	Source  Source    `json:"source,omitzero"`

	Role          string            `json:"role"` // the ledger function's own
	Tags          map[string]string `json:"tags,omitempty"`
	Functions     []Function        `json:"functions"`     // by key
	Distributions []Distribution    `json:"distributions"` // by key

	// Edits are the slots that this release changes, with what was there when
	// it was made. They tell a later run what was written and what was not.
	Edits []associations.Edit `json:"edits,omitempty"`
	// Takings say what each slot held before this release, or an ancestor,
	// filled it or took it, as far as it was not given back since.
	Takings []Taking `json:"takings,omitempty"`
	// Left are edits of a superseded release that this one does not decide:
	// its run may wake and still write them. They are the stack's to empty.
	Left []Bound `json:"left,omitempty"`
	// Orphans are the Lambda names of functions that earlier releases had and this
	// one has not, sorted; at most MaxOrphans. Prune deletes them once nothing needs
	// them, which is not recorded: they may be gone.
	Orphans []string `json:"orphans,omitempty"`
	// Commits are the clean source commits since the release that this one returns
	// to, newest first, its own included; at most MaxCommits.
	Commits []string `json:"commits,omitempty"`
	// CommitsBefore are those that led to the release that it returns to, as they
	// were applied: a commit that was applied again is there twice. With Commits
	// they are at most MaxCommits. So no release between two is read to tell which
	// commits lie between them.
	CommitsBefore []string `json:"commitsBefore,omitempty"`
	Holds         []Hold   `json:"holds,omitempty"`

	// Unknown are the members that a newer edgedeploy added, as a JSON object;
	// "" for none. A release that is made from this one keeps them.
	Unknown string `json:"-"`
}

// MaxCommits bounds the commits of a record.
const MaxCommits = 100

// MaxOrphans bounds the orphans of a record: those beyond it are not named.
const MaxOrphans = 100

// Orphaned are the functions that none of goal is, and that the releases before it
// had, or named as orphans.
func Orphaned(goal []Function, before ...Release) []string {
	has, gone := map[string]bool{}, map[string]bool{}
	for _, f := range goal {
		has[f.Spec.Function] = true
	}
	for _, r := range before {
		for _, f := range r.Functions {
			gone[f.Spec.Function] = !has[f.Spec.Function]
		}
		for _, name := range r.Orphans {
			gone[name] = !has[name]
		}
	}
	maps.DeleteFunc(gone, func(_ string, is bool) bool { return !is })
	list := slices.Sorted(maps.Keys(gone))
	return list[:min(len(list), MaxOrphans)]
}

// Source is where a release's handlers came from.
type Source struct {
	Commit string `json:"commit,omitempty"` // full git commit id
	Branch string `json:"branch,omitempty"`
	Dirty  bool   `json:"dirty,omitempty"` // files differed from the commit
	// From is the variable of a pipeline that named the commit, because git could
	// not be asked: whether files differed is not known then. "" means git.
	From string `json:"from,omitempty"`
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

// clean lists the commit if the files were exactly those of it.
func (s Source) clean() []string {
	if s.Commit == "" || s.Dirty {
		return nil
	}
	return []string{s.Commit}
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
	// Parts tell people what changed. Older records have none.
	Parts versions.Parts `json:"parts,omitzero"`
}

// Ref names the recorded version.
func (f Function) Ref() versions.Ref {
	return versions.Ref{Function: f.Spec.Function, Number: f.Number}
}

// CompareFunctions orders functions by key.
func CompareFunctions(a, b Function) int { return cmp.Compare(a.Key, b.Key) }

// Function finds a function by its Lambda name.
func (r Release) Function(name string) (Function, bool) {
	for _, f := range r.Functions {
		if f.Spec.Function == name {
			return f, true
		}
	}
	return Function{}, false
}

// Records reports whether the release has exactly this version of a function.
func (r Release) Records(ref versions.Ref) (Function, bool) {
	f, ok := r.Function(ref.Function)
	return f, ok && f.Number == ref.Number && ref.Number != 0
}

// Publishes reports whether the release has a version of this content and
// configuration, for its slots or for others to bind.
func (r Release) Publishes(spec versions.Spec) bool {
	return slices.ContainsFunc(r.Functions, func(f Function) bool { return f.Spec == spec })
}

// Bound names the functions that the release binds somewhere.
func (r Release) Bound() map[string]bool {
	names := map[string]bool{}
	for _, d := range r.Distributions {
		for _, b := range d.Bindings {
			if b.Binding.Version.Function != "" {
				names[b.Binding.Version.Function] = true
			}
		}
	}
	return names
}

// Contents are the specs of the versions that the release binds somewhere.
func (r Release) Contents() map[versions.Spec]bool {
	bound, specs := r.Bound(), map[versions.Spec]bool{}
	for _, f := range r.Functions {
		if bound[f.Spec.Function] {
			specs[f.Spec] = true
		}
	}
	return specs
}

// specs finds the content and configuration of versions that the release
// records.
func (r Release) specs() func(versions.Ref) versions.Spec {
	recorded := make(map[versions.Ref]versions.Spec, len(r.Functions))
	for _, f := range r.Functions {
		recorded[f.Ref()] = f.Spec
	}
	return func(ref versions.Ref) versions.Spec {
		if spec, ok := recorded[ref]; ok && ref.Number != 0 {
			return spec
		}
		return versions.Spec{Function: ref.Function}
	}
}

// Numbered is the release once the ledger gave it a number.
func (r Release) Numbered(n int) Release {
	r.Number = n
	if r.Brought == Self {
		r.Brought = Origin(n)
	}
	r.Takings = slices.Clone(r.Takings)
	for i := range r.Takings {
		if r.Takings[i].Release == Self {
			r.Takings[i].Release = Origin(n)
		}
		if r.Takings[i].Filled == Self {
			r.Takings[i].Filled = Origin(n)
		}
	}
	return r
}

// Resolve fills in the numbers that AWS gave to the versions a plan published.
func (r Release) Resolve(published map[string]versions.Version) Release {
	number := func(b *associations.Binding) {
		if v, ok := published[b.Version.Function]; ok && b.Version.Pending() {
			b.Version = v.Ref
		}
	}
	r.Functions = slices.Clone(r.Functions)
	for i, f := range r.Functions {
		if v, ok := published[f.Spec.Function]; ok && f.Number == 0 {
			r.Functions[i].Number, r.Functions[i].CodeSHA256 = v.Ref.Number, v.CodeSHA256
		}
	}
	r.Distributions = slices.Clone(r.Distributions)
	for i, d := range r.Distributions {
		r.Distributions[i].Bindings = slices.Clone(d.Bindings)
		for j := range d.Bindings {
			number(&r.Distributions[i].Bindings[j].Binding)
		}
	}
	r.Edits = slices.Clone(r.Edits)
	for i := range r.Edits {
		number(&r.Edits[i].To)
	}
	return r
}

// Derive is a new release that binds what this one binds and inherits where it
// came from and where it returns: what resume makes.
func (r Release) Derive(kind Kind) Release {
	r.Kind, r.Parent, r.Adopted = kind, r.Number, false
	r.Undone, r.Target, r.Edits = 0, 0, nil
	r.Number, r.Tags = 0, maps.Clone(r.Tags)
	return r
}
