package terraform

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/integration/program"
)

// tool is Terraform or OpenTofu.
type tool struct{ name, path string }

var (
	binary   string // the program
	tools    []tool
	provider string // the folder HOST/hashicorp/aws of a mirror
	missing  string // why nothing runs, "" if it does
)

func TestMain(m *testing.M) { os.Exit(prepare(m)) }

func prepare(m *testing.M) int {
	tools, provider = findTools(), findProvider()
	switch {
	case len(tools) == 0:
		missing = "there is neither terraform nor tofu. Install one, or name it in EDGEDEPLOY_TEST_TERRAFORM."
	case provider == "":
		missing = "there is no AWS provider. Name a mirror that has it in EDGEDEPLOY_TEST_TERRAFORM_MIRROR."
	default:
		return program.Main(m, &binary)
	}
	if os.Getenv("EDGEDEPLOY_REQUIRE_TERRAFORM") != "" {
		fmt.Fprintln(os.Stderr, "Terraform is required: "+missing)
		return 1
	}
	return m.Run() // and every test says that it is skipped
}

func findTools() []tool {
	names := filepath.SplitList(cmp.Or(os.Getenv("EDGEDEPLOY_TEST_TERRAFORM"), "terraform"+string(os.PathListSeparator)+"tofu"))
	var found []tool
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			found = append(found, tool{filepath.Base(path), path})
		}
	}
	return found
}

// findProvider looks where Terraform itself does ("Implied Local Mirror
// Directories" of its documentation), after the folder of the environment.
func findProvider() string {
	mirrors := []string{os.Getenv("EDGEDEPLOY_TEST_TERRAFORM_MIRROR")}
	if home, err := os.UserHomeDir(); err == nil {
		mirrors = append(mirrors, filepath.Join(home, ".terraform.d", "plugins"))
	}
	mirrors = append(mirrors, "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins")
	for _, mirror := range mirrors {
		if mirror == "" {
			continue
		}
		for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
			dir := filepath.Join(mirror, host, "hashicorp", "aws")
			if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
				return dir
			}
		}
	}
	return ""
}

// rig is a local AWS, and a folder in which a tool runs.
type rig struct {
	*program.Local
	t    *testing.T
	tool tool
	home string // has the tool's settings, and the mirror
	dir  string
}

// newRig serves a local AWS, and makes the mirror: both tools ask under a host
// of their own for the same provider.
func newRig(t *testing.T, with tool, flags ...string) *rig {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
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
	r := &rig{Local: local, t: t, tool: with, home: t.TempDir(), dir: t.TempDir()}
	mirror := filepath.Join(r.home, "mirror")
	packages, err := filepath.Glob(filepath.Join(provider, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range packages { // VERSION/PLATFORM; only such a folder may be a link
		for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
			dir := filepath.Join(mirror, host, "hashicorp", "aws", filepath.Base(filepath.Dir(of)))
			if err := errors.Join(os.MkdirAll(dir, 0o700), os.Symlink(of, filepath.Join(dir, filepath.Base(of)))); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.write(filepath.Join(r.home, "rc"), fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror))
	return r
}

// in is the rig in another folder.
func (r *rig) in(dir string) *rig {
	other := *r
	other.dir = dir
	return &other
}

func (r *rig) write(path, content string) {
	r.t.Helper()
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.dir, path)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// patience is more than any command may take, the provider's waits included.
const patience = 8 * time.Minute

// run runs a command and returns what it says, and its exit code.
func (r *rig) run(name string, args ...string) (string, int) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.dir, &out, &errs
	cmd.Env = append(program.Environment(r.home, r.Endpoint), "TF_CLI_CONFIG_FILE="+filepath.Join(r.home, "rc"), "TF_IN_AUTOMATION=1", "NO_COLOR=1")
	err := cmd.Run()
	exit, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil || err != nil && !exited:
		r.t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), errors.Join(err, ctx.Err()), &out, &errs)
	case exited:
		return out.String() + errs.String(), exit.ExitCode()
	}
	return out.String(), 0
}

// must runs a command that has to succeed.
func (r *rig) must(name string, args ...string) string {
	r.t.Helper()
	out, code := r.run(name, args...)
	if code != 0 {
		r.t.Fatalf("%s %s ends with %d:\n%s", filepath.Base(name), strings.Join(args, " "), code, out)
	}
	return out
}

// apply applies what is in the folder, and looks what it says that it did.
func (r *rig) apply(did string, args ...string) {
	r.t.Helper()
	out := r.must(r.tool.path, append([]string{"apply", "-auto-approve", "-input=false", "-no-color"}, args...)...)
	if !strings.Contains(out, did) {
		r.t.Fatalf("%s did not do %q:\n%s", r.tool.name, did, out)
	}
}

func (r *rig) init() { r.must(r.tool.path, "init", "-input=false", "-no-color") }

// same looks that a plan has nothing to do.
func (r *rig) same(args ...string) {
	r.t.Helper()
	if out, code := r.run(r.tool.path, append([]string{"plan", "-detailed-exitcode", "-input=false", "-no-color"}, args...)...); code != 0 {
		r.t.Fatalf("a plan after an apply ends with %d:\n%s", code, out)
	}
}

func (r *rig) destroy(did string, args ...string) {
	r.t.Helper()
	out := r.must(r.tool.path, append([]string{"destroy", "-auto-approve", "-input=false", "-no-color"}, args...)...)
	if !strings.Contains(out, did) {
		r.t.Fatalf("%s did not do %q:\n%s", r.tool.name, did, out)
	}
}
