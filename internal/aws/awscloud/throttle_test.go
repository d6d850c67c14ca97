package awscloud

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Each attempt that is throttled is told, whether the SDK or the queue sends it
// again, and no other.
func TestEveryThrottleIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var told []string
		slower, limit := cloudFrontError(400, "Throttling", "Rate exceeded"), lambdaError(429, "TooManyRequestsException", "Rate exceeded")
		cloud, err := Open(t.Context(), Options{
			Local: &Local{Account: account, Transport: &stub{answers: answers(
				distributionOK, slower, distributionOK, unavailable, slower, distributionOK, cloudFrontError(403, "AccessDenied", "no"),
				limit, limit, lambdaError(404, "ResourceNotFoundException", "no"),
			)}},
			OnThrottle: func(service, operation string) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, service+" "+operation)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = cloud.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: slot("default", associations.ViewerRequest), To: to("auth", 1)}), pass, nil)
		if !hasCode("AccessDenied")(err) {
			t.Errorf("got %v", err)
		}
		if _, _, err := cloud.Ledger.UpdateAlias(t.Context(), "f", versions.Alias{Name: "lock", Version: "$LATEST"}); !hasCode("ResourceNotFoundException")(err) {
			t.Errorf("got %v", err)
		}
		want := []string{"CloudFront UpdateDistribution", "CloudFront UpdateDistribution", "Lambda UpdateAlias", "Lambda UpdateAlias"}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("told (-want +got)\n%s", diff)
		}
	})
}
