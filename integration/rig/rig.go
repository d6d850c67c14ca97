package rig

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/integration/program"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

// binary is the program, which Main builds.
var binary string

// Main builds the program and runs the tests: func TestMain(m *testing.M) {
// os.Exit(rig.Main(m)) }.
func Main(m *testing.M) int {
	return program.Main(m, &binary)
}

// Server is a local AWS in a process of its own.
type Server struct {
	local *program.Local
	last  atomic.Int64
}

// Serve runs `edgedeploy local` with these flags until the test has ended.
func Serve(t *testing.T, flags ...string) *Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), program.Patience)
	defer cancel()
	local, err := program.Serve(ctx, binary, t.TempDir(), flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := local.Stop(); err != nil {
			t.Error(err)
		}
	})
	return &Server{local: local}
}

// Account is an AWS account that no other test has, with a folder for a
// project. Its methods fail the test that it was made for, and are called by
// that test's goroutine.
type Account struct {
	ID  string
	Dir string // where the program runs

	t     *testing.T
	local *program.Local
}

// Account makes an account that has the role of Role and these distributions,
// each with a behavior for /img/*.
func (s *Server) Account(t *testing.T, distributions ...string) *Account {
	t.Helper()
	id := fmt.Sprint(200000000000 + s.last.Add(1))
	a := &Account{ID: id, Dir: t.TempDir(), t: t, local: s.local.As(id)}
	seed := localaws.Seed{Roles: []iam.SeedRole{{ARN: a.Role()}}}
	for _, d := range distributions {
		seed.Distributions = append(seed.Distributions, cf.SeedDistribution{ID: d, PathPatterns: []string{"/img/*"}})
	}
	a.Seed(seed)
	return a
}

// Seed makes in the account what of the seed is not there yet.
func (a *Account) Seed(seed localaws.Seed) {
	a.t.Helper()
	a.control("POST", "seed", seed, nil)
}

// Role is the ARN of a role that functions at the edge can have.
func (a *Account) Role() string { return "arn:aws:iam::" + a.ID + ":role/edge" }

// Write puts a file into the project.
func (a *Account) Write(name, data string) {
	a.t.Helper()
	path := filepath.Join(a.Dir, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(data), 0o600)); err != nil {
		a.t.Fatal(err)
	}
}

// controlTime is more than a private endpoint may take.
const controlTime = program.Patience

// control asks a private endpoint of the server.
func (a *Account) control(method, endpoint string, in, out any) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.t.Context()), controlTime)
	defer cancel()
	if err := a.local.JSON(ctx, "edgedeploy", method+" /_edgedeploy/"+endpoint, in, out); err != nil {
		a.t.Fatal(err)
	}
}

// Arm arms a fault for this account.
func (a *Account) Arm(f localaws.Fault) {
	a.t.Helper()
	f.Account = a.ID
	a.control("POST", "faults", f, nil)
}

// Disarm takes all faults of this account away.
func (a *Account) Disarm() {
	a.t.Helper()
	a.control("DELETE", "faults?account="+a.ID, nil, nil)
}

// Calls lists the account's calls since ResetCalls, in the order they arrived:
// call n of a fault is the n-th that matches it.
func (a *Account) Calls() (calls []localaws.Call) {
	a.t.Helper()
	a.control("GET", "calls?account="+a.ID, nil, &calls)
	return calls
}

// ResetCalls forgets the calls so far.
func (a *Account) ResetCalls() {
	a.t.Helper()
	a.control("DELETE", "calls?account="+a.ID, nil, nil)
}

// Advance moves the account's clock on.
func (a *Account) Advance(d time.Duration) {
	a.t.Helper()
	a.control("POST", "clock", map[string]any{"account": a.ID, "advanceMs": d.Milliseconds()}, nil)
}

// Idle lets Lambda set a version aside (Inactive), as it does with one that was
// not invoked for weeks. It is named by function and number.
func (a *Account) Idle(function string, number int) {
	a.t.Helper()
	arn := fmt.Sprintf("arn:aws:lambda:us-east-1:%s:function:%s:%d", a.ID, function, number)
	a.control("POST", "inactive", map[string]string{"version": arn}, nil)
}

// Save keeps what is in the account under a name; Restore brings that back.
func (a *Account) Save(name string) {
	a.t.Helper()
	a.control("POST", "save", map[string]string{"name": name}, nil)
}

// Restore brings back what was saved. The clock goes on.
func (a *Account) Restore(name string) {
	a.t.Helper()
	a.control("POST", "restore", map[string]string{"name": name}, nil)
}

// Held lists the calls that a pause holds.
func (a *Account) Held() (held []localaws.Held) {
	a.t.Helper()
	a.control("GET", "held?account="+a.ID, nil, &held)
	return held
}

// Release lets the account's held calls go, or the one of an id other than 0,
// and returns when what they asked for has happened. With drop it does not, if
// it has not yet.
func (a *Account) Release(id int64, drop bool) (n int) {
	a.t.Helper()
	var out struct{ Released int }
	a.control("POST", "release", localaws.Release{ID: id, Account: a.ID, Drop: drop}, &out)
	return out.Released
}

// Do makes a call in the account, as another tool would.
func (a *Account) Do(service, call string, body []byte, header ...string) program.Answer {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.t.Context()), controlTime)
	defer cancel()
	answer, err := a.local.Do(ctx, service, call, body, header...)
	if err != nil {
		a.t.Fatal(err)
	}
	return answer
}

// behavior is what of a cache behavior tells what is bound.
type behavior struct {
	PathPattern  string
	Associations []struct {
		LambdaFunctionARN string
		EventType         string
	} `xml:"LambdaFunctionAssociations>Items>LambdaFunctionAssociation"`
}

// Bound asks the account, without the product's code, what is bound in a
// distribution: lines like "/img/* viewer-request shop-auth:1".
func (a *Account) Bound(distribution string) (lines []string) {
	a.t.Helper()
	got := a.Do("cloudfront", "GET /2020-05-31/distribution/"+distribution+"/config", nil)
	var c struct {
		DefaultCacheBehavior behavior
		Behaviors            []behavior `xml:"CacheBehaviors>Items>CacheBehavior"`
	}
	if err := xml.Unmarshal(got.Body, &c); err != nil || got.Status != 200 {
		a.t.Fatalf("distribution %s: %d %s, %v", distribution, got.Status, got.Body, err)
	}
	c.DefaultCacheBehavior.PathPattern = "default"
	for _, b := range append([]behavior{c.DefaultCacheBehavior}, c.Behaviors...) {
		for _, as := range b.Associations {
			_, function, _ := strings.Cut(as.LambdaFunctionARN, ":function:")
			lines = append(lines, b.PathPattern+" "+as.EventType+" "+function)
		}
	}
	return lines
}
