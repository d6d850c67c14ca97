package runs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
	"github.com/edgedeploy/edgedeploy/internal/aws/ledger"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
	"github.com/edgedeploy/edgedeploy/internal/pace"
	"github.com/edgedeploy/edgedeploy/versions"
)

const (
	account = "123456789012"
	role    = "arn:aws:iam::" + account + ":role/edge"
	stack   = "shop"
)

// rig is an account on the local AWS with what deploys into it.
type rig struct {
	t      *testing.T
	server *localaws.Server
	cloud  deploy.Cloud
	ledger *ledger.Ledger
	zips   map[versions.ContentID][]byte

	mu    sync.Mutex
	clock time.Duration // ahead of the real one
}

func newRig(t *testing.T, distributions ...string) *rig {
	t.Helper()
	r := &rig{t: t, zips: map[versions.ContentID][]byte{}}
	server, err := localaws.Open(localaws.Options{Now: r.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	seed := localaws.Seed{Roles: []iam.SeedRole{{ARN: role}}}
	for _, id := range distributions {
		seed.Distributions = append(seed.Distributions, cf.SeedDistribution{ID: id, PathPatterns: []string{"/img/*"}})
	}
	if err := server.Seed(account, seed); err != nil {
		t.Fatal(err)
	}
	r.server = server
	r.connect()
	return r
}

// connect gives the rig new clients, as a new process has them.
func (r *rig) connect() {
	cloud, err := awscloud.Open(r.t.Context(), awscloud.Options{
		Local:      &awscloud.Local{Account: account, Transport: r.server.Transport()},
		MaxBackoff: time.Millisecond,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.cloud = deploy.Cloud{Lambda: cloud.Lambda, CloudFront: cloud.CloudFront, Identity: cloud.Identity}
	r.ledger = &ledger.Ledger{
		API: cloud.Ledger, Transport: r.server.Transport(), Poll: time.Millisecond,
		AllowHTTP: func(host string) bool { return host == localaws.InProcessHost },
	}
}

func (r *rig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Add(r.clock)
}

// later moves AWS's clock.
func (r *rig) later(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock += d
}

// pack makes a real bundle of one line of JavaScript.
func (r *rig) pack(source string) bundle.Bundle {
	r.t.Helper()
	dir := r.t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.js"), []byte(source), 0o600); err != nil {
		r.t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	b, err := bundle.Build(root, bundle.Function{Name: "f", Bundle: ".", Handler: "index.handler", Runtime: "nodejs22.x"})
	if err != nil {
		r.t.Fatal(err)
	}
	r.zips[b.Content] = b.Zip
	return b
}

func (r *rig) code(id versions.ContentID) ([]byte, error) {
	zip, ok := r.zips[id]
	if !ok {
		return nil, fmt.Errorf("no content %s", id)
	}
	return zip, nil
}

// lockLife is more than the lock of a dead run lives.
const lockLife = 3 * time.Minute

// revive mends what was broken, lets the lock of a dead run expire, and gives
// the rig the clients of a new process.
func (r *rig) revive() {
	r.server.Disarm()
	r.later(lockLife)
	r.connect()
}

// Two sources.
const one, two = "event.Records[0].cf.request", "({...event.Records[0].cf.request})"

// want is a stack of one function in the given slots.
func (r *rig) want(source string, slots ...associations.Slot) plan.Desired {
	b := r.pack("exports.handler = async (event) => " + source)
	sum := sha256.Sum256(b.Zip)
	want := plan.Desired{
		Stack: stack, Account: account, Role: role, Tags: map[string]string{"team": "web"},
		Functions: []release.Function{{
			Key: "auth", CodeSHA256: base64.StdEncoding.EncodeToString(sum[:]), ZipBytes: int64(len(b.Zip)),
			Spec: versions.Spec{Function: "shop-auth", Content: b.Content, Config: versions.Config{
				Runtime: "nodejs22.x", Handler: "index.handler", Role: role, MemoryMB: 128, TimeoutSeconds: 5,
			}},
		}},
	}
	for _, s := range slots {
		bind(&want, s, "shop-auth")
	}
	return want
}

// bind binds a function of a stack to a slot.
func bind(want *plan.Desired, s associations.Slot, function string) {
	placed := release.Placed{Path: s.Path, Trigger: s.Trigger, Binding: associations.Binding{Version: versions.Ref{Function: function}}}
	for i, d := range want.Distributions {
		if d.Key == s.Distribution {
			want.Distributions[i].Bindings = append(slices.Clone(d.Bindings), placed)
			return
		}
	}
	want.Distributions = append(want.Distributions, release.Distribution{
		Key: s.Distribution, IDs: []string{s.Distribution}, Bindings: []release.Placed{placed},
	})
}

func slot(distribution, path string, t associations.Trigger) associations.Slot {
	return associations.Slot{Distribution: distribution, Path: path, Trigger: t}
}

// plan reads, observes and plans, as apply does.
func (r *rig) plan(ctx context.Context, want plan.Desired) (plan.Plan, error) {
	state, err := r.ledger.Read(ctx, want.Stack)
	if err != nil {
		return plan.Plan{}, err
	}
	account := deploy.NewReader(r.cloud)
	distributions, err := deploy.Resolve(ctx, account, want.Distributions, state.Live)
	if err != nil {
		return plan.Plan{}, err
	}
	want.Distributions = distributions
	return deploy.Prepare(ctx, account, state, want, plan.Rules{})
}

func (r *rig) runner() *deploy.Runner {
	return &deploy.Runner{
		Cloud: r.cloud, Ledger: r.ledger, Code: r.code, Now: time.Now, Limit: 4,
		Pace: versions.Pace{Polls: pace.Backoff{First: time.Millisecond, Max: time.Millisecond}}, Poll: time.Millisecond, Timeout: time.Minute,
	}
}

var runs atomic.Int64

func (r *rig) run(ctx context.Context, planned plan.Plan) (deploy.Result, error) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %p", runs.Add(1), r))
	return r.runner().Run(ctx, planned, deploy.Run{ID: hex.EncodeToString(sum[:8]), Actor: "me", Message: "why", Tool: "test", At: time.Now().UTC()})
}

// apply plans and runs.
func (r *rig) apply(ctx context.Context, want plan.Desired) (deploy.Result, error) {
	planned, err := r.plan(ctx, want)
	if err != nil {
		return deploy.Result{}, err
	}
	return r.run(ctx, planned)
}

func (r *rig) mustApply(want plan.Desired) release.Release {
	r.t.Helper()
	result, err := r.apply(r.t.Context(), want)
	if err != nil {
		r.t.Fatal(err)
	}
	return result.Release
}

// rollback undoes what is live or in flight, or with to goes there.
func (r *rig) rollback(ctx context.Context, to ...int) (deploy.Result, error) {
	state, err := r.ledger.Read(ctx, stack)
	if err != nil {
		return deploy.Result{}, err
	}
	req := release.Request{}
	if len(to) > 0 {
		req = release.Request{Named: true, To: to[0]}
	}
	planned, err := deploy.PrepareRollback(ctx, deploy.NewReader(r.cloud), r.ledger, state, req, plan.Rules{})
	if err != nil {
		return deploy.Result{}, err
	}
	return r.run(ctx, planned)
}

// held is what a slot holds, asked of the account.
func (r *rig) held(s associations.Slot) associations.Binding {
	r.t.Helper()
	state, err := r.cloud.CloudFront.Distribution(context.WithoutCancel(r.t.Context()), s.Distribution)
	if err != nil {
		r.t.Fatal(err)
	}
	return state.Held[s]
}

// calls counts what was called, by service and operation.
func (r *rig) calls() []localaws.Call { return r.server.Calls() }

func operations(calls []localaws.Call) string {
	var b bytes.Buffer
	for _, c := range calls {
		fmt.Fprintf(&b, "  %s %s %d\n", c.Service, c.Operation, c.Status)
	}
	return b.String()
}
