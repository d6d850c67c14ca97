package localaws_test

import (
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
)

func TestAnAccountIsRestoredToWhatWasSaved(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"in memory": "", "in a file": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, localaws.Options{Dir: dir, WritesPerMinute: 1})
			if err := s.Seed(account, localaws.Seed{Distributions: []cf.SeedDistribution{{ID: "E2EXAMPLE1ABCD"}}}); err != nil {
				t.Fatal(err)
			}
			c := inProcess(t, s)
			c.want(201, "lambda", "POST", functionsPath, creation(t, "fn"))
			c.want(201, "lambda", "POST", functionsPath+"/fn/versions", nil)
			c.want(204, "lambda", "POST", private+"save", `{"name":"one version"}`)
			look := func() string {
				t.Helper()
				function := c.want(200, "lambda", "GET", functionsPath+"/fn/configuration", nil)
				list := c.want(200, "lambda", "GET", functionsPath+"/fn/versions", nil)
				config := c.want(200, "cloudfront", "GET", "/2020-05-31/distribution/E2EXAMPLE1ABCD/config", nil)
				return string(function.body) + string(list.body) + config.header.Get("ETag") + string(config.body)
			}
			before := look()

			other := c
			other.account = "111111111111"
			if err := s.Seed(other.account, localaws.Seed{Distributions: []cf.SeedDistribution{{ID: "E2EXAMPLE1ABCD"}}}); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time is like the first: the rate of writes is restored, too
				associate(t, c, "arn:aws:lambda:us-east-1:123456789012:function:fn:1")
				c.want(200, "lambda", "PUT", functionsPath+"/fn/configuration", object{"MemorySize": 256})
				c.want(201, "lambda", "POST", functionsPath+"/fn/versions", nil)
				c.want(201, "lambda", "POST", functionsPath+"/fn/aliases", object{"Name": "live", "FunctionVersion": "2"})
				c.want(201, "lambda", "POST", functionsPath, creation(t, "another"))
				if look() == before {
					t.Fatal("nothing has changed")
				}
				c.want(204, "lambda", "POST", private+"restore", `{"name":"one version"}`)
				if after := look(); after != before {
					t.Errorf("before: %s\nafter: %s", before, after)
				}
				c.want(404, "lambda", "GET", functionsPath+"/fn/aliases/live", nil)
				c.want(404, "lambda", "GET", functionsPath+"/another", nil)
			}
			other.want(200, "cloudfront", "GET", "/2020-05-31/distribution/E2EXAMPLE1ABCD", nil)

			for rule, call := range map[string]caller{"a name that was never saved": c, "another account's": other} {
				body := map[bool]string{true: `{"name":"one version"}`, false: `{"name":"two"}`}[call.account != account]
				if a := call.send("lambda", "POST", private+"restore", body); a.status != 400 || !strings.Contains(string(a.body), "nothing was saved") {
					t.Errorf("%s: %d %s", rule, a.status, a.body)
				}
			}
			other.want(200, "cloudfront", "GET", "/2020-05-31/distribution/E2EXAMPLE1ABCD", nil)
		})
	}
}
