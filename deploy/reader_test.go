package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

func TestAListingGoesOnAsLongAsItIsLikelyToBeCheaper(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pages, found, left int
		want               bool
	}{
		{0, 0, 0, false},     // nothing is wanted
		{0, 0, 5, false},     // five single reads, or one page and who knows how many more
		{0, 0, 6, true},      //
		{1, 0, 6, false},     // a page of others: six single reads
		{1, 2, 4, true},      // the page told of two
		{1, 3, 3, true},      //
		{3, 3, 3, false},     // one a page: no better than single reads
		{1, 100, 900, true},  // a thousand of a thousand
		{9, 900, 100, true},  //
		{10, 1000, 0, false}, // all told
		{50, 60, 2, true},    //
		{0, 0, 1, false},     //
		{8, 0, 50, false},    // a sixth of the price was spent on others
		{7, 0, 50, true},     //
		{83, 0, 500, false},  //
	} {
		if got := worthListing(tt.pages, tt.found, tt.left); got != tt.want {
			t.Errorf("after %d pages with %d found and %d left: %t", tt.pages, tt.found, tt.left, got)
		}
	}
}

// However an account is laid out, a look at it never costs more than a sixth more
// than single reads, and one call for each thing that is not there.
func TestNoLayoutOfAnAccountMakesListingExpensive(t *testing.T) {
	t.Parallel()
	for _, others := range []int{0, 1, 99, 100, 101, 1000, 20000} {
		for _, wanted := range []int{1, 5, 6, 7, 40, 100, 1000} {
			for _, last := range []bool{false, true} {
				w := newWorld(others, wanted, last)
				got, err := NewReader(w.cloud()).Distributions(t.Context(), w.wanted)
				if err != nil || len(got) != wanted {
					t.Fatalf("%d of %d, %v", len(got), wanted, err)
				}
				if calls := w.count(""); calls > wanted+wanted/listFrom {
					t.Errorf("%d wanted among %d others (at the end: %t): %d calls", wanted, others, last, calls)
				}
			}
		}
	}
}

func TestAThousandOfAThousandTakeTenPages(t *testing.T) {
	t.Parallel()
	w := newWorld(0, 1000, false)
	r := NewReader(w.cloud())
	for range 2 { // nothing is read twice
		if got, err := r.Distributions(t.Context(), w.wanted); err != nil || len(got) != 1000 {
			t.Fatalf("%d, %v", len(got), err)
		}
	}
	w.want(t, "page 10")
}

// A listing may be older than a distribution.
func TestADistributionThatAListingLacksIsReadBeforeItCountsAsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(0, 20, false)
	w.unlisted["D0003"], w.gone["D0004"] = true, true
	r := NewReader(w.cloud())
	for range 2 {
		got, err := r.Distributions(t.Context(), w.wanted)
		if _, there := got["D0003"]; err != nil || !there || len(got) != 19 {
			t.Errorf("%d, %v", len(got), err)
		}
	}
	w.want(t, "page 1", "read D0003", "read D0004")
}

// A rollback that believed a listing from before the release that it undoes would
// find nothing to do, and leave the release in service.
func TestWhatAListingSaysAgainstTheLedgerIsReadSingly(t *testing.T) {
	t.Parallel()
	one, two := associations.Binding{Version: versions.Ref{Function: "f", Number: 1}}, associations.Binding{Version: versions.Ref{Function: "f", Number: 2}}
	slot := func(id string) associations.Slot {
		return associations.Slot{Distribution: id, Path: "default", Trigger: associations.ViewerRequest}
	}
	w := newWorld(0, 20, false)
	live := release.Release{Number: 2}
	for _, id := range w.wanted[:18] {
		live.Distributions = append(live.Distributions, release.Distribution{Key: id, IDs: []string{id}, Bindings: []release.Placed{
			{Path: "default", Trigger: associations.ViewerRequest, Binding: two},
		}})
		w.held[id], w.lists[id] = two, two
	}
	w.lists["D0003"] = one // as it was before release 2
	live.Edits = []associations.Edit{{Slot: slot("D0018"), From: one}}
	live.Distributions = append(live.Distributions, release.Distribution{Key: "D0018", IDs: []string{"D0018"}})
	w.lists["D0018"] = one // emptied by release 2
	state := release.LedgerState{Live: live, Pending: release.Release{
		Number: 3, Edits: []associations.Edit{{Slot: slot("D0005"), From: two, To: one}},
		Left: []release.Bound{{Slot: slot("D0019"), Binding: one}},
	}}
	got, err := NewReader(w.cloud()).Stack(t.Context(), state, nil)
	if err != nil || len(got) != 20 {
		t.Fatalf("%d, %v", len(got), err)
	}
	for id, state := range got {
		if state.Held[slot(id)] != w.held[id] {
			t.Errorf("%s is said to hold %v, and holds %v", id, state.Held[slot(id)], w.held[id])
		}
	}
	w.want(t, "page 1", "read D0003", "read D0005", "read D0018", "read D0019")
	w.calls = nil
	state.Pending = release.Release{}
	w.lists["D0003"], w.lists["D0018"] = two, associations.Binding{}
	if _, err := NewReader(w.cloud()).Stack(t.Context(), state, nil); err != nil {
		t.Fatal(err)
	}
	w.want(t, "page 1")
}

func TestALaterSearchGoesOnWhereTheListingEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(300, 6, false) // D0000 to D0005 on the first page
	r := NewReader(w.cloud())
	if _, err := r.Distributions(t.Context(), w.wanted); err != nil {
		t.Fatal(err)
	}
	ids, err := r.Aliased(t.Context(), []string{"d0005.EXAMPLE", "d0250.example"})
	if diff := cmp.Diff(map[string]string{"d0005.EXAMPLE": "D0005", "d0250.example": "D0250"}, ids); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	all, err := r.All(t.Context())
	if err != nil || len(all) != 306 {
		t.Errorf("%d, %v", len(all), err)
	}
	w.want(t, "page 4")
}

func TestWithoutThePermissionToListThingsAreReadOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(0, 20, false)
	w.refused = true
	r := NewReader(w.cloud())
	if got, err := r.Distributions(t.Context(), w.wanted); err != nil || len(got) != 20 {
		t.Errorf("%d, %v", len(got), err)
	}
	if missing, err := r.Missing(t.Context(), names(20)); err != nil || len(missing) != 0 {
		t.Errorf("%v, %v", missing, err)
	}
	if w.count("read") != 20 || w.count("page") != 1 || w.count("functions") != 1 {
		t.Errorf("%v", w.calls)
	}
	if _, err := r.Aliased(t.Context(), []string{"other.example"}); err != nil {
		t.Errorf("what was read one by one can be searched all the same: %v", err)
	}
	if _, err := NewReader(w.cloud()).Aliased(t.Context(), []string{"other.example"}); !isRefused(err) {
		t.Errorf("a name can only be found by listing, and it says %v", err)
	}
}

func TestPoliciesOfManyAreOneCallWhereThereIsNone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		wanted   int
		policies bool
		refused  bool
		calls    []string
	}{
		{100, false, false, []string{"page 1", "policies 1"}},
		{8, true, false, []string{"page 1", "policies 1", "read 8"}},
		{8, false, true, []string{"page 1", "policies 1", "read 8"}},
		{3, true, false, []string{"read 3"}},
	} {
		w := newWorld(0, tt.wanted, false)
		w.policy["D0001"] = tt.policies
		r := NewReader(w.cloud())
		_, err := r.Distributions(t.Context(), w.wanted)
		w.refused = tt.refused
		got, perr := r.Policies(t.Context(), w.wanted)
		if errors.Join(err, perr) != nil || len(got) != tt.wanted {
			t.Fatalf("%d, %v %v", len(got), err, perr)
		}
		for id, state := range got {
			if !state.PolicyKnown || (state.Policy != "") != w.policy[id] {
				t.Errorf("%s: %+v", id, state)
			}
		}
		if diff := cmp.Diff(tt.calls, w.sums()); diff != "" {
			t.Errorf("calls (-want +got)\n%s", diff)
		}
	}
}

func TestFunctionsThatAListingLacksAreMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(0, 1, false)
	w.functions = names(120)
	missing, err := NewReader(w.cloud()).Missing(t.Context(), append(names(10), slices.Collect(fresh(40))...))
	if err != nil || len(missing) != 40 || missing["f0000"] {
		t.Errorf("%d, %v", len(missing), err)
	}
	w.want(t, "functions 3")
	w.calls, w.functions = nil, names(5000)
	if missing, err = NewReader(w.cloud()).Missing(t.Context(), slices.Collect(fresh(40))); err != nil || len(missing) != 0 {
		t.Errorf("a listing that was not read to its end says that %v are missing, %v", missing, err)
	}
	w.want(t, "functions 6")
}

func TestAVersionIsReadOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(0, 1, false)
	r := NewReader(w.cloud())
	for range 2 {
		if _, err := r.Version(t.Context(), versions.Ref{Function: "f", Number: 1}); err != nil {
			t.Error(err)
		}
		if _, err := r.Version(t.Context(), versions.Ref{Function: "f", Number: 404}); !errors.Is(err, versions.ErrNoVersion) {
			t.Error(err)
		}
	}
	w.want(t, "version f:1", "version f:404")
}

// The first plan of a large stack: what the account says in a few pages is asked
// for in a few pages.
func TestTheFirstPlanOfManyListsWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, byAlias := range []bool{false, true} {
		w := newWorld(0, 1000, false)
		want := plan.Desired{Stack: "shop", Account: "123456789012"}
		for i := range 500 {
			name := fmt.Sprintf("shop-%03d", i)
			want.Functions = append(want.Functions, release.Function{Key: name, Spec: versions.Spec{Function: name, Content: "c"}})
		}
		for i, id := range w.wanted {
			d := release.Distribution{Key: id, IDs: []string{id}, Bindings: []release.Placed{{
				Path: "default", Trigger: associations.ViewerRequest,
				Binding: associations.Binding{Version: versions.Ref{Function: want.Functions[i%500].Spec.Function}},
			}}}
			if byAlias {
				d.Alias, d.IDs = strings.ToLower(id)+".example", nil
			}
			want.Distributions = append(want.Distributions, d)
		}
		p, r := w.plan(t, want, release.Release{})
		if len(p.Writes()) != 1000 {
			t.Fatalf("%d writes", len(p.Writes()))
		}
		for s := range p.Steps() {
			if publish, ok := s.(plan.Publish); ok && !publish.Create {
				t.Fatalf("%s is not to be created", publish.Key)
			}
		}
		w.want(t, "functions 1", "page 10", "policies 1")
		if r.ended != true {
			t.Error("the listing was not read to its end")
		}

		// The next one finds everything as the release says.
		made := map[string]versions.Version{}
		for _, f := range p.Goal.Functions {
			made[f.Spec.Function] = versions.Version{Ref: versions.Ref{Function: f.Spec.Function, Number: 1}, Spec: f.Spec}
		}
		live := p.Goal.Resolve(made)
		live.Number = 1
		for _, d := range live.Distributions {
			w.held[d.ID()], w.lists[d.ID()] = d.Bindings[0].Binding, d.Bindings[0].Binding
		}
		w.calls = nil
		if p, _ = w.plan(t, want, live); p.Changes() {
			t.Errorf("there is something to do: %d writes", len(p.Writes()))
		}
		w.want(t, "page 10")
	}
}

// plan plans an apply.
func (w *world) plan(t *testing.T, want plan.Desired, live release.Release) (plan.Plan, *Reader) {
	t.Helper()
	r := NewReader(w.cloud())
	found, err := Resolve(t.Context(), r, want.Distributions, live)
	if err != nil {
		t.Fatal(err)
	}
	want.Distributions = found
	state := release.LedgerState{Account: "123456789012", Exists: live.Number != 0, Live: live}
	p, err := Prepare(t.Context(), r, state, want, plan.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	return p, r
}

// world is an account of distributions that counts what it is asked.
type world struct {
	versions.Lambda
	ids      []string // in the order of the listing
	wanted   []string
	unlisted map[string]bool
	gone     map[string]bool
	policy   map[string]bool
	// held is what the default behavior of a distribution holds, and lists what
	// the listing says of it.
	held, lists map[string]associations.Binding
	functions   []string
	refused     bool // listing is not allowed

	mu    sync.Mutex
	calls []string
}

// newWorld has the wanted distributions before all others, or after them.
func newWorld(others, wanted int, last bool) *world {
	w := &world{unlisted: map[string]bool{}, gone: map[string]bool{}, policy: map[string]bool{},
		held: map[string]associations.Binding{}, lists: map[string]associations.Binding{}}
	for i := range others + wanted {
		w.ids = append(w.ids, fmt.Sprintf("D%04d", i))
	}
	w.wanted = w.ids[:wanted]
	if last {
		w.wanted = w.ids[others:]
	}
	return w
}

func names(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("f%04d", i))
	}
	return list
}

func fresh(n int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for i := range n {
			if !yield(fmt.Sprintf("new%d", i)) {
				return
			}
		}
	}
}

func (w *world) cloud() Cloud { return Cloud{Lambda: w, CloudFront: w, Identity: w} }

func (w *world) note(call string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, call)
}

func (w *world) count(kind string) (n int) {
	for _, c := range w.calls {
		if strings.HasPrefix(c, kind) {
			n++
		}
	}
	return n
}

// sums are the calls counted by kind.
func (w *world) sums() []string {
	counted := map[string]int{}
	for _, c := range w.calls {
		kind, _, _ := strings.Cut(c, " ")
		counted[kind]++
	}
	var list []string
	for kind, n := range counted {
		list = append(list, fmt.Sprintf("%s %d", kind, n))
	}
	slices.Sort(list)
	return list
}

// want compares the calls: listings by their number, single reads by name.
func (w *world) want(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, c := range w.calls {
		if strings.HasPrefix(c, "read") || strings.HasPrefix(c, "version") {
			got = append(got, c)
		}
	}
	for _, sum := range w.sums() {
		if !strings.HasPrefix(sum, "read") && !strings.HasPrefix(sum, "version") {
			got = append(got, sum)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
}

type refusal struct{}

func (refusal) Error() string { return "not authorized" }
func (refusal) Refused() bool { return true }

func (w *world) state(id string, holds map[string]associations.Binding) associations.State {
	held := associations.Table{}
	if b := holds[id]; !b.Empty() {
		held[associations.Slot{Distribution: id, Path: "default", Trigger: associations.ViewerRequest}] = b
	}
	return associations.State{
		Distribution: id, Account: "123456789012", Aliases: []string{strings.ToLower(id) + ".example"}, Enabled: true, Deployed: true,
		Behaviors: []string{"default"}, Held: held,
	}
}

func (w *world) Distribution(_ context.Context, id string) (associations.State, error) {
	w.note("read " + id)
	if w.gone[id] {
		return associations.State{}, &associations.DistributionError{Distribution: id}
	}
	s := w.state(id, w.held)
	s.PolicyKnown = true
	if w.policy[id] {
		s.Policy = "P1"
	}
	return s, nil
}

func (w *world) DistributionPage(_ context.Context, marker string) ([]associations.State, string, error) {
	w.note("page")
	if w.refused {
		return nil, "", refusal{}
	}
	from, _ := slices.BinarySearch(w.ids, marker)
	to := min(from+100, len(w.ids))
	var page []associations.State
	for _, id := range w.ids[from:to] {
		if !w.unlisted[id] && !w.gone[id] {
			page = append(page, w.state(id, w.lists))
		}
	}
	if to == len(w.ids) {
		return page, "", nil
	}
	return page, w.ids[to], nil
}

func (w *world) AnyPolicy(context.Context) (bool, error) {
	w.note("policies")
	if w.refused {
		return false, refusal{}
	}
	for _, attached := range w.policy {
		if attached {
			return true, nil
		}
	}
	return false, nil
}

func (w *world) Write(context.Context, string, associations.Change, func(context.Context) error, func(associations.Pause)) (associations.State, error) {
	panic("a look writes nothing")
}

func (w *world) FunctionPage(_ context.Context, marker string) ([]versions.Head, string, error) {
	w.note("functions")
	if w.refused {
		return nil, "", refusal{}
	}
	from, _ := slices.BinarySearch(w.functions, marker)
	to := min(from+50, len(w.functions))
	var page []versions.Head
	for _, name := range w.functions[from:to] {
		page = append(page, versions.Head{Function: name, Exists: true})
	}
	if to == len(w.functions) {
		return page, "", nil
	}
	return page, w.functions[to], nil
}

func (w *world) Replicable(context.Context, versions.Ref) (bool, error) {
	panic("a plan asks for no policy")
}

func (w *world) Version(_ context.Context, r versions.Ref) (versions.Published, error) {
	w.note("version " + r.String())
	if r.Number == 404 {
		return versions.Published{}, versions.ErrNoVersion
	}
	return versions.Published{Version: versions.Version{Ref: r}}, nil
}

func (w *world) Account(context.Context) (string, error) {
	w.note("account")
	return "123456789012", nil
}
