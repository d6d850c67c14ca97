package awscloud

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

func TestAMissingDistributionIsTold(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, localaws.Options{})
	_, err := w.CloudFront.Distribution(t.Context(), "EUNKNOWN")
	missing, ok := errors.AsType[*associations.DistributionError](err)
	if !ok || missing.Distribution != "EUNKNOWN" {
		t.Errorf("got %v", err)
	}
	if e, ok := errors.AsType[*Error](err); !ok || e.Status != 404 || e.RequestID == "" {
		t.Errorf("got %#v", e)
	}
}

func TestDistributionTellsItsState(t *testing.T) {
	t.Parallel()
	eachWay(t, localaws.Options{}, func(t *testing.T, w *world) {
		got, err := w.CloudFront.Distribution(t.Context(), distID)
		want := associations.State{
			Distribution: distID, Account: account, Aliases: []string{"www.example.com"}, Enabled: true, Deployed: true,
			PolicyKnown: true, Behaviors: []string{"/img/*", "default"}, Held: associations.Table{},
			Functions: map[associations.Slot]string{},
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(associations.State{}, "DomainName", "Modified")); err != nil || diff != "" {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
		list, next, err := w.CloudFront.DistributionPage(t.Context(), "")
		got.PolicyKnown = false
		if diff := cmp.Diff([]associations.State{got}, list); err != nil || diff != "" || next != "" {
			t.Errorf("listed: %v (-want +got)\n%s", err, diff)
		}
	})
}

func TestDistributionsAreListedThroughAllPages(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, localaws.Options{})
	var ids []string
	for i := range 204 {
		ids = append(ids, `{"ID":"EMANY`+strings.Repeat("A", i/26)+string(rune('A'+i%26))+`"}`)
	}
	w.seed(`{"Distributions":[` + strings.Join(ids, ",") + `]}`)
	var list []associations.State
	for marker, first := "", true; first || marker != ""; first = false {
		page, next, err := w.CloudFront.DistributionPage(t.Context(), marker)
		if err != nil {
			t.Fatal(err)
		}
		list, marker = append(list, page...), next
	}
	if len(list) != 205 {
		t.Errorf("%d distributions", len(list))
	}
	w.wantCalls("ListDistributions 200", "ListDistributions 200", "ListDistributions 200")
	seen := map[string]bool{}
	for _, s := range list {
		seen[s.Distribution] = true
	}
	if len(seen) != 205 {
		t.Errorf("%d different distributions", len(seen))
	}
}

// TestOwnReaderAgreesWithTheSDK reads distributions with both decoders.
func TestOwnReaderAgreesWithTheSDK(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, localaws.Options{})
	w.publish("auth", "c1")
	edits := change(
		associations.Edit{Slot: slot("default", associations.ViewerRequest), To: to("auth", 1)},
		associations.Edit{Slot: slot("/img/*", associations.OriginRequest), To: associations.Binding{Version: to("auth", 1).Version, IncludeBody: true}},
	)
	state, err := w.CloudFront.Write(t.Context(), account, edits, pass, nil)
	if err != nil {
		t.Fatal(err)
	}
	if state, err = w.CloudFront.Distribution(t.Context(), distID); err != nil { // a write's answer is InProgress
		t.Fatal(err)
	}
	out, err := w.CloudFront.api.GetDistribution(t.Context(), &cloudfront.GetDistributionInput{Id: aws.String(distID)})
	if err != nil {
		t.Fatal(err)
	}
	d, c := out.Distribution, out.Distribution.DistributionConfig
	if aws.ToString(d.DomainName) != state.DomainName || (aws.ToString(d.Status) == "Deployed") != state.Deployed || aws.ToBool(c.Enabled) != state.Enabled {
		t.Errorf("the SDK reads %+v", d)
	}
	held := associations.Table{}
	for _, a := range c.DefaultCacheBehavior.LambdaFunctionAssociations.Items {
		held[slot("default", associations.Trigger(a.EventType))] = bindingOf(account, association{aws.ToString(a.LambdaFunctionARN), aws.ToBool(a.IncludeBody)})
	}
	for _, b := range c.CacheBehaviors.Items {
		for _, a := range b.LambdaFunctionAssociations.Items {
			held[slot(associations.CanonicalPath(aws.ToString(b.PathPattern)), associations.Trigger(a.EventType))] = bindingOf(account, association{aws.ToString(a.LambdaFunctionARN), aws.ToBool(a.IncludeBody)})
		}
	}
	if diff := cmp.Diff(held, state.Held); diff != "" {
		t.Errorf("(-SDK +ours)\n%s", diff)
	}
}
