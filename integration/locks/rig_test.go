package locks

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/integration/rig"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

const (
	www, api = "E1AAAAAAAAAAAA", "E2AAAAAAAAAAAA"
	// lockLife is more than a lock lasts.
	lockLife = 3 * time.Minute
	aliases  = "/2015-03-31/functions/edgedeploy-shop-releases/aliases/"
)

// stack is an account with a stack that has two releases: the one of 128 MB that is
// live, and none yet of what want asks for.
type stack struct {
	*rig.Account
	t *testing.T
}

func newStack(t *testing.T, aws *rig.Server) stack {
	t.Helper()
	s := stack{aws.Account(t, www, api), t}
	s.Write("auth/index.js", "exports.handler = async (event) => event.Records[0].cf.request")
	s.want(128)
	s.Must(apply()...)
	s.ResetCalls()
	return s
}

// want writes a spec of a memory, which each is another version.
func (s stack) want(memory int) {
	s.Write("edgedeploy.yaml", fmt.Sprintf(`version: 1
stack: shop
account: %q
defaults: { role: %q, timeout: 5, memory: %d }
functions:
  auth: { bundle: auth, handler: index.handler }
distributions:
  www: { id: %s, behaviors: { default: { viewer-request: auth } } }
  api: { id: %s, behaviors: { default: { viewer-request: auth } } }
`, s.ID, s.Role(), memory, www, api))
}

func apply(more ...string) []string { return append([]string{"apply", "--yes", "--no-load"}, more...) }

// hold starts the program and stops it before a call.
func (s stack) hold(at localaws.Fault, args ...string) (*rig.Process, localaws.Held) {
	s.t.Helper()
	at.Kind = localaws.PauseBefore
	s.Arm(at)
	run := s.Start(args...)
	held, ok := run.Reach()
	if !ok {
		s.t.Fatalf("not reached: %+v", run.Wait())
	}
	return run, held
}

var (
	update  = localaws.Fault{Service: "cloudfront", Operation: "UpdateDistribution", Resource: www}
	readCfg = localaws.Fault{Service: "cloudfront", Operation: "GetDistributionConfig", Resource: www}
)

// alias is what an alias of the ledger says.
func (s stack) alias(name string) (a struct{ FunctionVersion, Description string }) {
	s.t.Helper()
	got := s.Do("lambda", "GET "+aliases+name, nil)
	if got.Status == 404 {
		return a
	}
	if err := json.Unmarshal(got.Body, &a); err != nil || got.Status != 200 {
		s.t.Fatalf("alias %s: %d %s, %v", name, got.Status, got.Body, err)
	}
	return a
}

func (s stack) free() bool { return strings.Contains(s.alias("lock").Description, `"open":true`) }

// bound is the version that both distributions hold, 0 if they differ.
func (s stack) bound() (versions [2]int) {
	s.t.Helper()
	for i, id := range []string{www, api} {
		for _, line := range s.Bound(id) {
			if _, err := fmt.Sscanf(line, "default viewer-request shop-auth:%d", &versions[i]); err != nil {
				s.t.Fatalf("%s holds %s", id, line)
			}
		}
	}
	return versions
}

// written counts the writes that CloudFront took over.
func (s stack) written() (n int) {
	for _, c := range s.Calls() {
		if c.Operation == "UpdateDistribution" && c.Status == 200 {
			n++
		}
	}
	return n
}

// ends checks a run's exit code, and what its stderr says.
func ends(t *testing.T, o rig.Outcome, code int, says ...string) {
	t.Helper()
	for _, text := range says {
		if !strings.Contains(o.Stderr, text) {
			t.Errorf("%q is not said", text)
		}
	}
	if o.Code != code || t.Failed() {
		t.Fatalf("exit code %d, want %d:\n%s\n%s", o.Code, code, o.Stdout, o.Stderr)
	}
}

var unlockCommand = regexp.MustCompile(`edgedeploy (unlock \S+ --stack shop)`)

// named is the unlock that a hint names.
func named(t *testing.T, o rig.Outcome) []string {
	t.Helper()
	m := unlockCommand.FindStringSubmatch(o.Stderr)
	if m == nil {
		t.Fatalf("no unlock is named:\n%s", o.Stderr)
	}
	return strings.Fields(m[1])
}
