package release

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// workflows are all files that GitHub runs, and those that we give away to be run.
func workflows(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"../../action.yml", "../../.github/workflows/*", "../../examples/pipelines/*.yml"} {
		found, err := filepath.Glob(pattern)
		must(t, err)
		if len(found) == 0 {
			t.Fatalf("there is no %s", pattern)
		}
		for _, file := range found {
			raw, err := os.ReadFile(file)
			must(t, err)
			all[filepath.Base(file)] = string(raw)
		}
	}
	return all
}

// A script with an expression in it is written anew from what a stranger named a
// branch; pull_request_target gives a stranger's code our token.
func TestNoStrangerWritesIntoAScript(t *testing.T) {
	t.Parallel()
	runs := 0
	for name, text := range workflows(t) {
		if strings.Contains(text, "pull_request_target") {
			t.Errorf("%s: pull_request_target", name)
		}
		var doc any
		must(t, yaml.Unmarshal([]byte(text), &doc))
		walk(doc, func(key string, value any) {
			script, is := value.(string)
			switch {
			case !is:
			case key == "run":
				runs++
				if strings.Contains(script, "${{") {
					t.Errorf("%s: an expression in a script:\n%s", name, script)
				}
			case key == "uses" && !regexp.MustCompile(`^[\w-]+/[\w-]+@[0-9a-f]{40}$`).MatchString(script):
				t.Errorf("%s: %s is not named by its commit", name, script)
			}
		})
	}
	if runs < 10 {
		t.Errorf("saw only %d scripts", runs)
	}
}

func walk(node any, visit func(key string, value any)) {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			visit(key, value)
			walk(value, visit)
		}
	case []any:
		for _, value := range node {
			walk(value, visit)
		}
	}
}

// releases is what the tests read of .goreleaser.yaml; `goreleaser check` reads all.
type releases struct {
	Builds []struct {
		Goos, Goarch []string
	}
	Archives []struct {
		Formats []string
		Name    string `yaml:"name_template"`
	}
	Checksum struct {
		Name string `yaml:"name_template"`
	}
}

// The action asks for the archives that a release has, by their names, on every
// system that there is one for.
func TestTheActionAsksForWhatIsReleased(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../.goreleaser.yaml")
	must(t, err)
	var c releases
	must(t, yaml.Unmarshal(raw, &c))
	if len(c.Builds) != 1 || len(c.Archives) != 1 || strings.Join(c.Archives[0].Formats, " ") != "tar.gz" || c.Checksum.Name != "SHA256SUMS" {
		t.Fatalf("the action knows one archive a system, a tar.gz, and its digest: %+v", c)
	}
	asks := map[string][2]string{"linux": {"Linux", ""}, "darwin": {"macOS", ""}, "amd64": {"", "X64"}, "arm64": {"", "ARM64"}}
	for _, goos := range c.Builds[0].Goos {
		for _, goarch := range c.Builds[0].Goarch {
			name := strings.NewReplacer("{{ .Version }}", "7.7.7", "{{ .Os }}", goos, "{{ .Arch }}", goarch).Replace(c.Archives[0].Name) + ".tar.gz"
			r := newRunner(t, echo(t))
			r.os, r.arch = asks[goos][0], asks[goarch][1]
			r.list(strings.Repeat("0", 64) + "  " + name + "\n")
			// It gets so far as to download it.
			out, code := r.run(map[string]string{"version": "7.7.7"})
			if want := "404: https://github.com/edgedeploy/edgedeploy/releases/download/v7.7.7/" + name; code == 0 || !strings.Contains(out, want) {
				t.Errorf("exit %d, want %s\n%s", code, want, out)
			}
		}
	}
}
