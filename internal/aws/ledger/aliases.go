package ledger

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/edgedeploy/edgedeploy/versions"
)

// The aliases of a ledger. Every other alias of the function is somebody
// else's and never touched.
const (
	aliasLive    = "live"
	aliasPending = "pending"
	aliasLock    = "lock"
	latest       = "$LATEST"
)

// keptAlias is the pattern of r<N>, which protects the version of release N.
var keptAlias = regexp.MustCompile(`^r[1-9][0-9]{0,8}$`)

func keptName(number int) string { return "r" + strconv.Itoa(number) }

// aliasText says in the console what an alias is for.
func aliasText(name string) string {
	switch name {
	case aliasLive:
		return "edgedeploy: the release that is live"
	case aliasPending:
		return "edgedeploy: the release that was begun last"
	default:
		return "edgedeploy: keeps the version of release " + name[1:] + " from being deleted"
	}
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

// surplus gives the numbers of the oldest r<N> aliases beyond keep.
func (t table) surplus(keep int) []int {
	var kept []int
	for name := range t {
		if n := t.number(name); keptAlias.MatchString(name) && name == keptName(n) {
			kept = append(kept, n)
		}
	}
	slices.Sort(kept)
	return kept[:max(0, len(kept)-keep)]
}
