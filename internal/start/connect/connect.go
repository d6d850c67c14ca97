package connect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
	"github.com/edgedeploy/edgedeploy/internal/aws/ledger"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

// Options say which AWS to open.
type Options struct {
	Profile, Endpoint string
	// Local asks for the local AWS, with its data in LocalData, or, if that is
	// "", in .edgedeploy/local below what Top gives.
	Local     bool
	LocalData string
	Top       func() (string, error)
	// Stack is the spec's, nil where none was read: it says what the local AWS
	// shall have, and which account is meant.
	Stack *stackspec.Stack
	// Account is that of a saved plan; "" without one.
	Account string
	// Unattended looks without a person: no program is run for credentials, and
	// no local AWS is made.
	Unattended bool
	UserAgent  string
	OnCall     func(awscloud.Call)
	// OnThrottle is told of every request that AWS throttled.
	OnThrottle func(service, operation string)
	Warn       func(text string)
}

// Session is a connection to an AWS: the real one, an endpoint, or the local one.
type Session struct {
	deploy.Cloud
	Ledger *ledger.Ledger
	Local  bool
	// Data is the folder of the local AWS, "" for any other.
	Data string
	// RegionIgnored is a region of the environment that is not used; "" for none.
	RegionIgnored string

	guard string // the spec's account:, "" for any
	close func() error
}

// Close ends the local AWS, if this process has opened it.
func (ses *Session) Close() error { return ses.close() }

// Read looks at a stack's ledger, and refuses an account that the spec is not
// for. The ledger tells its account; where there is none, the credentials do.
func (ses *Session) Read(ctx context.Context, stack string) (release.LedgerState, error) {
	state, err := ses.Ledger.Read(ctx, stack)
	switch {
	case err != nil && state.Broken == 0 || ses.guard == "":
		return state, err
	case state.Account == "":
		state.Account = ses.guard
		return state, cmp.Or(ses.Right(ctx), err)
	case state.Account != ses.guard:
		return state, &plan.AccountError{Want: ses.guard, Have: state.Account}
	}
	return state, err
}

// Right makes sure that the credentials are for the spec's account, where
// nothing else that is asked for would tell.
func (ses *Session) Right(ctx context.Context) error {
	if ses.guard == "" {
		return nil
	}
	account, err := ses.Identity.Account(ctx)
	if err == nil && account != ses.guard {
		err = &plan.AccountError{Want: ses.guard, Have: account}
	}
	return err
}

// Open opens the AWS that the options ask for.
func Open(ctx context.Context, o Options) (*Session, error) {
	options := awscloud.Options{
		Profile: o.Profile, EndpointURL: o.Endpoint, UserAgent: o.UserAgent, OnCall: o.OnCall, OnThrottle: o.OnThrottle, Unattended: o.Unattended,
	}
	ses := &Session{close: func() error { return nil }}
	if o.Stack != nil {
		ses.guard = o.Stack.Account
	}
	books := &ledger.Ledger{
		AllowHTTP: Loopback,
		Warn:      func(stack, text string) { o.Warn("ledger of " + stack + ": " + text) },
	}
	if o.Local {
		if o.Unattended {
			o.Stack = nil // which would make what it names
		}
		dir, err := o.LocalDir(o.Account != "")
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(dir); err != nil && o.Unattended {
			return nil, &NoLocalError{dir: dir}
		}
		if ses.Data, err = filepath.Abs(dir); err != nil {
			return nil, fmt.Errorf("the local AWS: %w", err)
		}
		local, stop, err := o.openLocal(ctx, dir)
		if err != nil {
			return nil, err
		}
		options.Local, ses.Local, ses.close = local, true, stop
		if local.Transport != nil {
			books.Transport = local.Transport
			books.AllowHTTP = func(host string) bool { return Loopback(host) || host == localaws.InProcessHost }
		}
	}
	books.OnDownload = func(d ledger.Download) {
		if o.OnCall == nil {
			return
		}
		o.OnCall(awscloud.Call{
			Service: "Lambda", Operation: "(download of a record)", Attempt: d.Attempt, Status: d.Status, Start: d.Start, Duration: d.Duration,
		})
	}
	cloud, err := awscloud.Open(ctx, options)
	if err != nil {
		return nil, errors.Join(err, ses.close())
	}
	ses.RegionIgnored = cloud.RegionIgnored
	books.API = cloud.Ledger
	ses.Ledger = books
	ses.Cloud = deploy.Cloud{Lambda: cloud.Lambda, CloudFront: cloud.CloudFront, Identity: cloud.Identity, Storage: cloud.Lambda}
	return ses, nil
}

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
