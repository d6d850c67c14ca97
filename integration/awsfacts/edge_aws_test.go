//go:build awsfacts

package awsfacts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/handlers/result"
)

// TestAWSEdge asks CloudFront what it does with results that its documents do
// not settle; see README.md. It needs a distribution that serves, so it wants
// more than the account's name.
func TestAWSEdge(t *testing.T) {
	named := os.Getenv("EDGEDEPLOY_AWSFACTS_ACCOUNT")
	if named == "" || os.Getenv("EDGEDEPLOY_AWSFACTS_EDGE") != "yes" || os.Getenv("EDGEDEPLOY_AWSFACTS_ENDPOINT") != "" {
		t.Skip("NOT RUN: EDGEDEPLOY_AWSFACTS_ACCOUNT and EDGEDEPLOY_AWSFACTS_EDGE=yes allow a distribution that serves, in AWS only")
	}
	ctx, a := allowed(t, named)
	domain, err := a.serve(ctx, edgeFunction())
	if err != nil {
		t.Fatal(err)
	}
	var facts []fact
	for i, q := range edgeQuestions() {
		facts = append(facts, edgeFact(domain, i, q))
	}
	found := askAll(ctx, a, facts)
	t.Log("\n" + table(found))
	for _, f := range found {
		if !f.same() {
			t.Errorf("%s: seen %q (%v), expected %q", f.name, f.seen, f.err, f.expected)
		}
	}
}

// edgeFact expects CloudFront to take what the judge only warns of.
func edgeFact(domain string, i int, q edgeQuestion) fact {
	expected := "taken, …"
	for _, r := range result.Rules() {
		if r.Name == q.rule && r.Verdict == result.Error {
			expected = "refused with 502: …"
		}
	}
	folder := "viewer"
	if q.trigger == result.OriginRequest {
		folder = "origin"
	}
	url := fmt.Sprintf("https://%s/%s/%d", domain, folder, i)
	return fact{q.name, "UNKNOWN", "internal/handlers/result, " + q.rule, expected, func(ctx context.Context, _ *account) (string, error) {
		return asked(ctx, url)
	}}
}

// asked gets a page as a viewer does, and follows nothing.
func asked(ctx context.Context, url string) (string, error) {
	client := &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	page, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return "", err
	}
	return edgeSaw(response.StatusCode, response.Header.Get("X-Cache"), response.Header.Get("Location"), string(page)), nil
}
