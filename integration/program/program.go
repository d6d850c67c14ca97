package program

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// Account is the account that a local AWS is asked for.
const Account = "123456789012"

// Patience is more than any run, call or start here takes, on a machine that does
// much else besides. What takes longer hangs.
const Patience = 10 * time.Minute

// Build builds the program as it is released and returns the path of the
// binary, which is in dir.
func Build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "edgedeploy")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "github.com/edgedeploy/edgedeploy/cmd/edgedeploy")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return binary, nil
}

// Look reads the folders that the program is made of. A test that starts it does
// not import it, so go test would call its last result good whatever changed;
// folders that a test read (but not its TestMain) are compared, with the times of
// the files in them.
func Look(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("find the sources: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(out)))
	for _, part := range []string{"cmd", "internal", "stackspec", "deploy", "associations", "versions", "guest"} {
		err := filepath.WalkDir(filepath.Join(root, part), func(_ string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == "target" { // cargo's
				return fs.SkipDir
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("look at the sources: %w", err)
		}
	}
	return nil
}

// Environment is for a program that talks to the local AWS at endpoint, and
// must find neither credentials nor settings of the person who runs the tests.
// With endpoint "" it names none.
func Environment(home, endpoint string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TZ=UTC", "CI=true",
		"AWS_ACCESS_KEY_ID=" + Account, "AWS_SECRET_ACCESS_KEY=x",
		"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + filepath.Join(home, "no-config"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, "no-credentials"),
		"GIT_CEILING_DIRECTORIES=" + filepath.Dir(home),
		"EDGEDEPLOY_ACTOR=test",
	}
	if endpoint != "" {
		env = append(env, "AWS_ENDPOINT_URL="+endpoint)
	}
	return env
}

// Local is a local AWS that the program serves in a process of its own.
type Local struct {
	Endpoint string // http://127.0.0.1:PORT
	Account  string // whose calls Do makes; Serve says Account

	cmd    *exec.Cmd
	ended  chan error
	stderr *bytes.Buffer
}

var announced = regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+`)

// Serve runs `edgedeploy local` on any free port, with its data below dir and
// more flags if given. Stop ends it. It looks at the sources first, see [Look].
func Serve(ctx context.Context, binary, dir string, flags ...string) (*Local, error) {
	if err := Look(ctx); err != nil {
		return nil, err
	}
	l := &Local{Account: Account, ended: make(chan error, 1), stderr: &bytes.Buffer{}}
	l.cmd = exec.Command(binary, append([]string{"local", "--listen", "127.0.0.1:0"}, flags...)...)
	l.cmd.Dir, l.cmd.Env, l.cmd.Stderr = dir, Environment(dir, ""), l.stderr
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	l.cmd.Stdout = in
	err = errors.Join(l.cmd.Start(), in.Close())
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	go func() { l.ended <- l.cmd.Wait() }()
	if l.Endpoint, err = announcement(ctx, out); err != nil {
		return nil, errors.Join(fmt.Errorf("serve the local AWS: %w", err), l.Stop(), out.Close())
	}
	return l, out.Close()
}

// announcement reads the address from the one line that the server prints.
func announcement(ctx context.Context, out *os.File) (string, error) {
	if deadline, ok := ctx.Deadline(); ok {
		if err := out.SetReadDeadline(deadline); err != nil {
			return "", err
		}
	}
	var said strings.Builder
	for buf := make([]byte, 512); ; {
		n, err := out.Read(buf)
		said.Write(buf[:n])
		if at := announced.FindString(said.String()); at != "" && strings.Contains(said.String(), "\n") {
			return at, nil
		}
		if err != nil {
			return "", fmt.Errorf("it said %q: %w", said.String(), err)
		}
	}
}

// Stop interrupts the server and waits for its end. It is an error if the
// server fails or has to be killed.
func (l *Local) Stop() error {
	if err := l.cmd.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-l.ended:
		if err != nil {
			return fmt.Errorf("the local AWS ended: %w\n%s", err, l.stderr)
		}
		return nil
	case <-time.After(Patience):
		return errors.Join(errors.New("the local AWS did not end when interrupted"), l.cmd.Process.Kill(), <-l.ended)
	}
}

// As is the same server to another account. Stop is for the one of Serve.
func (l *Local) As(account string) *Local {
	other := *l
	other.Account = account
	return &other
}

// Answer is what a call got.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do makes one call, such as "GET /2020-05-31/distribution", with the form of a
// signature for the service. Headers are names and values in turn. An answer of
// any status is no error.
func (l *Local) Do(ctx context.Context, service, call string, body []byte, header ...string) (Answer, error) {
	method, path, _ := strings.Cut(call, " ")
	req, err := http.NewRequestWithContext(ctx, method, l.Endpoint+path, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+l.Account+"/20260101/us-east-1/"+service+
		"/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = res.Body.Close() }() // only read
	raw, err := io.ReadAll(res.Body)
	return Answer{Status: res.StatusCode, Header: res.Header, Body: raw}, err
}

// JSON makes a call with a JSON body that has to succeed, and decodes the
// answer into out unless that is nil.
func (l *Local) JSON(ctx context.Context, service, call string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	a, err := l.Do(ctx, service, call, body)
	switch {
	case err != nil:
		return err
	case a.Status/100 != 2:
		return fmt.Errorf("%s answers %d: %s", call, a.Status, a.Body)
	case out == nil:
		return nil
	}
	return json.Unmarshal(a.Body, out)
}

// Seed makes roles and distributions. See localaws.Server.Seed.
func (l *Local) Seed(ctx context.Context, seed localaws.Seed) error {
	return l.JSON(ctx, "edgedeploy", "POST /_edgedeploy/seed", seed, nil)
}

// Arm arms a fault; Disarm takes all away.
func (l *Local) Arm(ctx context.Context, f localaws.Fault) error {
	return l.JSON(ctx, "edgedeploy", "POST /_edgedeploy/faults", f, nil)
}

// Disarm takes all faults away.
func (l *Local) Disarm(ctx context.Context) error {
	return l.JSON(ctx, "edgedeploy", "DELETE /_edgedeploy/faults", nil, nil)
}

// Calls returns the calls since the last ResetCalls, in the order they arrived.
func (l *Local) Calls(ctx context.Context) ([]localaws.Call, error) {
	var calls []localaws.Call
	err := l.JSON(ctx, "edgedeploy", "GET /_edgedeploy/calls", nil, &calls)
	return calls, err
}

// ResetCalls forgets the calls so far.
func (l *Local) ResetCalls(ctx context.Context) error {
	return l.JSON(ctx, "edgedeploy", "DELETE /_edgedeploy/calls", nil, nil)
}
