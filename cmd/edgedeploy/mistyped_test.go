package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// mistyped are command lines that are wrong, as people type them. An empty word is
// written ”, a variable before the command as in a shell.
const mistyped = `
plam
depoly
Plan
teardown
gc
undo
list
lint
logs
force-unlock
”
plam --help
help foo
help plan apply
completion
completion tcsh
completion bsh
version 1
schema spec
-f
--stack
-target=x
--yes apply nothing
--auto-aprove
plan --bogus
plan -x
plan -vx
plan -target=x
plan --target=x
plan -q
plan --json
plan --config site.yaml
plan -c site.yaml
plan --ouput json
plan --region eu-west-1
plan --version
plan --yes
plan --timeout 5m
plan --=x
plan ---local
plan -
plan -f
plan -f --local
plan --out --local
plan --file= --local
plan --output jsn
plan -o yaml
plan -o
plan edgedeploy.yaml
plan saved.edplan
plan help
plan apply
plan site
plan ”
plan -f nope.yaml
plan -f edgedeploy.yml
plan -f folder
plan -C nope
plan -C edgedeploy.yaml
plan --root nope
plan --root edgedeploy.yaml
plan --endpoint-url localhost:4566
plan --endpoint-url 4566
plan --endpoint-url ftp://host
plan --local --endpoint-url http://127.0.0.1:1
plan --local --profile me
plan --profile nobody
plan --profile ”
plan --local=maybe
plan --local true
plan --node "node
plan --out nope/plan.edplan
plan --out folder
apply --timeout 5
apply --timeout 5min
apply --timeout soon
apply --timeout 0s
apply --lock-timeout -5s
apply --lock-timeout
apply --on-failure rolback
apply --on-failure panic
apply --dry-run
apply --force
apply --yes true
apply --yes=ja
apply --to 3
apply edgedeploy.yaml
apply saved.edpaln
apply nothing.edplan
apply folder
apply a b
rollback v3
rollback #3
rollback latest
rollback -1
rollback 3 4
rollback shop
rollback --to v3
rollback --to latest
rollback --to -3
rollback --to 3.5
rollback --to 99999999999999999999
rollback 3 --to 4
rollback 3 --of 4
rollback --of 0
rollback --revision 3
rollback --stack Shop --local
rollback --stack shpo --local
resume v3
resume 0
resume 3 --all
resume --function ” --local
resume --stack shpo --local
show latest
show v3
show 0
show 3 4
show ”
show shop
show --stack shpo --local
history foo
history -5
history 0
history v5
history 5 6
history 5 --limit 6
history --all --limit 5
history --limit 0
history --limit all
history --max 5
history --stack shpo --local
status 3
status shop
status --stack ”
status --stack a_b
status --stack shpo --local
status --watch
unlock a b
unlock --force
unlock --stack shpo --local
invoke
invoke site
invoke --event nope.json
invoke a b --event x.json
invoke x.json
invoke sit --event event.json
invoke site --event evnt.json
invoke site --event folder
invoke site --event event.json --trigger viewer
invoke site --event event.json --trigger viewer-reqest
invoke site --event event.json --node a,b
test site
test --run (
test --trigger request
test --node a --sdk
iam-policy trst
iam-policy all
iam-policy trust logs
init rust
init here
init --lang java
init --lang golan
init -f folder
init
build site
build --out edgedeploy.yaml
validate edgedeploy.yaml
validate --spec-olny
local 4599
local --listen 4599
local --listen 127.0.0.1:99999
local --create-delay 5
local --writes-per-minute many
EDGEDEPLOY_OUTPUT=jsn plan
EDGEDEPLOY_TIMEOUT=5 apply
EDGEDEPLOY_YES=maybe apply
EDGEDEPLOY_TO=v3 rollback
EDGEDEPLOY_LIMIT=many history
EDGEDEPLOY_ON_FAILURE=panic apply
EDGEDEPLOY_TRIGGER=viewer test
EDGEDEPLOY_STACK=Shop status
EDGEDEPLOY_ENDPOINT_URL=localhost plan
EDGEDEPLOY_CHDIR=nope plan
EDGEDEPLOY_ROOT=nope plan
EDGEDEPLOY_NODE="a plan
EDGEDEPLOY_WRITES_PER_MINUTE=many local
`

const mistypedSpec = `version: 1
stack: shop
defaults: { role: "arn:aws:iam::123456789012:role/edge", memory: 128, timeout: 5 }
functions:
  site: { wasm: redirect.wasm }
  other: { wasm: redirect.wasm, timeout: 4 }
distributions:
  www: { id: E1AAAAAAAAAAAA, behaviors: { default: { viewer-request: site, origin-request: other } } }
`

// mistypedRig is a folder with a spec and a local AWS, and nothing that answers
// anywhere else.
func mistypedRig(t *testing.T) (run func(env map[string]string, words ...string) (code int, out, err string)) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	wasm, err := os.ReadFile("../../examples/redirect/redirect.wasm")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, folder := range []string{".git", "folder"} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"redirect.wasm": string(wasm), "edgedeploy.yaml": mistypedSpec, "event.json": "{}", "saved.edplan": "no plan",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_PROFILE": "", "HOME": dir,
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "x",
	} {
		t.Setenv(name, value)
	}
	run = func(env map[string]string, words ...string) (int, string, string) {
		t.Helper()
		files := map[string]*os.File{}
		for _, name := range []string{"out", "err"} {
			f, err := os.CreateTemp(t.TempDir(), name)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			files[name] = f
		}
		lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
		code := Main(t.Context(), words, Streams{In: os.Stdin, Out: files["out"], Err: files["err"]}, lookup)
		texts := map[string]string{}
		for name, f := range files {
			text, err := os.ReadFile(f.Name())
			if err != nil {
				t.Fatal(err)
			}
			texts[name] = strings.ReplaceAll(string(text), dir, "/project")
		}
		return code, texts["out"], texts["err"]
	}
	if code, _, text := run(nil, "plan", "--local", "--no-load"); code != 0 {
		t.Fatalf("plan --local exits with %d: %s", code, text)
	}
	return run
}

// parserWords are those of the libraries that read a command line, and of the
// system: no user knows what a strconv is.
var parserWords = regexp.MustCompile(`strconv|pflag|cobra|invalid argument|unknown (command|flag|shorthand)|arg\(s\)|flag needs|bad flag|missing unit|parse error|parsing|invalid syntax|no such file|is a directory|not a directory|lstat|mkdir|\bopen\b|\bread\b .*:|<nil>|%!`)

// Whatever is mistyped, one sentence says what is wrong and where, the next what
// to do; both fit a terminal, nothing is contacted, and programs get the same.
func TestWhateverIsMistypedIsAnsweredInPlainWords(t *testing.T) {
	const golden = "testdata/mistyped.txt"
	file, err := filepath.Abs(golden)
	if err != nil {
		t.Fatal(err)
	}
	run := mistypedRig(t)
	var got strings.Builder
	n := 0
	for line := range strings.SplitSeq(strings.TrimSpace(mistyped), "\n") {
		n++
		env, words := map[string]string{}, strings.Fields(strings.ReplaceAll(line, "”", "\x00"))
		for i, w := range words {
			words[i] = strings.ReplaceAll(w, "\x00", "")
		}
		if name, value, ok := strings.Cut(words[0], "="); ok && strings.HasPrefix(name, "EDGEDEPLOY_") {
			env[name], words = value, words[1:]
		}
		code, out, text := run(env, words...)
		got.WriteString("$ edgedeploy " + line + "\n" + text + "\n")
		checkMistyped(t, line, text)
		if code != exitFailed || out != "" {
			t.Errorf("%s: exits with %d and prints %q", line, code, out)
		}
		asDocument(t, line, text, func() (int, string, string) {
			in := maps.Clone(env)
			if in["EDGEDEPLOY_OUTPUT"] == "" {
				in["EDGEDEPLOY_OUTPUT"] = "json"
				return run(in, words...)
			}
			return run(in, append(slices.Clone(words), "--output", "json")...)
		})
	}
	t.Logf("%d mistyped command lines", n)
	if n < 60 {
		t.Errorf("%d command lines are few", n)
	}
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s differs; write it anew with -update (-want +got):\n%s", golden, diff)
	}
}

var twoSentences = regexp.MustCompile(`^edgedeploy: error: .+\nedgedeploy: hint: .+\n$`)

func checkMistyped(t *testing.T, line, text string) {
	t.Helper()
	if !twoSentences.MatchString(text) {
		t.Errorf("%s: that is no error and a hint:\n%s", line, text)
	}
	if w := parserWords.FindString(text); w != "" {
		t.Errorf("%s: %q is a parser's word:\n%s", line, w, text)
	}
	for l := range strings.SplitSeq(text, "\n") {
		if n := utf8.RuneCountInString(l); n > helpColumns {
			t.Errorf("%s: %d columns:\n%s", line, n, l)
		}
	}
	if problem := wrongAdvice(testTree(), line, text); problem != "" {
		t.Errorf("%s: %s:\n%s", line, problem, text)
	}
}

// asDocument wants the same error and hint from -o json, for programs.
func asDocument(t *testing.T, line, text string, run func() (int, string, string)) {
	t.Helper()
	if strings.Contains(line, "-o") && !strings.HasPrefix(line, "EDGE") && regexp.MustCompile(`(^| )(-o|--ou\S*)( |$)`).MatchString(line) {
		return // it says a form of its own
	}
	code, out, _ := run()
	var doc struct {
		Error, Hint string
		ExitCode    int
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Errorf("%s: -o json prints %q: %v", line, out, err)
		return
	}
	if got := "edgedeploy: error: " + doc.Error + "\nedgedeploy: hint: " + doc.Hint + "\n"; got != text && !strings.HasPrefix(line, "EDGEDEPLOY_OUTPUT") || code != doc.ExitCode {
		t.Errorf("%s: -o json ends with %d and %d, and says\n%swant\n%s", line, doc.ExitCode, code, got, text)
	}
}

var (
	clauseEnd = regexp.MustCompile(`[;,:?()]+( |$)`)
	saidFlag  = regexp.MustCompile("^[`(]*(--?[A-Za-z][A-Za-z-]*)")
)

// wrongAdvice says which command of a hint does not exist, or which flag the command
// that it is said of does not have; "" for none. A flag is said of the command before
// it in its clause, and else of the one that runs.
func wrongAdvice(root *cobra.Command, line, text string) string {
	_, hint, _ := strings.Cut(text, "edgedeploy: hint: ")
	running, _, err := root.Find(strings.Fields(line))
	if err != nil {
		running = root
	}
	for _, clause := range clauseEnd.Split(hint, -1) {
		about, words := running, strings.Fields(clause)
		for i, word := range words {
			word = strings.Trim(word, "`(")
			next := ""
			if i+1 < len(words) {
				next = strings.Trim(words[i+1], "`")
			}
			if word == "edgedeploy" && next != "" && !strings.HasPrefix(next, "-") {
				named, _, err := root.Find([]string{next})
				if err != nil || !named.HasParent() {
					return "there is no command " + next
				}
				about = named
			} else if named, _, err := root.Find([]string{word}); err == nil && named.HasParent() && strings.HasPrefix(next, "-") {
				about = named // a command alone: rollback --to 0
			} else if word == "edgedeploy" {
				about = root
			}
			if m := saidFlag.FindStringSubmatch(word); m != nil && !hasFlag(about, m[1]) && !(i > 1 && words[i-2] == "aws") && words[0] != "aws" {
				return about.Name() + " has no flag " + m[1]
			}
		}
	}
	return ""
}

func hasFlag(cmd *cobra.Command, flag string) bool {
	cmd.InitDefaultHelpFlag()
	name := strings.TrimLeft(flag, "-")
	for _, set := range []*pflag.FlagSet{cmd.Flags(), cmd.InheritedFlags(), cmd.Root().PersistentFlags()} {
		if set.Lookup(name) != nil || len(name) == 1 && set.ShorthandLookup(name) != nil {
			return true
		}
	}
	return false
}

// Every command that a stack is named to says that there is none of that name.
func TestAMistypedStackIsAnErrorOfEveryCommand(t *testing.T) {
	run := mistypedRig(t)
	n := 0
	for _, c := range testTree().Commands() {
		if c.LocalFlags().Lookup("stack") == nil || c.Name() == "destroy" {
			continue // what is not there is destroyed
		}
		n++
		for stack, hint := range map[string]string{"shpo": "did you mean shop?", "quite-another": "the spec here is of stack shop; is the account the right one?"} {
			words := []string{c.Name(), "--local", "--stack", stack}
			if c.Flags().Lookup("yes") != nil {
				words = append(words, "--yes")
			}
			code, _, text := run(nil, words...)
			if want := "edgedeploy: error: --stack: account 123456789012 has no stack " + stack + "\nedgedeploy: hint: " + hint + "\n"; code != exitFailed || text != want {
				t.Errorf("%s --stack %s exits with %d and says\n%swant\n%s", c.Name(), stack, code, text, want)
			}
		}
	}
	if n < 6 {
		t.Errorf("%d commands take --stack", n)
	}
}
