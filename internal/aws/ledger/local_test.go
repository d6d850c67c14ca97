package ledger_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
	"github.com/edgedeploy/edgedeploy/internal/aws/ledger"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
	"github.com/edgedeploy/edgedeploy/versions"
)

const (
	account = "123456789012"
	role    = "arn:aws:iam::123456789012:role/edge-exec"
)

var _ ledger.API = (*awscloud.LedgerAPI)(nil)

// world is a ledger on the SDK's client of a local AWS.
type world struct {
	*ledger.Ledger
	server *localaws.Server
}

func newWorld(t *testing.T, d localaws.Delays, overHTTP bool) *world {
	t.Helper()
	server, err := localaws.Open(localaws.Options{Delays: d})
	must(t, err)
	t.Cleanup(func() { must(t, server.Close()) })
	must(t, server.Seed(account, localaws.Seed{Roles: []iam.SeedRole{{ARN: role}}}))
	w := &world{server: server}
	if overHTTP {
		h := httptest.NewServer(server.Handler())
		t.Cleanup(h.Close)
		w.Ledger = open(t, &awscloud.Local{Account: account, Endpoint: h.URL})
		w.AllowHTTP = func(host string) bool { return host == "127.0.0.1" }
		return w
	}
	w.Ledger = w.another(t)
	return w
}

// another is a ledger of another process on the same AWS.
func (w *world) another(t *testing.T) *ledger.Ledger {
	t.Helper()
	l := open(t, &awscloud.Local{Account: account, Transport: w.server.Transport()})
	l.Transport = w.server.Transport()
	l.AllowHTTP = func(host string) bool { return host == "localaws.invalid" }
	return l
}

func open(t *testing.T, local *awscloud.Local) *ledger.Ledger {
	t.Helper()
	cloud, err := awscloud.Open(t.Context(), awscloud.Options{Local: local, UserAgent: "edgedeploy/test", MaxBackoff: time.Millisecond})
	must(t, err)
	return &ledger.Ledger{API: cloud.Ledger, Poll: 5 * time.Millisecond}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// operations gives the calls since it was last asked.
func (w *world) operations() []string {
	var names []string
	for _, c := range w.server.Calls() {
		names = append(names, strings.TrimSpace(c.Service+" "+c.Operation))
	}
	w.server.ResetCalls()
	return names
}

func request(run string, seen release.Seen) deploy.LockRequest {
	return deploy.LockRequest{Stack: "shop", Holder: "jo", RunID: run, Phase: "apply", Role: role, Tags: map[string]string{"team": "web"}, Seen: seen}
}

func record(run string) release.Release {
	return release.Release{
		Schema: release.Schema, Stack: "shop", Kind: release.KindApply, RunID: run, Account: account, Role: role,
		Brought: release.Self, At: time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC), Actor: "jo", Message: "schnöde <neue> Ärmel 🎽", Tool: "v0.1.0",
	}
}

// release makes a release live in a run of its own.
func commitRelease(t *testing.T, l *ledger.Ledger, run string) (release.Release, error) {
	t.Helper()
	state, err := l.Read(t.Context(), "shop")
	if err != nil {
		return release.Release{}, err
	}
	lease, err := l.Lock(t.Context(), request(run, state.Seen))
	if err != nil {
		return release.Release{}, err
	}
	r, err := lease.Append(t.Context(), record(run))
	if err == nil {
		err = errors.Join(lease.Mark(t.Context(), r), lease.Commit(t.Context(), r))
	}
	return r, errors.Join(err, lease.Unlock(t.Context()))
}

func TestAReleaseOnTheLocalAWS(t *testing.T) {
	t.Parallel()
	for _, overHTTP := range []bool{false, true} {
		t.Run(fmt.Sprintf("over HTTP %v", overHTTP), func(t *testing.T) {
			t.Parallel()
			delay := 20 * time.Millisecond
			w := newWorld(t, localaws.Delays{FunctionCreate: delay, FunctionUpdate: delay, VersionActive: delay}, overHTTP)
			empty, err := w.Read(t.Context(), "shop")
			if diff := cmp.Diff(release.LedgerState{}, empty); err != nil || diff != "" {
				t.Fatalf("%v %s", err, diff)
			}
			var want []release.Summary
			var last release.Release
			for n := 1; n <= 3; n++ {
				r, err := commitRelease(t, w.Ledger, fmt.Sprint("run", n))
				must(t, err)
				if r.Number != n {
					t.Fatalf("release %d has number %d", n, r.Number)
				}
				last, want = r, append([]release.Summary{r.Summary()}, want...)
			}
			state, err := w.Read(t.Context(), "shop")
			must(t, err)
			if diff := cmp.Diff(last, state.Live, cmpopts.EquateEmpty()); diff != "" || state.Account != account || state.Pending.Number != 0 || state.Lock.Held() {
				t.Errorf("%+v %s", state, diff)
			}
			list, err := w.List(t.Context(), "shop")
			if diff := cmp.Diff(want, list, cmpopts.IgnoreFields(release.Summary{}, "At")); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
			got, err := w.Get(t.Context(), "shop", 2)
			if err != nil || got.RunID != "run2" {
				t.Errorf("release 2 is of run %q, %v", got.RunID, err)
			}
			if _, err := w.Get(t.Context(), "shop", 9); !errors.Is(err, deploy.ErrNoRelease) {
				t.Errorf("release 9: %v", err)
			}
		})
	}
}

// What each act costs, in calls: more of them is a decision, not an accident.
func TestCallsOnTheLocalAWS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, localaws.Delays{}, false)
	_, err := commitRelease(t, w.Ledger, "run1")
	must(t, err)
	w.server.ResetCalls()
	want := func(act string, calls ...string) {
		t.Helper()
		got := w.operations()
		t.Logf("%s: %d calls", act, len(got))
		slices.Sort(got)
		slices.Sort(calls)
		if diff := cmp.Diff(calls, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", act, diff)
		}
	}
	state, err := w.Read(t.Context(), "shop")
	must(t, err)
	want("Read", "lambda ListAliases", "lambda GetFunction", "code Download")
	lease, err := w.Lock(t.Context(), request("run2", state.Seen))
	must(t, err)
	want("Lock", "lambda UpdateAlias", "lambda ListAliases")
	_, err = w.Position(t.Context(), "shop")
	must(t, err)
	want("Position")
	must(t, lease.Prove(t.Context(), 30*time.Second))
	want("Prove, with the lock just taken")
	r, err := lease.Append(t.Context(), record("run2"))
	must(t, err)
	want("Append", "lambda GetFunctionConfiguration", "lambda UpdateFunctionCode", "lambda GetFunctionConfiguration",
		"lambda PublishVersion")
	must(t, lease.Mark(t.Context(), r))
	want("Mark", "lambda UpdateAlias")
	must(t, lease.Prove(t.Context(), 0))
	want("Prove, now", "lambda UpdateAlias")
	must(t, lease.Commit(t.Context(), r))
	want("Commit", "lambda UpdateAlias", "lambda CreateAlias")
	must(t, lease.Unlock(t.Context()))
	want("Unlock", "lambda UpdateAlias")
	_, err = w.List(t.Context(), "shop")
	must(t, err)
	want("List", "lambda ListVersionsByFunction")
}

// Cut connections, before and after the effect of any call, go unnoticed: the
// SDK tries again, meets its own success, and the ledger recognises it.
func TestACutConnectionIsNoFailure(t *testing.T) {
	t.Parallel()
	for _, kind := range []localaws.Kind{localaws.DropBefore, localaws.DropAfter} {
		for _, settled := range []bool{false, true} {
			for n := 1; n <= 18; n++ {
				t.Run(fmt.Sprintf("%s call %d, ledger exists %v", kind, n, settled), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, localaws.Delays{}, false)
					want := 1
					if settled {
						_, err := commitRelease(t, w.Ledger, "first")
						must(t, err)
						want = 2
					}
					must(t, w.server.Arm(localaws.Fault{Service: "lambda", Call: n, Times: 1, Kind: kind}))
					r, err := commitRelease(t, w.Ledger, "run")
					must(t, err)
					w.server.Disarm()
					state, err := w.Read(t.Context(), "shop")
					must(t, err)
					if r.Number != want || state.Live.Number != want || state.Live.RunID != "run" || state.Pending.Number != 0 || state.Lock.Held() {
						t.Errorf("release %d; %+v", r.Number, state)
					}
					list, err := w.List(t.Context(), "shop")
					if err != nil || len(list) != want {
						t.Errorf("%d releases, %v", len(list), err)
					}
				})
			}
		}
	}
}

func TestTwoProcessesOnTheLocalAWS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, localaws.Delays{}, false)
	other := w.another(t)
	lease, err := w.Lock(t.Context(), request("run1", release.Seen{}))
	must(t, err)
	_, err = other.Lock(t.Context(), request("run2", release.Seen{}))
	if locked, ok := errors.AsType[*deploy.LockedError](err); !ok || locked.Lock.RunID != "run1" || locked.Lock.Holder != "jo" {
		t.Errorf("got %v", err)
	}
	r, err := lease.Append(t.Context(), record("run1"))
	must(t, err)
	who, err := other.Unlock(t.Context(), deploy.UnlockRequest{Stack: "shop", RunID: "run1", Live: true, By: "al"})
	if err != nil || who.RunID != "run1" {
		t.Errorf("got %+v, %v", who, err)
	}
	second, err := other.Lock(t.Context(), request("run2", release.Seen{}))
	must(t, err)
	if _, ok := errors.AsType[*deploy.LostLockError](lease.Prove(t.Context(), 0)); !ok {
		t.Error("the first run still has the lock")
	}
	r2, err := second.Append(t.Context(), record("run2"))
	must(t, err)
	must(t, second.Mark(t.Context(), r2))
	must(t, second.Commit(t.Context(), r2))
	if _, ok := errors.AsType[*deploy.LostLockError](lease.Commit(t.Context(), r)); !ok {
		t.Error("the first run committed over the second")
	}
	if _, ok := errors.AsType[*deploy.LostLockError](lease.Unlock(t.Context())); !ok {
		t.Error("the first run gave back what it does not hold")
	}
	must(t, second.Unlock(t.Context()))
	at, err := w.Position(t.Context(), "shop")
	if diff := cmp.Diff(release.Position{Live: 2}, at); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// On the local AWS as in memory: a holder that wakes moves nothing, on the
// ledger's first release, too, when live and pending do not exist yet.
func TestAWokenHolderOnTheLocalAWS(t *testing.T) {
	t.Parallel()
	for _, settled := range []bool{false, true} {
		t.Run(fmt.Sprintf("ledger exists %v", settled), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, localaws.Delays{}, false)
			want := release.Position{}
			if settled {
				_, err := commitRelease(t, w.Ledger, "first")
				must(t, err)
				want.Live = 1
			}
			slow, err := w.Lock(t.Context(), request("slow", release.Seen{}))
			must(t, err)
			r, err := slow.Append(t.Context(), record("slow"))
			must(t, err)
			other := w.another(t)
			_, err = other.Unlock(t.Context(), deploy.UnlockRequest{Stack: "shop", RunID: "slow", Live: true, By: "al"})
			must(t, err)
			lease, err := other.Lock(t.Context(), request("other", release.Seen{}))
			must(t, err)
			for what, err := range map[string]error{
				"Mark": slow.Mark(t.Context(), r), "Commit": slow.Commit(t.Context(), r), "Unlock": slow.Unlock(t.Context()),
			} {
				if _, ok := errors.AsType[*deploy.LostLockError](err); !ok {
					t.Errorf("%s: got %v", what, err)
				}
			}
			for range 2 { // as it was read under the lock, and as it is
				if at, err := other.Position(t.Context(), "shop"); err != nil || at != want {
					t.Errorf("at %+v, %v; want %+v", at, err, want)
				}
			}
			must(t, lease.Unlock(t.Context()))
			next, err := commitRelease(t, other, "next")
			must(t, err)
			if next.Number != r.Number+1 || next.Brought != release.Origin(next.Number) {
				t.Errorf("got release %d, brought by %d", next.Number, next.Brought)
			}
		})
	}
}

func TestAForeignFunctionOnTheLocalAWS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, localaws.Delays{}, false)
	lease, err := w.Lock(t.Context(), request("run1", release.Seen{}))
	must(t, err)
	must(t, lease.Unlock(t.Context()))
	theirs := versions.NewFunction{Function: ledger.FunctionName("blog"), Role: role, Runtime: ledger.NewestRuntime, Zip: theirCode(t)}
	must(t, w.API.Create(t.Context(), theirs))
	req := request("run2", release.Seen{})
	req.Stack = "blog"
	if _, ok := errors.AsType[*ledger.ForeignError](second(w.Lock(t.Context(), req))); !ok {
		t.Error("a function without our tag was taken for the ledger")
	}
}

func second(_ deploy.Lease, err error) error { return err }

// theirCode is a zip that is none of ours.
func theirCode(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("index.js")
	must(t, err)
	_, err = f.Write([]byte("exports.handler = async () => {};"))
	must(t, errors.Join(err, w.Close()))
	return b.Bytes()
}

// Neither the query of a presigned URL nor the token in a local one's path
// gets into what people see.
func TestAFetchThatFailsTellsNoSecret(t *testing.T) {
	t.Parallel()
	for _, kind := range []localaws.Kind{localaws.Error, localaws.DropBefore} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, localaws.Delays{}, false)
			_, err := commitRelease(t, w.Ledger, "run1")
			must(t, err)
			v, err := w.API.OpenVersion(t.Context(), ledger.FunctionName("shop"), "1")
			must(t, err)
			u, err := url.Parse(v.Location)
			must(t, err)
			token := u.Path[strings.LastIndex(u.Path, "/")+1:]
			must(t, w.server.Arm(localaws.Fault{Service: "code", Call: 1, Times: 100, Kind: kind, Status: 403, Code: "AccessDenied", Message: "Request has expired"}))
			_, err = w.Read(t.Context(), "shop")
			if err == nil || !strings.Contains(err.Error(), "http://localaws.invalid") || !strings.Contains(err.Error(), "release 1") {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "_edgedeploy") || len(token) < 10 || strings.Contains(err.Error(), token[:10]) {
				t.Errorf("the location is in %v", err)
			}
		})
	}
}
