package provenance

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"os/user"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

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
