package starters

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/integration/program"
)

// binary is the program, cargo the folder of a cargo that builds modules.
var binary, cargo string

func TestMain(m *testing.M) { os.Exit(prepare(m)) }

func prepare(m *testing.M) int {
	dir, err := program.NeedCargo(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cargo = dir
	return program.Main(m, &binary)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// patience is more than all the commands may take together.
const patience = program.Patience

// newcomer is somebody with an empty home, an empty folder, and tools.
type newcomer struct {
	t   *testing.T
	dir string
	env []string
}

func newNewcomer(t *testing.T) *newcomer {
	t.Helper()
	must(t, program.Look(t.Context()))
	tools, home := t.TempDir(), t.TempDir()
	links := map[string]string{"edgedeploy": binary}
	for _, name := range []string{"go", "node", "npm"} {
		path, err := exec.LookPath(name)
		must(t, err)
		links[name] = path
	}
	if cargo != "" {
		links["cargo"], links["rustc"] = filepath.Join(cargo, "cargo"), filepath.Join(cargo, "rustc")
	}
	for name, path := range links {
		must(t, os.Symlink(path, filepath.Join(tools, name)))
	}
	n := &newcomer{t: t, dir: filepath.Join(t.TempDir(), "my-site"), env: []string{
		"PATH=" + tools + ":/usr/local/bin:/usr/bin:/bin", "HOME=" + home, "TZ=UTC", "LC_ALL=C.UTF-8",
		"GOPROXY=off", "GOFLAGS=-mod=mod", "GOTOOLCHAIN=local", "CARGO_NET_OFFLINE=true",
		"EDGEDEPLOY_YES=true", // the y that a person types
	}}
	must(t, os.Mkdir(n.dir, 0o755))
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} { // only to be faster
		out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
		must(t, err)
		n.env = append(n.env, name+"="+strings.TrimSpace(string(out)))
	}
	return n
}

// types is what the newcomer enters into a shell; it has to succeed.
func (n *newcomer) types(script string) string {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-e", "-c", script)
	cmd.Dir, cmd.Env = n.dir, n.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		n.t.Fatalf("%s\n%v\n%s", script, err, out)
	}
	return string(out)
}

// commands are the ones below "Next:", as they are to be typed: without what is
// said about them behind three spaces, or on a line of its own.
func commands(t *testing.T, said string) []string {
	t.Helper()
	_, next, ok := strings.Cut(said, "\nNext:\n")
	if !ok {
		t.Fatalf("nothing is said to be next:\n%s", said)
	}
	var all []string
	goesOn := false
	next, _, _ = strings.Cut(next, "\n\n") // what follows is for later
	for line := range strings.Lines(next) {
		command, isOne := strings.CutPrefix(strings.TrimRight(line, "\n"), "  ")
		switch {
		case goesOn:
			all[len(all)-1] += "\n" + command
		case isOne && !strings.HasPrefix(command, " "):
			command, _, _ = strings.Cut(command, "   ")
			all = append(all, command)
		case !isOne || len(all) == 0:
			t.Fatalf("what is %q?\n%s", line, said)
		}
		goesOn = strings.HasSuffix(command, `\`)
	}
	return all
}

func TestCommandsAreReadAsTheyArePrinted(t *testing.T) {
	t.Parallel()
	got := commands(t, "Wrote it.\n\nNext:\n  a b   about it\n  c \\\n    d\n  e\n      about e\n\nLater.\n")
	if d := cmp.Diff([]string{"a b", "c \\\n  d", "e"}, got); d != "" {
		t.Error(d)
	}
}

func TestEveryStarterDoesWhatItSays(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]struct {
		commands int
		built    string
		check    string // what else somebody would try at once
	}{
		"go":         {3, "handler.wasm", "test -z \"$(gofmt -l .)\"; go vet ./...; GOOS=wasip1 GOARCH=wasm go vet ./..."},
		"rust":       {4, "target/wasm32-unknown-unknown/release/handler.wasm", "cargo test --quiet"},
		"typescript": {3, "src/handler.ts", "npm test --silent; npm run --silent build; npm run --silent plan -- --local"},
	} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			if lang == "rust" && cargo == "" {
				t.Skip("NOT RUN: " + program.ErrNoCargo.Error())
			}
			n := newNewcomer(t)
			said := n.types("edgedeploy init --lang " + lang)
			next := commands(t, said)
			if len(next) != want.commands {
				t.Fatalf("there are %d commands: %q", len(next), next)
			}
			next = slices.DeleteFunc(next, func(c string) bool {
				return c == "rustup target add wasm32-unknown-unknown" || c == "npm install"
			})
			out := n.types(strings.Join(next, "\n"))
			for _, text := range []string{"3 passed", "Release 1 of my-site is live"} {
				if !strings.Contains(out, text) {
					t.Errorf("nothing says %q:\n%s", text, out)
				}
			}
			if _, err := os.Stat(filepath.Join(n.dir, want.built)); err != nil {
				t.Error(err)
			}
			n.wantBound("hello")
			n.types(want.check)
			n.wantTypes(lang)
			n.wantIgnored()
		})
	}
}

// Rustup's tools often lack the target and come first in the PATH; the line that
// Cargo.toml has for Debian's works all the same.
func TestTheRustStarterBuildsWithDebiansRustBehindAnother(t *testing.T) {
	t.Parallel()
	if cargo != "/usr/bin" {
		t.Skip("NOT RUN: Debian's cargo with the target is not there")
	}
	n := newNewcomer(t)
	said := n.types("edgedeploy init --lang rust")
	if !strings.Contains(said, "RUSTC=/usr/bin/rustc /usr/bin/cargo") {
		t.Errorf("nothing is said of Debian's Rust:\n%s", said)
	}
	manifest, err := os.ReadFile(filepath.Join(n.dir, "Cargo.toml"))
	must(t, err)
	line := regexp.MustCompile(`(?m)^# +(RUSTC=.*)$`).FindStringSubmatch(string(manifest))
	if line == nil {
		t.Fatalf("Cargo.toml has no line to type:\n%s", manifest)
	}
	others := t.TempDir()
	for _, name := range []string{"cargo", "rustc"} {
		must(t, os.WriteFile(filepath.Join(others, name), []byte("#!/bin/sh\necho \"can't find crate for core\" >&2\nexit 101\n"), 0o755))
	}
	n.types("export PATH=" + others + ":$PATH\n" + line[1] + "\nedgedeploy test")
}

// wantBound asks the account that init's last command made.
func (n *newcomer) wantBound(function string) {
	n.t.Helper()
	var status struct {
		Slots []struct {
			Held              struct{ ARN string }
			Matches, Deployed bool
		}
	}
	out := n.types("edgedeploy status --local -o json")
	must(n.t, json.Unmarshal([]byte(out), &status))
	if len(status.Slots) != 2 {
		n.t.Errorf("the status is %s", out)
	}
	for _, s := range status.Slots {
		if !strings.HasSuffix(s.Held.ARN, ":function:my-site-"+function+":1") || !s.Matches || !s.Deployed {
			n.t.Errorf("a slot is %+v", s)
		}
	}
}

// wantTypes wants the TypeScript compiler to find nothing, where there is one.
func (n *newcomer) wantTypes(lang string) {
	n.t.Helper()
	dir := os.Getenv("EDGEDEPLOY_TEST_PACKAGES")
	switch {
	case lang != "typescript":
	case dir != "":
		n.types(filepath.Join(dir, "node_modules/.bin/tsc"))
	case os.Getenv("EDGEDEPLOY_REQUIRE_PACKAGES") != "":
		n.t.Error("EDGEDEPLOY_TEST_PACKAGES is not set: export EDGEDEPLOY_TEST_PACKAGES=$(integration/packages.sh .tools/packages)")
	default:
		n.t.Log("NOT CHECKED: the types, for want of npm packages; export EDGEDEPLOY_TEST_PACKAGES=$(integration/packages.sh .tools/packages)")
	}
}

// wantIgnored wants that git would take what a person wrote, and nothing that
// was built: no pipeline shall find files that differ from the commit.
func (n *newcomer) wantIgnored() {
	n.t.Helper()
	n.types("git init --quiet && git add --all && git -c user.name=n -c user.email=n@example.com commit --quiet -m 'first'")
	for name := range strings.Lines(n.types("git ls-files")) {
		for _, built := range []string{".edgedeploy/", "target/", "node_modules/", ".wasm"} {
			if strings.Contains(name, built) && !strings.HasPrefix(name, "edgedeploy-guest/") {
				n.t.Errorf("git would take %s", name)
			}
		}
	}
}
