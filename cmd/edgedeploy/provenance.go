package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"os/exec"
	"os/user"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// gitTimeout bounds each question to git: provenance is no reason to hang.
const gitTimeout = 10 * time.Second

// source asks git where the spec comes from. Outside of a repository, or
// without git, the source is simply not known.
func source(ctx context.Context, dir string) release.Source {
	commit, ok := git(ctx, dir, "rev-parse", "HEAD")
	if !ok {
		return release.Source{}
	}
	branch, _ := git(ctx, dir, "symbolic-ref", "--short", "-q", "HEAD") // a detached HEAD has none
	status, known := git(ctx, dir, "status", "--porcelain")
	return release.Source{Commit: commit, Branch: branch, Dirty: !known || status != ""}
}

// subject is the commit's first line: what a release is about when nobody says.
func subject(ctx context.Context, dir string, s release.Source) string {
	if s.Commit == "" || s.Dirty {
		return ""
	}
	text, _ := git(ctx, dir, "log", "-1", "--format=%s")
	return text
}

func git(ctx context.Context, dir string, args ...string) (string, bool) {
	ctx, cancel := context.WithTimeout(ctx, gitTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", dir, "--no-optional-locks"}, args...)...)
	var out bytes.Buffer
	cmd.Stdout = &out
	err := cmd.Run()
	return strings.TrimSpace(out.String()), err == nil
}

// actor is who runs this: as the pipeline says, or the user at this machine.
func (a *app) actor() string {
	for _, name := range []string{"EDGEDEPLOY_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR", "CIRCLE_USERNAME"} {
		if v, ok := a.lookup(name); ok && v != "" {
			return v
		}
	}
	name := "uid " + strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		return name
	}
	return name + "@" + host
}

// by is the provenance of a run that begins now.
func (a *app) by(message string) deploy.Run {
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails since Go 1.24
	return deploy.Run{ID: hex.EncodeToString(id), Actor: a.actor(), Message: message, Tool: toolVersion(), At: time.Now().UTC()}
}

// toolVersion is the version the binary was built as.
func toolVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel-" + release.Source{Commit: s.Value}.Short()
		}
	}
	return "devel"
}

// versionFacts is what version -o json tells.
func versionFacts() map[string]any {
	facts := map[string]any{"schema": 1, "version": toolVersion()}
	if info, ok := debug.ReadBuildInfo(); ok {
		facts["go"] = info.GoVersion
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				facts["commit"] = s.Value
			case "vcs.modified":
				facts["dirty"] = s.Value == "true"
			case "GOOS":
				facts["os"] = s.Value
			case "GOARCH":
				facts["arch"] = s.Value
			}
		}
	}
	return facts
}
