package versions

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Stock is one published version as storage.
type Stock struct {
	Version  Version
	Bytes    int64     // size of the zip
	Modified time.Time // when it was published
}

// Shelf is a function as it is stored: its published versions and its aliases.
type Shelf struct {
	Function string
	Stock    []Stock // oldest first
	Aliases  []Alias
}

// Needs names what needs a version, by version: a release, a slot of a
// distribution. A version that is not in it is needed by nothing that was read.
type Needs map[Ref]string

// Need notes what needs a version. The first that is noted stays.
func (n Needs) Need(r Ref, what string) {
	if r.Function != "" && r.Number != 0 && n[r] == "" {
		n[r] = what
	}
}

// Verdict says of one version whether it may be deleted.
type Verdict struct {
	Stock Stock
	// Stays says why it may not be deleted; "" if it may.
	Stays string
	// Alias is the alias of its content, the zero value if it has none. It may be
	// on $LATEST: a run that was deleting the version died.
	Alias Alias
}

// contentAlias is the form of the names that Spec.Alias gives.
var contentAlias = regexp.MustCompile(`^edge-[0-9a-f]{64}$`)

// Newest is why a version stays that only its function could be deleted with: it
// is the newest, $LATEST may equal it, and whether Lambda would publish that once
// more is UNKNOWN ("Lambda doesn't publish a version if the function's
// configuration and code haven't changed since the last version": Lambda API,
// PublishVersion).
const Newest = "the newest version"

// Spare judges all versions of the shelf. A version may be deleted if nothing
// needs it, if the stack published it, if no alias names it but that of its own
// content, for Lambda refuses the deletion of a version that an alias names
// (Lambda API, DeleteFunction), and if it is not the newest.
func (s Shelf) Spare(stack string, needs Needs) []Verdict {
	list := make([]Verdict, 0, len(s.Stock))
	for i, stock := range s.Stock {
		v := s.judge(stock, stack, needs)
		if i == len(s.Stock)-1 {
			v.Stays = cmp.Or(v.Stays, Newest)
		}
		list = append(list, v)
	}
	return list
}

func (s Shelf) judge(stock Stock, stack string, needs Needs) Verdict {
	v := Verdict{Stock: stock, Stays: needs[stock.Version.Ref]}
	switch stock.Version.Stack {
	case stack:
	case "":
		v.Stays = cmp.Or(v.Stays, "not published by edgedeploy")
	default:
		v.Stays = cmp.Or(v.Stays, "published by stack "+stock.Version.Stack)
	}
	own, number := stock.Version.Spec.Known().Alias(), strconv.Itoa(stock.Version.Ref.Number)
	for _, a := range s.Aliases {
		switch {
		case a.Name == own && a.Second == "" && (a.Version == number || a.Version == latest):
			v.Alias = a
		case a.Version == number || a.Second == number:
			v.Stays = cmp.Or(v.Stays, "alias "+a.Name)
		}
	}
	return v
}

// Whole reports whether the function itself may be deleted, with all of its
// versions: there is one, so that the stack has published into it, every one may
// go, the newest too, and no alias is there but those of content.
func (s Shelf) Whole(verdicts []Verdict) bool {
	return len(verdicts) > 0 && !slices.ContainsFunc(verdicts, func(v Verdict) bool { return v.Stays != "" && v.Stays != Newest }) &&
		!slices.ContainsFunc(s.Aliases, func(a Alias) bool { return !contentAlias.MatchString(a.Name) })
}

// Loose are the aliases of content on $LATEST that stand for no version of the
// shelf: a run died before it had published the version, or after it had deleted
// it. They are only that while no run is publishing into the function.
func (s Shelf) Loose() []string {
	have := map[string]bool{}
	for _, stock := range s.Stock {
		have[stock.Version.Spec.Known().Alias()] = true
	}
	var names []string
	for _, a := range s.Aliases {
		if a.Version == latest && a.Second == "" && contentAlias.MatchString(a.Name) && !have[a.Name] {
			names = append(names, a.Name)
		}
	}
	slices.Sort(names)
	return names
}
