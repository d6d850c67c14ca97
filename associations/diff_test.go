package associations_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

var (
	viewer = associations.Slot{Distribution: "E1", Path: associations.DefaultPath, Trigger: associations.ViewerRequest}
	images = associations.Slot{Distribution: "E1", Path: "/img/*", Trigger: associations.OriginResponse}
	gone   = associations.Slot{Distribution: "E1", Path: "/gone", Trigger: associations.OriginResponse}
	other  = associations.Slot{Distribution: "E2", Path: associations.DefaultPath, Trigger: associations.ViewerRequest}
	absent = associations.Slot{Distribution: "E9", Path: associations.DefaultPath, Trigger: associations.ViewerRequest}

	ours    = bind("auth", 3)
	newer   = bind("auth", 4)
	foreign = bind("theirs", 9)
	pending = bind("auth", 0)
	odd     = associations.Binding{ARN: "arn:aws:lambda:eu-west-1:1:function:x"}
)

func bind(name string, n int) associations.Binding {
	return associations.Binding{Version: versions.Ref{Function: name, Number: n}}
}

func withBody(b associations.Binding) associations.Binding { b.IncludeBody = true; return b }

func state(id string, held associations.Table) associations.State {
	return associations.State{
		Distribution: id, DomainName: id + ".cloudfront.net", Deployed: true, PolicyKnown: true,
		Behaviors: []string{"/img/*", associations.DefaultPath}, Held: held,
	}
}

// owned says that these slots are recorded, and that auth's versions are ours.
func owned(slots ...associations.Slot) associations.Ownership {
	o := associations.Ownership{Slots: map[associations.Slot]bool{}, Versions: map[versions.Ref]bool{ours.Version: true, newer.Version: true}, Functions: map[string]bool{}}
	for _, s := range slots {
		o.Slots[s] = true
	}
	return o
}

func TestWhatTheStackMayFillAndEmpty(t *testing.T) {
	t.Parallel()
	binds := owned(viewer)
	binds.Functions["auth"] = true
	unseen := bind("auth", 9)
	for name, c := range map[string]struct {
		own                  associations.Ownership
		slot                 associations.Slot
		held                 associations.Binding
		ours, empties, fills bool
	}{
		"an empty slot":           {binds, images, associations.Binding{}, false, false, true},
		"our version in our slot": {binds, viewer, ours, true, true, true},
		"our version, moved, of a function that is bound": {binds, images, ours, true, false, true},
		"our version in another slot, of one that is not": {owned(viewer), images, ours, true, false, false},
		"our version in our slot, of one that is not":     {owned(viewer), viewer, ours, true, true, true},
		"a version without our mark, in our slot":         {binds, viewer, unseen, false, false, false},
		"theirs in our slot":                              {binds, viewer, foreign, false, false, false},
		"an odd ARN in our slot":                          {binds, viewer, odd, false, false, false},
	} {
		if c.own.Ours(c.held) != c.ours || c.own.Empties(c.slot, c.held) != c.empties || c.own.Fills(c.slot, c.held) != c.fills {
			t.Errorf("%s: ours %v, empties %v, fills %v", name, c.own.Ours(c.held), c.own.Empties(c.slot, c.held), c.own.Fills(c.slot, c.held))
		}
	}
}

func TestDiffDecidesSlotBySlot(t *testing.T) {
	t.Parallel()
	type table = associations.Table
	edit := func(s associations.Slot, from, to associations.Binding) []associations.Change {
		return []associations.Change{{Distribution: s.Distribution, Edits: []associations.Edit{{Slot: s, From: from, To: to}}}}
	}
	for name, c := range map[string]struct {
		want, held table
		own        associations.Ownership
		rules      associations.Rules
		changes    []associations.Change
		errs       []error
	}{
		"an empty slot is bound":                       {want: table{viewer: newer}, changes: edit(viewer, associations.Binding{}, newer)},
		"what holds already is no edit":                {want: table{viewer: ours}, held: table{viewer: ours}, own: owned(viewer)},
		"ours is replaced":                             {want: table{viewer: newer}, held: table{viewer: ours}, own: owned(viewer), changes: edit(viewer, ours, newer)},
		"only the body flag changes":                   {want: table{viewer: withBody(ours)}, held: table{viewer: ours}, own: owned(viewer), changes: edit(viewer, ours, withBody(ours))},
		"what will be published is always an edit":     {want: table{viewer: pending}, held: table{viewer: ours}, own: owned(viewer), changes: edit(viewer, ours, pending)},
		"theirs is a conflict":                         {want: table{viewer: newer}, held: table{viewer: foreign}, own: owned(viewer), errs: []error{&associations.ConflictError{Slot: viewer, Holder: foreign}}},
		"ours in a slot nobody recorded is a conflict": {want: table{viewer: ours}, held: table{viewer: ours}, own: owned(), errs: []error{&associations.ConflictError{Slot: viewer, Holder: ours}}},
		"an odd ARN is a conflict":                     {want: table{viewer: newer}, held: table{viewer: odd}, own: owned(viewer), errs: []error{&associations.ConflictError{Slot: viewer, Holder: odd}}},
		"adopting takes over":                          {want: table{viewer: newer}, held: table{viewer: foreign}, own: owned(), rules: associations.Rules{Adopt: true}, changes: edit(viewer, foreign, newer)},
		"ours and not wanted is emptied":               {want: table{}, held: table{viewer: ours}, own: owned(viewer), changes: edit(viewer, ours, associations.Binding{})},
		"theirs and not wanted is not touched":         {want: table{}, held: table{viewer: foreign}, own: owned(viewer)},
		"never ours and not wanted is not touched":     {want: table{}, held: table{viewer: ours}, own: owned()},
		"a missing behavior is an error": {want: table{gone: ours}, errs: []error{
			&associations.BehaviorError{Slot: gone, Exist: []string{"/img/*", "default"}, Domain: "E1.cloudfront.net"}}},
		"a missing distribution is an error": {want: table{absent: ours}, errs: []error{&associations.DistributionError{Distribution: "E9"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, errs := associations.Diff(associations.Want{Table: c.want, Distributions: []string{"E1"}},
				map[string]associations.State{"E1": state("E1", c.held)}, c.own, c.rules)
			if diff := cmp.Diff(c.changes, result.Changes, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("changes:\n%s", diff)
			}
			if diff := cmp.Diff(c.errs, errs); diff != "" {
				t.Errorf("errors:\n%s", diff)
			}
		})
	}
}

func TestAllEditsOfADistributionAreOneChangeInOrder(t *testing.T) {
	t.Parallel()
	have := map[string]associations.State{"E1": state("E1", nil), "E2": state("E2", nil)}
	result, errs := associations.Diff(associations.Want{
		Table: associations.Table{images: ours, viewer: ours, other: ours}, Distributions: []string{"E1", "E2"},
	}, have, owned(), associations.Rules{})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	want := []associations.Change{
		{Distribution: "E1", Edits: []associations.Edit{{Slot: viewer, To: ours}, {Slot: images, To: ours}}},
		{Distribution: "E2", Edits: []associations.Edit{{Slot: other, To: ours}}},
	}
	if diff := cmp.Diff(want, result.Changes); diff != "" {
		t.Error(diff)
	}
}

func TestACloudFrontFunctionOnEitherViewerTriggerExcludesOurs(t *testing.T) {
	t.Parallel()
	for _, on := range []associations.Trigger{associations.ViewerRequest, associations.ViewerResponse} {
		s := state("E1", nil)
		s.Functions = map[associations.Slot]string{{Distribution: "E1", Path: associations.DefaultPath, Trigger: on}: "arn:cf-fn"}
		have := map[string]associations.State{"E1": s}
		_, errs := associations.Diff(associations.Want{Table: associations.Table{viewer: ours}}, have, owned(), associations.Rules{Adopt: true})
		want := []error{&associations.FunctionConflictError{Slot: viewer, FunctionARN: "arn:cf-fn", On: on}}
		if diff := cmp.Diff(want, errs); diff != "" {
			t.Errorf("function on %s:\n%s", on, diff)
		}
		origin := associations.Slot{Distribution: "E1", Path: associations.DefaultPath, Trigger: associations.OriginRequest}
		if _, errs := associations.Diff(associations.Want{Table: associations.Table{origin: ours}}, have, owned(), associations.Rules{}); len(errs) > 0 {
			t.Errorf("an origin trigger is refused for a function on %s: %v", on, errs)
		}
		if _, errs := associations.Diff(associations.Want{Table: associations.Table{images: ours}}, have, owned(), associations.Rules{}); len(errs) > 0 {
			t.Errorf("another behavior is refused for a function on %s: %v", on, errs)
		}
	}
}

func TestADistributionThatLeavesTheSpecIsDetachedOnlyByName(t *testing.T) {
	t.Parallel()
	have := map[string]associations.State{"E1": state("E1", nil), "E2": state("E2", associations.Table{other: ours})}
	want := associations.Want{Distributions: []string{"E1"}}
	_, errs := associations.Diff(want, have, owned(other), associations.Rules{})
	if diff := cmp.Diff([]error{&associations.DetachError{Distribution: "E2", Slots: []associations.Slot{other}}}, errs); diff != "" {
		t.Error(diff)
	}
	result, errs := associations.Diff(want, have, owned(other), associations.Rules{AllowDetach: true})
	if len(errs) > 0 || result.Detached != 1 {
		t.Errorf("with permission: %v, %d detached", errs, result.Detached)
	}
	// Nothing of ours is left there: nothing to ask for.
	have["E2"] = state("E2", associations.Table{other: foreign})
	if _, errs := associations.Diff(want, have, owned(other), associations.Rules{}); len(errs) > 0 {
		t.Errorf("nothing to detach, and yet: %v", errs)
	}
}

func TestContinuousDeploymentNeedsPermissionOnlyForWrites(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]associations.State{
		"policy":  {Distribution: "E1", Policy: "P1", Behaviors: []string{associations.DefaultPath}},
		"staging": {Distribution: "E1", Staging: true, Behaviors: []string{associations.DefaultPath}},
	} {
		have := map[string]associations.State{"E1": s}
		want := associations.Want{Table: associations.Table{viewer: ours}, Distributions: []string{"E1"}}
		_, errs := associations.Diff(want, have, owned(), associations.Rules{})
		if diff := cmp.Diff([]error{&associations.PolicyError{Distribution: "E1", Policy: s.Policy}}, errs); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if _, errs := associations.Diff(want, have, owned(), associations.Rules{WithPolicy: true}); len(errs) > 0 {
			t.Errorf("%s, with permission: %v", name, errs)
		}
		if _, errs := associations.Diff(associations.Want{Distributions: []string{"E1"}}, have, owned(), associations.Rules{}); len(errs) > 0 {
			t.Errorf("%s, nothing to write: %v", name, errs)
		}
	}
}

func TestAPathPatternHasOneSpelling(t *testing.T) {
	t.Parallel()
	for spelled, want := range map[string]string{
		"*.jpg": "/*.jpg", "/*.jpg": "/*.jpg", "//x": "//x", "default": "/default", "/": "/", "": "/",
	} {
		if got := associations.CanonicalPath(spelled); got != want {
			t.Errorf("%q is spelled %q, want %q", spelled, got, want)
		}
		if again := associations.CanonicalPath(associations.CanonicalPath(spelled)); again != want {
			t.Errorf("%q is not stable: %q", spelled, again)
		}
	}
}

func TestLimitsAreErrorsTodayAndWarningsBeforeThat(t *testing.T) {
	t.Parallel()
	type found struct {
		Triggers []associations.Trigger
		What     string
		Warning  bool
		Max      int64
	}
	on := func(t ...associations.Trigger) []associations.Trigger { return t }
	for name, c := range map[string]struct {
		f              associations.Sized
		viewer, origin associations.Limit
		want           []found
	}{
		"small everywhere": {f: sized(128, 5, 1<<20, associations.Triggers()...)},
		"the former viewer limits only warn": {
			f: sized(129, 6, 1<<20+1, associations.ViewerRequest),
			want: []found{
				{on(associations.ViewerRequest), "memory", true, 128},
				{on(associations.ViewerRequest), "timeout", true, 5},
				{on(associations.ViewerRequest), "zip", true, 1 << 20},
			},
		},
		"origin triggers have room":        {f: sized(1024, 30, 10<<20, associations.OriginRequest, associations.OriginResponse)},
		"more than 30 seconds is too long": {f: sized(128, 31, 1, associations.OriginRequest), want: []found{{on(associations.OriginRequest), "timeout", false, 30}}},
		"one limit on several triggers is one problem": {
			f: sized(200, 31, 1, associations.ViewerResponse, associations.OriginRequest, associations.ViewerRequest),
			want: []found{
				{on(associations.ViewerRequest, associations.ViewerResponse), "memory", true, 128},
				{on(associations.ViewerRequest, associations.OriginRequest, associations.ViewerResponse), "timeout", false, 30},
			},
		},
		"an override is the last word": {
			f: sized(512, 10, 1, associations.ViewerRequest), viewer: associations.Limit{MemoryMB: 512},
			want: []found{{on(associations.ViewerRequest), "timeout", true, 5}},
		},
		"an override may be lower": {
			f: sized(512, 5, 1, associations.OriginRequest), origin: associations.Limit{MemoryMB: 256},
			want: []found{{on(associations.OriginRequest), "memory", false, 256}},
		},
		"bound nowhere, judged by nothing": {f: sized(10240, 900, 50<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []found
			for _, p := range associations.CheckLimits(c.f, c.viewer, c.origin) {
				got = append(got, found{p.Triggers, p.What, p.Warning, p.Max})
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func sized(memory, timeout int, zip int64, triggers ...associations.Trigger) associations.Sized {
	return associations.Sized{
		Function: "f", ZipBytes: zip, Triggers: triggers,
		Config: versions.Config{MemoryMB: memory, TimeoutSeconds: timeout},
	}
}

func TestAConflictSaysWhoseTheHolderIs(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]associations.ConflictError{
		"which this stack did not put there":                                                                                             {Stack: "shop"},
		"which this stack did not put there (whose it is cannot be told: denied)":                                                        {Stack: "shop", Unread: "denied"},
		"whose function is tagged for stack store; this is stack shop":                                                                   {Stack: "shop", Owner: "store", NoLedger: true},
		"whose function is tagged for this stack, and which no release put there":                                                        {Stack: "shop", Owner: "shop"},
		"whose function is tagged for this stack, and the ledger of stack shop is missing: no release says that the slot is the stack's": {Stack: "shop", Owner: "shop", NoLedger: true},
	} {
		e.Slot, e.Holder = viewer, ours
		if got := e.Error(); got != "E1 default viewer-request is held by auth:3, "+want {
			t.Errorf("got %q, want it to end with %q", got, want)
		}
	}
}
