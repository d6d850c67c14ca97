package pacing

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
	"github.com/edgedeploy/edgedeploy/internal/aws/ledger"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/versions"
)

const (
	account = "123456789012"
	role    = "arn:aws:iam::" + account + ":role/edge"
	many    = 200
	// latency is what a call to AWS takes.
	latency = 150 * time.Millisecond
)

// slow is a connection over which a call takes its time.
type slow struct{ http.RoundTripper }

func (s slow) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(latency)
	return s.RoundTripper.RoundTrip(r)
}

// rig is an account with many distributions, of a CloudFront that throttles.
type rig struct {
	server *localaws.Server
	cloud  deploy.Cloud
	books  *ledger.Ledger
	zip    []byte
	want   plan.Desired
	// locked counts the calls about a lock that Lambda throttled.
	locked atomic.Int64
}

func newRig(t *testing.T, writesPerMinute int) *rig {
	t.Helper()
	server, err := localaws.Open(localaws.Options{WritesPerMinute: writesPerMinute, Delays: localaws.Delays{Propagation: 3 * time.Minute, FunctionUpdate: time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &rig{server: server, zip: zipped(t)}
	sum := sha256.Sum256(r.zip)
	r.want = plan.Desired{
		Stack: "shop", Account: account, Role: role,
		Functions: []release.Function{{
			Key: "auth", CodeSHA256: base64.StdEncoding.EncodeToString(sum[:]), ZipBytes: int64(len(r.zip)),
			Spec: versions.Spec{Function: "shop-auth", Content: "c1", Config: versions.Config{
				Runtime: "nodejs22.x", Handler: "index.handler", Role: role, MemoryMB: 128, TimeoutSeconds: 5,
			}},
		}},
	}
	seed := localaws.Seed{Roles: []iam.SeedRole{{ARN: role}}}
	for i := range many {
		id := fmt.Sprintf("E%013d", i)
		seed.Distributions = append(seed.Distributions, cf.SeedDistribution{ID: id})
		r.want.Distributions = append(r.want.Distributions, release.Distribution{Key: id, IDs: []string{id}, Bindings: []release.Placed{{
			Path: "default", Trigger: associations.ViewerRequest, Binding: associations.Binding{Version: versions.Ref{Function: "shop-auth"}},
		}}})
	}
	if err := server.Seed(account, seed); err != nil {
		t.Fatal(err)
	}
	r.cloud, r.books = r.open(t, nil)
	return r
}

func zipped(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("index.js")
	if err == nil {
		_, err = f.Write([]byte("exports.handler = async (event) => event.Records[0].cf.request"))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// open gives the clients of a process of its own.
func (r *rig) open(t *testing.T, warn func(stack, text string)) (deploy.Cloud, *ledger.Ledger) {
	t.Helper()
	way := slow{r.server.Transport()}
	cloud, err := awscloud.Open(t.Context(), awscloud.Options{
		Local: &awscloud.Local{Account: account, Transport: way},
		OnThrottle: func(service, operation string) {
			if service == "Lambda" && operation == "UpdateAlias" {
				r.locked.Add(1)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	books := &ledger.Ledger{
		API: cloud.Ledger, Transport: way, Warn: warn,
		AllowHTTP: func(host string) bool { return host == localaws.InProcessHost },
	}
	return deploy.Cloud{Lambda: cloud.Lambda, CloudFront: cloud.CloudFront, Identity: cloud.Identity}, books
}

func (r *rig) plan(t *testing.T) plan.Plan {
	t.Helper()
	state, err := r.books.Read(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	planned, err := deploy.Prepare(t.Context(), deploy.NewReader(r.cloud), state, r.want, plan.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	return planned
}

// screen keeps the plain lines of a run, and how long it was silent.
type screen struct {
	mu       sync.Mutex
	progress render.Progress
	lines    []string
	last     time.Time
	silent   time.Duration
}

func (s *screen) show(e deploy.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if lines := s.progress.Add(e, now); len(lines) > 0 {
		s.lines = append(s.lines, lines...)
		s.silent = max(s.silent, now.Sub(s.last))
		s.last = now
	}
}

func (r *rig) runner(s *screen) *deploy.Runner {
	s.last = time.Now()
	return &deploy.Runner{
		Cloud: r.cloud, Ledger: r.books, Code: func(versions.ContentID) ([]byte, error) { return r.zip, nil },
		Notify: s.show, Now: time.Now, Limit: 4, Timeout: 30 * time.Minute,
	}
}

// figures are what a run did to CloudFront.
type figures struct {
	writes, throttled, worst int
	first, last              time.Time // of the writes
	polls                    int       // after the last write
}

func (r *rig) figures() figures {
	var f figures
	refused := map[string]int{}
	for _, c := range r.server.Calls() {
		switch {
		case c.Operation == "GetDistribution" && f.writes == many:
			f.polls++
		case c.Operation != "UpdateDistribution":
			continue
		case c.Status == 200:
			f.writes++
			f.last = time.Unix(0, c.End)
		default:
			f.throttled++
			refused[c.Resource]++
			f.worst = max(f.worst, refused[c.Resource])
		}
		if f.first.IsZero() && c.Operation == "UpdateDistribution" {
			f.first = time.Unix(0, c.Start)
		}
	}
	return f
}

// The bar: two hundred distributions take at most 1.3 times what CloudFront's limit
// allows, none is throttled more than twice, and the run is never silent for long.
func TestTwoHundredDistributionsAreWrittenAsFastAsCloudFrontTakesThem(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{4, 20, 60} {
		t.Run(fmt.Sprintf("%d a minute", limit), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, limit)
				planned := r.plan(t)
				r.server.ResetCalls()
				var s screen
				result, err := r.runner(&s).Run(t.Context(), planned, deploy.Run{ID: "run1", Actor: "me"})
				if err != nil || !result.Live {
					t.Fatalf("live: %t, %v", result.Live, err)
				}
				f := r.figures()
				took := f.last.Sub(f.first)
				if bound := 1.3 * many / float64(limit); f.writes != many || took.Minutes() > bound {
					t.Errorf("%d writes took %v, want at most %.1f minutes", f.writes, took, bound)
				}
				if f.worst > 2 {
					t.Errorf("%d throttled, one distribution %d times", f.throttled, f.worst)
				}
				// The last ones are looked at for three minutes, eight at a time.
				if f.polls > many+8*25 {
					t.Errorf("%d looks while waiting", f.polls)
				}
				if s.silent > 45*time.Second {
					t.Errorf("it was silent for %v", s.silent)
				}
				if all := strings.Join(s.lines, "\n"); !strings.Contains(all, "CloudFront throttles writes") || !strings.Contains(all, "/min)") {
					t.Errorf("nothing tells of the queue:\n%s", all)
				}
				t.Logf("%d a minute: %d writes in %v, %.2f times the limit; %d throttled, at most %d of one; %d looks",
					limit, f.writes, took.Round(time.Second), took.Minutes()*float64(limit)/many, f.throttled, f.worst, f.polls)
			})
		})
	}
}

// Writes that queue for an hour take nothing from the lock: it is renewed all the
// time, through throttled renewals too, and no other run gets it.
func TestTheLockIsHeldThroughAnHourOfWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 4)
		var mu sync.Mutex
		var warned []string
		warn := func(_, text string) {
			mu.Lock()
			defer mu.Unlock()
			warned = append(warned, text)
		}
		r.cloud, r.books = r.open(t, warn)
		planned := r.plan(t)
		ctx, cancel := context.WithCancel(t.Context())
		var around sync.WaitGroup
		around.Go(func() { // Lambda throttles the lock for a minute, now and then
			for sleep(ctx, 9*time.Minute) {
				if err := r.server.Arm(localaws.Fault{Service: "lambda", Operation: "UpdateAlias", Kind: localaws.Throttle, Times: 1000}); err != nil {
					t.Error(err)
				}
				sleep(ctx, time.Minute)
				r.server.Disarm()
			}
		})
		_, rival := r.open(t, nil)
		tries := 0
		around.Go(func() {
			for sleep(ctx, 20*time.Second) {
				_, err := rival.Lock(ctx, deploy.LockRequest{Stack: "shop", Holder: "you", RunID: "rival", Phase: "apply", Role: role})
				if _, locked := errors.AsType[*deploy.LockedError](err); !locked && ctx.Err() == nil {
					t.Errorf("after %d tries another run gets %v", tries, err)
				}
				tries++
			}
		})
		var s screen
		run := r.runner(&s)
		run.Timeout = 0
		ended := run.Notify
		run.Notify = func(e deploy.Event) {
			if _, ok := e.(deploy.Committed); ok {
				cancel() // from here on the lock is given back
			}
			ended(e)
		}
		start := time.Now()
		result, err := run.Run(t.Context(), planned, deploy.Run{ID: "run1", Actor: "me"})
		cancel()
		around.Wait()
		if err != nil || !result.Live {
			t.Fatalf("after %v: %v", time.Since(start), err)
		}
		if took := time.Since(start); took < 45*time.Minute || tries < 100 {
			t.Errorf("it took %v only, and another run tried %d times", took, tries)
		}
		mu.Lock()
		defer mu.Unlock()
		if all := strings.Join(warned, "\n"); r.locked.Load() < 10 || strings.Contains(all, "no answer in time") {
			t.Errorf("throttled %d times, warned: %s", r.locked.Load(), all)
		}
	})
}

// sleep reports whether all of that time went by before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
