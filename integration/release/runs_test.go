package release

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/integration/program"
)

// echo is a program that prints its arguments, a line each, and its folder.
func echo(t *testing.T) string {
	t.Helper()
	script := "#!/bin/sh\n[ \"$1\" = version ] && exit\nfor a; do printf '<%s>\\n' \"$a\"; done\nprintf 'in %s\\n' \"${PWD##*/}\"\nenv | grep INPUT_ || true\n"
	file := filepath.Join(t.TempDir(), "edgedeploy")
	must(t, os.WriteFile(file, []byte(script), 0o755))
	return file
}

func TestTheActionDeploys(t *testing.T) {
	t.Parallel()
	must(t, program.Look(t.Context()))
	r := newRunner(t, binary)
	site := filepath.Join(r.dir, "work", "site")
	must(t, os.CopyFS(site, os.DirFS("../../examples/redirect")))
	out, code := r.run(map[string]string{"version": "v" + version, "working-directory": "site", "args": "apply --local --yes --no-load --root ."})
	if code != 0 || !strings.Contains(out, "release 1") {
		t.Fatalf("exit %d\n%s", code, out)
	}
	out, code = r.run(map[string]string{"working-directory": "site", "args": "plan\n--local\n--no-load\n--detailed-exitcode\n--root\n.\n"})
	if code != 0 {
		t.Errorf("a plan with nothing to do ends with %d\n%s", code, out)
	}
	// The program's exit code is the step's.
	out, code = r.run(map[string]string{"working-directory": "site", "args": "rollback --local --yes --to 9 --root ."})
	if code != 1 || !strings.Contains(out, "9") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestArgumentsReachTheProgramAsTheyAre(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ args, want string }{
		"words":                   {"apply --yes  -m=x\t--to 1", "<apply>\n<--yes>\n<-m=x>\n<--to>\n<1>\n"},
		"one line of a block":     {"apply --yes\n", "<apply>\n<--yes>\n"},
		"an argument a line":      {"apply\n--yes\n-m\nfirst try, \"quoted\"\n\n--message=two words\n", "<apply>\n<--yes>\n<-m>\n<first try, \"quoted\">\n<--message=two words>\n"},
		"nothing is expanded":     {"show $(touch x) `touch y` $HOME * ; && | > z ${{ x }} \\n", "<show>\n<$(touch>\n<x)>\n<`touch>\n<y`>\n<$HOME>\n<*>\n<;>\n<&&>\n<|>\n<>>\n<z>\n<${{>\n<x>\n<}}>\n<\\n>\n"},
		"nor in lines":            {"show\n$(touch x)\n*\n; touch y\n", "<show>\n<$(touch x)>\n<*>\n<; touch y>\n"},
		"an option of run.sh's":   {"-x -e", "<-x>\n<-e>\n"},
		"a backslash at the end":  {"show a\\ b\\", "<show>\n<a\\>\n<b\\>\n"},
		"lines, indented":         {"  show\n  a b\n", "<show>\n<a b>\n"},
		"carriage returns remain": {"show\r", "<show\r>\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t, echo(t))
			must(t, os.WriteFile(filepath.Join(r.dir, "work", "there"), nil, 0o644)) // for * to find
			out, code := r.run(map[string]string{"args": c.args})
			if want := c.want + "in work\n"; code != 0 || out != want {
				t.Errorf("exit %d\n%q\nwant\n%q", code, out, want)
			}
			left, err := os.ReadDir(filepath.Join(r.dir, "work"))
			if err != nil || len(left) != 1 {
				t.Errorf("it left %v, %v", left, err)
			}
		})
	}
}

func TestTheActionRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		inputs map[string]string
		change func(r *runner)
		want   string
	}{
		"another archive":       {nil, func(r *runner) { r.archive = append(r.archive, 0) }, archive + " is not the one that was released: its SHA-256 is "},
		"no release yet":        {nil, func(r *runner) { r.knows("x", nil); r.list("# none\n") }, "nothing is released yet"},
		"an unknown version":    {map[string]string{"version": "9.9.9"}, nil, "knows no digest of edgedeploy_9.9.9_linux_amd64.tar.gz: take a newer one, or one of these versions: 1.0.0 1.2.3"},
		"what is no version":    {map[string]string{"version": "main; touch x\n::set-output name=a::b"}, nil, `is no release: say one like 1.2.3`},
		"part of a version":     {map[string]string{"version": "1.2"}, nil, `version 1.2 is no release`},
		"a pattern":             {map[string]string{"version": "1.2.."}, nil, `version 1.2.. is no release`},
		"Windows":               {nil, func(r *runner) { r.os = "Windows" }, "Windows is not supported: use a runner with Linux or macOS"},
		"another processor":     {nil, func(r *runner) { r.arch = "ARM" }, "ARM is not supported"},
		"another system":        {nil, func(r *runner) { r.os = "macOS" }, "knows no digest of edgedeploy_1.2.3_darwin_amd64.tar.gz"},
		"a download that fails": {map[string]string{"version": "1.0.0"}, nil, "404: https://github.com/edgedeploy/edgedeploy/releases/download/v1.0.0/edgedeploy_1.0.0_linux_amd64.tar.gz"},
		"quotes":                {map[string]string{"args": `apply -m "first try"`}, nil, "quotes are not read: write one argument a line instead"},
		"a flag and its value":  {map[string]string{"args": "apply\n-m first try\n"}, nil, "would be one argument"},
		"blank arguments":       {map[string]string{"args": " \n \n"}, nil, "there is no argument in it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t, echo(t))
			if c.change != nil {
				c.change(r)
			}
			inputs := map[string]string{"args": "ran"}
			for k, v := range c.inputs {
				inputs[k] = v
			}
			out, code := r.run(inputs)
			if code == 0 || !strings.Contains(out, c.want) || strings.Contains(out, "<ran>") {
				t.Errorf("exit %d, want %q\n%s", code, c.want, out)
			}
			for line := range strings.Lines(out) {
				if strings.HasPrefix(line, "::") {
					t.Errorf("an input gives the runner a command: %s", line)
				}
			}
		})
	}
}

// list writes the action's list of digests.
func (r *runner) list(text string) {
	r.t.Helper()
	must(r.t, os.WriteFile(filepath.Join(r.dir, "action", "action", "SHA256SUMS"), []byte(text), 0o644))
}
