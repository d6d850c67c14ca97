package cf_test

import (
	"net/http/httptest"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
)

func TestARequestMeansTheOperationOfTheModel(t *testing.T) {
	t.Parallel()
	svc := cf.New(cf.Config{})
	for request, want := range map[[2]string]string{
		{"POST", "/2020-05-31/distribution"}:                                                   "CreateDistribution",
		{"POST", "/2020-05-31/distribution?WithTags"}:                                          "CreateDistributionWithTags",
		{"POST", "/2020-05-31/distribution?WithTags="}:                                         "CreateDistributionWithTags",
		{"GET", "/2020-05-31/distribution"}:                                                    "ListDistributions",
		{"GET", "/2020-05-31/distribution?Marker=E1&MaxItems=3"}:                               "ListDistributions",
		{"GET", "/2020-05-31/distribution/E1"}:                                                 "GetDistribution",
		{"GET", "/2020-05-31/distribution/E1/config"}:                                          "GetDistributionConfig",
		{"PUT", "/2020-05-31/distribution/E1/config"}:                                          "UpdateDistribution",
		{"DELETE", "/2020-05-31/distribution/E1"}:                                              "DeleteDistribution",
		{"POST", "/2020-05-31/distribution/E1/copy"}:                                           "CopyDistribution",
		{"PUT", "/2020-05-31/distribution/E1/promote-staging-config?StagingDistributionId=E2"}: "UpdateDistributionWithStagingConfig",
		{"POST", "/2020-05-31/distribution/E1/invalidation"}:                                   "CreateInvalidation",
		{"GET", "/2020-05-31/distribution/E1/invalidation"}:                                    "ListInvalidations",
		{"GET", "/2020-05-31/distribution/E1/invalidation/I1"}:                                 "GetInvalidation",
		{"POST", "/2020-05-31/continuous-deployment-policy"}:                                   "CreateContinuousDeploymentPolicy",
		{"GET", "/2020-05-31/continuous-deployment-policy"}:                                    "ListContinuousDeploymentPolicies",
		{"GET", "/2020-05-31/continuous-deployment-policy/p"}:                                  "GetContinuousDeploymentPolicy",
		{"GET", "/2020-05-31/continuous-deployment-policy/p/config"}:                           "GetContinuousDeploymentPolicyConfig",
		{"PUT", "/2020-05-31/continuous-deployment-policy/p"}:                                  "UpdateContinuousDeploymentPolicy",
		{"DELETE", "/2020-05-31/continuous-deployment-policy/p"}:                               "DeleteContinuousDeploymentPolicy",
		{"POST", "/2020-05-31/tagging?Operation=Tag&Resource=arn"}:                             "TagResource",
		{"POST", "/2020-05-31/tagging?Operation=Untag&Resource=arn"}:                           "UntagResource",
		{"GET", "/2020-05-31/tagging?Resource=arn"}:                                            "ListTagsForResource",

		{"POST", "/2020-05-31/origin-access-control"}:          "CreateOriginAccessControl",
		{"GET", "/2020-05-31/origin-access-control"}:           "ListOriginAccessControls",
		{"GET", "/2020-05-31/origin-access-control/E1"}:        "GetOriginAccessControl",
		{"GET", "/2020-05-31/origin-access-control/E1/config"}: "GetOriginAccessControlConfig",
		{"PUT", "/2020-05-31/origin-access-control/E1/config"}: "UpdateOriginAccessControl",
		{"PUT", "/2020-05-31/origin-access-control/E1"}:        "",
		{"DELETE", "/2020-05-31/origin-access-control/E1"}:     "DeleteOriginAccessControl",
		{"GET", "/2020-05-31/cache-policy?Type=managed"}:       "ListCachePolicies",
		{"PUT", "/2020-05-31/cache-policy/p"}:                  "UpdateCachePolicy",
		{"PUT", "/2020-05-31/cache-policy/p/config"}:           "",
		{"GET", "/2020-05-31/origin-request-policy"}:           "ListOriginRequestPolicies",
		{"GET", "/2020-05-31/response-headers-policy/p"}:       "GetResponseHeadersPolicy",

		{"GET", "/2019-03-26/distribution"}:              "",
		{"GET", "/2020-05-31/distribution/"}:             "",
		{"GET", "/2020-05-31/distribution/E1/"}:          "",
		{"GET", "/2020-05-31/distribution/a%2Fb/config"}: "GetDistributionConfig",
		{"GET", "/2020-05-31/distribution/E1/other"}:     "",
		{"PATCH", "/2020-05-31/distribution/E1/config"}:  "",
		{"GET", "/2020-05-31/key-group"}:                 "",
		{"POST", "/2020-05-31/tagging?Resource=arn"}:     "",
		{"GET", "/2020-05-31/tagging"}:                   "",
		{"POST", "/2015-03-31/functions"}:                "",
		{"GET", "/"}:                                     "",
	} {
		if got := svc.Operation(httptest.NewRequest(request[0], request[1], nil)); got != want {
			t.Errorf("%s %s means %q, want %q", request[0], request[1], got, want)
		}
	}
}
