package runs

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/versions"
)

// A person deletes a version that the live release records and nothing holds.
// Attaching it would be refused for ever; it is published anew.
func TestARecordedVersionThatWasDeletedIsPublishedAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t, viewer.Distribution)
	free := r.want(one, viewer)
	free.Distributions[0].Bindings = nil
	r.mustApply(free)
	r.delete("shop-auth", 1)

	result, err := r.apply(t.Context(), r.want(one, viewer))
	if err != nil {
		t.Fatal(err)
	}
	if held := r.held(viewer); held.Version != (versions.Ref{Function: "shop-auth", Number: 2}) {
		t.Errorf("the slot holds %s, want version 2", held)
	}
	if f, _ := result.Release.Function("shop-auth"); f.Number != 2 {
		t.Errorf("the release records version %d, want 2", f.Number)
	}
}

// delete removes a version with the alias that names it, as a person who means
// it would.
func (r *rig) delete(function string, number int) {
	r.t.Helper()
	v, err := r.cloud.Lambda.Version(r.t.Context(), versions.Ref{Function: function, Number: number})
	if err != nil {
		r.t.Fatal(err)
	}
	version := fmt.Sprintf("%s?Qualifier=%d", function, number)
	if status := r.remove(version); status != http.StatusConflict {
		r.t.Errorf("delete %s answers %d while the alias names it", version, status)
	}
	for _, path := range []string{function + "/aliases/" + v.Version.Spec.Alias(), version} {
		if status := r.remove(path); status != http.StatusNoContent {
			r.t.Fatalf("delete %s answers %d", path, status)
		}
	}
}

// remove deletes what is at a path below the functions, and gives the status.
func (r *rig) remove(path string) int {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodDelete, "http://"+localaws.InProcessHost+"/2015-03-31/functions/"+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+account+"/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
	res, err := r.server.Transport().RoundTrip(req)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode
}
