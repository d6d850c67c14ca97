// Package provenance finds out who runs a command, from which source, and with
// which version of the program. It reads no environment: what a pipeline says
// comes in through a function.
package provenance

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

// Source asks git where the spec comes from. Outside of a repository, or
// without git, the source is simply not known.
func Source(ctx context.Context, dir string) release.Source {
	commit, ok := git(ctx, dir, "rev-parse", "HEAD")
	if !ok {
		return release.Source{}
	}
	branch, _ := git(ctx, dir, "symbolic-ref", "--short", "-q", "HEAD") // a detached HEAD has none
	status, known := git(ctx, dir, "status", "--porcelain")
	return release.Source{Commit: commit, Branch: branch, Dirty: !known || status != ""}
}

// Subject is the commit's first line: what a release is about when nobody says.
func Subject(ctx context.Context, dir string, s release.Source) string {
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

// Lookup reads one variable of the environment.
type Lookup func(name string) (string, bool)

// Actor is who runs this: as the pipeline says, or the user at this machine.
func Actor(lookup Lookup) string {
	for _, name := range []string{"EDGEDEPLOY_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR", "CIRCLE_USERNAME"} {
		if v, ok := lookup(name); ok && v != "" {
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

// NewID gives an id that no other run has.
func NewID() string {
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails since Go 1.24
	return hex.EncodeToString(id)
}

// Run is the provenance of a run that begins now.
func Run(lookup Lookup, message string) deploy.Run {
	return deploy.Run{ID: NewID(), Actor: Actor(lookup), Message: message, Tool: Tool(), At: time.Now().UTC()}
}

// Tool is the version the program was built as.
func Tool() string {
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

// Facts are what version -o json tells.
func Facts() map[string]any {
	facts := map[string]any{"schema": 1, "version": Tool()}
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
