package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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
	"github.com/edgedeploy/edgedeploy/stackspec"
)

// session is a connection to an AWS: the real one, an endpoint, or the local one.
type session struct {
	deploy.Cloud
	ledger *ledger.Ledger
	local  bool
	guard  string // the spec's account:, "" for any
	close  func() error
}

// read looks at a stack's ledger, and refuses an account that the spec is not
// for. The ledger tells its account; where there is none, the credentials do.
func (ses *session) read(ctx context.Context, stack string) (release.LedgerState, error) {
	state, err := ses.ledger.Read(ctx, stack)
	switch {
	case err != nil || ses.guard == "":
		return state, err
	case state.Account == "":
		state.Account = ses.guard
		return state, ses.right(ctx)
	case state.Account != ses.guard:
		return state, &plan.AccountError{Want: ses.guard, Have: state.Account}
	}
	return state, nil
}

// right makes sure that the credentials are for the spec's account, where
// nothing else that is asked for would tell.
func (ses *session) right(ctx context.Context) error {
	if ses.guard == "" {
		return nil
	}
	account, err := ses.Identity.Account(ctx)
	if err == nil && account != ses.guard {
		err = &plan.AccountError{Want: ses.guard, Have: account}
	}
	return err
}

// connect opens the AWS that the flags ask for. The spec, if there is one,
// says what the local AWS should have.
func (a *app) connect(ctx context.Context, s *spec) (*session, error) {
	options := awscloud.Options{
		Profile: a.profile, EndpointURL: a.endpoint, UserAgent: "edgedeploy/" + toolVersion(), OnCall: a.calls.add,
	}
	if a.verbose {
		options.OnCall = a.calls.tell(a)
	}
	ses := &session{close: func() error { return nil }}
	if s != nil {
		ses.guard = s.Stack.Account
	}
	books := &ledger.Ledger{
		AllowHTTP: loopback, Runtime: "",
		Warn: func(stack, text string) { a.warn("ledger of " + stack + ": " + text) },
	}
	if a.local {
		if a.profile != "" || a.endpoint != "" {
			return nil, &usageError{command: "edgedeploy", err: errors.New("--local goes with neither --profile nor --endpoint-url")}
		}
		local, stop, err := a.openLocal(ctx, s)
		if err != nil {
			return nil, err
		}
		options.Local, ses.local, ses.close = local, true, stop
		if local.Transport != nil {
			books.Transport = local.Transport
			books.AllowHTTP = func(host string) bool { return loopback(host) || host == localaws.InProcessHost }
			books.Poll = 10 * time.Millisecond // nothing there takes time
		}
	}
	cloud, err := awscloud.Open(ctx, options)
	if err != nil {
		return nil, errors.Join(err, ses.close())
	}
	if cloud.RegionIgnored != "" && a.verbose {
		a.say(fmt.Sprintf("region %s of the environment is not used: Lambda@Edge lives in us-east-1\n", cloud.RegionIgnored))
	}
	books.API = cloud.Ledger
	ses.ledger = books
	ses.Cloud = deploy.Cloud{Lambda: cloud.Lambda, CloudFront: cloud.CloudFront, Identity: cloud.Identity}
	return ses, nil
}

// loopback says that a host is this machine.
func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// noLocalError says that there is no local AWS where one was looked for.
type noLocalError struct{ dir string }

func (e *noLocalError) Error() string {
	return fmt.Sprintf("no local AWS was ever used here: there is no %s; run this in the project's folder, or say --local-data", e.dir)
}

// localDir is where the local AWS keeps its data. Without a spec there is
// nothing to make there, unless create says so.
func (a *app) localDir(s *spec, create bool) (string, error) {
	if a.localData != "" {
		return a.localData, nil
	}
	var err error
	top := ""
	if s != nil {
		top = s.top
	} else if top, err = a.top("."); err != nil {
		return "", err
	}
	dir := filepath.Join(top, ".edgedeploy")
	if s == nil && !create {
		if _, err := os.Stat(filepath.Join(dir, "local")); errors.Is(err, os.ErrNotExist) {
			return "", &noLocalError{dir: filepath.Join(dir, "local")}
		}
	}
	return ownFolder(top, "local")
}

// ownFolder gives a folder below .edgedeploy in the root, and keeps what is in
// there out of the repository. A link is refused: it may have come with a
// checkout, and lead anywhere.
func ownFolder(top, name string) (string, error) {
	dir := filepath.Join(top, ".edgedeploy")
	for _, d := range []string{dir, filepath.Join(dir, name)} {
		if info, err := os.Lstat(d); err == nil && info.Mode()&os.ModeSymlink != 0 {
			return "", fmt.Errorf("%s is a link: nothing is written through it; remove it", d)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
		return "", fmt.Errorf("make the folder: %w", err)
	}
	ignore := filepath.Join(dir, ".gitignore")
	if _, err := os.Lstat(ignore); errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(ignore, []byte("*\n"), 0o600); err != nil {
			return "", fmt.Errorf("make the folder: %w", err)
		}
	}
	return filepath.Join(dir, name), nil
}

// busyFor is how long a command waits for another one that has the local AWS open.
const busyFor = 20 * time.Second

// openLocal opens the local AWS in this process, or finds the one that is
// being served from the same folder, and makes what the spec takes for granted.
func (a *app) openLocal(ctx context.Context, s *spec) (*awscloud.Local, func() error, error) {
	dir, err := a.localDir(s, a.account != "")
	if err != nil {
		return nil, nil, err
	}
	account, err := localAccount(dir, s, a.account)
	if err != nil {
		return nil, nil, err
	}
	a.localFlags = []string{"--local"}
	if a.localData != "" {
		a.localFlags = append(a.localFlags, "--local-data", a.localData)
	}
	local := &awscloud.Local{Account: account}
	for start := time.Now(); ; {
		server, err := localaws.Open(localaws.Options{Dir: dir})
		busy, taken := errors.AsType[*localaws.BusyError](err)
		switch {
		case err == nil:
			local.Transport = server.Transport()
			if err := server.Seed(account, seedOf(s)); err != nil {
				return nil, nil, errors.Join(err, server.Close())
			}
			return local, server.Close, nil
		case taken && busy.Address != "":
			local.Endpoint = "http://" + busy.Address
			return local, func() error { return nil }, seedServer(ctx, local, seedOf(s))
		case !taken || time.Since(start) > busyFor:
			return nil, nil, err
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		}
	}
}

var accountInRole = regexp.MustCompile(`^arn:aws:iam::(\d{12}):role/`)

// connectFor connects for a saved plan, which knows its account.
func (a *app) connectFor(ctx context.Context, account string) (*session, error) {
	a.account = account
	return a.connect(ctx, nil)
}

// localAccount is the account that the stack is for. It is remembered for the
// commands that need no spec.
func localAccount(dir string, s *spec, known string) (string, error) {
	file := filepath.Join(dir, "account")
	switch {
	case known != "":
		return known, nil
	case s == nil:
		raw, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			return "000000000000", nil
		}
		return strings.TrimSpace(string(raw)), err
	}
	account := s.Stack.Account
	if m := accountInRole.FindStringSubmatch(s.Stack.Role); account == "" && m != nil {
		account = m[1]
	}
	if account == "" {
		account = "000000000000"
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("the local AWS: %w", err)
	}
	if err := os.WriteFile(file, []byte(account+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("the local AWS: %w", err)
	}
	return account, nil
}

// seedOf is what a spec takes for granted: its roles, and its distributions
// with the behaviours it names.
func seedOf(s *spec) localaws.Seed {
	var seed localaws.Seed
	if s == nil {
		return seed
	}
	roles := []string{s.Stack.Role}
	for _, f := range s.Stack.Functions {
		roles = append(roles, f.Config.Role)
	}
	slices.Sort(roles)
	for _, role := range slices.Compact(roles) {
		if role != "" {
			seed.Roles = append(seed.Roles, iam.SeedRole{ARN: role})
		}
	}
	for _, d := range s.Stack.Distributions {
		seed.Distributions = append(seed.Distributions, seedDistribution(d))
	}
	return seed
}

func seedDistribution(d stackspec.Distribution) cf.SeedDistribution {
	out := cf.SeedDistribution{ID: d.ID}
	if d.Alias != "" {
		// An id that is the same at every run, as a distribution's is.
		sum := sha256.Sum256([]byte(d.Alias))
		out.ID = "E" + base32.StdEncoding.EncodeToString(sum[:])[:13]
		out.Aliases = []string{d.Alias}
	}
	for _, w := range d.Slots {
		if w.Path != associations.DefaultPath && !slices.Contains(out.PathPatterns, w.Path) {
			out.PathPatterns = append(out.PathPatterns, w.Path)
		}
	}
	return out
}

// seedServer seeds the local AWS that another process serves.
func seedServer(ctx context.Context, local *awscloud.Local, seed localaws.Seed) error {
	if len(seed.Roles)+len(seed.Distributions) == 0 {
		return nil
	}
	body, err := json.Marshal(seed)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, local.Endpoint+"/_edgedeploy/seed", bytes.NewReader(body))
	if err != nil {
		return err
	}
	// The server wants the form of a signature, and takes the account from it.
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+local.Account+"/20000101/us-east-1/edgedeploy/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
	res, err := (&http.Client{Timeout: busyFor}).Do(req)
	if err != nil {
		return fmt.Errorf("the local AWS that is served at %s: %w", local.Endpoint, err)
	}
	defer func() { _ = res.Body.Close() }() // only read
	if res.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1000)) // for the message alone
		return fmt.Errorf("the local AWS that is served at %s refused the spec's distributions: %s", local.Endpoint, text)
	}
	return nil
}
