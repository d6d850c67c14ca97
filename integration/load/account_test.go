package load

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

const (
	accountID = "123456789012"
	role      = "arn:aws:iam::" + accountID + ":role/edge"
)

// account is the account on a served local AWS, with its clients.
type account struct {
	cloudfront *cloudfront.Client
	lambda     *lambda.Client
	cloud      *awscloud.Cloud
	written    atomic.Int64 // writes begun
	// refused is a call of cloud that was not answered with success. Its
	// clients would try again, and nothing would be noticed.
	refused atomic.Pointer[awscloud.Call]
}

// serve serves a local AWS over a file until the test ends.
func serve(t *testing.T) *account {
	t.Helper()
	server, err := localaws.Open(localaws.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := server.Seed(accountID, localaws.Seed{Roles: []iam.SeedRole{{ARN: role}}}); err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &account{}
	l := &slowListener{Listener: tcp, written: &a.written}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		l.hangUp()
		stop()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	a.connect(t, "http://"+l.Addr().String())
	return a
}

// connect makes the clients. Those of the bare SDK never try again.
func (a *account) connect(t *testing.T, endpoint string) {
	t.Helper()
	bare := aws.Config{
		Region: awscloud.Region, BaseEndpoint: aws.String(endpoint),
		Credentials: credentials.NewStaticCredentialsProvider(accountID, "x", ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
		HTTPClient:  &http.Client{Transport: plainBodies{&http.Transport{MaxIdleConnsPerHost: writers + readers}}},
	}
	a.cloudfront, a.lambda = cloudfront.NewFromConfig(bare), lambda.NewFromConfig(bare)
	var err error
	a.cloud, err = awscloud.Open(t.Context(), awscloud.Options{
		Local: &awscloud.Local{Account: accountID, Endpoint: endpoint}, MaxBackoff: 100 * time.Millisecond,
		OnCall: func(c awscloud.Call) {
			if c.Status/100 != 2 {
				a.refused.CompareAndSwap(nil, &c)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// make creates what one writer rewrites: distributions, a policy, a function.
func (a *account) make(ctx context.Context, writer string) ([]*resource, error) {
	var all []*resource
	for i := range 3 {
		d, err := a.makeDistribution(ctx, fmt.Sprintf("%s-distribution-%d", writer, i))
		if err != nil {
			return nil, err
		}
		all = append(all, d.resource)
		if i > 0 {
			continue
		}
		p, err := a.makePolicy(ctx, writer+"-policy", d)
		if err != nil {
			return nil, err
		}
		all = append(all, p.resource)
	}
	f, err := a.makeFunction(ctx, writer+"-function")
	if err != nil {
		return nil, err
	}
	return append(all, f.resource), nil
}
