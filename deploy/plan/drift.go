package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// DriftKind says what a divergence is about.
type DriftKind string

// The kinds of divergences.
const (
	DriftSlot    DriftKind = "slot"    // a slot of the live release holds something else
	DriftGone    DriftKind = "gone"    // its distribution or cache behavior does not exist any more
	DriftStray   DriftKind = "stray"   // a version of the stack sits where no release put it
	DriftVersion DriftKind = "version" // a recorded version is gone, or is not what was recorded
	DriftLatest  DriftKind = "latest"  // $LATEST is no version that the stack published
	DriftTags    DriftKind = "tags"    // a function's tags
	// A resource policy that lacks the statement which CloudFront added: replication
	// to further edge locations fails then (LIKELY), and binding the version anew
	// adds it again (LIKELY).
	DriftReplication DriftKind = "replication"
	DriftLedger      DriftKind = "ledger" // the function that keeps the releases, or its aliases
)

// Divergence is one respect in which an account is not as the live release left it.
type Divergence struct {
	Kind DriftKind
	// Slot is that of the first three kinds, with what the live release put there
	// and what it holds.
	Slot           associations.Slot
	Recorded, Live associations.Binding
	// Version is the version of the others, or with number 0 the function.
	Version versions.Ref
	Detail  string // in words
	// Since is when AWS says that the distribution, or $LATEST, was changed last;
	// zero where it does not tell. By whom only CloudTrail knows.
	Since time.Time
	// Repaired reports that apply repairs it without being asked for more.
	Repaired bool
}

// Drifts compares an account with what the live release recorded. It is pure.
// replicable says of bound versions whether CloudFront may replicate them; one that
// is not in it was not asked for.
func Drifts(have Observed, replicable map[versions.Ref]bool) []Divergence {
	d := &drifts{have: have, live: have.Ledger.Live}
	d.ledger()
	d.slots()
	for _, s := range Strays(have) {
		d.add(Divergence{Kind: DriftStray, Slot: s.Slot, Live: s.Binding, Detail: s.Origin(), Since: have.Distributions[s.Slot.Distribution].Modified})
	}
	for _, f := range d.live.Functions {
		d.version(f)
		d.latest(f)
		d.tags(f)
		if ok, asked := replicable[f.Ref()]; asked && !ok && !have.Gone[f.Ref()] {
			d.add(Divergence{
				Kind: DriftReplication, Version: f.Ref(),
				Detail: "its resource policy keeps CloudFront's replicator out: bind it anew",
			})
		}
	}
	return d.list
}

type drifts struct {
	have Observed
	live release.Release
	list []Divergence
}

func (d *drifts) add(one Divergence) { d.list = append(d.list, one) }

// ledger looks at the function that keeps the releases.
func (d *drifts) ledger() {
	name := release.LedgerFunction(d.have.Stack)
	add := func(format string, args ...any) {
		d.add(Divergence{Kind: DriftLedger, Version: versions.Ref{Function: name}, Detail: fmt.Sprintf(format, args...), Since: d.have.Heads[name].Modified})
	}
	if n := d.have.Ledger.Lost; n != 0 {
		add("alias live was deleted or moved by hand: release %d was live", n)
	}
	if n := d.have.Ledger.Broken; n != 0 {
		add("alias live names version %d, which is no record of a release", n)
	}
	if head := d.have.Heads[name]; head.Exists && d.live.Number != 0 && head.Config.Role != d.live.Role {
		add("its role is %s instead of %s", head.Config.Role, d.live.Role)
	}
}

// slots compares what the live release binds with what is there.
func (d *drifts) slots() {
	own := owned(release.Base{Live: d.live, Superseded: d.have.Ledger.Pending}, d.have)
	flying := decidedBy(d.have.Ledger.Pending.Table(), d.have.Ledger.Pending.Edits)
	for _, b := range d.live.Bindings() {
		if flying(b.Slot) {
			continue // a release in flight writes it
		}
		one := Divergence{Kind: DriftSlot, Slot: b.Slot, Recorded: b.Binding}
		there, ok := d.have.Distributions[b.Slot.Distribution]
		one.Since, one.Live = there.Modified, there.Held[b.Slot]
		switch {
		case !ok:
			one.Kind, one.Detail = DriftGone, "the distribution does not exist any more"
		case !slices.Contains(there.Behaviors, b.Slot.Path):
			one.Kind, one.Detail = DriftGone, "the cache behavior does not exist any more"
		case one.Live == b.Binding:
			continue
		case one.Live.Empty():
			one.Detail, one.Repaired = "the association was removed", true
		case one.Live.Version == b.Binding.Version:
			one.Detail, one.Repaired = "include-body was changed", own.Fills(b.Slot, one.Live)
		default:
			one.Detail, one.Repaired = "another version was associated", own.Fills(b.Slot, one.Live)
		}
		d.add(one)
	}
}

// version compares a recorded version with what it is.
func (d *drifts) version(f release.Function) {
	ref := f.Ref()
	one := Divergence{Kind: DriftVersion, Version: ref}
	if d.have.Gone[ref] {
		one.Detail, one.Repaired = "it does not exist any more", true
		d.add(one)
		return
	}
	seen, looked := d.have.States[ref]
	if !looked {
		return
	}
	recorded := versions.Version{Ref: ref, Spec: f.Spec, CodeSHA256: f.CodeSHA256}
	if f.CodeSHA256 == "" {
		recorded.CodeSHA256 = seen.Version.CodeSHA256 // not recorded
	}
	if differs := versions.Differences(seen.Version, recorded, seen.Version.Stack); differs != "" {
		one.Detail = differs
		d.add(one)
	}
	if s := seen.State.State; s != "" && s != "Active" && s != "Pending" && d.live.Bound()[ref.Function] {
		one.Detail = "it is " + s
		d.add(one)
	}
}

// latest says whether $LATEST is what was published last, or whichever version
// of the stack.
func (d *drifts) latest(f release.Function) {
	head, looked := d.have.Heads[f.Spec.Function]
	if lock := d.have.Ledger.Lock; lock.RunID != "" || lock.Taken != "" {
		return // a run publishes, or died while it did
	}
	if !looked || head.Config == f.Spec.Config && head.CodeSHA256 == f.CodeSHA256 {
		return
	}
	known, listed := d.have.Versions[f.Spec.Function]
	if !listed {
		return
	}
	for _, v := range known {
		if v.Stack == d.have.Stack && v.CodeSHA256 == head.CodeSHA256 && v.Spec.Config == head.Config {
			return
		}
	}
	what := "code"
	if slices.ContainsFunc(known, func(v versions.Version) bool { return v.CodeSHA256 == head.CodeSHA256 }) {
		what = "configuration"
	}
	d.add(Divergence{
		Kind: DriftLatest, Version: versions.Ref{Function: f.Spec.Function}, Since: head.Modified,
		Detail: "$LATEST was edited (" + what + "): the next publication overwrites it",
	})
}

// tags compares a function's tags with those that the live release gave it. Tags
// of others are no drift.
func (d *drifts) tags(f release.Function) {
	seen, looked := d.have.States[f.Ref()]
	if !looked {
		return
	}
	one := Divergence{Kind: DriftTags, Version: versions.Ref{Function: f.Spec.Function}}
	if seen.TagsError != "" {
		return // not every caller may read them: nothing is known then
	}
	want := maps.Clone(d.live.Tags)
	if want == nil {
		want = map[string]string{}
	}
	want[versions.StackTag] = d.have.Stack
	var differ []string
	for _, key := range slices.Sorted(maps.Keys(want)) {
		switch have, ok := seen.Tags[key]; {
		case !ok:
			differ = append(differ, fmt.Sprintf("%s is missing (%s)", key, strconv.Quote(want[key])))
		case have != want[key]:
			differ = append(differ, fmt.Sprintf("%s is %s instead of %s", key, strconv.Quote(have), strconv.Quote(want[key])))
		}
	}
	if len(differ) > 0 {
		one.Detail = "tag " + strings.Join(differ, "; ")
		d.add(one)
	}
}
