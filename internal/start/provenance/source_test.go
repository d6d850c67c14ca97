package provenance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

func TestTheSourceIsTheCommitUnlessItsFilesDiffer(t *testing.T) {
	t.Parallel()
	packed := []string{"site/edgedeploy.yaml", "site/h.js", "site/build/h.wasm"}
	for name, test := range map[string]struct {
		change func(r repo)
		packed []string
		unheld string // %s is the commit; "" for a clean source
	}{
		"nothing":                  {func(repo) {}, packed, ""},
		"a result beside the spec": {func(r repo) { r.write("site/result.json", "{}") }, packed, ""},
		"files elsewhere":          {func(r repo) { r.write("docs/x.md", "new") }, packed, ""},
		"a build product in a new folder": {func(r repo) { r.write("site/gen/build/h.wasm", "new"); r.write("site/gen/x", "new") },
			append([]string{"site/gen/build/h.wasm"}, packed...), ""},
		"a build product that changed":  {func(r repo) { r.write("site/build/h.wasm", "again") }, packed, ""},
		"a tracked file outside":        {func(r repo) { r.write("other/a", "changed") }, packed, ""},
		"a tracked file that is packed": {func(r repo) { r.write("site/h.js", "changed") }, packed, "site/h.js is not as in commit %s"},
		"one that is not":               {func(r repo) { r.write("site/README", "changed") }, packed, "site/README is not as in commit %s"},
		"one that is staged":            {func(r repo) { r.write("site/h.js", "changed"); r.git("add", "-A") }, packed, "site/h.js is not as in commit %s"},
		"one that is gone":              {func(r repo) { r.git("rm", "-q", "site/README") }, packed, "site/README is not as in commit %s"},
		"one that was renamed":          {func(r repo) { r.git("mv", "site/README", "site/LIESMICH") }, packed, "site/LIESMICH (and 1 more) is not as in commit %s"},
		"one that git was told to assume unchanged": {func(r repo) {
			r.git("update-index", "--assume-unchanged", "site/h.js")
			r.write("site/h.js", "changed")
		}, packed, "site/h.js is not as in commit %s"},
		"one of these that is gone": {func(r repo) {
			r.git("update-index", "--assume-unchanged", "site/README")
			r.remove("site/README")
		}, packed, "site/README is not as in commit %s"},
		"one that git was told to skip": {func(r repo) {
			r.git("update-index", "--skip-worktree", "site/README", "site/h.js")
			r.write("site/h.js", "changed")
			r.write("site/README", "changed")
		}, packed, "site/README (and 1 more) is not as in commit %s"},
		"one of these whose name needs quotes": {func(r repo) {
			r.write("site/a \"b\\\nc", "one")
			r.commit("the first line")
			r.git("update-index", "--skip-worktree", "site/a \"b\\\nc")
		}, packed, ""},
		"a link that git was told to skip": {func(r repo) {
			r.link("h.js", "site/link.js")
			r.commit("the first line")
			r.git("update-index", "--skip-worktree", "site/link.js")
		}, packed, "site/link.js is not as in commit %s"},
		"marked files that are as they were": {func(r repo) {
			r.git("update-index", "--assume-unchanged", "site/h.js", "site/README")
			r.git("update-index", "--skip-worktree", "site/h.js")
		}, packed, ""},
		"a marked file whose line ends a filter changes": {func(r repo) {
			r.write(".gitattributes", "*.txt text eol=crlf\n")
			r.write("site/a.txt", "one\r\n")
			r.commit("the first line")
			r.git("update-index", "--assume-unchanged", "site/a.txt")
		}, packed, ""},
		"a sparse checkout": {func(r repo) {
			r.write("site/left-out/x", "x")
			r.commit("the first line")
			r.git("sparse-checkout", "set", "--no-cone", "/*", "!/site/left-out")
			if _, err := os.Stat(filepath.Join(r.dir, "site/left-out/x")); err == nil {
				r.t.Fatal("nothing is left out")
			}
		}, packed, ""},
		"a marked file outside": {func(r repo) {
			r.git("update-index", "--assume-unchanged", "other/a")
			r.write("other/a", "changed")
		}, packed, ""},
		"an unmerged one":           {conflict, packed, "site/h.js is not as in commit %s"},
		"a new file that is packed": {func(r repo) { r.write("site/new dir/n.js", "new") }, append([]string{"site/new dir/n.js"}, packed...), "site/new dir/n.js is packed and not in commit %s"},
		"one in a repository of its own": {func(r repo) {
			r.write("site/own/n.js", "n")
			repo{r.t, filepath.Join(r.dir, "site/own")}.git("init", "-q")
		}, []string{"site/own/n.js"}, "site/own/n.js is packed and not in commit %s"},
		"one behind a new link": {func(r repo) { r.link("build", "site/link") }, []string{"site/link/h.wasm"}, "site/link/h.wasm is packed and not in commit %s"},
		"a link to a new file": {func(r repo) {
			r.link("new.js", "site/link.js")
			r.commit("the first line")
			r.write("site/new.js", "new")
		}, []string{"site/link.js"}, "site/link.js is packed and not in commit %s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			for _, file := range []string{"site/edgedeploy.yaml", "site/h.js", "site/README", "other/a", "site/build/h.wasm"} {
				r.write(file, "one: "+file)
			}
			r.write(".gitignore", "build/\n")
			r.commit("the first line\n\nand more")
			test.change(r)
			commit := r.git("rev-parse", "HEAD")
			p := Project{Dir: filepath.Join(r.dir, "site"), Root: filepath.Join(r.dir, "site")}
			for _, file := range test.packed {
				p.Packed = append(p.Packed, strings.TrimPrefix(file, "site/"))
			}
			got := Find(t.Context(), p, env(nil))
			want := Origin{Source: release.Source{Commit: commit, Branch: "trunk"}, Subject: "the first line", top: r.dir}
			if test.unheld != "" {
				text := fmt.Sprintf(test.unheld, commit[:12])
				if strings.Contains(text, " packed ") {
					text = strings.TrimPrefix(text, "site/") // as the project calls it
				}
				want.Dirty, want.Subject, want.Unheld = true, "", text
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(Origin{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// conflict leaves a merge half-done.
func conflict(r repo) {
	r.git("checkout", "-q", "-b", "other")
	r.write("site/h.js", "other")
	r.commit("other")
	r.git("checkout", "-q", "trunk")
	r.write("site/h.js", "trunk")
	r.commit("trunk")
	if out, err := r.command("merge", "other").CombinedOutput(); err == nil {
		r.t.Fatalf("nothing is in conflict: %s", out)
	}
}

// Git sets variables like these for a hook, and people set them for a repository
// that is not above its files. They are of no meaning for the spec's folder.
func TestNoVariableTurnsGitToAnotherRepository(t *testing.T) {
	r := newRepo(t)
	r.write("site/h.js", "one")
	commit := r.commit("one")
	other := newRepo(t)
	other.write("site/h.js", "another")
	other.commit("another")
	p := Project{Dir: filepath.Join(r.dir, "site"), Root: r.dir, Packed: []string{"site/h.js"}}
	for name, value := range map[string]string{
		"GIT_DIR": ".git", "GIT_WORK_TREE": other.dir, "GIT_INDEX_FILE": filepath.Join(other.dir, ".git/index"),
		"GIT_OBJECT_DIRECTORY": filepath.Join(other.dir, ".git/objects"), "GIT_COMMON_DIR": filepath.Join(other.dir, ".git"),
		"GIT_ICASE_PATHSPECS": "1", "GIT_GLOB_PATHSPECS": "1", "GIT_NOGLOB_PATHSPECS": "1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if got := Find(t.Context(), p, env(nil)); got.Commit != commit || got.Unheld != "" || got.Subject != "one" {
				t.Errorf("got %+v", got)
			}
		})
	}
	kept := []string{"GIT_NO_REPLACE_OBJECTS", "GIT_INTERNAL_SUPER_PREFIX"}
	for name := range strings.FieldsSeq(r.git("rev-parse", "--local-env-vars")) {
		if !slices.Contains(redirecting, name) && !slices.Contains(kept, name) && !strings.HasPrefix(name, "GIT_CONFIG") {
			t.Errorf("%s is of one repository to git, and reaches the git that is asked", name)
		}
	}
}

// --root may name a folder that holds several repositories.
func TestTheRootMayBeAboveTheRepository(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "a")
	commit := r.commit("one")
	p := Project{Dir: r.dir, Root: filepath.Dir(r.dir), Packed: []string{filepath.Base(r.dir) + "/a"}}
	if got := Find(t.Context(), p, env(nil)); got.Commit != commit || got.Unheld != "" {
		t.Errorf("got %+v", got)
	}
	p.Packed = append(p.Packed, "beside/b.js")
	if got := Find(t.Context(), p, env(nil)); got.Unheld != "beside/b.js is packed and not in commit "+commit[:12] || !got.Dirty {
		t.Errorf("with a file of another folder: %+v", got)
	}
	p.Packed = nil
	r.write("a", "b")
	if got := Find(t.Context(), p, env(nil)); !strings.HasPrefix(got.Unheld, "a is not as in") {
		t.Errorf("with a file that changed: %+v", got)
	}
}

// What cannot be compared is not taken for the commit.
func TestACommitIsToldWithoutWhatDiffers(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "a")
	commit := r.commit("one")
	r.write(".git/index", "damaged")
	got := r.find("a")
	if got.Commit != commit || !got.Dirty || got.Subject != "" || !strings.HasPrefix(got.Unheld, "whether files differ from commit "+commit[:12]+" is not known: git ") {
		t.Errorf("got %+v", got)
	}
}

func TestSubmodulesCountAsTheyArePacked(t *testing.T) {
	t.Parallel()
	lib := newRepo(t)
	lib.write("l.js", "one")
	lib.commit("lib")
	for name, test := range map[string]struct {
		change func(sub repo)
		packed string
		want   string
	}{
		"as it was":             {func(repo) {}, "sub/l.js", ""},
		"another file is there": {func(s repo) { s.write("x", "x") }, "h.js", ""},
		"a new file is there":   {func(s repo) { s.write("n.js", "n") }, "sub/n.js", "sub/n.js is packed and not in"},
		"a file of it, unseen":  {func(s repo) { s.git("update-index", "--skip-worktree", "l.js"); s.write("l.js", "two") }, "h.js", "sub/l.js is not as in"},
		"it is at a new one, unseen": {func(s repo) {
			s.write("l.js", "two")
			s.commit("two")
			repo{s.t, filepath.Dir(s.dir)}.git("update-index", "--assume-unchanged", "sub")
		}, "h.js", "sub is not as in"},
		"a file of it changed":       {func(s repo) { s.write("l.js", "two") }, "h.js", "sub is not as in"},
		"it stands at a new commit":  {func(s repo) { s.write("l.js", "two"); s.commit("two") }, "h.js", "sub is not as in"},
		"it has both, and one is in": {func(s repo) { s.write("l.js", "two"); s.write("n", "n") }, "h.js", "sub is not as in"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.write("h.js", "one")
			r.git("submodule", "--quiet", "add", lib.dir, "sub")
			r.commit("with a submodule")
			test.change(repo{t, filepath.Join(r.dir, "sub")})
			got := r.find(test.packed)
			if !strings.HasPrefix(got.Unheld, test.want) || (got.Unheld == "") != (test.want == "") || got.Dirty != (test.want != "") {
				t.Errorf("got %+v, want %q", got, test.want)
			}
		})
	}
}

func TestWhereGitCannotBeAskedThePipelineIs(t *testing.T) {
	t.Parallel()
	sha := strings.Repeat("ab", 20)
	push := map[string]string{"GITHUB_SHA": sha, "GITHUB_EVENT_NAME": "push", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main"}
	pull := map[string]string{"GITHUB_SHA": sha, "GITHUB_EVENT_NAME": "pull_request"}
	served := release.Source{Commit: sha, Branch: "main", From: "GITHUB_SHA"}
	places := map[string]func(t *testing.T) (Project, string){
		"no repository": func(t *testing.T) (Project, string) {
			dir := t.TempDir()
			return Project{Dir: dir, Root: dir}, "the spec is in no git repository"
		},
		"owned by another user": func(t *testing.T) (Project, string) {
			if os.Getuid() != 0 {
				t.Skip("only root can give files away")
			}
			r := newRepo(t)
			r.write("a", "a")
			r.commit("one")
			if err := os.Chown(r.dir, 12345, 12345); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(filepath.Join(r.dir, ".git"), 12345, 12345); err != nil {
				t.Fatal(err)
			}
			if exec.Command("git", "-C", r.dir, "rev-parse").Run() == nil {
				t.Skip("safe.directory of this machine allows it")
			}
			return r.project(), "git says: detected dubious ownership in repository at '" + r.dir + "'"
		},
		"a damaged repository": func(t *testing.T) (Project, string) {
			r := newRepo(t)
			r.write(".git/HEAD", "nonsense")
			return r.project(), "the spec is in no git repository"
		},
	}
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, why := place(t)
			got := Find(t.Context(), p, env(nil))
			if diff := cmp.Diff(Origin{Unheld: why}, got, cmp.AllowUnexported(Origin{})); diff != "" {
				t.Errorf("without a pipeline (-want +got):\n%s", diff)
			}
			if got := Find(t.Context(), p, env(push)); got.Source != served || got.Unheld != "" {
				t.Errorf("in a pipeline: %+v", got)
			}
			got = Find(t.Context(), p, env(pull))
			if got.Source != (release.Source{}) || got.Unheld != why+"; GITHUB_SHA is that of a pull request, and may be a merge that is on no branch" {
				t.Errorf("for a pull request: %+v", got)
			}
		})
	}
}

func TestGitIsAskedBeforeThePipeline(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	if got := Find(t.Context(), r.project(), env(map[string]string{"GITHUB_SHA": strings.Repeat("ab", 20)})); got.Commit != "" || got.Unheld != "the repository has no commit yet" {
		t.Errorf("before the first commit: %+v", got)
	}
	commit := r.commit("one")
	r.git("checkout", "-q", "--detach")
	for sha, branch := range map[string]string{commit: "main", strings.Repeat("ab", 20): ""} {
		got := Find(t.Context(), r.project(), env(map[string]string{"CI_COMMIT_SHA": sha, "CI_COMMIT_BRANCH": "main"}))
		if want := (release.Source{Commit: commit, Branch: branch}); got.Source != want {
			t.Errorf("the pipeline names %s: got %+v, want %+v", sha, got.Source, want)
		}
	}
}

func TestTheOrderOfTwoCommits(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	one, two := r.commit("one"), r.commit("two")
	r.git("checkout", "-q", "--detach", one)
	beside := r.commit("beside")
	for name, test := range map[string]struct {
		at, live string
		want     plan.Order
		untold   string
	}{
		"the same":         {two, two, plan.OrderSame, ""},
		"newer":            {two, one, plan.OrderAfter, ""},
		"older":            {one, two, plan.OrderBefore, ""},
		"diverged":         {two, beside, plan.OrderDiverged, ""},
		"not in the clone": {two, strings.Repeat("ab", 20), plan.OrderUnknown, "fetch-depth: 0"},
		"no commit at all": {two, "--output=x", plan.OrderUnknown, "not a commit's full name"},
	} {
		r.git("checkout", "-q", "--detach", test.at)
		got := r.find().Provenance(t.Context(), release.Source{Commit: test.live}, release.Source{})
		if len(got.Orders) != 1 || got.Orders[test.live] != test.want || !strings.Contains(got.Untold, test.untold) || (got.Untold == "") != (test.untold == "") {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	served := said{commit: one, from: "GITHUB_SHA"}.origin("git is not installed")
	if got := served.Provenance(t.Context(), release.Source{Commit: two}); got.Orders[two] != plan.OrderUnknown || !strings.Contains(got.Untold, "git could not be asked") {
		t.Errorf("of a pipeline's commit: %+v", got)
	}
	if got := served.Provenance(t.Context(), release.Source{Commit: one}); got.Orders[one] != plan.OrderSame || got.Untold != "" {
		t.Errorf("of the very commit: %+v", got)
	}
}

// A clone that has a part of the history knows what is an ancestor, and must
// not take two ends of it for histories that diverged. One without files
// fetches none while it is asked.
func TestAPartOfTheHistory(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "one")
	one := r.commit("one")
	r.write("a", "two")
	two := r.commit("two")
	r.write("a", "three")
	three := r.commit("three")
	r.git("config", "uploadpack.allowAnySHA1InWant", "true")
	r.git("config", "uploadpack.allowFilter", "true")
	clone := func(args ...string) repo {
		c := repo{t, filepath.Join(t.TempDir(), "clone")}
		r.git(append(append([]string{"clone", "-q", "--no-local"}, args...), "file://"+r.dir, c.dir)...)
		c.dir, _ = filepath.EvalSymlinks(c.dir)
		return c
	}
	shallow := clone("--depth=1")
	got := shallow.find("a")
	if got.Commit != three || got.Dirty || got.Subject != "three" {
		t.Errorf("a shallow clone: %+v", got)
	}
	if p := got.Provenance(t.Context(), release.Source{Commit: two}); p.Orders[two] != plan.OrderUnknown || !strings.Contains(p.Untold, "fetch-depth: 0") {
		t.Errorf("a shallow clone without the commit: %+v", p)
	}
	shallow.git("fetch", "-q", "--depth=1", "origin", one)
	if p := got.Provenance(t.Context(), release.Source{Commit: one}); p.Orders[one] != plan.OrderUnknown || !strings.Contains(p.Untold, "a part of the history") {
		t.Errorf("a shallow clone with both ends: %+v", p)
	}
	deeper := clone("--depth=2")
	if p := deeper.find().Provenance(t.Context(), release.Source{Commit: two}); p.Orders[two] != plan.OrderAfter {
		t.Errorf("a clone that is deep enough: %+v", p)
	}

	partial := clone("--filter=blob:none")
	r.write("a", "four")
	four := r.commit("four")
	got = partial.find("a")
	if got.Commit != three || got.Dirty || got.Subject != "three" {
		t.Errorf("a partial clone: %+v", got)
	}
	if p := got.Provenance(t.Context(), release.Source{Commit: two}); p.Orders[two] != plan.OrderAfter {
		t.Errorf("the order in a partial clone: %+v", p)
	}
	if p := got.Provenance(t.Context(), release.Source{Commit: four}); p.Orders[four] != plan.OrderUnknown {
		t.Errorf("a partial clone fetched what it was asked about: %+v", p)
	}
}

// core.fsmonitor names a program, and so does what checks signatures.
func TestGitRunsNoProgramOfItsConfiguration(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "a")
	r.commit("one")
	commit := r.sign()
	ran := filepath.Join(t.TempDir(), "ran")
	hook := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(hook, []byte("#!/bin/sh\necho \"$0\" >>'"+ran+"'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"core.fsmonitor", "gpg.program", "core.pager", "core.sshCommand", "diff.external"} {
		r.git("config", key, hook)
	}
	r.git("config", "log.showSignature", "true")
	index := func() time.Time {
		at, err := os.Stat(filepath.Join(r.dir, ".git/index"))
		if err != nil {
			t.Fatal(err)
		}
		return at.ModTime()
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(r.dir, "a"), later, later); err != nil {
		t.Fatal(err)
	}
	before := index()
	got := r.find("a")
	if got.Commit != commit || got.Dirty || got.Subject != "one" {
		t.Errorf("got %+v", got)
	}
	if text, err := os.ReadFile(ran); err == nil {
		t.Errorf("it ran %s", text)
	}
	if !index().Equal(before) {
		t.Error("it wrote the index")
	}
	// The same repository, asked plainly, does run it: or this test would show nothing.
	for _, question := range []string{"status", "log"} {
		r.git(question)
		if err := os.Remove(ran); err != nil {
			t.Errorf("git %s runs nothing: %v", question, err)
		}
	}
}
