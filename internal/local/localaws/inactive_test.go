package localaws_test

import (
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
)

// A version that is Inactive cannot be associated: CloudFront's own sentence.
func TestAVersionIsMadeInactiveByAPrivateEndpoint(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		if err := s.Seed(account, localaws.Seed{Distributions: []cf.SeedDistribution{{ID: "E2EXAMPLE1ABCD"}}}); err != nil {
			t.Fatal(err)
		}
		c.want(201, "lambda", "POST", "/2015-03-31/functions", creation(t, "fn"))
		c.want(201, "lambda", "POST", "/2015-03-31/functions/fn/versions", nil)
		const version = "arn:aws:lambda:us-east-1:" + account + ":function:fn:1"
		state := func() string {
			got, _ := c.want(200, "lambda", "GET", "/2015-03-31/functions/fn/configuration?Qualifier=1", nil).object(t)["State"].(string)
			return got
		}
		c.want(204, "lambda", "POST", private+"inactive", `{"version":"`+version+`"}`)
		if got := state(); got != "Inactive" {
			t.Fatalf("it is %s", got)
		}
		a := tryAssociate(t, c, version)
		want := "The function must be in an Active state. The current state for function " + version + " is Inactive"
		if a.status != 400 || !strings.Contains(string(a.body), "InvalidLambdaFunctionAssociation") || !strings.Contains(string(a.body), want) {
			t.Errorf("associated: %d %s", a.status, a.body)
		}
		other := c
		other.account = "111111111111"
		for what, refused := range map[string]answer{
			"another account's": other.send("lambda", "POST", private+"inactive", `{"version":"`+version+`"}`),
			"a version of none": c.send("lambda", "POST", private+"inactive", `{"version":"`+version+`1"}`),
			"an unknown member": c.send("lambda", "POST", private+"inactive", `{"function":"fn"}`),
			"no version at all": c.send("lambda", "POST", private+"inactive", `{}`),
		} {
			if refused.status != 400 || refused.object(t)["message"] == "" {
				t.Errorf("%s: %d %s", what, refused.status, refused.body)
			}
		}
	})
}
