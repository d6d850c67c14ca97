package pipelines

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// workflow is all that the example says: a key that is not here is an error,
// because nothing would run it.
type workflow struct {
	Name        string
	On          map[string]struct{ Branches []string }
	Permissions map[string]string
	Concurrency struct {
		Group  string
		Cancel string `yaml:"cancel-in-progress"`
	}
	Defaults struct{ Run struct{ Shell string } }
	Env      map[string]string
	Jobs     map[string]*job
}

type job struct {
	Needs       []string
	If          string
	RunsOn      string `yaml:"runs-on"`
	Timeout     int    `yaml:"timeout-minutes"`
	Environment string
	Permissions map[string]string
	Outputs     map[string]string
	Steps       []step
}

type step struct {
	Name, ID, If, Uses, Run string
	With                    map[string]any
	Env                     map[string]string
}

func readWorkflow(t *testing.T) workflow {
	t.Helper()
	raw, err := os.ReadFile("../../examples/pipelines/github-actions.yml")
	must(t, err)
	var wf workflow
	must(t, yaml.UnmarshalWithOptions(raw, &wf, yaml.Strict()))
	return wf
}

// event is what starts a workflow.
type event struct {
	name   string // push or pull_request
	commit string
	fork   bool // the pull request comes from one
}

const repository = "acme/site"

// names are what expressions may ask of the event.
func (e event) names() map[string]string {
	n := map[string]string{
		"github.event_name": e.name, "github.repository": repository, "github.ref": "refs/heads/main",
		"github.event.pull_request.number": "", "github.event.pull_request.head.repo.full_name": "",
		"vars.EDGEDEPLOY_PLAN_ROLE": planRole, "vars.EDGEDEPLOY_APPLY_ROLE": applyRole,
	}
	if e.name == "pull_request" {
		n["github.ref"] = "refs/pull/" + pullRequest + "/merge"
		n["github.event.pull_request.number"] = pullRequest
		n["github.event.pull_request.head.repo.full_name"] = repository
		if e.fork {
			n["github.event.pull_request.head.repo.full_name"] = "somebody/site"
		}
	}
	return n
}

// run is a run of a workflow, as far as it got.
type run struct {
	*world
	wf        workflow
	event     event
	artifacts string
	before    map[string]func()   // called before a job starts
	env       map[string]string   // for every step, besides
	results   map[string]string   // of jobs: success, failure, skipped
	outputs   map[string]string   // needs.JOB.outputs.NAME
	summary   string              // of all jobs
	log       map[string]string   // by job
	roles     map[string][]string // assumed, by job
}

func (w *world) push(commit string) *run { return w.newRun(event{name: "push", commit: commit}) }

func (w *world) newRun(e event) *run {
	return &run{
		world: w, wf: readWorkflow(w.t), event: e, artifacts: w.t.TempDir(), before: map[string]func(){},
		env: map[string]string{}, results: map[string]string{}, outputs: map[string]string{}, log: map[string]string{}, roles: map[string][]string{},
	}
}

// start runs all jobs, each after those that it needs.
func (r *run) start() *run {
	r.t.Helper()
	for len(r.results) < len(r.wf.Jobs) {
		before := len(r.results)
		for _, name := range slices.Sorted(maps.Keys(r.wf.Jobs)) {
			j := r.wf.Jobs[name]
			waits := slices.ContainsFunc(j.Needs, func(need string) bool { return r.results[need] == "" })
			if r.results[name] == "" && !waits {
				r.results[name] = r.runJob(name, j)
			}
		}
		if len(r.results) == before {
			r.t.Fatalf("these jobs cannot start: %v", r.wf.Jobs)
		}
	}
	return r
}

// want wants results of jobs, in the order edgedeploy, build, plan, apply.
func (r *run) want(results ...string) *run {
	r.t.Helper()
	for i, name := range []string{"edgedeploy", "build", "plan", "apply"} {
		if r.results[name] != results[i] {
			r.t.Fatalf("%s: %s, want %s\n%s", name, r.results[name], results[i], r.log[name])
		}
	}
	return r
}

// machine is where a job runs.
type machine struct {
	*run
	name       string
	job        *job
	dir        string
	failed     bool
	path       []string
	exported   map[string]string // by steps, for the steps after them
	names      map[string]string // what expressions may ask
	askedState bool              // an expression did
}

func (r *run) runJob(name string, j *job) string {
	r.t.Helper()
	m := &machine{run: r, name: name, job: j, dir: r.t.TempDir(), exported: map[string]string{}, names: r.event.names()}
	for _, sub := range []string{"work", "temp", "home"} {
		must(r.t, os.Mkdir(filepath.Join(m.dir, sub), 0o755))
	}
	m.names["runner.temp"] = filepath.Join(m.dir, "temp")
	m.names["github.token"] = m.token()
	for k, v := range r.wf.Env {
		m.names["env."+k] = v
	}
	for _, need := range j.Needs {
		for output := range r.wf.Jobs[need].Outputs {
			m.names["needs."+need+".outputs."+output] = r.outputs[need+"."+output]
		}
		if r.results[need] != "success" {
			return "skipped"
		}
	}
	if !m.holds(j.If) {
		return "skipped"
	}
	if hook := r.before[name]; hook != nil {
		hook()
	}
	for _, s := range j.Steps {
		if s.ID != "" {
			m.names["steps."+s.ID+".outcome"] = "skipped"
			for _, output := range []string{"changes", "sha256"} { // empty until it is set
				m.names["steps."+s.ID+".outputs."+output] = ""
			}
		}
	}
	for _, s := range j.Steps {
		m.step(s)
	}
	for output, text := range j.Outputs {
		r.outputs[name+"."+output] = m.expand(text)
	}
	if m.failed {
		return "failure"
	}
	return "success"
}

// token is what a job's github.token allows: what it asked for, and nothing to
// write with where the pull request comes from a fork.
func (m *machine) token() string {
	var allows []string
	for _, scope := range slices.Sorted(maps.Keys(m.job.Permissions)) {
		access := m.job.Permissions[scope]
		if m.event.fork && access == "write" {
			access = "read"
		}
		allows = append(allows, scope+"="+access)
	}
	return "token:" + strings.Join(allows, ",")
}

func (m *machine) eval(text string) (string, error) {
	e := expression{
		names: func(name string) (string, error) {
			v, ok := m.names[name]
			if !ok {
				return "", fmt.Errorf("job %s has no %s", m.name, name)
			}
			return v, nil
		},
		status: func(function string) (bool, error) {
			m.askedState = true
			switch function {
			case "cancelled":
				return false, nil
			case "success":
				return !m.failed, nil
			}
			return false, fmt.Errorf("%s() is not known here", function)
		},
	}
	return e.eval(text)
}

func (m *machine) expand(text string) string {
	m.t.Helper()
	out, err := expand(text, m.eval)
	must(m.t, err)
	return out
}

// holds evaluates an if:, which means success() && … where it asks for no state.
func (m *machine) holds(condition string) bool {
	m.t.Helper()
	m.askedState = false
	v := "true"
	if condition != "" {
		text := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(condition), "${{"), "}}")
		var err error
		v, err = m.eval(text)
		must(m.t, err)
	}
	return truth(v) && (m.askedState || !m.failed)
}

func (m *machine) step(s step) {
	m.t.Helper()
	if !m.holds(s.If) {
		return
	}
	ok := true
	switch {
	case s.Uses != "" && s.Run == "":
		m.act(s)
	case s.Uses == "" && s.Run != "":
		ok = m.shell(s)
	default:
		m.t.Fatalf("step %q of %s neither runs nor uses something", s.Name, m.name)
	}
	if !ok {
		m.failed = true
	}
	if s.ID != "" {
		m.names["steps."+s.ID+".outcome"] = map[bool]string{true: "success", false: "failure"}[ok]
	}
}

// shell runs a step's script.
func (m *machine) shell(s step) bool {
	m.t.Helper()
	if m.wf.Defaults.Run.Shell != "bash" {
		m.t.Fatalf("shell %q: only bash is known here", m.wf.Defaults.Run.Shell)
	}
	env := m.environment(m.dir)
	files := map[string]string{}
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"} {
		file := filepath.Join(m.t.TempDir(), name)
		must(m.t, os.WriteFile(file, nil, 0o600))
		files[name], env[name] = file, file
	}
	maps.Copy(env, map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": repository, "GITHUB_SERVER_URL": "https://github.example", "GITHUB_RUN_ID": "99",
		"GITHUB_EVENT_NAME": m.event.name, "GITHUB_ACTOR": "ada", "RUNNER_TEMP": m.names["runner.temp"],
	})
	maps.Copy(env, m.exported)
	maps.Copy(env, m.env)
	for k, v := range m.wf.Env {
		env[k] = m.expand(v)
	}
	for k, v := range s.Env {
		env[k] = m.expand(v)
	}
	env["PATH"] = strings.Join(append(slices.Clone(m.path), env["PATH"]), ":")
	out, code := m.bash(filepath.Join(m.dir, "work"), m.expand(s.Run), []string{"--noprofile", "--norc", "-eo", "pipefail"}, env)
	m.log[m.name] += fmt.Sprintf("=== %s: %d\n%s", cmp.Or(s.Name, s.Run), code, out)
	for _, line := range lines(m.t, files["GITHUB_OUTPUT"]) {
		name, value, _ := strings.Cut(line, "=")
		m.names["steps."+s.ID+".outputs."+name] = value
	}
	m.path = append(lines(m.t, files["GITHUB_PATH"]), m.path...)
	m.summary += strings.Join(lines(m.t, files["GITHUB_STEP_SUMMARY"]), "\n")
	return code == 0
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	raw, err := os.ReadFile(file)
	must(t, err)
	if len(raw) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
}
