package provenance

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

func TestThePipelineSaysWhoDeploys(t *testing.T) {
	t.Parallel()
	for want, env := range map[string]map[string]string{
		"ops": {"EDGEDEPLOY_ACTOR": "ops", "GITHUB_ACTOR": "ada"},
		"ada": {"EDGEDEPLOY_ACTOR": "", "GITHUB_ACTOR": "ada", "GITLAB_USER_LOGIN": "bob"},
		"bob": {"GITLAB_USER_LOGIN": "bob"},
	} {
		lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
		if got := Actor(lookup); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if run := Run(lookup, "why"); run.Actor != want || run.Message != "why" || len(run.ID) != 16 || run.At.IsZero() || run.Tool == "" {
			t.Errorf("got %+v", run)
		}
	}
	nothing := func(string) (string, bool) { return "", false }
	if Actor(nothing) == "" {
		t.Error("nobody deploys")
	}
	if one, two := NewID(), NewID(); one == two {
		t.Error("two runs have one id")
	}
}

func TestTheSourceIsWhatGitSays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if got := Source(t.Context(), dir); got != (release.Source{}) {
		t.Errorf("outside of a repository: %+v", got)
	}
	run := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "a"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run("init", "-q", "-b", "trunk")
	write("one")
	run("add", "a")
	run("commit", "-q", "-m", "the first line\n\nand more")
	clean := Source(t.Context(), dir)
	if len(clean.Commit) != 40 || clean.Branch != "trunk" || clean.Dirty {
		t.Errorf("a clean clone: %+v", clean)
	}
	if got := Subject(t.Context(), dir, clean); got != "the first line" {
		t.Errorf("the subject is %q", got)
	}
	write("two")
	dirty := Source(t.Context(), dir)
	if dirty.Commit != clean.Commit || !dirty.Dirty {
		t.Errorf("a changed file: %+v", dirty)
	}
	if got := Subject(t.Context(), dir, dirty); got != "" {
		t.Errorf("changed files have the subject %q", got)
	}
}
