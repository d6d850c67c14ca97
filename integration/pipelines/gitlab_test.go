package pipelines

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// gitlabJob is all that the example says of a job: a keyword that is not here is
// an error, because nothing would run it.
type gitlabJob struct {
	Extends       string
	Stage, Image  string
	Needs         []string
	Variables     map[string]string
	IDTokens      map[string]struct{ Aud string } `yaml:"id_tokens"`
	Rules         []struct{ If string }
	Before        []string `yaml:"before_script"`
	Script        []string
	Environment   string
	ResourceGroup string `yaml:"resource_group"`
	Timeout       string
	AllowFailure  struct {
		Codes []int `yaml:"exit_codes"`
	} `yaml:"allow_failure"`
	Artifacts struct {
		Paths    []string
		When     string
		ExposeAs string `yaml:"expose_as"`
		ExpireIn string `yaml:"expire_in"`
	}
}

type gitlabFile struct {
	rules     []struct{ If string } // of workflow
	stages    []string
	variables map[string]string
	jobs      map[string]gitlabJob
	order     []string
}

func readGitLab(t *testing.T) gitlabFile {
	t.Helper()
	raw, err := os.ReadFile("../../examples/pipelines/gitlab-ci.yml")
	must(t, err)
	var top yaml.MapSlice
	must(t, yaml.Unmarshal(raw, &top))
	f := gitlabFile{jobs: map[string]gitlabJob{}}
	decode := func(v, into any) {
		t.Helper()
		b, err := yaml.Marshal(v)
		must(t, err)
		must(t, yaml.UnmarshalWithOptions(b, into, yaml.Strict()))
	}
	for _, item := range top {
		switch name := item.Key.(string); name {
		case "workflow":
			var w struct{ Rules []struct{ If string } }
			decode(item.Value, &w)
			f.rules = w.Rules
		case "stages":
			decode(item.Value, &f.stages)
		case "variables":
			decode(item.Value, &f.variables)
		default:
			var j gitlabJob
			decode(item.Value, &j)
			f.jobs[name] = j
			f.order = append(f.order, name)
		}
	}
	return f
}

// extended merges the job that one extends into it, as GitLab does with what the
// example has: maps by key, everything else as a whole.
func (f gitlabFile) extended(name string) gitlabJob {
	j := f.jobs[name]
	if j.Extends == "" {
		return j
	}
	base := f.jobs[j.Extends]
	variables := maps.Clone(base.Variables)
	maps.Copy(variables, j.Variables)
	j.Variables, j.IDTokens, j.Before, j.Image = variables, base.IDTokens, base.Before, base.Image
	return j
}

// pipeline is a run of the file.
type pipeline struct {
	*world
	file      gitlabFile
	predefine map[string]string
	commit    string
	artifacts map[string]string // folders, by job
	results   map[string]string // success, warning, failed, skipped; a job that is not in it was not created
	log       map[string]string
}

// newPipeline is one of a merge request, or of the default branch.
func (w *world) newPipeline(commit string, mergeRequest bool, variables map[string]string) *pipeline {
	p := &pipeline{
		world: w, file: readGitLab(w.t), commit: commit, artifacts: map[string]string{}, results: map[string]string{}, log: map[string]string{},
		predefine: map[string]string{
			"CI_DEFAULT_BRANCH": "main", "CI_PROJECT_ID": "5", "CI_PIPELINE_ID": "77", "GITLAB_USER_LOGIN": "ada",
			"EDGEDEPLOY_PLAN_ROLE": planRole, "EDGEDEPLOY_APPLY_ROLE": applyRole,
		},
	}
	if mergeRequest {
		maps.Copy(p.predefine, map[string]string{
			"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": pullRequest,
			"CI_MERGE_REQUEST_PROJECT_ID": "5", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "5",
		})
	} else {
		maps.Copy(p.predefine, map[string]string{"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"})
	}
	maps.Copy(p.predefine, variables)
	return p
}

var reference = regexp.MustCompile(`^\$([A-Z_]+)$`)

// holds evaluates rules: one of them, of comparisons with == and &&.
func (p *pipeline) holds(rules []struct{ If string }) bool {
	p.t.Helper()
	value := func(text string) string {
		text = strings.TrimSpace(text)
		if m := reference.FindStringSubmatch(text); m != nil {
			return p.predefine[m[1]]
		}
		plain, err := strconv.Unquote(text)
		must(p.t, err)
		return plain
	}
	for _, rule := range rules {
		all := true
		for _, part := range strings.Split(rule.If, "&&") {
			left, right, ok := strings.Cut(part, "==")
			if !ok {
				p.t.Fatalf("nobody knows here what %q means", rule.If)
			}
			all = all && value(left) == value(right)
		}
		if all {
			return true
		}
	}
	return len(rules) == 0
}

func (p *pipeline) start() *pipeline {
	p.t.Helper()
	if !p.holds(p.file.rules) {
		return p
	}
	for _, stage := range p.file.stages {
		for _, name := range p.file.order {
			if j := p.file.extended(name); j.Stage == stage && !strings.HasPrefix(name, ".") && p.holds(j.Rules) {
				p.results[name] = p.runJob(name, j)
			}
		}
	}
	return p
}

func (p *pipeline) runJob(name string, j gitlabJob) string {
	p.t.Helper()
	dir := p.t.TempDir()
	project := filepath.Join(dir, "project")
	variables := map[string]string{"CI_PROJECT_DIR": project, "GITLAB_CI": "true"}
	for _, more := range []map[string]string{p.predefine, p.file.variables, j.Variables} {
		maps.Copy(variables, more)
	}
	for token := range j.IDTokens {
		variables[token] = "an.id.token"
	}
	for k, v := range variables { // GitLab replaces names in values; one level is all there is
		variables[k] = os.Expand(v, func(n string) string { return os.Expand(variables[n], func(n string) string { return variables[n] }) })
	}
	if variables["GIT_STRATEGY"] == "none" {
		must(p.t, os.Mkdir(project, 0o755))
	} else {
		p.checkout(project, p.commit, cmp.Or(variables["GIT_DEPTH"], "20"))
	}
	for _, need := range j.Needs {
		if p.results[need] != "success" {
			return "skipped"
		}
		must(p.t, exec.CommandContext(p.t.Context(), "cp", "-R", p.artifacts[need]+"/.", project).Run()) // see copy
	}
	env := p.environment(dir)
	maps.Copy(env, variables)
	if variables["AWS_ROLE_ARN"] != "" {
		maps.Copy(env, p.credentials()) // what the token would be exchanged for
	}
	out, code := p.bash(project, strings.Join(slices.Concat(j.Before, j.Script), "\n"), []string{"--noprofile", "--norc", "-eo", "pipefail"}, env)
	p.log[name] = out
	if variables["AWS_ROLE_ARN"] != "" {
		p.wantToken(variables["AWS_WEB_IDENTITY_TOKEN_FILE"])
	}
	if code == 0 || j.Artifacts.When == "always" {
		p.keep(name, project, j, func(n string) string { return variables[n] })
	}
	switch {
	case code == 0:
		return "success"
	case slices.Contains(j.AllowFailure.Codes, code):
		return "warning"
	}
	return "failed " + strconv.Itoa(code)
}

// wantToken wants the token where AWS SDKs look for it, for nobody else to read.
func (p *pipeline) wantToken(file string) {
	p.t.Helper()
	raw, err := os.ReadFile(file)
	must(p.t, err)
	info, err := os.Stat(file)
	must(p.t, err)
	if string(raw) != "an.id.token" || info.Mode().Perm() != 0o600 {
		p.t.Errorf("%s has %q with %v", file, raw, info.Mode())
	}
}

// keep takes a job's artifacts. Unlike GitHub's they can still be run.
func (p *pipeline) keep(name, project string, j gitlabJob, variable func(string) string) {
	p.t.Helper()
	p.artifacts[name] = p.t.TempDir()
	for _, pattern := range j.Artifacts.Paths {
		found, err := filepath.Glob(filepath.Join(project, os.Expand(pattern, variable)))
		must(p.t, err)
		if len(found) == 0 {
			p.t.Fatalf("job %s leaves nothing at %s\n%s", name, pattern, p.log[name])
		}
		for _, file := range found {
			rel, err := filepath.Rel(project, file)
			must(p.t, err)
			p.copy(file, filepath.Join(p.artifacts[name], rel), "0755")
		}
	}
}

// want wants a result of each job that was created, and no other job.
func (p *pipeline) want(results map[string]string) *pipeline {
	p.t.Helper()
	for _, name := range []string{"edgedeploy", "build", "test"} {
		if results[name] == "" {
			results[name] = "success"
		}
	}
	if !maps.Equal(p.results, results) {
		p.t.Fatalf("the results are %v, want %v\n%v", p.results, results, p.log)
	}
	return p
}

// serveNotes is GitLab's API of the notes of a merge request, for one token.
func (w *world) serveNotes() map[string]string {
	w.t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		w.t.Fatal("curl is missing: the job that comments uses it")
	}
	const token = "glpat-x"
	notes := "/api/v4/projects/5/merge_requests/" + pullRequest + "/notes"
	answer := func(rw http.ResponseWriter, v any) {
		if err := json.NewEncoder(rw).Encode(v); err != nil {
			w.t.Error(err)
		}
	}
	change := func(rw http.ResponseWriter, r *http.Request, do func([]comment, string) ([]comment, error)) {
		all, err := readComments(w.comments)
		if err == nil {
			all, err = do(all, r.PostFormValue("body"))
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusNotFound)
			return
		}
		if err := writeComments(w.comments, all); err != nil {
			w.t.Error(err)
		}
		answer(rw, map[string]any{})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v4/user", func(rw http.ResponseWriter, _ *http.Request) { answer(rw, map[string]any{"id": botID}) })
	mux.HandleFunc("GET "+notes, func(rw http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); q.Get("sort") != "asc" || q.Get("per_page") != "100" {
			w.t.Errorf("notes are asked for with %v", q)
		}
		all, err := readComments(w.comments)
		if err != nil {
			w.t.Error(err)
		}
		answer(rw, all)
	})
	mux.HandleFunc("POST "+notes, func(rw http.ResponseWriter, r *http.Request) {
		change(rw, r, func(all []comment, body string) ([]comment, error) {
			return append(all, comment{ID: 500 + len(all), Body: body, Author: map[string]any{"id": botID}}), nil
		})
	})
	mux.HandleFunc("PUT "+notes+"/{id}", func(rw http.ResponseWriter, r *http.Request) {
		change(rw, r, func(all []comment, body string) ([]comment, error) {
			i := slices.IndexFunc(all, func(c comment) bool { return strconv.Itoa(c.ID) == r.PathValue("id") && c.Author["id"] == botID })
			if i < 0 {
				return nil, fmt.Errorf("no note %s of yours", r.PathValue("id"))
			}
			all[i].Body = body
			return all, nil
		})
	})
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("PRIVATE-TOKEN") != token {
			http.Error(rw, "401 Unauthorized", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(rw, r)
	}))
	w.t.Cleanup(server.Close)
	return map[string]string{"CI_API_V4_URL": server.URL + "/api/v4", "EDGEDEPLOY_COMMENT_TOKEN": token}
}

func TestGitLabRunsTheWholeStory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	api := w.serveNotes()
	first := w.git("rev-parse", "HEAD")

	// A merge request, twice
	must(t, writeComments(w.comments, []comment{{ID: 1, Body: "<!-- edgedeploy plan -->\nnice try", Author: map[string]any{"id": float64(1)}}}))
	w.newPipeline(first, true, api).start().want(map[string]string{"plan": "success"})
	w.wantComment("Publishes 1 version", "redirect-site")
	w.edit("edgedeploy.yaml", "memory: 128", "memory: 192")
	second := w.commit("more memory")
	w.newPipeline(second, true, api).start().want(map[string]string{"plan": "success"})
	w.wantComment("192 MB")
	// Without a token for comments: the artifact has it
	p := w.newPipeline(second, true, map[string]string{"EDGEDEPLOY_COMMENT_TOKEN": ""}).start().want(map[string]string{"plan": "success"})
	if raw, err := os.ReadFile(filepath.Join(p.artifacts["plan"], ".edgedeploy/ci/plan.md")); err != nil || !strings.Contains(string(raw), "192 MB") {
		t.Errorf("the artifact is %q, %v", raw, err)
	}
	w.wantReadsOnly()
	// From a fork, whoever runs it
	for _, ids := range []map[string]string{{"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "6"}, {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "6", "CI_PROJECT_ID": "6"}} {
		w.newPipeline(second, true, ids).start().want(map[string]string{})
	}
	// A branch without a merge request has no pipeline
	if p := w.newPipeline(second, false, map[string]string{"CI_COMMIT_BRANCH": "try"}).start(); len(p.results) > 0 {
		t.Errorf("it has %v", p.results)
	}

	w.newPipeline(second, false, nil).start().want(map[string]string{"apply": "success"})
	w.wantBound("1")
	w.wantLive(1, second)

	w.edit("edgedeploy.yaml", "SAMEORIGIN", "DENY")
	w.editExpectations("SAMEORIGIN", "DENY")
	bad := w.commit("no frames")
	w.newPipeline(bad, false, nil).start().want(map[string]string{"apply": "success"})
	w.edgedeploy("rollback", "--yes", "--stack", stack, "-m", "breaks embeds")
	p = w.newPipeline(bad, false, nil).start().want(map[string]string{"apply": "failed 5"})
	if log := p.log["apply"]; !strings.Contains(log, "Held by a rollback, and nothing was changed") || !strings.Contains(log, "edgedeploy resume 2 --stack redirect") {
		t.Errorf("apply says\n%s", log)
	}
	w.wantBound("1")
	w.edgedeploy("resume", "--stack", stack)
	w.newPipeline(bad, false, nil).start().want(map[string]string{"apply": "success"})
	w.wantBound("2")
}

func TestGitLabTellsWhatIsNoFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "--propagation-delay", "1h")
	first := w.git("rev-parse", "HEAD")
	p := w.newPipeline(first, false, map[string]string{"EDGEDEPLOY_TIMEOUT": "1s"}).start().want(map[string]string{"apply": "warning"})
	if !strings.Contains(p.log["apply"], "Accepted, and not everywhere yet") {
		t.Errorf("apply says\n%s", p.log["apply"])
	}
	w.wantBound("1")

	// What stands in the way is told, by a plan and by apply
	w.edit("edgedeploy.yaml", "stack: redirect", "stack: another")
	other := w.commit("another stack for the same slots")
	api := w.serveNotes()
	w.newPipeline(other, true, api).start().want(map[string]string{"plan": "failed 4"})
	w.wantComment("### edgedeploy: no plan (exit code 4)")
	p = w.newPipeline(other, false, nil).start().want(map[string]string{"apply": "failed 4"})
	if !strings.Contains(p.log["apply"], "Conflict, and nothing was changed") {
		t.Errorf("apply says\n%s", p.log["apply"])
	}
	w.wantBound("1")

	// Tests that fail come before all that
	w.edit("edgedeploy.yaml", "SAMEORIGIN", "DENY")
	p = w.newPipeline(w.commit("no frames, and the tests forgotten"), false, nil).start().want(map[string]string{"test": "failed 1", "apply": "skipped"})
	if !strings.Contains(p.log["test"], "FAIL   origin-response") {
		t.Errorf("the tests say\n%s", p.log["test"])
	}
	w.wantBound("1")
}

// What no schema knows: that the parts of the file fit together.
func TestGitLabFileIsWhole(t *testing.T) {
	t.Parallel()
	f := readGitLab(t)
	for _, name := range f.order {
		j := f.extended(name)
		if strings.HasPrefix(name, ".") {
			continue
		}
		if !slices.Contains(f.stages, j.Stage) || j.Image == "" || len(j.Script) == 0 {
			t.Errorf("%s: stage %q, image %q, %d lines of script", name, j.Stage, j.Image, len(j.Script))
		}
		for _, need := range j.Needs {
			if f.jobs[need].Artifacts.Paths == nil && need != "test" {
				t.Errorf("%s needs %s, which gives it nothing", name, need)
			}
			if slices.Index(f.stages, f.jobs[need].Stage) > slices.Index(f.stages, j.Stage) {
				t.Errorf("%s needs %s, of a later stage", name, need)
			}
		}
		if roles := j.Variables["AWS_ROLE_ARN"]; (roles != "") != (len(j.IDTokens) > 0) || (roles != "") != (name == "plan" || name == "apply") {
			t.Errorf("%s: role %q with the tokens %v", name, roles, j.IDTokens)
		}
		if script := strings.Join(j.Script, "\n"); len(j.IDTokens) > 0 && !regexp.MustCompile(`edgedeploy" (plan|apply) --no-load `).MatchString(script) {
			t.Errorf("%s runs the handler where there are credentials:\n%s", name, script)
		}
		if j.Artifacts.ExposeAs != "" && strings.Contains(strings.Join(j.Artifacts.Paths, ""), "$") {
			t.Errorf("%s exposes %v: GitLab does not, with variables", name, j.Artifacts.Paths)
		}
		if j.Artifacts.Paths != nil && j.Artifacts.ExpireIn == "" {
			t.Errorf("%s keeps its artifacts for ever", name)
		}
	}
	if apply := f.extended("apply"); apply.ResourceGroup == "" || apply.Environment == "" || !slices.Equal(apply.AllowFailure.Codes, []int{6}) {
		t.Errorf("apply is %+v", apply)
	}
	if f.variables["TOOL_VERSION"] == "" {
		t.Error("no version of edgedeploy is named")
	}
}
