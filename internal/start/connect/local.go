package connect

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

// NoLocalError says that there is no local AWS where one was looked for.
type NoLocalError struct{ dir string }

func (e *NoLocalError) Error() string {
	return fmt.Sprintf("no local AWS was ever used here: there is no %s", e.dir)
}

// LocalDir is where the local AWS keeps its data. Without a spec there is
// nothing to make there, unless create says so.
func (o Options) LocalDir(create bool) (string, error) {
	if o.LocalData != "" {
		return o.LocalData, nil
	}
	top, err := o.Top()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(top, ".edgedeploy")
	if o.Stack == nil && !create {
		if _, err := os.Stat(filepath.Join(dir, "local")); errors.Is(err, os.ErrNotExist) {
			return "", &NoLocalError{dir: filepath.Join(dir, "local")}
		}
	}
	return OwnFolder(top, "local")
}

// OwnFolder gives a folder below .edgedeploy in the root, and keeps what is in
// there out of the repository. A link is refused: it may have come with a
// checkout, and lead anywhere.
func OwnFolder(top string, names ...string) (string, error) {
	dir := filepath.Join(top, ".edgedeploy")
	for at, rest := dir, names; ; at, rest = filepath.Join(at, rest[0]), rest[1:] {
		if info, err := os.Lstat(at); err == nil && info.Mode()&os.ModeSymlink != 0 {
			return "", fmt.Errorf("%s is a link: nothing is written through it; remove it", at)
		}
		if len(rest) == 0 {
			break
		}
	}
	own := filepath.Join(dir, filepath.Join(names...))
	if err := os.MkdirAll(own, 0o700); err != nil {
		return "", fmt.Errorf("make the folder: %w", err)
	}
	ignore := filepath.Join(dir, ".gitignore")
	if _, err := os.Lstat(ignore); errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(ignore, []byte("*\n"), 0o600); err != nil {
			return "", fmt.Errorf("make the folder: %w", err)
		}
	}
	return own, nil
}

// busyFor is how long a command waits for another one that has the local AWS open.
const busyFor = 20 * time.Second

// openLocal opens the local AWS in this process, or finds the one that is
// being served from the same folder, and makes what the spec takes for granted.
func (o Options) openLocal(ctx context.Context, dir string) (*awscloud.Local, func() error, error) {
	account, err := localAccount(dir, o.Stack, o.Account)
	if err != nil {
		return nil, nil, err
	}
	local := &awscloud.Local{Account: account}
	for start := time.Now(); ; {
		// A server is asked for first: that the file is taken shows only after a second.
		if address, ok := localaws.DialRunning(dir); ok {
			local.Endpoint = "http://" + address
			return local, func() error { return nil }, seedServer(ctx, local, seedOf(o.Stack))
		}
		server, err := localaws.Open(localaws.Options{Dir: dir})
		_, taken := errors.AsType[*localaws.BusyError](err)
		switch {
		case err == nil:
			local.Transport = server.Transport()
			if err := server.Seed(account, seedOf(o.Stack)); err != nil {
				return nil, nil, errors.Join(err, server.Close())
			}
			return local, server.Close, nil
		case !taken || time.Since(start) > busyFor:
			return nil, nil, err
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		}
	}
}

var accountInRole = regexp.MustCompile(`^arn:aws:iam::(\d{12}):role/`)

// AccountOf is the account that a spec is for, as it says or as its role does;
// "" if it tells neither.
func AccountOf(s stackspec.Stack) string {
	if m := accountInRole.FindStringSubmatch(s.Role); s.Account == "" && m != nil {
		return m[1]
	}
	return s.Account
}

// localAccount is the account that the stack is for. It is remembered for the
// commands that need no spec.
func localAccount(dir string, s *stackspec.Stack, known string) (string, error) {
	switch {
	case known != "":
		return known, nil
	case s == nil:
		return localaws.AccountIn(dir)
	}
	account := cmp.Or(AccountOf(*s), noAccount)
	return account, localaws.KeepAccount(dir, account)
}

// noAccount is the local account of a spec that tells none.
const noAccount = "000000000000"

// seedOf is what a spec takes for granted: its roles, and its distributions
// with the behaviours it names.
func seedOf(s *stackspec.Stack) localaws.Seed {
	var seed localaws.Seed
	if s == nil {
		return seed
	}
	roles := []string{s.Role}
	for _, f := range s.Functions {
		roles = append(roles, f.Config.Role)
	}
	slices.Sort(roles)
	for _, role := range slices.Compact(roles) {
		if role != "" {
			seed.Roles = append(seed.Roles, iam.SeedRole{ARN: role})
		}
	}
	for _, d := range s.Distributions {
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
