package pipelines

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/integration/program"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

const (
	distribution = "E2EXAMPLE1ABCD" // as in the example's spec
	stack        = "redirect"
	pullRequest  = "7"
	planRole     = "arn:aws:iam::" + program.Account + ":role/edgedeploy-plan"
	applyRole    = "arn:aws:iam::" + program.Account + ":role/edgedeploy-apply"
)

// world is a repository, an account, and machines to run jobs on.
type world struct {
	*program.Local
	t        *testing.T
	repo     string // where main is, and everybody clones from
	tools    string // in PATH before all else
	comments string // the file with the comments of the pull request
}

func newWorld(t *testing.T, flags ...string) *world {
	t.Helper()
	w := newAccount(t, flags...)
	w.found()
	return w
}

// newAccount is a world whose repository is empty.
func newAccount(t *testing.T, flags ...string) *world {
	t.Helper()
	if cargo == "" {
		t.Skip("NOT RUN: " + program.ErrNoCargo.Error())
	}
	ctx, cancel := context.WithTimeout(t.Context(), program.Patience)
	defer cancel()
	local, err := program.Serve(ctx, binary, t.TempDir(), flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := local.Stop(); err != nil {
			t.Error(err)
		}
	})
	err = local.Seed(ctx, localaws.Seed{
		Roles:         []iam.SeedRole{{ARN: "arn:aws:iam::" + program.Account + ":role/edge-exec"}},
		Distributions: []cf.SeedDistribution{{ID: distribution, PathPatterns: []string{"/assets/*"}}},
	})
	w := &world{Local: local, t: t, repo: t.TempDir(), tools: t.TempDir(), comments: filepath.Join(t.TempDir(), "comments.json")}
	must(t, err)
	for _, name := range slices.Sorted(maps.Keys(stubs)) {
		must(t, os.Symlink(self, filepath.Join(w.tools, name)))
	}
	must(t, os.Symlink(filepath.Join(cargo, "rustc"), filepath.Join(w.tools, "rustc")))
	node, err := exec.LookPath("node")
	must(t, err)
	must(t, os.Symlink(node, filepath.Join(w.tools, "node")))
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// found makes the repository: the example as somebody has it who copied it out
// of ours, with the guest library beside it, because nothing is fetched here.
func (w *world) found() {
	w.t.Helper()
	must(w.t, os.CopyFS(w.repo, only(w.t, "../../examples/redirect", "Cargo.toml", "Cargo.lock", "edgedeploy.yaml", "src", "fixtures", "site")))
	must(w.t, os.CopyFS(filepath.Join(w.repo, "edgedeploy-guest"), only(w.t, "../../guest/rust", "Cargo.toml", "README.md", "src")))
	w.edit("Cargo.toml", `path = "../../guest/rust"`, `path = "edgedeploy-guest"`)
	w.edit("edgedeploy.yaml", "wasm: redirect.wasm", "wasm: target/wasm32-unknown-unknown/release/redirect.wasm")
	must(w.t, os.WriteFile(filepath.Join(w.repo, ".gitignore"), []byte("/.edgedeploy/\n/target/\n"), 0o600))
	w.git("init", "--quiet", "--initial-branch=main")
	w.commit("the site's redirects")
}

// only is what of a folder is named, without what a build left in it.
func only(t *testing.T, dir string, names ...string) fs.FS {
	t.Helper()
	kept := t.TempDir()
	for _, name := range names {
		from, to := filepath.Join(dir, name), filepath.Join(kept, name)
		info, err := os.Stat(from)
		must(t, err)
		if info.IsDir() {
			must(t, os.CopyFS(to, os.DirFS(from)))
		} else {
			must(t, copyFile(from, to, 0o644))
		}
	}
	return os.DirFS(kept)
}

// edit replaces a text in a file of the repository, which has to have it.
func (w *world) edit(name, from, to string) {
	w.t.Helper()
	file := filepath.Join(w.repo, name)
	raw, err := os.ReadFile(file)
	must(w.t, err)
	if !bytes.Contains(raw, []byte(from)) {
		w.t.Fatalf("%s has no %q", name, from)
	}
	must(w.t, os.WriteFile(file, bytes.ReplaceAll(raw, []byte(from), []byte(to)), 0o600))
}

func (w *world) git(args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), "git", append([]string{"-C", w.repo, "-c", "user.name=test", "-c", "user.email=test@example.com"}, args...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return strings.TrimSpace(string(out))
}

// commit records all of the repository and returns the commit.
func (w *world) commit(message string) string {
	w.t.Helper()
	w.git("add", "--all")
	w.git("commit", "--quiet", "--message", message)
	return w.git("rev-parse", "HEAD")
}

// checkout is a clone as runners make it, of so many commits; "0" is all that
// the branches have (actions/checkout, README, "fetch-depth").
func (w *world) checkout(dir, commit, depth string) {
	w.t.Helper()
	w.git("init", "--quiet", dir)
	fetch := []string{"-C", dir, "fetch", "--quiet", "file://" + w.repo, commit}
	if depth == "0" {
		fetch = append(fetch, "+refs/heads/*:refs/remotes/origin/*")
	} else {
		fetch = append(fetch, "--depth="+depth)
	}
	w.git(fetch...)
	w.git("-C", dir, "checkout", "--quiet", "--detach", commit)
}

// copy copies a file, in a process of its own: a program that this one writes
// may be held open by a child that is just being started, and is then too busy
// to run.
func (w *world) copy(from, to, mode string) {
	w.t.Helper()
	if out, err := exec.CommandContext(w.t.Context(), "install", "-D", "-m", mode, from, to).CombinedOutput(); err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
}

// environment is a machine's own: no credentials, and nothing of this one's.
func (w *world) environment(dir string) map[string]string {
	return map[string]string{
		"PATH": w.tools + ":/usr/local/bin:/usr/bin:/bin", "HOME": filepath.Join(dir, "home"), "CI": "true", "TZ": "UTC", "LC_ALL": "C.UTF-8",
		"AWS_EC2_METADATA_DISABLED": "true", "GIT_CEILING_DIRECTORIES": dir, "GIT_CONFIG_NOSYSTEM": "1",
		"STUB_PROGRAM": binary, "STUB_COMMENTS": w.comments, "STUB_CARGO": filepath.Join(cargo, "cargo"), "STUB_CARGO_KEPT": filepath.Dir(binary),
	}
}

// credentials are what a role's session is here.
func (w *world) credentials() map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID": program.Account, "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": w.Endpoint,
	}
}

// patience is more than any step may take.
const patience = program.Patience

// bash runs a script in a folder, and returns what it printed and its exit
// code.
func (w *world) bash(dir, script string, flags []string, env map[string]string) (string, int) {
	w.t.Helper()
	file := filepath.Join(w.t.TempDir(), "step.sh")
	must(w.t, os.WriteFile(file, []byte(script), 0o600))
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", append(flags, file)...)
	cmd.Dir = dir
	for _, name := range slices.Sorted(maps.Keys(env)) {
		cmd.Env = append(cmd.Env, name+"="+env[name])
	}
	out, err := cmd.CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && (!exited || ctx.Err() != nil) {
		w.t.Fatalf("%v\n%s", errors.Join(err, ctx.Err()), out)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// edgedeploy is run by a person at this stack, and has to succeed.
func (w *world) edgedeploy(args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), binary, args...)
	cmd.Dir, cmd.Env = w.t.TempDir(), program.Environment(w.t.TempDir(), w.Endpoint)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("edgedeploy %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}

// bound asks the account, without the product's code, what the slots hold:
// "PATH TRIGGER" to "FUNCTION:N".
func (w *world) bound() map[string]string {
	w.t.Helper()
	a, err := w.Do(w.t.Context(), "cloudfront", "GET /2020-05-31/distribution/"+distribution+"/config", nil)
	must(w.t, err)
	type behavior struct {
		Path  string `xml:"PathPattern"`
		Items []struct {
			ARN   string `xml:"LambdaFunctionARN"`
			Event string `xml:"EventType"`
		} `xml:"LambdaFunctionAssociations>Items>LambdaFunctionAssociation"`
	}
	var config struct {
		Default behavior   `xml:"DefaultCacheBehavior"`
		Others  []behavior `xml:"CacheBehaviors>Items>CacheBehavior"`
	}
	must(w.t, xml.Unmarshal(a.Body, &config))
	config.Default.Path = "default"
	held := map[string]string{}
	for _, b := range append(config.Others, config.Default) {
		for _, i := range b.Items {
			held[b.Path+" "+i.Event] = strings.TrimPrefix(i.ARN, "arn:aws:lambda:us-east-1:"+program.Account+":function:")
		}
	}
	return held
}

// wantBound wants one version of the example's function in all of its slots, or
// nothing in any.
func (w *world) wantBound(version string) {
	w.t.Helper()
	want := map[string]string{}
	for _, slot := range []string{"default viewer-request", "default origin-request", "default origin-response", "default viewer-response", "/assets/* viewer-response"} {
		if version != "" {
			want[slot] = "redirect-site:" + version
		}
	}
	if got := w.bound(); !maps.Equal(got, want) {
		w.t.Errorf("bound is %v, want %v", got, want)
	}
}

// wantLive wants a release of a commit to be live, from files as committed.
func (w *world) wantLive(release int, commit string) {
	w.t.Helper()
	var shown struct {
		Release int
		Live    bool
		Record  struct {
			Source struct {
				Commit string
				Dirty  bool
			}
		}
	}
	must(w.t, json.Unmarshal([]byte(w.edgedeploy("show", "--stack", stack, "-o", "json")), &shown))
	if source := shown.Record.Source; shown.Release != release || !shown.Live || source.Commit != commit || source.Dirty {
		w.t.Errorf("live is %+v, want release %d from %s", shown, release, commit)
	}
}

// wantReadsOnly wants that since the last look nothing was changed.
func (w *world) wantReadsOnly() {
	w.t.Helper()
	calls, err := w.Calls(w.t.Context())
	must(w.t, err)
	for _, c := range calls {
		if c.Method != "GET" && c.Service != "sts" {
			w.t.Errorf("%s %s was called", c.Service, c.Operation)
		}
	}
	must(w.t, w.ResetCalls(w.t.Context()))
}

// wantComment wants one comment with the marker that has a text in it, among
// those of others.
func (w *world) wantComment(texts ...string) {
	w.t.Helper()
	all, err := readComments(w.comments)
	must(w.t, err)
	var ours []string
	for _, c := range all {
		if c.User["login"] == "github-actions[bot]" || c.Author["id"] == botID {
			ours = append(ours, c.Body)
		}
	}
	if len(ours) != 1 {
		w.t.Fatalf("there are %d comments: %q", len(ours), ours)
	}
	for _, text := range append(texts, "<!-- edgedeploy plan -->\n") {
		if !strings.Contains(ours[0], text) {
			w.t.Errorf("the comment has no %q:\n%.2000s", text, ours[0])
		}
	}
}
