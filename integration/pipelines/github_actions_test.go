package pipelines

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// act does what an action is there for.
func (m *machine) act(s step) {
	m.t.Helper()
	action, version, _ := strings.Cut(s.Uses, "@")
	if len(version) != 40 {
		m.t.Errorf("%s: an action is named by its commit", s.Uses)
	}
	known := map[string]struct {
		inputs []string
		do     func(with map[string]string)
	}{
		"actions/checkout":                      {[]string{"persist-credentials", "fetch-depth"}, m.checkoutAction},
		"actions/setup-go":                      {[]string{"go-version", "cache"}, func(map[string]string) {}},
		"actions/setup-node":                    {[]string{"node-version"}, func(map[string]string) {}},
		"actions/upload-artifact":               {[]string{"name", "path", "if-no-files-found", "retention-days"}, m.upload},
		"actions/download-artifact":             {[]string{"name", "path"}, m.download},
		"aws-actions/configure-aws-credentials": {[]string{"role-to-assume", "aws-region"}, m.assume},
	}
	a, ok := known[action]
	if !ok {
		m.t.Fatalf("job %s: nobody knows here what %s does", m.name, action)
	}
	with := map[string]string{}
	for name, value := range s.With {
		if !slices.Contains(a.inputs, name) {
			m.t.Fatalf("job %s: nobody knows here what %s of %s does", m.name, name, action)
		}
		with[name] = m.expand(fmt.Sprint(value))
	}
	a.do(with)
}

func (m *machine) checkoutAction(with map[string]string) {
	m.t.Helper()
	if m.job.Permissions["contents"] != "read" || with["persist-credentials"] != "false" {
		m.t.Errorf("job %s checks out with %v, %v", m.name, m.job.Permissions, with)
	}
	m.checkout(filepath.Join(m.dir, "work"), m.event.commit, cmp.Or(with["fetch-depth"], "1"))
}

// upload keeps the files that a pattern matches, flat, and forgets that they
// could be run, as the zip of an artifact does.
func (m *machine) upload(with map[string]string) {
	m.t.Helper()
	found, err := filepath.Glob(m.in(with["path"]))
	must(m.t, err)
	if len(found) == 0 {
		m.t.Fatalf("job %s: nothing is at %s\n%s", m.name, with["path"], m.log[m.name])
	}
	for _, file := range found {
		m.copy(file, filepath.Join(m.artifacts, with["name"], filepath.Base(file)), "0644")
	}
}

func (m *machine) download(with map[string]string) {
	m.t.Helper()
	found, err := filepath.Glob(filepath.Join(m.artifacts, with["name"], "*"))
	must(m.t, err)
	if len(found) == 0 {
		m.t.Fatalf("job %s: there is no artifact %s", m.name, with["name"])
	}
	for _, file := range found {
		m.copy(file, filepath.Join(m.in(with["path"]), filepath.Base(file)), "0644")
	}
}

// in is a path as actions read it: relative to the workspace.
func (m *machine) in(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(m.dir, "work", path)
}

// assume gives credentials to the steps after it, where GitHub would.
func (m *machine) assume(with map[string]string) {
	m.t.Helper()
	if m.job.Permissions["id-token"] != "write" || m.event.fork {
		m.t.Errorf("job %s cannot assume a role: it gets no token", m.name)
		return
	}
	m.roles[m.name] = append(m.roles[m.name], with["role-to-assume"])
	maps.Copy(m.exported, m.credentials())
	m.exported["AWS_REGION"] = with["aws-region"]
	if _, err := os.Stat(filepath.Join(m.dir, "work", "Cargo.toml")); err == nil && m.name == "apply" {
		m.t.Error("apply has sources")
	}
}
