package bundle

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAScriptHasThePartsThatAreWantedAndWhatTheyNeed(t *testing.T) {
	t.Parallel()
	const source = `//: notes:
// for maintainers
//: always: run
'use strict';
//: unused:
unused();
//: put: at
put();
//: at:
at();
//: run:
run();
flush(); // with put
pass(); // without put
//: put:
more();
`
	for wants, script := range map[string]string{
		"":         "'use strict';\nrun();\npass();\n",
		"at":       "'use strict';\nat();\nrun();\npass();\n",
		"put":      "'use strict';\nput();\nat();\nrun();\nflush();\nmore();\n",
		"put at x": "'use strict';\nput();\nat();\nrun();\nflush();\nmore();\n",
	} {
		if diff := cmp.Diff(script, assemble(partsIn(source), strings.Fields(wants))); diff != "" {
			t.Errorf("%s: -want +got\n%s", wants, diff)
		}
	}
}

// code is what a part, of one name, has of JavaScript besides comments and texts.
type code struct {
	needs    []string
	declares []string
	mentions map[string]bool            // in lines that are there whenever the part is
	under    map[string]map[string]bool // in lines that depend on another part, by that
}

var (
	quotes     = regexp.MustCompile(`'(?:[^'\\]|\\.)*'`)
	templates  = regexp.MustCompile("`[^`]*`")
	holes      = regexp.MustCompile(`\$\{([^}]*)\}`)
	regexps    = regexp.MustCompile(`/[\^\[](?:[^/\\]|\\.)*/`)
	comments   = regexp.MustCompile(`(?:^|\s)//.*`)
	words      = regexp.MustCompile(`(?:^|[^\w$.]|\.\.\.)([A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)?)`)
	declaring  = regexp.MustCompile(`^(?:const|let|function|class) ([\w$]+)|^((?:edge|wasi)\.\w+) = `)
	namespaces = []string{"edge", "wasi"}
)

// read tells what the parts declare and mention, by their names. It reads what
// house style allows in a trampoline, and no more of JavaScript.
func read(source []part) map[string]*code {
	all := map[string]*code{}
	for _, p := range source {
		if all[p.name] == nil {
			all[p.name] = &code{mentions: map[string]bool{}, under: map[string]map[string]bool{}}
		}
		c := all[p.name]
		c.needs = append(c.needs, p.needs...)
		for _, line := range p.lines {
			c.read(line)
		}
	}
	return all
}

func (c *code) read(line string) {
	if m := declaring.FindStringSubmatch(line); m != nil {
		c.declares = append(c.declares, m[1]+m[2])
	}
	into := c.mentions
	for _, mark := range []string{withMark, withoutMark} {
		if _, name, ok := strings.Cut(strings.TrimSpace(line), mark); ok {
			if c.under[name] == nil {
				c.under[name] = map[string]bool{}
			}
			into = c.under[name]
		}
	}
	line = regexps.ReplaceAllString(line, "0")
	line = templates.ReplaceAllStringFunc(line, func(text string) string {
		var inside []string
		for _, hole := range holes.FindAllStringSubmatch(text, -1) {
			inside = append(inside, hole[1])
		}
		return "(" + strings.Join(inside, ",") + ")"
	})
	line = comments.ReplaceAllString(quotes.ReplaceAllString(line, "''"), "")
	for _, m := range words.FindAllStringSubmatch(line, -1) {
		name, _, _ := strings.Cut(m[1], ".")
		into[name] = true
		if slices.Contains(namespaces, name) {
			into[m[1]] = true
		}
	}
}

// What a part mentions is declared by itself or by what it needs, however far;
// and what it needs it mentions. So every script that can be put together has all
// that it refers to, and nothing that it does not.
func TestAPartNeedsWhatItMentionsAndMentionsWhatItNeeds(t *testing.T) {
	t.Parallel()
	for _, abi := range abis() {
		var source []part
		for _, name := range sources(abi) {
			source = append(source, partsIn(string(asset(NewestTrampoline, name)))...)
		}
		parts := read(source)
		delete(parts, "notes")
		owner := map[string]string{} // of what is declared
		for of, c := range parts {
			for _, name := range c.declares {
				if owner[name] != "" {
					t.Errorf("%s: %s is declared by %s and %s", abi, name, owner[name], of)
				}
				owner[name] = of
			}
		}
		for name := range parts {
			for _, fault := range faultsOfPart(name, source, parts, owner) {
				t.Errorf("%s: %s %s", abi, name, fault)
			}
		}
	}
}

func faultsOfPart(name string, source []part, parts map[string]*code, owner map[string]string) (faults []string) {
	c := parts[name]
	needed := closure(source, []string{name})
	used := map[string]bool{} // parts that this one is seen to need
	for word := range c.mentions {
		used[owner[word]] = true
		if of := owner[word]; of != "" && !needed[of] {
			faults = append(faults, "mentions "+word+" and does not need "+of)
		}
	}
	for condition, mentions := range c.under {
		have := closure(source, []string{name, condition})
		for word := range mentions {
			if owner[word] != condition { // which such a line does not ask for
				used[owner[word]] = true
			}
			if of := owner[word]; of != "" && !have[of] && parts[condition] != nil {
				faults = append(faults, "mentions "+word+" if there is "+condition+", and neither needs "+of)
			}
		}
	}
	for _, other := range parts { // what depends on this part is there on its account
		for word := range other.under[name] {
			used[owner[word]] = true
		}
	}
	for _, need := range c.needs {
		if parts[need] == nil {
			faults = append(faults, "needs "+need+", which is no part")
		} else if !used[need] {
			faults = append(faults, "needs "+need+" and mentions nothing of it")
		}
	}
	return faults
}

// What modules may import is all there, and a script has nothing else to offer.
func TestEveryImportHasAPartOfItsName(t *testing.T) {
	t.Parallel()
	var have, want []string
	for _, name := range []string{"host.js", "wasi.js"} {
		for of := range read(partsIn(string(asset(NewestTrampoline, name)))) {
			if strings.HasPrefix(of, "edge.") || strings.HasPrefix(of, "wasi.") {
				have = append(have, of)
			}
		}
	}
	for name := range hostImports() {
		want = append(want, "edge."+name)
	}
	for name := range wasiImports() {
		want = append(want, "wasi."+name)
	}
	slices.Sort(have)
	slices.Sort(want)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("-imports +parts\n%s", diff)
	}
}

// The bytes of a trampoline are part of content ids, and of the promise that a
// newer program publishes no function anew. From the first release on that
// has trampoline 1 its digests are never changed: what has to differ is number 2.
func TestTrampolinesNeverChange(t *testing.T) {
	t.Parallel()
	want := map[ABI]string{
		Host:  "8f93924b56ef702ddb99e339afc8ed6ff6498880068dc2561cac4b04679475d7",
		Bytes: "fe1650094f04f040321c3ff3446db00e41f637c771137333380047529f239fec",
		Glue:  "6350a9587530bdd9f8560a19cd37ae6a4e13f9c051e14401a90e6608cbe318f7",
	}
	for abi, digest := range want {
		var everything strings.Builder
		for _, wants := range wantsOfAll(abi) {
			script, _ := trampoline(1, abi, wants)
			everything.Write(script)
			everything.Write(calling(1, abi, wants, `{"ü":"'\\"}`)[originFile])
		}
		everything.Write(asset(1, "await.mjs"))
		everything.Write(bake([]byte(unbaked), `{"ü😀":"'\\"}`))
		if got := hexSHA256([]byte(everything.String())); got != digest {
			t.Errorf("the trampolines of %s have digest %s, want %s", abi, got, digest)
		}
	}
}

// wantsOfAll are the wants of one import each, of none, and of all of them.
func wantsOfAll(abi ABI) [][]string {
	names := []string{passOn}
	for name := range wasiImports() {
		names = append(names, "wasi."+name)
	}
	switch abi {
	case Host:
		for name := range hostImports() {
			names = append(names, "edge."+name)
		}
	case Bytes:
		names = append(names, "edge_body", "edge_config", "edge_wants")
	case Glue:
		return [][]string{nil}
	}
	slices.Sort(names)
	all := [][]string{{string(abi)}, append([]string{string(abi)}, names...)}
	for _, name := range names {
		all = append(all, []string{string(abi), name})
	}
	return all
}
