package pipelines

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// seen is what gitlab-ci-local says about a job.
type seen struct {
	Name, Stage, When string
	AllowFailure      any `json:"allow_failure"`
	Needs             []struct{ Job string }
}

// list lets gitlab-ci-local read a file, as in a pipeline of the default branch.
func list(t *testing.T, file []byte) ([]seen, string, bool) {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, ".gitlab-ci.yml"), file, 0o600))
	for _, args := range [][]string{{"init", "--quiet", "--initial-branch=main"}, {"remote", "add", "origin", "git@gitlab.example:acme/site.git"}} {
		must(t, exec.CommandContext(t.Context(), "git", append([]string{"-C", dir}, args...)...).Run())
	}
	// It needs Node.js 22, so the one in PATH may be too old.
	nodes := strings.Split(os.Getenv("EDGEDEPLOY_TEST_NODES"), ",")
	node := nodes[len(nodes)-1]
	if node == "" {
		node = "node"
	}
	program := filepath.Join(os.Getenv("EDGEDEPLOY_TEST_PACKAGES"), "node_modules/gitlab-ci-local/dist/index.js")
	cmd := exec.CommandContext(t.Context(), node, program, "--list-json")
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "NO_COLOR=1"}
	if err := cmd.Run(); err != nil {
		return nil, errs.String(), false
	}
	var jobs []seen
	if err := json.Unmarshal(out.Bytes(), &jobs); err != nil {
		t.Fatalf("%v\n%s%s", err, out.String(), errs.String())
	}
	return jobs, errs.String(), true
}

func TestGitLabsOwnSchemaTakesTheFile(t *testing.T) {
	t.Parallel()
	if os.Getenv("EDGEDEPLOY_TEST_PACKAGES") == "" {
		const how = "export EDGEDEPLOY_TEST_PACKAGES=$(integration/packages.sh .tools/packages)"
		if os.Getenv("EDGEDEPLOY_REQUIRE_PACKAGES") != "" {
			t.Fatal("EDGEDEPLOY_TEST_PACKAGES is not set: " + how)
		}
		t.Skip("NOT RUN: it needs npm packages; " + how)
	}
	raw, err := os.ReadFile("../../examples/pipelines/gitlab-ci.yml")
	must(t, err)
	got, said, ok := list(t, raw)
	if !ok {
		t.Fatal(said)
	}
	f := readGitLab(t)
	p := &pipeline{world: &world{t: t}, file: f, predefine: map[string]string{"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}}
	var want []seen
	for _, name := range f.order {
		j := f.extended(name)
		if strings.HasPrefix(name, ".") {
			continue
		}
		s := seen{Name: name, Stage: j.Stage, When: "never", AllowFailure: false}
		if p.holds(j.Rules) {
			s.When = "on_success"
		}
		if codes := j.AllowFailure.Codes; len(codes) > 0 {
			s.AllowFailure = map[string]any{"exit_codes": []any{float64(codes[0])}}
		}
		for _, need := range j.Needs {
			s.Needs = append(s.Needs, struct{ Job string }{need})
		}
		want = append(want, s)
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}

	// It does look: each of these is refused, and by its name.
	for from, to := range map[string]string{
		"expose_as:": "exposes_as:", "resource_group: edgedeploy": "resource_group: [3]", "exit_codes: [6]": "exit_codes: six",
	} {
		if _, said, ok := list(t, bytes.Replace(raw, []byte(from), []byte(to), 1)); ok || !strings.Contains(said, strings.SplitN(to, ":", 2)[0]) {
			t.Errorf("%q is taken: %s", to, said)
		}
	}
}
