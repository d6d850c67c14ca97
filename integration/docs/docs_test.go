package docs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/integration/program"
)

const (
	root    = "../.."
	address = "https://github.com/edgedeploy/edgedeploy" // what the README clones
)

// What the pages tell people to type works, in the order in which it stands.
// Pages of a language's guests and of examples are held to it as the README is.
func TestTheDocsWorkInTheirOwnOrder(t *testing.T) {
	files := sources(t)
	pages := readPages(t, files)
	w := newVisitor(t, files)
	total, run, skipped := 0, 0, []string{}
	for _, p := range pages {
		t.Run(p.name, func(t *testing.T) {
			if p.name != "README.md" {
				w.mustType(t, fmt.Sprintf("cd '%s'", w.clone))
			}
			for _, b := range p.blocks {
				if b.file != "" {
					if w.missing(b) == "" {
						w.write(t, b)
					}
					continue
				}
				total++
				reason := w.block(t, b)
				if reason == "" {
					run++
				} else {
					skipped = append(skipped, fmt.Sprintf("%s:%d: %s", b.page, b.line, reason))
				}
			}
		})
	}
	t.Logf("%d blocks: %d run, %d not run", total, run, len(skipped))
	for _, s := range skipped {
		t.Logf("not run: %s", s)
	}
}

// sources are the files that git would commit, without those of tests.
func sources(t *testing.T) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("NOT RUN: git does not know these files: %v", err)
	}
	var files []string
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		if _, err := os.Lstat(filepath.Join(root, name)); err == nil { // else removed, and not committed yet
			files = append(files, name)
		}
	}
	return files
}

// page is a Markdown file with commands.
type page struct {
	name   string
	blocks []block
}

func readPages(t *testing.T, files []string) []page {
	t.Helper()
	texts := map[string]string{}
	for _, name := range files {
		if path.Ext(name) == ".md" && !strings.Contains(name, "testdata/") {
			raw, err := os.ReadFile(filepath.Join(root, name))
			if err != nil {
				t.Fatal(err)
			}
			texts[name] = string(raw)
		}
	}
	var pages []page
	for _, name := range readingOrder(texts) {
		all, err := blocks(name, texts[name])
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, page{name, all})
	}
	return pages
}

var link = regexp.MustCompile(`\]\(([^)#:]+)[^):]*\)`)

// readingOrder begins with the README, then takes what it links to, in its order,
// and then the rest.
func readingOrder(texts map[string]string) []string {
	order := []string{"README.md"}
	for _, m := range link.FindAllStringSubmatch(texts["README.md"], -1) {
		for _, name := range []string{m[1], path.Join(m[1], "README.md")} {
			if _, is := texts[name]; is && !slices.Contains(order, name) {
				order = append(order, name)
			}
		}
	}
	var rest []string
	for name := range texts {
		if !slices.Contains(order, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	return append(order, rest...)
}

// visitor is a person with an empty home who follows the pages.
type visitor struct {
	*session
	clone   string
	noCargo bool // none that builds for wasm32-unknown-unknown
}

func newVisitor(t *testing.T, files []string) *visitor {
	t.Helper()
	if err := program.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	published, home, start := filepath.Join(dir, "published"), filepath.Join(dir, "home"), filepath.Join(dir, "src")
	for _, sub := range []string{published, home, start} {
		if err := os.Mkdir(sub, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tools, noCargo := cargoTools(t)
	env := environment(t, home, published, tools)
	publish(t, files, published, env)
	ctx := context.WithoutCancel(t.Context()) // which ends before the shell is closed
	if deadline, ok := t.Deadline(); ok {
		var cancel func()
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-time.Minute)) // time to say where it hangs
		t.Cleanup(cancel)
	}
	s, err := open(ctx, start, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return &visitor{session: s, clone: filepath.Join(start, "edgedeploy"), noCargo: noCargo}
}

// cargoTools is a folder with a cargo and a rustc that build for browsers, to be
// first in PATH. It is empty where there are none.
func cargoTools(t *testing.T) (tools string, none bool) {
	t.Helper()
	tools = t.TempDir()
	dir, err := program.Cargo(t.Context())
	if errors.Is(err, program.ErrNoCargo) {
		return tools, true
	}
	for _, name := range []string{"cargo", "rustc"} {
		err = errors.Join(err, os.Symlink(filepath.Join(dir, name), filepath.Join(tools, name)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return tools, false
}

// publish commits the files to a repository of their own.
func publish(t *testing.T, files []string, dir string, env []string) {
	t.Helper()
	for _, name := range files {
		from, to := filepath.Join(root, name), filepath.Join(dir, name)
		raw, err := os.ReadFile(from)
		info, serr := os.Stat(from)
		if err := errors.Join(err, serr, os.MkdirAll(filepath.Dir(to), 0o755)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, raw, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "--quiet", "--initial-branch=main"}, {"add", "--all"}, {"commit", "--quiet", "--message", "as it is"}} {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir, cmd.Env = dir, env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", args[0], err, out)
		}
	}
}

// environment is that of a new home, in which the tools of this machine work and
// keep what they have built.
func environment(t *testing.T, home, published, tools string) []string {
	t.Helper()
	env := []string{
		"HOME=" + home, "PATH=" + tools + ":" + os.Getenv("PATH"), "TZ=UTC", "LC_ALL=C.UTF-8", "EDGEDEPLOY_YES=true", "EDGEDEPLOY_ACTOR=reader",
		"AWS_EC2_METADATA_DISABLED=true", "GOPRIVATE=" + strings.TrimPrefix(address, "https://"), "CARGO_NET_GIT_FETCH_WITH_CLI=true",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=url.file://" + published + ".insteadOf", "GIT_CONFIG_VALUE_0=" + address,
	}
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		env = append(env, "GIT_"+who+"_NAME=reader", "GIT_"+who+"_EMAIL=reader@example.com")
	}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOENV", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOFLAGS", "GOTOOLCHAIN"} {
		out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		if value := strings.TrimSpace(string(out)); value != "" {
			env = append(env, name+"="+value)
		}
	}
	if list := os.Getenv("EDGEDEPLOY_TEST_NODES"); list != "" {
		env = append(env, "EDGEDEPLOY_NODE="+list[strings.LastIndex(list, ",")+1:])
	}
	return env
}

// block types a block, or says why not.
func (v *visitor) block(t *testing.T, b block) (reason string) {
	t.Helper()
	if b.notRun != "" {
		return b.notRun
	}
	if name := v.missing(b); name != "" {
		if os.Getenv("EDGEDEPLOY_REQUIRE_DOCS") != "" {
			t.Errorf("%s:%d: EDGEDEPLOY_REQUIRE_DOCS is set, and there is no %s", b.page, b.line, name)
		}
		return "there is no " + name + " here"
	}
	v.enter(t, b)
	for _, s := range b.steps {
		code, out, err := v.run(s.text)
		if err != nil {
			t.Fatalf("%s:%d: %s%v\n%s", b.page, s.line, s.text, err, out)
		}
		if err := s.judge(code, out); err != nil {
			t.Errorf("%s:%d: %s%v", b.page, s.line, s.text, err)
		} else {
			t.Logf("%s:%d: %s", b.page, s.line, strings.TrimSpace(s.text))
		}
	}
	return ""
}

// missing is what a block needs and is not here, or "".
func (v *visitor) missing(b block) string {
	for _, name := range b.needs {
		if name == "cargo" && v.noCargo {
			return "cargo with the target wasm32-unknown-unknown"
		}
		_, err := os.Stat(name)
		if !filepath.IsAbs(name) {
			_, err = exec.LookPath(name)
		}
		if err != nil {
			return name
		}
	}
	return ""
}

// enter goes to the folder that a block names, which is made if it is not there.
func (v *visitor) enter(t *testing.T, b block) {
	t.Helper()
	if b.dir != "" {
		dir := filepath.Join(v.clone, filepath.FromSlash(b.dir))
		v.mustType(t, fmt.Sprintf("mkdir -p '%s' && cd '%[1]s'", dir))
	}
}

// write makes the file that a block is, where the shell stands.
func (v *visitor) write(t *testing.T, b block) {
	t.Helper()
	v.enter(t, b)
	for _, s := range b.steps {
		v.mustType(t, s.text)
	}
	code, out, err := v.run("pwd")
	if err != nil || code != 0 {
		t.Fatalf("pwd: exit %d, %v", code, err)
	}
	file := filepath.Join(strings.TrimSpace(out), b.file)
	text := []byte(b.text)
	if b.more {
		before, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%s:%d: %v", b.page, b.line, err)
		}
		text = append(before, text...)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatalf("%s:%d: %v", b.page, b.line, err)
	}
}

func (v *visitor) mustType(t *testing.T, text string) {
	t.Helper()
	if code, out, err := v.run(text); err != nil || code != 0 {
		t.Fatalf("%s: exit %d, %v\n%s", text, code, err, out)
	}
}
