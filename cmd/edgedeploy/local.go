package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

func (a *app) localCommand() *cobra.Command {
	var listen string
	var o localaws.Options
	cmd := &cobra.Command{
		Use:   "local",
		Short: "Serve the local AWS for any AWS client",
		Long: `Local serves the control planes of Lambda and CloudFront (with STS
GetCallerIdentity, and roles of IAM with their policies and tags) on loopback,
kept in .edgedeploy/local. It is the same that --local uses in this folder;
while it serves, --local uses it. Terraform, the AWS CLI and AWS's SDKs take it
as it is.

  export AWS_ACCESS_KEY_ID=123456789012 AWS_SECRET_ACCESS_KEY=x
  export AWS_DEFAULT_REGION=us-east-1
  aws --endpoint-url http://127.0.0.1:4599 cloudfront list-distributions

The access key id is the account; one that is no account number stands for the
account that --local last used here. Only the form of a signature is checked. It
stops with ^C.`,
		Args: a.takes(0, func(arg string) string {
			if port := strings.Trim(arg, ":0123456789"); port == "" {
				return "edgedeploy local --listen 127.0.0.1:" + strings.Trim(arg, ":")
			}
			return "--listen names the address"
		}),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serveLocal(cmd.Context(), listen, o) },
	}
	f := cmd.Flags()
	f.StringVar(&listen, "listen", "127.0.0.1:4599", "address to listen on; port 0 takes any")
	f.BoolVar(&o.ListenAnyone, "listen-anyone", false, "allow other addresses than loopback: whoever reaches the port can then store code here")
	f.DurationVar(&o.Delays.FunctionCreate, "create-delay", 0, "how long a created function is Pending")
	f.DurationVar(&o.Delays.FunctionUpdate, "update-delay", 0, "how long an update is InProgress")
	f.DurationVar(&o.Delays.VersionActive, "version-delay", 0, "how long a published version is Pending")
	f.DurationVar(&o.Delays.RoleAssumable, "role-delay", 0, "how long after CreateRole Lambda cannot assume it")
	f.DurationVar(&o.Delays.Propagation, "propagation-delay", 0, "how long a distribution is InProgress after a write")
	f.DurationVar(&o.Delays.ReplicaRemoval, "replica-delay", 0, "how long replicas of a version outlive its last association")
	f.IntVar(&o.WritesPerMinute, "writes-per-minute", 0, "throttle CloudFront writes beyond this number (0: never)")
	f.BoolVar(&o.LegacyViewerLimits, "legacy-viewer-limits", false, "enforce the quotas on viewer triggers of before 2024")
	return cmd
}

// listenError says why an address cannot be listened on, and which one can.
func listenError(shown, address string, err error) error {
	const right = "such as 127.0.0.1:4599; port 0 takes any that is free"
	why := err
	if e, ok := errors.AsType[*net.AddrError](err); ok {
		why = errors.New(e.Err)
	} else if _, ok := errors.AsType[*net.DNSError](err); ok {
		why = errors.New("there is no such host")
	} else if e, ok := errors.AsType[*os.SyscallError](err); ok {
		why = e.Err
	}
	return &advisedError{fmt.Errorf("%s %s: %w", shown, typed(address), why), right}
}

func (a *app) serveLocal(ctx context.Context, listen string, o localaws.Options) (err error) {
	if o.Dir, err = a.connectOptions(nil).LocalDir(true); err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return listenError(a.shown("listen"), listen, err)
	}
	server, err := localaws.Open(o)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	if err := a.print(fmt.Sprintf("The local AWS is at http://%s, with its data in %s.\n", l.Addr(), o.Dir)); err != nil {
		return errors.Join(err, l.Close())
	}
	return server.Serve(ctx, l)
}
