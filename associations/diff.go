package associations

import (
	"slices"

	"github.com/edgedeploy/edgedeploy/versions"
)

// Rules are a person's permissions for one plan.
type Rules struct {
	Adopt       bool // take over slots that are held by something else
	AllowDetach bool // empty the slots of a distribution that left the spec
	WithPolicy  bool // change distributions that take part in continuous deployment
}

// Result is what Diff decided.
type Result struct {
	Changes []Change // by distribution; none without edits
	Adopted []Edit   // slots taken over, whether or not they have to change
	// Detached counts the edits that leave a slot empty.
	Detached int
}

// Want is what shall be bound, and the distributions that the stack names,
// even those that it binds nothing in.
type Want struct {
	Table         Table
	Distributions []string
}

// Diff decides which edits bring the distributions in have to want. It is
// pure, and returns every obstacle at once, in order: *ConflictError,
// *FunctionConflictError, *BehaviorError, *DistributionError, *DetachError and
// *PolicyError. With obstacles the Result must not be run.
func Diff(want Want, have map[string]State, own Ownership, rules Rules) (Result, []error) {
	d := differ{want: want, have: have, own: own, rules: rules, edits: map[string][]Edit{}}
	d.missing()
	for _, slot := range want.Table.Slots() {
		d.wanted(slot, want.Table[slot])
	}
	d.unwanted()
	d.collect()
	return d.result, d.errs
}

type differ struct {
	want   Want
	have   map[string]State
	own    Ownership
	rules  Rules
	edits  map[string][]Edit
	result Result
	errs   []error
}

func (d *differ) edit(e Edit) {
	d.edits[e.Slot.Distribution] = append(d.edits[e.Slot.Distribution], e)
}

// missing reports each wanted distribution that is not there, once.
func (d *differ) missing() {
	ids := slices.Clone(d.want.Distributions)
	for slot := range d.want.Table {
		ids = append(ids, slot.Distribution)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if _, ok := d.have[id]; !ok {
			d.errs = append(d.errs, &DistributionError{Distribution: id})
		}
	}
}

func (d *differ) wanted(slot Slot, want Binding) {
	state, ok := d.have[slot.Distribution]
	if !ok {
		return // missing says it
	}
	if !slices.Contains(state.Behaviors, slot.Path) {
		d.errs = append(d.errs, &BehaviorError{Slot: slot, Exist: state.Behaviors, Domain: state.DomainName})
		return
	}
	if err := FunctionConflict(slot, state); err != nil {
		d.errs = append(d.errs, err)
		return
	}
	held := state.Held[slot]
	if !d.own.Fills(slot, held) {
		if !d.rules.Adopt {
			d.errs = append(d.errs, &ConflictError{Slot: slot, Holder: held})
			return
		}
		d.result.Adopted = append(d.result.Adopted, Edit{Slot: slot, From: held, To: want})
	}
	if held != want {
		d.edit(Edit{Slot: slot, From: held, To: want})
	}
}

// FunctionConflict finds a CloudFront Function that keeps ours out.
func FunctionConflict(slot Slot, state State) error {
	if !slot.Trigger.Viewer() {
		return nil
	}
	for _, on := range []Trigger{ViewerRequest, ViewerResponse} {
		if arn := state.Functions[Slot{slot.Distribution, slot.Path, on}]; arn != "" {
			return &FunctionConflictError{Slot: slot, FunctionARN: arn, On: on}
		}
	}
	return nil
}

// unwanted empties the slots that are ours and no longer wanted.
func (d *differ) unwanted() {
	var slots []Slot
	for slot := range d.own.Slots {
		if _, wanted := d.want.Table[slot]; !wanted {
			slots = append(slots, slot)
		}
	}
	slices.SortFunc(slots, Slot.Compare)
	leaving := map[string][]Slot{}
	for _, slot := range slots {
		held := d.have[slot.Distribution].Held[slot]
		if held.Empty() || !d.own.Empties(slot, held) {
			continue
		}
		if !slices.Contains(d.want.Distributions, slot.Distribution) {
			leaving[slot.Distribution] = append(leaving[slot.Distribution], slot)
		}
		d.edit(Edit{Slot: slot, From: held})
	}
	if d.rules.AllowDetach {
		return
	}
	for _, id := range sortedKeys(leaving) {
		d.errs = append(d.errs, &DetachError{Distribution: id, Slots: leaving[id]})
	}
}

// collect makes one change of each distribution's edits.
func (d *differ) collect() {
	for _, id := range sortedKeys(d.edits) {
		edits := d.edits[id]
		slices.SortFunc(edits, func(a, b Edit) int { return a.Slot.Compare(b.Slot) })
		for _, e := range edits {
			if e.To.Empty() {
				d.result.Detached++
			}
		}
		d.result.Changes = append(d.result.Changes, Change{Distribution: id, Edits: edits, WithPolicy: d.rules.WithPolicy})
		state := d.have[id]
		if !d.rules.WithPolicy && (state.Staging || state.Policy != "") {
			d.errs = append(d.errs, &PolicyError{Distribution: id, Policy: state.Policy})
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Apply gives the state that a distribution has once ch was written to it.
// It is what Simulate and the tests reason with.
func (s State) Apply(ch Change, number func(versions.Ref) versions.Ref) State {
	held := Table{}
	for slot, b := range s.Held {
		held[slot] = b
	}
	for _, e := range ch.Edits {
		if e.To.Empty() {
			delete(held, e.Slot)
			continue
		}
		to := e.To
		if to.Version.Pending() {
			to.Version = number(to.Version)
		}
		held[e.Slot] = to
	}
	s.Held = held
	s.Deployed = false
	return s
}
