package provenance

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"os/user"
	"strconv"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
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
