package stackspec_test

import (
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/stackspec"
)

func TestOnlyPlainYAMLIsASpec(t *testing.T) {
	t.Parallel()
	testWrong(t, map[string]wrong{
		"an empty file":              {"", "1:1", "", "the file is empty", "init"},
		"only comments":              {"# nothing\n\n", "1:1", "", "the file is empty", "init"},
		"only a document header":     {"---\n", "1:1", "", "the file is empty", "init"},
		"a second document":          {head + one + "---\nstack: t\n", "7:1", "", "a second document begins here", "a file of its own"},
		"a second, empty document":   {head + one + "---\n---\n", "7:1", "", "a second document begins here", "a file of its own"},
		"content after the end":      {head + one + "...\nstack: t\n", "7:1", "", "a second document begins here", "a file of its own"},
		"an anchor":                  {head + "tags: &t { a: b }\n" + one, "5:7", "", "anchors (&name) are not part of a spec", "defaults:"},
		"an alias":                   {head + "tags: { a: *t }\n" + one, "5:12", "", "aliases (*name) are not part of a spec", "the value itself"},
		"a lonely star":              {head + "tags: { a: * }\n" + one, "5:12", "", "aliases (*name) are not part of a spec", "the value itself"},
		"a merge key":                {head + "tags:\n  <<: { a: b }\n" + one, "6:3", "", "merge keys (<<) are not part of a spec", "defaults:"},
		"a tag":                      {head + "tags: { a: !!str b }\n" + one, "5:12", "", "tags (!name) are not part of a spec", "quotes"},
		"a tag of one's own":         {head + "tags: { a: !secret b }\n" + one, "5:12", "", "tags (!name) are not part of a spec", "quotes"},
		"an explicit key":            {head + "? tags\n: { a: b }\n" + one, "5:1", "", "keys that begin with ?", "key: value"},
		"a directive":                {"%YAML 1.2\n---\n" + head + one, "1:1", "", "directives (%)", "line out"},
		"a tab before a key":         {head + "tags:\n\ta: b\n" + one, "6:1", "", "indented with a tab", "spaces"},
		"a tab among spaces":         {head + "tags:\n\ta: b\n    c: d\n" + one, "6:1", "", "indented with a tab", "spaces"},
		"a tab after spaces":         {head + "tags:\n  \ta: b\n" + one, "6:3", "", "indented with a tab", "spaces"},
		"a tab before a comment":     {head + "hold: strict\t# wait\n" + one, "5:13", "", "there is a tab here", `\t`},
		"a byte order mark":          {"\ufeff" + head + one, "1:1", "", "byte order mark", "without BOM"},
		"a byte order mark inside":   {head + "hold: \ufeffstrict\n" + one, "5:7", "", "control character", "escape"},
		"UTF-16":                     {"\xff\xfev\x00e\x00", "1:1", "", "UTF-16", "UTF-8"},
		"Latin-1":                    {head + "tags: { a: \xfc }\n" + one, "5:12", "", "not UTF-8 here", "UTF-8"},
		"a NUL":                      {head + "tags: { a: \x00 }\n" + one, "5:12", "", "control character", "escape"},
		"an escape sequence":         {head + "# \x1b[2J\n" + one, "5:3", "", "control character", "escape"},
		"a lone carriage return":     {head + "hold: strict\rstack: t\n" + one, "5:13", "", "control character", "escape"},
		"an open quote":              {head + "tags: { a: 'b }\n" + one, "5:12", "", "this is not YAML: a text in single quotes begins here", "at its end"},
		"an unknown escape":          {head + "tags: { a: \"\\q\" }\n" + one, "5:14", "", "this is not YAML", "look at the quotes"},
		"a reserved character":       {head + "tags: { a: @b }\n" + one, "5:12", "", "this is not YAML", "quote the value"},
		"an open brace":              {head + "tags: { a: b\n" + one, "6:1", "", "this is not YAML", "close what is open"},
		"a colon in a value":         {head + "hold: a: b\n" + one, "5:7", "", "this is not YAML", "quoted"},
		"an unquoted variable there": {head + "tags: { a: ${env:EDGEDEPLOY_A} }\n" + one, "5:12", "", "a variable must be quoted", "with the quotes"},
		"indentation out of step":    {head + "tags:\n    a: b\n  c: d\n" + one, "7:3", "", "this is not YAML", "indentation"},
		"a key without space":        {one + head + "account:\nhold:strict\n", "8:1", "account", "read as the value of \"account\" in line 7", "a space after"},
		"the same before spaces":     {one + head + "account: # mine\nhold:strict  \ntags: {} # none\n", "8:1", "account", "read as the value of \"account\" in line 7", "a space after"},
		"a colon in braces":          {head + "tags: { a: b: c }\n" + one, "5:12", "", "this text must be quoted", "colon"},
		"a bracket in brackets":      {head + "functions: { f: { wasm: f, config: { a: [b}] } } }\n", "5:43", "", "this is not YAML", "close what is open"},
		"a question in braces":       {head + "functions: { f: { wasm: f, config: { a: [?b] } } }\n", "5:42", "", "this text must be quoted", "begins with ?"},
		"a leading comma":            {head + "tags: { , a: b }\n" + one, "5:9", "", "nothing before this comma", "leave it out"},
		"a dash in brackets":         {head + "functions: { f: { wasm: f, config: { a: [- b] } } }\n", "5:42", "", "a list is written [a, b]", "dash"},
		"a bracket as text":          {head + "hold: }\n" + one, "5:7", "", "unquoted text cannot begin with }", "quote it"},
		"a percent sign as text":     {head + "tags:\n  a: %b\n" + one, "6:6", "", "unquoted text cannot begin with %", "quote it"},
		"an empty block":             {head + "functions:\n  f:\n    config:\n      a: >\n\n    'wasm': f\n", "8:10", "", "there is no text in this block", `""`},
		"an empty block, commented":  {head + "functions:\n  f:\n    wasm: f\n    config:\n      a: |+ # empty\n\n", "9:10", "", "there is no text", `""`},
		"a block that begins blank":  {head + "functions:\n  f:\n    wasm: f\n    config:\n      a: |\n\n        b\n", "9:10", "", "begins with a blank line", "double quotes"},
		"a blank line with spaces":   {head + "functions:\n  f:\n    wasm: f\n    config:\n      a: |\n        b\n          \n        c\n", "11:1", "", "more spaces than the block", "empty"},
		"a dash with nothing":        {head + "functions:\n  f:\n    wasm: f\n    config:\n      a:\n      - b\n      - # nothing\n      c: d\n", "12:7", "functions.f.config.a.1", "read as an entry of the list that begins in line 10", "every dash"},
		"a block's indentation":      {head + "functions:\n  f:\n    wasm: f\n    config:\n      a: |2\n          b\n", "9:10", "", "indentation numbers", "leave the number out"},
		"deep brackets":              {head + "functions: { f: { wasm: f, config: { a: " + strings.Repeat("[", 50) + strings.Repeat("]", 50) + " } } }\n", "5:77", "", "deeper than 40 levels", "bundles"},
		"deep dashes":                {head + "functions:\n  f:\n    wasm: f\n    config:\n      a:\n      " + strings.Repeat("- ", 50) + "x\n", "10:81", "", "deeper than 40 levels", "bundles"},
		"a huge file":                {head + one + strings.Repeat("#", 1<<20), "1:1", "", "more than 1048576 bytes, which is the most a spec has", "several stacks"},
	}, stackspec.Options{})
}

func TestHarmlessYAMLIsRead(t *testing.T) {
	t.Parallel()
	want := parse(t, head+one).Stack.Functions[0]
	for name, src := range map[string]string{
		"a document header":         "---\n" + head + one,
		"a comment and a header":    "# a\n---\n" + head + one,
		"a document end":            head + one + "...\n",
		"comments behind the end":   head + one + "...\n# bye\n",
		"Windows line ends":         strings.ReplaceAll(head+one, "\n", "\r\n"),
		"no newline at the end":     strings.TrimSuffix(head+one, "\n"),
		"JSON":                      `{"version":1,"stack":"s","defaults":{"role":"` + role + `"},"functions":{"f":{"wasm":"f.wasm"}}}`,
		"comments everywhere":       "# a\n" + strings.ReplaceAll(head+one, "\n", " # b\n\n  # c\n"),
		"keys in quotes":            strings.NewReplacer("version", `"version"`, "stack", "'stack'").Replace(head + one),
		"braces over several lines": head + "functions: {\n  f: {\n    wasm: f.wasm,\n  },\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := parse(t, src).Stack.Functions[0]; got.Wasm != want.Wasm || got.Config != want.Config || got.Name != want.Name {
				t.Errorf("function = %+v, want %+v", got, want)
			}
		})
	}
}

func TestMistakesOfYAMLDoNotHideTheOthers(t *testing.T) {
	t.Parallel()
	src := head + "tags: &a { x: *b, y: !!str 1 }\nhold: lose\n" + one +
		"distributions:\n  www:\n    id: E2EXAMPLE1ABCD\n    behaviors:\n      *.jpg: { viewer-request: g }\n---\nversion: 2\n"
	var got []string
	for _, p := range problems(t, src, stackspec.Options{}) {
		got = append(got, p.Path)
	}
	want := []string{"", "", "", "tags.y", "hold", "", `distributions.www.behaviors."*.jpg".viewer-request`, ""}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("problems about %q, want %q", got, want)
	}
}

// The YAML parser's time grows with the square of a mapping's length, and its
// stack with the depth: the limits on entries and depth keep both small.
func TestHostileFilesAreCheap(t *testing.T) {
	t.Parallel()
	const size = 1 << 18
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	for name, src := range map[string]string{
		"brackets":   strings.Repeat("[", 1<<20),
		"braces":     fill("{a: "),
		"dashes":     fill("- "),
		"questions":  fill("? "),
		"anchors":    fill("&a "),
		"aliases":    fill("*a "),
		"tags":       fill("!!a "),
		"stars":      fill("*"),
		"colons":     fill(": "),
		"headers":    fill("---\n"),
		"ends":       fill("...\n"),
		"tabs":       fill("\t\n"),
		"words":      fill("a "),
		"lines":      fill("a\n"),
		"keys":       fill("a: b\n"),
		"spaces":     fill(" "),
		"quotes":     fill(`"`),
		"apostrophe": fill("'"),
		"comments":   fill("#\n"),
		"literal":    "a: |\n" + fill(" b\n"),
		"long keys":  head + "functions:\n  " + fill("k") + ": 1\n",
		"many keys":  head + fill("a1: 1\n")[:40_000],
		"big laughs": "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: &d [*c,*c]\n",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			if got := problems(t, src, stackspec.Options{}); len(got) == 0 {
				t.Error("it is valid")
			}
			// A second would do on a quiet machine; what the limits refuse takes minutes.
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}
