package cf

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// apiVersion is the first segment of every path.
const apiVersion = "2020-05-31"

// route binds an operation to the requests that mean it.
type route struct {
	name    string
	method  string
	path    string            // after the version; {} stands for one segment
	query   map[string]string // required query values; "*" asks for the key only
	success int
	writes  bool
	run     func(*Service, kv.Tx, *call) (*reply, error)
}

// routes lists the operations of this CloudFront. A route with a query stands
// before one of the same path without.
func routes() []route {
	const get, put, post, del = http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete
	all := []route{
		{"CreateDistributionWithTags", post, "distribution", map[string]string{"WithTags": "*"}, 201, true, (*Service).createWithTags},
		{"CreateDistribution", post, "distribution", nil, 201, true, (*Service).create},
		{"ListDistributions", get, "distribution", nil, 200, false, (*Service).listDistributions},
		{"GetDistribution", get, "distribution/{}", nil, 200, false, (*Service).get},
		{"GetDistributionConfig", get, "distribution/{}/config", nil, 200, false, (*Service).getConfig},
		{"UpdateDistribution", put, "distribution/{}/config", nil, 200, true, (*Service).update},
		{"DeleteDistribution", del, "distribution/{}", nil, 204, true, (*Service).delete},
		{"CopyDistribution", post, "distribution/{}/copy", nil, 201, true, (*Service).copyDistribution},
		{"UpdateDistributionWithStagingConfig", put, "distribution/{}/promote-staging-config", nil, 200, true, (*Service).promote},
		{"CreateInvalidation", post, "distribution/{}/invalidation", nil, 201, true, (*Service).invalidate},
		{"ListInvalidations", get, "distribution/{}/invalidation", nil, 200, false, (*Service).listInvalidations},
		{"GetInvalidation", get, "distribution/{}/invalidation/{}", nil, 200, false, (*Service).getInvalidation},
		{"CreateContinuousDeploymentPolicy", post, "continuous-deployment-policy", nil, 201, true, (*Service).createPolicy},
		{"ListContinuousDeploymentPolicies", get, "continuous-deployment-policy", nil, 200, false, (*Service).listPolicies},
		{"GetContinuousDeploymentPolicy", get, "continuous-deployment-policy/{}", nil, 200, false, (*Service).getPolicy},
		{"GetContinuousDeploymentPolicyConfig", get, "continuous-deployment-policy/{}/config", nil, 200, false, (*Service).getPolicyConfig},
		{"UpdateContinuousDeploymentPolicy", put, "continuous-deployment-policy/{}", nil, 200, true, (*Service).updatePolicy},
		{"DeleteContinuousDeploymentPolicy", del, "continuous-deployment-policy/{}", nil, 204, true, (*Service).deletePolicy},
		{"TagResource", post, "tagging", map[string]string{"Operation": "Tag", "Resource": "*"}, 204, true, (*Service).tag},
		{"UntagResource", post, "tagging", map[string]string{"Operation": "Untag", "Resource": "*"}, 204, true, (*Service).untag},
		{"ListTagsForResource", get, "tagging", map[string]string{"Resource": "*"}, 200, false, (*Service).listTags},
	}
	for _, k := range resourceKinds() {
		all = append(all, resourceRoutes(k)...)
	}
	return all
}

// Operation names the CloudFront operation that a request means, as the API
// model spells it, or "" if this CloudFront does not offer it. It looks at
// method, path and query only.
func (s *Service) Operation(r *http.Request) string {
	found, _, ok := s.match(r)
	if !ok {
		return ""
	}
	return found.name
}

// Resource names what a request is about, "" if it does not tell: the id of a
// distribution or a policy, and that of an invalidation after a slash.
func (s *Service) Resource(r *http.Request) string {
	_, params, ok := s.match(r)
	if arn := r.URL.Query().Get("Resource"); ok && arn != "" {
		return arn[strings.LastIndex(arn, "/")+1:]
	}
	return strings.Join(params, "/")
}

// match finds the route of a request, and the values of its path parameters.
func (s *Service) match(r *http.Request) (route, []string, bool) {
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/"+apiVersion+"/")
	if !ok {
		return route{}, nil, false
	}
	query := r.URL.Query()
	for _, candidate := range s.routes {
		if candidate.method != r.Method || !candidate.accepts(query) {
			continue
		}
		if params, ok := candidate.params(rest); ok {
			return candidate, params, true
		}
	}
	return route{}, nil, false
}

func (rt route) accepts(query url.Values) bool {
	for key, want := range rt.query {
		if !query.Has(key) || want != "*" && query.Get(key) != want {
			return false
		}
	}
	return true
}

func (rt route) params(rest string) ([]string, bool) {
	want, given := strings.Split(rt.path, "/"), strings.Split(rest, "/")
	if len(want) != len(given) {
		return nil, false
	}
	var params []string
	for i := range want {
		value, err := url.PathUnescape(given[i])
		switch {
		case err != nil:
			return nil, false
		case want[i] == "{}" && value != "":
			params = append(params, value)
		case want[i] != value:
			return nil, false
		}
	}
	return params, true
}
