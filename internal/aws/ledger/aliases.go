package ledger

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// The aliases of a ledger. No other alias of the function is touched.
const (
	aliasLive    = "live"
	aliasPending = "pending"
	aliasLock    = "lock"
	latest       = "$LATEST"
)

// keptAlias is the pattern of r<N>, which protects the version of release N.
var keptAlias = regexp.MustCompile(`^r[1-9][0-9]{0,8}$`)

func keptName(number int) string { return "r" + strconv.Itoa(number) }

// keeper is the alias that protects a release.
func keeper(number int) versions.Alias {
	n := strconv.Itoa(number)
	return versions.Alias{Name: keptName(number), Version: n, Description: "edgedeploy: keeps the version of release " + n + " from being deleted"}
}

// table is a ledger's aliases by name.
type table map[string]versions.Alias

func tabulate(list []versions.Alias) table {
	t := make(table, len(list))
	for _, a := range list {
		t[a.Name] = a
	}
	return t
}

// number gives the release an alias points at; 0 for no alias, and for one
// that does not point at a numbered version.
func (t table) number(name string) int {
	n, err := strconv.Atoi(t[name].Version)
	if err != nil || n < 1 {
		return 0
	}
	return n
}

// position is where live and pending stand. They only move to newer releases, so
// the lock's text, which tells where they were left, decides where an alias was
// deleted, or moved back by hand: live is then none, and pending what it was.
func (t table) position() release.Position {
	left, _ := parseLock(t[aliasLock].Description) // a text that is not understood tells nothing
	live, pending := t.number(aliasLive), max(t.number(aliasPending), left.Pending)
	if live < left.Live {
		live, pending = 0, above(left.Live, pending)
	}
	return release.At(live, pending)
}

// above gives n if it is more than least, and else 0.
func above(least, n int) int {
	if n <= least {
		return 0
	}
	return n
}

// protected reports whether a release has its alias.
func (t table) protected(number int) bool { return t.number(keptName(number)) == number }

// kept gives the numbers of the r<N> aliases, oldest first.
func (t table) kept() []int {
	var kept []int
	for name := range t {
		if n := t.number(name); keptAlias.MatchString(name) && name == keptName(n) {
			kept = append(kept, n)
		}
	}
	slices.Sort(kept)
	return kept
}

// surplus gives the numbers of the oldest r<N> aliases beyond keep, but for
// those that are exempt.
func (t table) surplus(keep int, exempt map[int]bool) []int {
	kept := t.kept()
	oldest := kept[:max(0, len(kept)-keep)]
	return slices.DeleteFunc(oldest, func(n int) bool { return exempt[n] })
}
