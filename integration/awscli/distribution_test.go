package awscli

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
)

// site is the configuration of a distribution as somebody may have it: three
// behaviours, an origin group that fails over, and error pages of its own.
func site() object {
	origin := func(id, domain string) object {
		return object{"Id": id, "DomainName": domain, "CustomOriginConfig": object{
			"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only",
			"OriginSslProtocols": object{"Quantity": 1, "Items": []string{"TLSv1.2"}},
			"OriginReadTimeout":  42, "OriginKeepaliveTimeout": 7,
		}}
	}
	behavior := func(pattern, target string) object {
		b := object{
			"TargetOriginId": target, "ViewerProtocolPolicy": "redirect-to-https", "Compress": true,
			"CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
		}
		if pattern != "" {
			b["PathPattern"] = pattern
		}
		return b
	}
	return object{
		"CallerReference": "by the CLI", "Comment": `a site's <comment> & "more"`, "Enabled": true, "DefaultRootObject": "index.html",
		"Origins": object{"Quantity": 2, "Items": []object{origin("one", "one.example.com"), origin("two", "two.example.com")}},
		"OriginGroups": object{"Quantity": 1, "Items": []object{{
			"Id": "either", "FailoverCriteria": object{"StatusCodes": object{"Quantity": 2, "Items": []int{500, 503}}},
			"Members": object{"Quantity": 2, "Items": []object{{"OriginId": "one"}, {"OriginId": "two"}}},
		}}},
		"DefaultCacheBehavior": behavior("", "either"),
		"CacheBehaviors":       object{"Quantity": 2, "Items": []object{behavior("/img/*", "one"), behavior("*.html", "two")}},
		"CustomErrorResponses": object{"Quantity": 2, "Items": []object{
			{"ErrorCode": 404, "ResponsePagePath": "/404.html", "ResponseCode": "404", "ErrorCachingMinTTL": 10},
			{"ErrorCode": 503, "ErrorCachingMinTTL": 0},
		}},
		"PriceClass": "PriceClass_100", "HttpVersion": "http2and3", "IsIPV6Enabled": true,
	}
}

type distribution struct {
	Location, ETag string
	Distribution   struct {
		Id, ARN, Status, DomainName string
		DistributionConfig          object
	}
}

// create makes the site with the CLI and waits for it.
func (r *rig) create() distribution {
	r.t.Helper()
	made := aws[distribution](r, "cloudfront", "create-distribution", "--distribution-config", r.file("site.json", site()))
	r.done("cloudfront", "wait", "distribution-deployed", "--id", made.Distribution.Id)
	return made
}

func TestADistributionIsCreatedAssociatedAndUpdatedUnderItsETag(t *testing.T) {
	t.Parallel()
	r := newRig(t, "--propagation-delay", "300ms", "--replica-delay", "1h")
	made := r.create()
	id := made.Distribution.Id
	if made.Distribution.Status != "InProgress" || made.Distribution.ARN != "arn:aws:cloudfront::"+account+":distribution/"+id {
		t.Errorf("create-distribution answers %+v", made)
	}
	for key, want := range site() { // everything that was sent is there; defaults may have come beside it
		if diff := within(want, made.Distribution.DistributionConfig[key]); diff != "" {
			t.Errorf("%s%s", key, diff)
		}
	}
	r.function("f", nil)
	c := r.config(id)
	if c.ETag != made.ETag {
		t.Errorf("the ETag is %s, and was %s when it was made", c.ETag, made.ETag)
	}
	change := r.file("change.json", c.associated(t, association(lambda+"f:1", "viewer-request")))
	updated := aws[distribution](r, "cloudfront", "update-distribution", "--id", id, "--if-match", c.ETag, "--distribution-config", change)
	if updated.ETag == c.ETag {
		t.Error("the ETag is as before the update")
	}
	r.refused("PreconditionFailed", "The request failed because it didn't meet the preconditions in one or more request-header fields.",
		"cloudfront", "update-distribution", "--id", id, "--if-match", c.ETag, "--distribution-config", change)
	r.refused("InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.",
		"cloudfront", "update-distribution", "--id", id, "--distribution-config", change)
	after := r.config(id)
	want := clone(t, c.DistributionConfig)
	associate(want["DefaultCacheBehavior"].(object), association(lambda+"f:1", "viewer-request"))
	if diff := cmp.Diff(clone(t, want), after.DistributionConfig); diff != "" {
		t.Errorf("the update changed more than the association:\n%s", diff)
	}

	// Replicas are in the way of deletion, also after the association has gone.
	replicated := "Lambda was unable to delete " + lambda + "f:1 because it is a replicated function. Please see our documentation for Deleting Lambda@Edge Functions and Replicas."
	r.refused("InvalidParameterValueException", replicated, "lambda", "delete-function", "--function-name", "f", "--qualifier", "1")
	gone := r.file("gone.json", after.associated(t))
	aws[distribution](r, "cloudfront", "update-distribution", "--id", id, "--if-match", after.ETag, "--distribution-config", gone)
	r.refused("InvalidParameterValueException", replicated, "lambda", "delete-function", "--function-name", "f")
	r.refused("DistributionNotDisabled", "", "cloudfront", "delete-distribution", "--id", id, "--if-match", r.config(id).ETag)
	r.refused("DistributionAlreadyExists", "", "cloudfront", "create-distribution", "--distribution-config", r.file("twice.json", site()))
}

// within compares what was sent with what is there, where more may be.
func within(want, got any) string {
	switch w := normal(want).(type) {
	case object:
		g, ok := got.(object)
		if !ok {
			return fmt.Sprintf(": %v, want %v", got, w)
		}
		for key, v := range w {
			if diff := within(v, g[key]); diff != "" {
				return "." + key + diff
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return fmt.Sprintf(": %v, want %v", got, w)
		}
		for i := range w {
			if diff := within(w[i], g[i]); diff != "" {
				return fmt.Sprintf("[%d]%s", i, diff)
			}
		}
	default:
		if fmt.Sprint(w) != fmt.Sprint(got) {
			return fmt.Sprintf(": %v, want %v", got, w)
		}
	}
	return ""
}

// normal turns the slices that a test writes into those that JSON gives.
func normal(v any) any {
	var list []any
	switch v := v.(type) {
	case []object:
		for _, e := range v {
			list = append(list, e)
		}
	case []string:
		for _, e := range v {
			list = append(list, e)
		}
	case []int:
		for _, e := range v {
			list = append(list, e)
		}
	default:
		return v
	}
	return list
}

// What edgedeploy does to a distribution that others own is exactly the
// associations it was asked for, as a client sees it that is not ours.
func TestEdgedeployChangesNothingButItsSlotsInADistributionOfTheCLIs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	made := r.create()
	id := made.Distribution.Id
	r.function("foreign", nil)
	c := r.config(id)
	theirs := clone(t, c.DistributionConfig)
	associate(behavior(t, theirs, "*.html"), association(lambda+"foreign:1", "origin-response"))
	aws[distribution](r, "cloudfront", "update-distribution", "--id", id, "--if-match", c.ETag, "--distribution-config", r.file("theirs.json", theirs))
	before := r.config(id)

	wasm, err := os.ReadFile("../../examples/redirect/redirect.wasm")
	if err != nil {
		t.Fatal(err)
	}
	r.file("redirect.wasm", wasm)
	spec := func(body string) string {
		r.file("edgedeploy.yaml", fmt.Appendf(nil, `version: 1
stack: shop
defaults: { role: %q, timeout: 5, memory: 128 }
functions:
  auth: { wasm: redirect.wasm }
distributions:
  www:
    id: %s
    behaviors:
%s`, role, id, body))
		return filepath.Join(r.dir, "edgedeploy.yaml")
	}
	file := spec("      default: { viewer-request: auth }\n      /img/*: { origin-request: { function: auth, include-body: true }, origin-response: auth }\n")
	r.edgedeploy("apply", "--yes", "-f", file)
	after := r.config(id)
	want := clone(t, before.DistributionConfig)
	own := lambda + "shop-auth:1"
	associate(want["DefaultCacheBehavior"].(object), association(own, "viewer-request"))
	body := association(own, "origin-request")
	body["IncludeBody"] = true
	associate(behavior(t, want, "/img/*"), body, association(own, "origin-response"))
	if diff := cmp.Diff(clone(t, want), after.DistributionConfig); diff != "" {
		t.Errorf("edgedeploy changed something else (-want +got):\n%s", diff)
	}

	// Taken back, it is as it was, but for the ETag.
	r.edgedeploy("rollback", "--yes", "--to", "0", "--stack", "shop")
	if diff := cmp.Diff(before.DistributionConfig, r.config(id).DistributionConfig); diff != "" {
		t.Errorf("the rollback left something behind (-before +after):\n%s", diff)
	}
}

// edgedeploy runs the program against the local AWS; it has to succeed.
func (r *rig) edgedeploy(args ...string) {
	r.t.Helper()
	if stdout, stderr, ok := r.exec(binary, append(args, "--endpoint-url", r.Endpoint)); !ok {
		r.t.Fatalf("edgedeploy %v:\n%s%s", args, stdout, stderr)
	}
}

// A page has at most 100 distributions, and the CLI follows the markers.
func TestDistributionsComeInPagesOfAHundred(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var seed localaws.Seed
	for n := range 104 {
		seed.Distributions = append(seed.Distributions, cf.SeedDistribution{ID: fmt.Sprintf("E2PAGE%08d", n)})
	}
	if err := r.Seed(t.Context(), seed); err != nil {
		t.Fatal(err)
	}
	type list struct {
		DistributionList struct {
			Items      []struct{ Id, ETag string }
			Quantity   int
			NextMarker string
		}
	}
	all := aws[list](r, "cloudfront", "list-distributions").DistributionList
	seen := map[string]bool{}
	for _, d := range all.Items {
		seen[d.Id] = true
	}
	if len(seen) != 105 || len(all.Items) != 105 {
		t.Errorf("%d distributions, %d of them different, want 105", len(all.Items), len(seen))
	}
	page := aws[list](r, "cloudfront", "list-distributions", "--no-paginate").DistributionList
	if page.Quantity != 100 || len(page.Items) != 100 || page.NextMarker != page.Items[99].Id {
		t.Errorf("one page says %d, has %d and the marker %s", page.Quantity, len(page.Items), page.NextMarker)
	}
}
