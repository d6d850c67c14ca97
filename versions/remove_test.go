package versions

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

// shop is one version and one alias, with what happens at each call.
type shop struct {
	Aliases
	Storage
	alias  Alias               // Name "" for none
	gone   bool                // the version
	update func(s *shop) error // before the alias moves; an error comes instead
	after  error               // instead of the answer of a move
	delete error
	calls  []string
}

func (s *shop) UpdateAlias(_ context.Context, _ string, a Alias) (Alias, error) {
	s.calls = append(s.calls, "to "+a.Version)
	if u := s.update; u != nil {
		s.update = nil
		if err := u(s); err != nil {
			return Alias{}, err
		}
	}
	switch {
	case s.alias.Name == "":
		return Alias{}, ErrNoVersion
	case a.RevisionID != s.alias.RevisionID:
		return Alias{}, ErrStaleRevision
	}
	s.alias = a
	s.alias.RevisionID += "+"
	if err := s.after; err != nil {
		s.after = nil
		return Alias{}, err
	}
	return s.alias, nil
}

func (s *shop) Alias(context.Context, string, string) (Alias, error) {
	s.calls = append(s.calls, "read")
	if s.alias.Name == "" {
		return Alias{}, ErrNoVersion
	}
	return s.alias, nil
}

func (s *shop) DeleteVersion(context.Context, Ref) error {
	s.calls = append(s.calls, "delete")
	if s.delete != nil {
		return s.delete
	}
	s.gone = true
	return nil
}

func (s *shop) DeleteAlias(context.Context, string, string) error {
	s.calls = append(s.calls, "delete alias")
	s.alias = Alias{}
	return nil
}

func TestAVersionGoesWithItsAlias(t *testing.T) {
	t.Parallel()
	lost, refused := errors.New("the answer was lost"), errors.New("access denied")
	at := func(version string) Alias { return Alias{Name: "edge-1", Version: version, RevisionID: "r"} }
	for name, c := range map[string]struct {
		shop  shop
		found Alias // as Spare saw it
		calls string
		gone  bool
		alias string // what the alias names in the end; "" for none
		is    error
	}{
		"alias, version, alias": {shop: shop{alias: at("3")}, found: at("3"), calls: "to $LATEST, delete, delete alias", gone: true},
		"after a run that died": {shop: shop{alias: at(latest)}, found: at(latest), calls: "delete, delete alias", gone: true},
		"without an alias":      {calls: "delete", gone: true},
		"a refusal moves the alias back": {
			shop: shop{alias: at("3"), delete: ErrReplicated}, found: at("3"),
			calls: "to $LATEST, delete, to 3", alias: "3", is: ErrReplicated,
		},
		"a failure that says nothing leaves it for the next run": {
			shop: shop{alias: at("3"), delete: lost}, found: at("3"), calls: "to $LATEST, delete", alias: latest, is: lost,
		},
		"the alias was deleted meanwhile": {
			shop: shop{}, found: at("3"), calls: "to $LATEST, read, delete", gone: true,
		},
		"the answer of the move was lost": {
			shop: shop{alias: at("3"), after: lost}, found: at("3"), calls: "to $LATEST, read, delete, delete alias", gone: true,
		},
		"the move never arrived": {
			shop:  shop{alias: at("3"), update: func(*shop) error { return refused }},
			found: at("3"), calls: "to $LATEST, read", alias: "3", is: refused,
		},
		"the alias was written meanwhile, and names the same": {
			shop:  shop{alias: at("3"), update: func(s *shop) error { s.alias.RevisionID = "other"; return nil }},
			found: at("3"), calls: "to $LATEST, read, to $LATEST, delete, delete alias", gone: true,
		},
		"the alias names another version now": {
			shop:  shop{alias: at("3"), update: func(s *shop) error { s.alias.RevisionID, s.alias.Version = "other", "4"; return nil }},
			found: at("3"), calls: "to $LATEST, read", alias: "4", is: ErrStaleRevision,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := c.shop
			err := Remove(t.Context(), &s, Verdict{Stock: Stock{Version: Version{Ref: Ref{Function: "f", Number: 3}}}, Alias: c.found})
			if !errors.Is(err, c.is) || err != nil && c.is == nil {
				t.Errorf("got %v, want %v", err, c.is)
			}
			if got := strings.Join(s.calls, ", "); got != c.calls || s.gone != c.gone || s.alias.Version != c.alias {
				t.Errorf("%s; gone %v, alias on %q; want %s; %v, %q", got, s.gone, s.alias.Version, c.calls, c.gone, c.alias)
			}
		})
	}
}

func TestAVersionThatIsToStayIsNotRemoved(t *testing.T) {
	t.Parallel()
	s := &shop{}
	if err := Remove(t.Context(), s, Verdict{Stays: "release 3"}); err == nil || len(s.calls) > 0 {
		t.Errorf("%v after %v", err, s.calls)
	}
}

func TestWhatIsSpareOnAShelf(t *testing.T) {
	t.Parallel()
	spec := func(content ContentID) Spec { return Spec{Function: "f", Content: content} }
	of := func(n int, content ContentID, stack string) Stock {
		return Stock{Version: Version{Ref: Ref{Function: "f", Number: n}, Spec: spec(content), Stack: stack}}
	}
	s := Shelf{
		Function: "f",
		Stock:    []Stock{of(1, "a", "shop"), of(2, "b", "shop"), of(3, "c", ""), of(4, "d", "other"), of(5, "e", "shop"), of(6, "f", "shop"), of(7, "g", "shop"), of(8, "h", "shop")},
		Aliases: []Alias{
			{Name: spec("a").Alias(), Version: "1"}, {Name: "prod", Version: "2"}, {Name: spec("e").Alias(), Version: latest},
			{Name: spec("f").Alias(), Version: "8", Second: "6"}, {Name: spec("z").Alias(), Version: latest}, {Name: "dev", Version: latest},
		},
	}
	var got []string
	for _, v := range s.Spare("shop", Needs{{Function: "f", Number: 7}: "release 4"}) {
		got = append(got, v.Stays+"/"+v.Alias.Version)
	}
	want := []string{"/1", "alias prod/", "not published by edgedeploy/", "published by stack other/", "/" + latest, "alias " + spec("f").Alias() + "/", "release 4/", "alias " + spec("f").Alias() + "/"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if loose := s.Loose(); !slices.Equal(loose, []string{spec("z").Alias()}) {
		t.Errorf("loose are %v", loose)
	}
	if s.Whole(s.Spare("shop", nil)) {
		t.Error("a function with versions and aliases of others may not go")
	}
	bare := Shelf{Function: "f", Stock: []Stock{of(1, "a", "shop"), of(2, "b", "shop")}, Aliases: []Alias{{Name: spec("b").Alias(), Version: "2"}}}
	if v := bare.Spare("shop", nil); v[1].Stays != Newest || !bare.Whole(v) {
		t.Errorf("%+v", v)
	}
	bare.Aliases = append(bare.Aliases, Alias{Name: "dev", Version: latest})
	if bare.Whole(bare.Spare("shop", nil)) {
		t.Error("an alias of others on $LATEST goes with the function")
	}
}
