package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
)

// Distribution is one entry of a stack's distributions, with what it binds
// there. Each binding holds for every id of the entry.
type Distribution struct {
	Key      string   `json:"key"`             // its name in the spec
	Alias    string   `json:"alias,omitempty"` // the alternate domain name it was found by; "" if by id
	IDs      []string `json:"ids"`
	Bindings []Placed `json:"bindings"` // by path and trigger
}

// ID is the entry's only id, "" if it has none or several.
func (d Distribution) ID() string {
	if len(d.IDs) != 1 {
		return ""
	}
	return d.IDs[0]
}

// Placed is a binding at a path pattern and trigger of an entry.
type Placed struct {
	Path    string               `json:"path"`
	Trigger associations.Trigger `json:"trigger"`
	Binding associations.Binding `json:"binding"`
}

// Place names a slot by the distribution's key in the spec, so that it stays
// the same where the key means another distribution.
type Place struct {
	Key     string               `json:"key"`
	Path    string               `json:"path"`
	Trigger associations.Trigger `json:"trigger"`
}

func (p Place) String() string { return fmt.Sprintf("%s %s %s", p.Key, p.Path, p.Trigger) }

// Bound is one slot with what sits in it. (A map with a struct key cannot be
// JSON; releases and plans keep sorted lists.)
type Bound struct {
	Slot    associations.Slot    `json:"slot"`
	Binding associations.Binding `json:"binding"`
	// Release is the superseded release that left it; 0 if that is not known.
	Release int `json:"release,omitempty"`
}

// list gives a table as a list in the order of its slots.
func list(t associations.Table) []Bound {
	list := make([]Bound, 0, len(t))
	for _, s := range t.Slots() {
		list = append(list, Bound{Slot: s, Binding: t[s]})
	}
	return list
}

// Table is what the release binds, by slot.
func (r Release) Table() associations.Table {
	t := associations.Table{}
	for _, d := range r.Distributions {
		for _, id := range d.IDs {
			for _, b := range d.Bindings {
				t[associations.Slot{Distribution: id, Path: b.Path, Trigger: b.Trigger}] = b.Binding
			}
		}
	}
	return t
}

// Bindings is what the release binds, in the order of the slots.
func (r Release) Bindings() []Bound { return list(r.Table()) }

// Places is what the release binds, by place.
func (r Release) Places() map[Place]associations.Binding {
	at := map[Place]associations.Binding{}
	for _, d := range r.Distributions {
		for _, b := range d.Bindings {
			at[Place{d.Key, b.Path, b.Trigger}] = b.Binding
		}
	}
	return at
}

// IDs are the distributions that the release names, sorted.
func (r Release) IDs() []string {
	var ids []string
	for _, d := range r.Distributions {
		ids = append(ids, d.IDs...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// SameBindings reports whether two lists of entries bind the same at the same
// distributions.
func SameBindings(a, b []Distribution) bool {
	return slices.EqualFunc(a, b, func(x, y Distribution) bool {
		return x.Key == y.Key && x.Alias == y.Alias && slices.Equal(x.IDs, y.IDs) && slices.Equal(x.Bindings, y.Bindings)
	})
}

// BindingsDigest names what a release binds, in twelve hex digits: two
// releases with equal digests bind the same.
func (r Release) BindingsDigest() string {
	doc, err := json.Marshal(r.Bindings())
	if err != nil {
		panic("release: bindings are not JSON: " + err.Error()) // plain strings and numbers always are
	}
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:6])
}
