package localaws_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

// childDir and childName make the test binary behave as another process.
const (
	childDir  = "LOCALAWS_TEST_CHILD_DIR"
	childName = "LOCALAWS_TEST_CHILD_NAME"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir, os.Getenv(childName)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child tags functions in the shared directory, opening it anew for each, as
// one command after the other would. With the name "forever" it never ends,
// and says so after its first write.
func child(dir, name string) error {
	for i := 0; name == "forever" || i < 10; i++ {
		s, err := openPatiently(dir)
		if err != nil {
			return err
		}
		seed := localaws.Seed{Roles: []iam.SeedRole{{ARN: fmt.Sprintf("arn:aws:iam::%s:role/%s-%d", account, name, i)}}}
		if err := errors.Join(s.Seed(account, seed), s.Close()); err != nil {
			return err
		}
		if name == "forever" && i == 0 {
			fmt.Println("writing")
		}
	}
	return nil
}

// openPatiently tries again as long as somebody else is at it.
func openPatiently(dir string) (*localaws.Server, error) {
	deadline := time.Now().Add(time.Minute)
	for {
		s, err := localaws.Open(localaws.Options{Dir: dir})
		if _, busy := errors.AsType[*localaws.BusyError](err); !busy || time.Now().After(deadline) {
			return s, err
		}
	}
}

func childCommand(t *testing.T, dir, name string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childDir+"="+dir, childName+"="+name)
	return cmd
}

// roleExists asks IAM.
func roleExists(c caller, name string) bool {
	c.t.Helper()
	return c.send("iam", "POST", "/", "Action=GetRole&Version=2010-05-08&RoleName="+name).status == 200
}

func TestProcessesThatShareADirectoryLoseNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	names := []string{"red", "green", "blue"}
	results := make(chan error, len(names))
	for _, name := range names {
		cmd := childCommand(t, dir, name)
		go func() {
			out, err := cmd.CombinedOutput()
			if err != nil {
				err = fmt.Errorf("%s: %w: %s", name, err, out)
			}
			results <- err
		}()
	}
	for range names {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	s := open(t, localaws.Options{Dir: dir})
	c := inProcess(t, s)
	for _, name := range names {
		for i := range 10 {
			if !roleExists(c, fmt.Sprintf("%s-%d", name, i)) {
				t.Errorf("%s-%d was lost", name, i)
			}
		}
	}
}

func TestAKilledProcessLeavesWhatItCommitted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 5 {
		cmd := childCommand(t, dir, "forever")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 7)); err != nil {
			t.Errorf("the child never wrote: %v", err)
		}
		time.Sleep(3 * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed, and says so
		s, err := localaws.Open(localaws.Options{Dir: dir})
		if err != nil {
			t.Fatalf("after the kill: %v", err)
		}
		if !roleExists(inProcess(t, s), "forever-0") {
			t.Error("what was committed is gone")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestABusyDirectoryNamesItsServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, localaws.Options{Dir: dir})
	start := time.Now()
	_, err := localaws.Open(localaws.Options{Dir: dir})
	busy, ok := errors.AsType[*localaws.BusyError](err)
	if !ok || busy.Address != "" {
		t.Errorf("in use without a server: %v", err)
	}
	if waited := time.Since(start); waited > 30*time.Second {
		t.Errorf("it took %v to say so", waited)
	}
	c := overSocket(t, s)
	c.send("lambda", "GET", functionsPath, nil) // it answers, so the address file is there
	_, err = localaws.Open(localaws.Options{Dir: dir})
	if busy, ok := errors.AsType[*localaws.BusyError](err); !ok || "http://"+busy.Address != c.base {
		t.Errorf("being served at %s: %v", c.base, err)
	}
}

func TestTheAddressFileLivesAsLongAsTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if address, ok := localaws.DialRunning(dir); ok {
		t.Errorf("before: %s", address)
	}
	s := open(t, localaws.Options{Dir: dir})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	deadline := time.Now().Add(10 * time.Second)
	for {
		address, ok := localaws.DialRunning(dir)
		if ok && address == l.Addr().String() {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("while it runs: %q, %v", address, ok)
		}
		time.Sleep(5 * time.Millisecond)
	}
	file := filepath.Join(dir, "address")
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("afterwards the file is there: %v", err)
	}
	if err := os.WriteFile(file, kept, 0o600); err != nil { // as if the server had been killed
		t.Fatal(err)
	}
	if address, ok := localaws.DialRunning(dir); ok {
		t.Errorf("a stale file names %s", address)
	}
}

// TestAnAddressFileCannotSendUsElsewhere: it may have come with a checkout.
func TestAnAddressFileCannotSendUsElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	asked := false
	impostor, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked = true
		fmt.Fprint(w, `{"service":"edgedeploy-localaws","pid":7}`)
	})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(impostor) // ends with Close
	}()
	t.Cleanup(func() { server.Close(); <-done })
	_, port, err := net.SplitHostPort(impostor.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for rule, content := range map[string]string{
		"a name":               `{"address":"localhost:` + port + `","pid":7}`, // it would even answer
		"another host":         `{"address":"192.0.2.1:80","pid":1}`,
		"another process":      fmt.Sprintf(`{"address":"%s","pid":8}`, impostor.Addr()),
		"no JSON":              `127.0.0.1:80`,
		"no port":              `{"address":"127.0.0.1","pid":1}`,
		"a port that is quiet": `{"address":"127.0.0.1:1","pid":1}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, "address"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if address, ok := localaws.DialRunning(dir); ok {
			t.Errorf("%s: %s", rule, address)
		}
	}
	if !asked {
		t.Error("the test never reached the other process")
	}
}

// TestAServerComesBackAsItWas compares answers before and after, in every service.
func TestAServerComesBackAsItWas(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), newClock()
	o := localaws.Options{Dir: dir, Now: clock.now, Delays: localaws.Delays{FunctionUpdate: time.Minute, Propagation: time.Minute, ReplicaRemoval: time.Hour}}
	s, err := localaws.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Seed(account, localaws.Seed{
		Roles:         []iam.SeedRole{{ARN: role}},
		Distributions: []cf.SeedDistribution{{ID: "E2EXAMPLE1ABCD", Aliases: []string{"www.example.com"}, PathPatterns: []string{"/img/*"}}},
	}); err != nil {
		t.Fatal(err)
	}
	c := inProcess(t, s)
	c.want(201, "lambda", "POST", functionsPath, creation(t, "fn"))
	version := c.want(201, "lambda", "POST", functionsPath+"/fn/versions", nil).object(t)
	c.want(201, "lambda", "POST", functionsPath+"/fn/aliases", object{"Name": "live", "FunctionVersion": "1"})
	associate(t, c, version["FunctionArn"].(string))
	c.want(200, "lambda", "PUT", functionsPath+"/fn/configuration", object{"Timeout": 9})
	look := func(c caller) map[string]string {
		seen := map[string]string{}
		for _, path := range []string{"/fn/configuration", "/fn/configuration?Qualifier=1", "/fn/versions", "/fn/aliases", ""} {
			seen[path] = string(c.send("lambda", "GET", functionsPath+path, nil).body)
		}
		for _, path := range []string{"", "/E2EXAMPLE1ABCD", "/E2EXAMPLE1ABCD/config"} {
			a := c.send("cloudfront", "GET", "/2020-05-31/distribution"+path, nil)
			seen[path] = a.header.Get("ETag") + string(a.body)
		}
		seen["delete"] = string(c.send("lambda", "DELETE", functionsPath+"/fn", nil).body)
		return seen
	}
	before := look(c)
	if !strings.Contains(before["/fn/configuration"], "InProgress") || !strings.Contains(before["delete"], "replicated") {
		t.Fatalf("the test shows no transition: %v", before)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := localaws.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.Close() })
	if diff := cmp.Diff(before, look(inProcess(t, again))); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}
