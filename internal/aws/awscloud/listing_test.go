package awscloud

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/versions"
)

func TestFunctionsAreListedByNameFiftyAPage(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, localaws.Options{})
	var want []string
	for i := range 101 {
		name := fmt.Sprintf("f%03d", i)
		want = append(want, name)
		if err := w.Lambda.Create(t.Context(), versions.CreateInput{Function: name, Config: versions.Config{
			Runtime: "nodejs24.x", Handler: "index.handler", Role: role, MemoryMB: 128, TimeoutSeconds: 5,
		}, Zip: zipped(t, "c1")}); err != nil {
			t.Fatal(err)
		}
	}
	w.operations()
	var names []string
	for marker, first := "", true; first || marker != ""; first = false {
		page, next, err := w.Lambda.FunctionPage(t.Context(), marker)
		if err != nil {
			t.Fatal(err)
		}
		for _, head := range page {
			names = append(names, head.Function)
			if !head.Exists || head.Config.MemoryMB != 128 || head.CodeSHA256 == "" || head.Modified.IsZero() || head.TagsError == "" {
				t.Errorf("%+v", head)
			}
		}
		marker = next
	}
	if !slices.Equal(names, want) {
		t.Errorf("listed %d functions: %v", len(names), names)
	}
	w.wantCalls("ListFunctions 200", "ListFunctions 200", "ListFunctions 200")
}

func TestAListOfFunctionsThatTurnsInCirclesIsRefused(t *testing.T) {
	t.Parallel()
	cloud, _ := openStub(t, answer(200, nil, `{"Functions":[],"NextMarker":"m"}`))
	if _, _, err := cloud.Lambda.FunctionPage(t.Context(), "m"); err == nil || !strings.Contains(err.Error(), "the next page is itself") {
		t.Errorf("got %v", err)
	}
}

func TestAnAccountSaysWhetherItHasAnyPolicy(t *testing.T) {
	t.Parallel()
	eachWay(t, localaws.Options{}, func(t *testing.T, w *world) {
		if any, err := w.CloudFront.AnyPolicy(t.Context()); any || err != nil {
			t.Errorf("a new account: %t, %v", any, err)
		}
		w.wantCalls("ListContinuousDeploymentPolicies 200")
	})
	for body, want := range map[string]bool{
		"<ContinuousDeploymentPolicyList><MaxItems>100</MaxItems><Quantity>0</Quantity></ContinuousDeploymentPolicyList>":                                                    false,
		"<ContinuousDeploymentPolicyList><MaxItems>100</MaxItems><Quantity>1</Quantity><Items><ContinuousDeploymentPolicySummary/></Items></ContinuousDeploymentPolicyList>": true,
		"<ContinuousDeploymentPolicyList><MaxItems>100</MaxItems><Quantity>0</Quantity><Items><ContinuousDeploymentPolicySummary/></Items></ContinuousDeploymentPolicyList>": true,
		"<ContinuousDeploymentPolicyList><MaxItems>100</MaxItems><Quantity>3</Quantity><Items><Other/></Items></ContinuousDeploymentPolicyList>":                             true,
		"<ContinuousDeploymentPolicyList><NextMarker>m</NextMarker><MaxItems>100</MaxItems><Quantity>0</Quantity></ContinuousDeploymentPolicyList>":                          true,
	} {
		cloud, _ := openStub(t, answer(200, nil, body))
		if got, err := cloud.CloudFront.AnyPolicy(t.Context()); got != want || err != nil {
			t.Errorf("%s\ngives %t, %v", body, got, err)
		}
	}
	for name, tt := range strangers("ContinuousDeploymentPolicyList") {
		cloud, _ := openStub(t, answer(200, nil, tt.body))
		if _, err := cloud.CloudFront.AnyPolicy(t.Context()); err == nil {
			t.Errorf("%s is taken for a list of policies", name)
		}
	}
	cloud, _ := openStub(t, answer(200, nil, "<ContinuousDeploymentPolicyList/>"))
	if _, err := cloud.CloudFront.AnyPolicy(t.Context()); err == nil {
		t.Error("a list without a Quantity is taken for an empty one")
	}
}

func TestAPermissionThatIsLackingIsTold(t *testing.T) {
	t.Parallel()
	for _, lacking := range []bool{true, false} {
		code := map[bool]string{true: "AccessDenied", false: "InvalidArgument"}[lacking]
		cloud, _ := openStub(t, cloudFrontError(403, code, "no"))
		_, _, err := cloud.CloudFront.DistributionPage(t.Context(), "")
		if e, ok := errors.AsType[*Error](err); !ok || e.Refused() != lacking {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// A policy may be attached after the plan was made, and a plan may have it from a
// listing that is older than that.
func TestAWriteStopsAtAPolicyThatTheChangeDoesNotAllowFor(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ member, policy string }{
		"a policy":  {"<ContinuousDeploymentPolicyId>P1</ContinuousDeploymentPolicyId>", "P1"},
		"a staging": {"<Staging>true</Staging>", ""},
	} {
		body := "<DistributionConfig>" + tt.member + "<DefaultCacheBehavior/></DistributionConfig>"
		cloud, stub := openStub(t, answer(200, map[string]string{"ETag": "E1"}, body))
		ch := change(associations.Edit{Slot: slot("default", associations.ViewerRequest), To: to("auth", 1)})
		_, err := cloud.CloudFront.Write(t.Context(), account, ch, pass, nil)
		if e, ok := errors.AsType[*associations.PolicyError](err); !ok || e.Policy != tt.policy || e.Distribution != distID || len(stub.requests) != 1 {
			t.Errorf("%s: %v after %v", name, err, stub.requests)
		}
		if _, lost := errors.AsType[*lostError](err); lost {
			t.Errorf("%s: a write that was not made counts as one that may have been", name)
		}
		ch.WithPolicy = true
		_, err = cloud.CloudFront.Write(t.Context(), account, ch, pass, nil)
		if _, stopped := errors.AsType[*associations.PolicyError](err); stopped || len(stub.requests) < 3 {
			t.Errorf("%s, allowed for: %v after %v", name, err, stub.requests)
		}
	}
}
