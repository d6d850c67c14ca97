package runs

import (
	"net/http"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/versions"
)

// A cleaner deletes a version that the live release records and nothing holds.
// Attaching it would be refused for ever; it is published anew.
func TestARecordedVersionThatWasDeletedIsPublishedAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t, viewer.Distribution)
	free := r.want(one)
	free.Distributions = r.want(one, viewer).Distributions
	r.mustApply(free)
	r.delete("shop-auth", "1")

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

// delete removes a version, as a cleaner would.
func (r *rig) delete(function, version string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodDelete,
		"http://"+localaws.InProcessHost+"/2015-03-31/functions/"+function+"?Qualifier="+version, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+account+"/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
	res, err := r.server.Transport().RoundTrip(req)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusNoContent {
		r.t.Fatalf("delete %s:%s answers %d, %v", function, version, res.StatusCode, err)
	}
}
