package localaws_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
)

func TestTheLogTellsWhatACallIsAbout(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{})
	if err := s.Seed(account, localaws.Seed{Distributions: []cf.SeedDistribution{{ID: "E2EXAMPLE1ABCD"}}}); err != nil {
		t.Fatal(err)
	}
	c := inProcess(t, s)
	const arn = "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Afn"
	type line struct{ Service, Operation, Resource string }
	for _, call := range []struct {
		method, path string
		body         any
		status       int
		want         line
	}{
		{"POST", functionsPath, creation(t, "fn"), 201, line{"lambda", "CreateFunction", "fn"}},
		{"POST", functionsPath, "{", 400, line{"lambda", "CreateFunction", ""}},
		{"POST", functionsPath + "/fn/versions", nil, 201, line{"lambda", "PublishVersion", "fn"}},
		{"POST", functionsPath + "/fn/aliases", object{"Name": "lock", "FunctionVersion": "1"}, 201, line{"lambda", "CreateAlias", "fn:lock"}},
		{"PUT", functionsPath + "/fn/aliases/lock", object{"Description": "x"}, 200, line{"lambda", "UpdateAlias", "fn:lock"}},
		{"GET", functionsPath + "/fn?Qualifier=1", nil, 200, line{"lambda", "GetFunction", "fn:1"}},
		{"GET", functionsPath + "/" + arn, nil, 200, line{"lambda", "GetFunction", "fn"}},
		{"GET", "/2017-03-31/tags/" + arn, nil, 200, line{"lambda", "ListTags", "fn"}},
		{"GET", functionsPath, nil, 200, line{"lambda", "ListFunctions", ""}},
		{"GET", "/2020-05-31/distribution/E2EXAMPLE1ABCD/config", nil, 200, line{"cloudfront", "GetDistributionConfig", "E2EXAMPLE1ABCD"}},
		{"GET", "/2020-05-31/distribution/E2EXAMPLE1ABCD/invalidation/I1", nil, 404, line{"cloudfront", "GetInvalidation", "E2EXAMPLE1ABCD/I1"}},
		{"GET", "/2020-05-31/tagging?Resource=arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE1ABCD", nil, 200, line{"cloudfront", "ListTagsForResource", "E2EXAMPLE1ABCD"}},
		{"GET", "/2020-05-31/distribution", nil, 200, line{"cloudfront", "ListDistributions", ""}},
		{"POST", "/", "Action=GetRole&RoleName=edge-exec&Version=2010-05-08", 200, line{"iam", "GetRole", "edge-exec"}},
		{"POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", 200, line{"sts", "GetCallerIdentity", ""}},
	} {
		s.ResetCalls()
		c.want(call.status, call.want.Service, call.method, call.path, call.body)
		var got []line
		for _, made := range s.Calls() {
			got = append(got, line{made.Service, made.Operation, made.Resource})
		}
		if diff := cmp.Diff([]line{call.want}, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", call.method, call.path, diff)
		}
	}
}

// TestTheLogIsInTheOrderThatFaultsCountIn: the answers' order is another one.
func TestTheLogIsInTheOrderThatFaultsCountIn(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		arm(t, s, localaws.Fault{Operation: "ListFunctions", Kind: localaws.PauseBefore})
		slow := make(chan error, 1)
		go func() {
			_, err := c.try("lambda", "GET", functionsPath, nil)
			slow <- err
		}()
		c.held(1)
		c.want(200, "lambda", "GET", "/2016-08-19/account-settings", nil)
		if calls := s.Calls(); len(calls) != 1 || calls[0].Operation != "GetAccountSettings" {
			t.Errorf("before the slow call has ended the log has %+v", calls)
		}
		c.release(1, "")
		if err := <-slow; err != nil {
			t.Fatal(err)
		}
		calls := s.Calls()
		if len(calls) != 2 || calls[0].Operation != "ListFunctions" || calls[0].Fault != localaws.PauseBefore || calls[0].Status != 200 || calls[1].Fault != "" {
			t.Errorf("the log has %+v", calls)
		}
	})
}

func TestFaultsAndTheLogCanBeOneAccounts(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		other := c
		other.account = "111111111111"
		throttle := `{"account":"111111111111","kind":"throttle","times":9}`
		c.want(204, "lambda", "POST", private+"faults", throttle)
		c.want(200, "lambda", "GET", functionsPath, nil)
		other.want(429, "lambda", "GET", functionsPath, nil)

		log := func(query string) (statuses []int) {
			t.Helper()
			var calls []localaws.Call
			if err := json.Unmarshal(c.want(200, "lambda", "GET", private+"calls"+query, nil).body, &calls); err != nil {
				t.Fatal(err)
			}
			for _, call := range calls {
				statuses = append(statuses, call.Status)
			}
			return statuses
		}
		for query, want := range map[string][]int{"": {200, 429}, "?account=" + account: {200}, "?account=111111111111": {429}, "?account=222222222222": nil} {
			if diff := cmp.Diff(want, log(query)); diff != "" {
				t.Errorf("calls%s (-want +got):\n%s", query, diff)
			}
		}
		c.want(204, "lambda", "DELETE", private+"calls?account=111111111111", nil)
		if diff := cmp.Diff([]int{200}, log("")); diff != "" {
			t.Errorf("one account's calls forgotten (-want +got):\n%s", diff)
		}

		c.want(204, "lambda", "POST", private+"faults", `{"kind":"throttle","operation":"GetAccountSettings"}`)
		c.want(204, "lambda", "DELETE", private+"faults?account=111111111111", nil)
		other.want(200, "lambda", "GET", functionsPath, nil)
		other.want(429, "lambda", "GET", "/2016-08-19/account-settings", nil)
	})
}

func TestAFaultCanBeMeantForOneResource(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{})
	c := inProcess(t, s)
	c.want(201, "lambda", "POST", functionsPath, creation(t, "fn"))
	arm(t, s, localaws.Fault{Operation: "CreateAlias", Resource: "fn:lock", Kind: localaws.Throttle})
	c.want(201, "lambda", "POST", functionsPath+"/fn/aliases", object{"Name": "live", "FunctionVersion": "$LATEST"})
	c.want(429, "lambda", "POST", functionsPath+"/fn/aliases", object{"Name": "lock", "FunctionVersion": "$LATEST"})
	c.want(201, "lambda", "POST", functionsPath+"/fn/aliases", object{"Name": "lock", "FunctionVersion": "$LATEST"})
}
