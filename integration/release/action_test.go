package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/edgedeploy/edgedeploy/integration/program"
)

// binary is the program, and self this test, which stands in for curl.
var binary, self string

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "curl" {
		if err := curl(os.Args[1:]); err != nil {
			fmt.Fprintf(os.Stderr, "curl, as it is in this test: %v\n", err)
			os.Exit(22)
		}
		os.Exit(0)
	}
	var err error
	if self, err = os.Executable(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(program.Main(m, &binary))
}

// curl answers one address, over https alone, and refuses all that the action has
// no use for.
func curl(args []string) error {
	want := []string{"--proto", "=https", "--tlsv1.2", "--fail", "--silent", "--show-error", "--location", "--retry", "3", "--output"}
	if len(args) != len(want)+2 || !slices.Equal(args[:len(want)], want) {
		return fmt.Errorf("want %q and FILE URL, got %q", want, args)
	}
	if url := args[len(want)+1]; url != os.Getenv("STUB_URL") {
		return fmt.Errorf("404: %s", url)
	}
	raw, err := os.ReadFile(os.Getenv("STUB_ARCHIVE"))
	return errors.Join(err, os.WriteFile(args[len(want)], raw, 0o600))
}

// action is all that action.yml says: a key that is not here is an error.
type action struct {
	Name, Description, Author string
	Inputs                    map[string]struct{ Description, Default string }
	Runs                      struct {
		Using string
		Steps []step
	}
}

type step struct {
	Name, If, Shell, Run string
	Dir                  string `yaml:"working-directory"`
	Env                  map[string]string
}

func readAction(t *testing.T) action {
	t.Helper()
	raw, err := os.ReadFile("../../action.yml")
	must(t, err)
	var a action
	must(t, yaml.UnmarshalWithOptions(raw, &a, yaml.Strict()))
	return a
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const (
	version = "1.2.3"
	archive = "edgedeploy_1.2.3_linux_amd64.tar.gz"
	address = "https://github.com/edgedeploy/edgedeploy/releases/download/v1.2.3/" + archive
)

// runner is a machine of GitHub's with the action checked out. What is released is
// the archive.
type runner struct {
	t       *testing.T
	dir     string // with action, work, temp, bin and home
	os      string
	arch    string
	archive []byte
}

func newRunner(t *testing.T, released string) *runner {
	t.Helper()
	r := &runner{t: t, dir: t.TempDir(), os: "Linux", arch: "X64", archive: packed(t, released)}
	for _, sub := range []string{"work", "temp", "bin", "home"} {
		must(t, os.Mkdir(filepath.Join(r.dir, sub), 0o755))
	}
	must(t, os.CopyFS(filepath.Join(r.dir, "action", "action"), os.DirFS("../../action")))
	must(t, os.Symlink(self, filepath.Join(r.dir, "bin", "curl")))
	r.knows(archive, r.archive)
	return r
}

// knows puts an archive's digest into the action's list.
func (r *runner) knows(name string, content []byte) {
	r.t.Helper()
	line := fmt.Sprintf("# as SHA256SUMS has it\n%x  edgedeploy_1.0.0_linux_amd64.tar.gz\n%x  %s\n", sha256.Sum256(nil), sha256.Sum256(content), name)
	must(r.t, os.WriteFile(filepath.Join(r.dir, "action", "action", "SHA256SUMS"), []byte(line), 0o644))
}

// packed is an archive as a release has it.
func packed(t *testing.T, program string) []byte {
	t.Helper()
	raw, err := os.ReadFile(program)
	must(t, err)
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	w := tar.NewWriter(z)
	for name, content := range map[string][]byte{"LICENSE": []byte("free\n"), "edgedeploy": raw} {
		must(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}))
		_, err := w.Write(content)
		must(t, err)
	}
	must(t, errors.Join(w.Close(), z.Close()))
	return buf.Bytes()
}

var expression = regexp.MustCompile(`\$\{\{\s*(.*?)\s*\}\}`)

// run runs the action's steps until one fails.
func (r *runner) run(inputs map[string]string) (out string, code int) {
	r.t.Helper()
	a := readAction(r.t)
	given := map[string]string{}
	for name, input := range a.Inputs {
		given["inputs."+name] = input.Default
	}
	for name, value := range inputs {
		if _, known := a.Inputs[name]; !known {
			r.t.Fatalf("the action has no input %s", name)
		}
		given["inputs."+name] = value
	}
	expand := func(text string) string {
		return expression.ReplaceAllStringFunc(text, func(m string) string {
			value, known := given[expression.FindStringSubmatch(m)[1]]
			if !known {
				r.t.Fatalf("%s is not known here", m)
			}
			return value
		})
	}
	path := []string{filepath.Join(r.dir, "bin"), "/usr/local/bin", "/usr/bin", "/bin"}
	for _, s := range a.Runs.Steps {
		if a.Runs.Using != "composite" || s.Shell != "bash" || s.If != "" && s.If != "inputs.args != ''" {
			r.t.Fatalf("this step is of a kind that is not known here: %+v", s)
		}
		if s.If != "" && given["inputs.args"] == "" {
			continue
		}
		env := map[string]string{}
		for name, value := range s.Env {
			env[name] = expand(value)
		}
		said, failed := r.bash(s.Run, expand(s.Dir), path, env)
		out += said
		if failed != 0 {
			return out, failed
		}
		added, err := os.ReadFile(filepath.Join(r.dir, "path"))
		if err == nil {
			path = append(strings.Fields(string(added)), path...)
		}
	}
	return out, 0
}

// bash runs a script as GitHub does where the shell is bash.
func (r *runner) bash(script, dir string, path []string, more map[string]string) (string, int) {
	r.t.Helper()
	file := filepath.Join(r.dir, "script.sh")
	must(r.t, os.WriteFile(file, []byte(script), 0o600))
	archive := filepath.Join(r.dir, "archive")
	must(r.t, os.WriteFile(archive, r.archive, 0o600))
	env := map[string]string{
		"PATH": strings.Join(path, ":"), "HOME": filepath.Join(r.dir, "home"), "LC_ALL": "C.UTF-8", "CI": "true", "GIT_CEILING_DIRECTORIES": r.dir,
		"GITHUB_ACTION_PATH": filepath.Join(r.dir, "action"), "GITHUB_PATH": filepath.Join(r.dir, "path"), "GITHUB_ACTOR": "ada",
		"RUNNER_TEMP": filepath.Join(r.dir, "temp"), "RUNNER_OS": r.os, "RUNNER_ARCH": r.arch,
		"STUB_URL": address, "STUB_ARCHIVE": archive, "AWS_EC2_METADATA_DISABLED": "true",
	}
	maps.Copy(env, more)
	cmd := exec.CommandContext(r.t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", file)
	cmd.Dir = filepath.Join(r.dir, "work", dir)
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), exit.ExitCode()
	}
	must(r.t, err)
	return string(out), 0
}
