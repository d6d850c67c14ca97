package publish

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/versions"
)

// newer is an AWS that tells more of every function than this program knows.
type newer struct{ http.RoundTripper }

func (n newer) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := n.RoundTripper.RoundTrip(r)
	if err != nil || resp.StatusCode/100 != 2 {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	body = bytes.ReplaceAll(body, []byte(`"FunctionName":`), []byte(`"GpuConfig":{"Count":2},"FunctionName":`))
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("Content-Length")
	return resp, nil
}

// What a function carries that is not known stops a publication before it
// changes anything; a version that was recorded serves all the same.
func TestAMemberThatIsNotKnownStopsAPublicationAndNoRollback(t *testing.T) {
	t.Parallel()
	w := newWorld(t, localaws.Delays{})
	old, err := w.run(t.Context(), job(t, "old"))
	if err != nil {
		t.Fatal(err)
	}
	cloud, err := awscloud.Open(t.Context(), awscloud.Options{
		Local: &awscloud.Local{Account: account, Transport: newer{w.Transport()}}, MaxBackoff: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.ours = cloud.Lambda
	w.ResetCalls()
	_, err = w.run(t.Context(), job(t, "new"))
	unfit, ok := errors.AsType[*versions.UnfitError](err)
	if !ok || !slices.Equal(unfit.Unknown, []string{"GpuConfig"}) {
		t.Errorf("publishing gives %v", err)
	}
	found, err := versions.Find(t.Context(), w.ours, old.Spec, "shop")
	if unfit, ok := errors.AsType[*versions.UnfitError](err); !ok || unfit.Number != 1 {
		t.Errorf("a plan takes a version with it: %+v, %v", found, err)
	}
	if ops := w.operations(); len(ops) != 0 {
		t.Errorf("it made the calls %v", ops)
	}
	got, err := versions.AwaitActive(t.Context(), w.ours, old, "shop", often, nil)
	if err != nil || got.Spec.Config.Extra != "GpuConfig" || got.Spec.Known() != old.Spec {
		t.Errorf("what was recorded is %+v, %v", got, err)
	}
	list, err := w.ours.Versions(t.Context(), name)
	if err != nil || len(list) != 1 || list[0].Spec.Config.Extra != "GpuConfig" {
		t.Errorf("listed: %+v, %v %s", list, err, cmp.Diff(old, list[0]))
	}
}
