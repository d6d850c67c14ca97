package pipelines

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/integration/program"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

const botID = float64(42) // GitLab's, of the token's user

func TestGitHubRunsTheWholeStory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.git("rev-parse", "HEAD")

	// A pull request: its plan in a comment, and nothing else happens. Another
	// push to it changes that comment.
	must(t, writeComments(w.comments, []comment{{ID: 1, Body: "<!-- edgedeploy plan -->\nnice try", User: map[string]any{"login": "somebody"}}}))
	r := w.newRun(event{name: "pull_request", commit: first}).start().want("success", "success", "success", "skipped")
	w.wantComment("Publishes 1 version", "redirect-site", "viewer-request")
	if !strings.Contains(r.summary, "Publishes 1 version") {
		t.Errorf("the summary is %q", r.summary)
	}
	if got := r.roles; !maps.EqualFunc(got, map[string][]string{"plan": {planRole}}, slices.Equal) {
		t.Errorf("the roles assumed are %v", got)
	}
	w.edit("edgedeploy.yaml", "memory: 128", "memory: 192")
	second := w.commit("more memory")
	w.newRun(event{name: "pull_request", commit: second}).start().want("success", "success", "success", "skipped")
	w.wantComment("192 MB")
	w.wantReadsOnly()

	// From a fork: tests, and no more.
	w.newRun(event{name: "pull_request", commit: second, fork: true}).start().want("success", "success", "skipped", "skipped")
	if calls, err := w.Calls(t.Context()); err != nil || len(calls) > 0 {
		t.Errorf("a fork made the calls %v, %v", calls, err)
	}

	// Merged. Once more: there is nothing to apply, and nobody is asked.
	r = w.push(second).start().want("success", "success", "success", "success")
	if got := r.roles; !maps.EqualFunc(got, map[string][]string{"plan": {planRole}, "apply": {applyRole}}, slices.Equal) {
		t.Errorf("the roles assumed are %v", got)
	}
	w.wantBound("1")
	w.wantLive(1, second)
	w.push(second).start().want("success", "success", "success", "skipped")

	// A change, taken back by hand: the pipeline does not bring it again.
	w.edit("edgedeploy.yaml", "SAMEORIGIN", "DENY")
	w.editExpectations("SAMEORIGIN", "DENY")
	bad := w.commit("no frames")
	w.push(bad).start().want("success", "success", "success", "success")
	w.wantBound("2")
	w.edgedeploy("rollback", "--yes", "--stack", stack, "-m", "breaks embeds")
	w.wantBound("1")
	r = w.push(bad).start().want("success", "success", "success", "failure")
	if log := r.log["apply"]; !strings.Contains(log, "=== Apply: 5\n") || !strings.Contains(log, "::error title=Held by a rollback") || !strings.Contains(log, "edgedeploy resume 2 --stack redirect") {
		t.Errorf("apply says\n%s", log)
	}
	if !strings.Contains(r.summary, "### edgedeploy apply: exit code 5") {
		t.Errorf("the summary is %s", r.summary)
	}
	w.wantBound("1")
	w.newRun(event{name: "pull_request", commit: bad}).start().want("success", "success", "success", "skipped")
	w.wantComment("Held: apply refuses this plan")

	// Once the bad part is another, it passes.
	w.edit("edgedeploy.yaml", "frame-options: DENY", "frame-options: ALLOWALL")
	w.editExpectations("DENY", "ALLOWALL")
	good := w.commit("frames for all")
	w.push(good).start().want("success", "success", "success", "success")
	w.wantBound("3")

	// A pipeline of an older commit, run again, says what it takes back.
	w.newRun(event{name: "pull_request", commit: second}).start().want("success", "success", "success", "skipped")
	w.wantComment("takes newer work back: commit "+second[:12], "is an ancestor of commit "+good[:12])
	w.wantLive(4, good)
}

func TestGitHubSaysWhyThereIsNoPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.Arm(t.Context(), localaws.Fault{Service: "cloudfront", Kind: localaws.Error, Status: 403, Code: "AccessDenied", Message: "not for you"}))
	r := w.newRun(event{name: "pull_request", commit: w.git("rev-parse", "HEAD")}).start().want("success", "success", "failure", "skipped")
	w.wantComment("### edgedeploy: no plan (exit code 1)", "not for you")
	if !strings.Contains(r.summary, "not for you") {
		t.Errorf("the summary is %s", r.summary)
	}

	// Tests that fail come before all that.
	w.edit("edgedeploy.yaml", "SAMEORIGIN", "DENY")
	w.newRun(event{name: "pull_request", commit: w.commit("no frames, and the tests forgotten")}).start().want("success", "failure", "skipped", "skipped")
}

func TestGitHubTellsAConflictFromAnUnfinishedChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "--propagation-delay", "1h")
	first := w.git("rev-parse", "HEAD")
	r := w.push(first)
	r.env["EDGEDEPLOY_TIMEOUT"] = "1s"
	r.start().want("success", "success", "success", "success")
	if log := r.log["apply"]; !strings.Contains(log, "::warning title=Accepted, and not everywhere yet") || !strings.Contains(r.summary, "exit code 6") {
		t.Errorf("apply says\n%s", log)
	}
	w.wantBound("1")

	// Somebody else is faster, between the plan and its apply.
	w.edit("edgedeploy.yaml", "SAMEORIGIN", "DENY")
	w.editExpectations("SAMEORIGIN", "DENY")
	r = w.push(w.commit("no frames"))
	r.before["apply"] = func() { w.edgedeploy("rollback", "--yes", "--no-wait", "--stack", stack, "--to", "0") }
	r.start().want("success", "success", "success", "failure")
	if log := r.log["apply"]; !strings.Contains(log, "=== Apply: 4\n") || !strings.Contains(log, "::error title=Conflict") {
		t.Errorf("apply says\n%s", log)
	}
	w.wantBound("")
}

// What runs while a handler is built could replace artifacts of its run.
func TestGitHubRunsNoProgramAndNoPlanButItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.git("rev-parse", "HEAD")
	ran := filepath.Join(t.TempDir(), "ran")
	for job, results := range map[string][]string{"plan": {"success", "success", "failure", "skipped"}, "apply": {"success", "success", "success", "failure"}} {
		r := w.push(first)
		r.before[job] = func() {
			must(t, os.WriteFile(filepath.Join(r.artifacts, "edgedeploy", "edgedeploy"), []byte("#!/bin/sh\ntouch "+ran+"\n"), 0o600))
		}
		if r.start().want(results...); len(r.roles[job]) > 0 {
			t.Errorf("%s got credentials beside another's program", job)
		}
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("another's program ran")
	}

	// Another plan, made by the same program.
	other := w.push(first).start().want("success", "success", "success", "success")
	w.edgedeploy("rollback", "--yes", "--stack", stack, "--to", "0")
	w.edit("edgedeploy.yaml", "memory: 128", "memory: 192")
	r := w.push(w.commit("more memory"))
	r.before["apply"] = func() {
		must(t, copyFile(filepath.Join(other.artifacts, "plan", "change.edplan"), filepath.Join(r.artifacts, "plan", "change.edplan"), 0o600))
	}
	r.start().want("success", "success", "success", "failure")
	if log := r.log["apply"]; !strings.Contains(log, "change.edplan: FAILED") || len(r.roles["apply"]) > 0 {
		t.Errorf("apply got the roles %v and says\n%s", r.roles["apply"], log)
	}
	w.wantBound("")
}

func TestGitHubCutsAPlanThatIsTooLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var more strings.Builder
	for i := range 300 { // none of them bound: each is a line or two of the plan
		name := "unbound-" + strings.Repeat("x", 20) + string(rune('a'+i/26)) + string(rune('a'+i%26))
		more.WriteString("  " + name + ":\n    wasm: target/wasm32-unknown-unknown/release/redirect.wasm\n" +
			"    role: arn:aws:iam::123456789012:role/edge-exec\n    runtime: nodejs24.x\n    memory: 128\n    timeout: 5\n")
	}
	w.edit("edgedeploy.yaml", "\ndistributions:", more.String()+"\ndistributions:")
	w.git("mv", "fixtures", "site-fixtures")
	w.git("commit", "--quiet", "-m", "aside")
	must(t, copyTree(w.repo+"/site-fixtures", w.repo+"/fixtures/site"))
	w.newRun(event{name: "pull_request", commit: w.commit("many")}).start().want("success", "success", "success", "skipped")
	w.wantComment("### edgedeploy: ", "too long for a comment", "https://github.example/acme/site/actions/runs/99")
}

// What init writes is what the pipeline wants, once cargo made its lock file.
func TestGitHubDeploysTheStarter(t *testing.T) {
	t.Parallel()
	w := newAccount(t)
	for _, c := range [][]string{{binary, "init", "--lang", "rust"}, {filepath.Join(cargo, "cargo"), "generate-lockfile", "--offline"}} {
		cmd := exec.CommandContext(t.Context(), c[0], c[1:]...)
		cmd.Dir, cmd.Env = w.repo, program.Environment(t.TempDir(), "")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", c, err, out)
		}
	}
	w.git("init", "--quiet", "--initial-branch=main")
	first := w.commit("what init wrote")
	w.newRun(event{name: "pull_request", commit: first}).start().want("success", "success", "success", "skipped")
	w.wantComment("Publishes 1 version")
	w.push(first).start().want("success", "success", "success", "success")
	for _, slot := range []string{"default viewer-request", "default origin-response"} {
		if got := w.bound()[slot]; !strings.HasSuffix(got, "-hello:1") {
			t.Errorf("%s has %q", slot, got)
		}
	}
}

// editExpectations replaces a text in every expectation that has it.
func (w *world) editExpectations(from, to string) {
	w.t.Helper()
	for _, name := range strings.Fields(w.git("grep", "-l", from, "--", "fixtures")) {
		w.edit(name, from, to)
	}
}

// packs finds the commands that load what they pack. apply of a saved plan, by
// the path of the program, packs nothing.
var packs = regexp.MustCompile(`(?m)^(edgedeploy apply|(edgedeploy|"\$[a-zA-Z_/]+/edgedeploy") (plan|build|validate|test))\b`)

func TestGitHubRunsNothingOfAPullRequestWithMoreThanItNeeds(t *testing.T) {
	t.Parallel()
	wf := readWorkflow(t)
	if len(wf.Permissions) > 0 || wf.On["pull_request_target"].Branches != nil || len(wf.On) != 2 {
		t.Errorf("it starts on %v with %v", wf.On, wf.Permissions)
	}
	want := map[string]map[string]string{
		"edgedeploy": nil,
		"build":      {"contents": "read"},
		"plan":       {"contents": "read", "id-token": "write", "pull-requests": "write"},
		"apply":      {"id-token": "write"},
	}
	for name, j := range wf.Jobs {
		if !maps.Equal(j.Permissions, want[name]) || j.Timeout == 0 || j.RunsOn == "" {
			t.Errorf("%s: %v for %d minutes on %s", name, j.Permissions, j.Timeout, j.RunsOn)
		}
		for _, s := range j.Steps {
			if strings.Contains(s.Run, "${{") {
				t.Errorf("%s: a script of %s is made from a text that others write", s.Name, name)
			}
			if packs.MatchString(s.Run) && name != "build" && !strings.Contains(s.Run, "plan --no-load") {
				t.Errorf("%s: the handler runs in %s", s.Name, name)
			}
		}
	}
	if wf.Jobs["apply"].Environment != "production" || wf.Concurrency.Cancel != "${{ github.event_name == 'pull_request' }}" {
		t.Errorf("apply is in %q, and runs are cancelled if %s", wf.Jobs["apply"].Environment, wf.Concurrency.Cancel)
	}
}
