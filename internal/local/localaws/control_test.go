package localaws_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

const private = "/_edgedeploy/"

func TestSeedingTwiceIsSeedingOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		seed := `{"roles":[{"arn":"arn:aws:iam::123456789012:role/team/late","assumableAfterMs":1}],
			"distributions":[{"id":"E2EXAMPLE1ABCD","aliases":["www.example.com"],"pathPatterns":["/img/*"]}]}`
		c.want(204, "lambda", "POST", private+"seed", seed)
		look := func() string {
			role := c.want(200, "iam", "POST", "/", "Action=GetRole&Version=2010-05-08&RoleName=late").body
			config := c.want(200, "cloudfront", "GET", "/2020-05-31/distribution/E2EXAMPLE1ABCD/config", nil)
			head, _, _ := strings.Cut(string(role), "<ResponseMetadata>")
			return head + config.header.Get("ETag") + string(config.body)
		}
		before := look()
		c.want(204, "lambda", "POST", private+"seed", seed)
		if diff := cmp.Diff(before, look()); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
		c.want(204, "lambda", "POST", private+"seed", `{"distributions":[{"id":"E2EXAMPLE1ABCD","pathPatterns":["/api/*"]}]}`)
		if after := look(); !strings.Contains(after, "/img/*") || !strings.Contains(after, "/api/*") {
			t.Errorf("a new pattern gave %s", after)
		}
	})
}

func TestASeedIsTheCallers(t *testing.T) {
	t.Parallel()
	c := inProcess(t, open(t, localaws.Options{}))
	other := c
	other.account = "111111111111"
	other.want(204, "lambda", "POST", private+"seed", `{"roles":[{"arn":"arn:aws:iam::111111111111:role/r"}],"distributions":[{"id":"E2EXAMPLE1ABCD"}]}`)
	other.want(200, "cloudfront", "GET", "/2020-05-31/distribution/E2EXAMPLE1ABCD", nil)
	c.want(404, "cloudfront", "GET", "/2020-05-31/distribution/E2EXAMPLE1ABCD", nil)
}

func TestASeedIsReadStrictly(t *testing.T) {
	t.Parallel()
	c := inProcess(t, open(t, localaws.Options{}))
	for rule, body := range map[string]string{
		"no JSON":                 `{`,
		"an unknown member":       `{"functions":[]}`,
		"two values":              `{}{}`,
		"a role that is no ARN":   `{"roles":[{"arn":"edge"}]}`,
		"another account's role":  `{"roles":[{"arn":"arn:aws:iam::999999999999:role/edge"}]}`,
		"a distribution of no id": `{"distributions":[{"aliases":["a.example.com"]}]}`,
	} {
		if a := c.send("lambda", "POST", private+"seed", body); a.status != 400 || a.object(t)["message"] == "" {
			t.Errorf("%s: %d %s", rule, a.status, a.body)
		}
	}
}

// TestASeededRoleCanBeLate models IAM's propagation: for a while Lambda says
// the role cannot be assumed, and then it can.
func TestASeededRoleCanBeLate(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := open(t, localaws.Options{Now: clock.now})
	late := "arn:aws:iam::123456789012:role/late"
	if err := s.Seed(account, localaws.Seed{Roles: []iam.SeedRole{{ARN: late, AssumableAfterMs: 5000}}}); err != nil {
		t.Fatal(err)
	}
	c := inProcess(t, s)
	body := creation(t, "fn")
	body["Role"] = late
	clock.advance(5*time.Second - 1)
	if a := c.send("lambda", "POST", functionsPath, body); a.status != 400 || a.object(t)["message"] != "The role defined for the function cannot be assumed by Lambda." {
		t.Errorf("too early: %d %s", a.status, a.body)
	}
	clock.advance(1)
	c.want(201, "lambda", "POST", functionsPath, body)
}

// TestTheEdgeAsksTheRoleToo: Lambda takes a role that trusts only Lambda, and
// CloudFront does not.
func TestTheEdgeAsksTheRoleToo(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{})
	narrow := "arn:aws:iam::123456789012:role/narrow"
	if err := s.Seed(account, localaws.Seed{
		Roles:         []iam.SeedRole{{ARN: narrow, Trust: []string{"lambda.amazonaws.com"}}},
		Distributions: []cf.SeedDistribution{{ID: "E2EXAMPLE1ABCD"}},
	}); err != nil {
		t.Fatal(err)
	}
	c := inProcess(t, s)
	body := creation(t, "fn")
	body["Role"] = narrow
	c.want(201, "lambda", "POST", functionsPath, body)
	c.want(201, "lambda", "POST", functionsPath+"/fn/versions", nil)
	a := tryAssociate(t, c, "arn:aws:lambda:us-east-1:123456789012:function:fn:1")
	if want := "The function execution role must be assumable with edgelambda.amazonaws.com as well as lambda.amazonaws.com principals. Update the IAM role and try again. Role: " + narrow; a.status != 400 || !strings.Contains(string(a.body), want) {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestTheEdgeAsksForTheVersionsState: what is Pending cannot be associated.
func TestTheEdgeAsksForTheVersionsState(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := open(t, localaws.Options{Now: clock.now, Delays: localaws.Delays{VersionActive: time.Second}})
	if err := s.Seed(account, localaws.Seed{Distributions: []cf.SeedDistribution{{ID: "E2EXAMPLE1ABCD"}}}); err != nil {
		t.Fatal(err)
	}
	c := inProcess(t, s)
	c.want(201, "lambda", "POST", functionsPath, creation(t, "fn"))
	c.want(201, "lambda", "POST", functionsPath+"/fn/versions", nil)
	arn := "arn:aws:lambda:us-east-1:123456789012:function:fn:1"
	a := tryAssociate(t, c, arn)
	if want := "The function must be in an Active state. The current state for function " + arn + " is Pending"; a.status != 400 || !strings.Contains(string(a.body), want) {
		t.Errorf("Pending: %d %s", a.status, a.body)
	}
	clock.advance(time.Second)
	if a := tryAssociate(t, c, arn); a.status != 200 {
		t.Errorf("Active: %d %s", a.status, a.body)
	}
}

func TestFaultsAndCallsWorkByHTTPToo(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		c.want(204, "lambda", "POST", private+"faults", `{"service":"lambda","operation":"ListFunctions","kind":"throttle","times":2}`)
		c.want(429, "lambda", "GET", functionsPath, nil)
		c.want(204, "lambda", "DELETE", private+"faults", nil)
		c.want(200, "lambda", "GET", functionsPath, nil)
		if a := c.send("lambda", "POST", private+"faults", `{"kind":"explode"}`); a.status != 400 {
			t.Errorf("an unknown kind: %d %s", a.status, a.body)
		}
		if a := c.send("lambda", "POST", private+"faults", `{"kind":"throttle","when":"now"}`); a.status != 400 {
			t.Errorf("an unknown member: %d %s", a.status, a.body)
		}
		var calls []localaws.Call
		if err := json.Unmarshal(c.want(200, "lambda", "GET", private+"calls", nil).body, &calls); err != nil {
			t.Fatal(err)
		}
		if len(calls) != 2 || calls[0].Status != 429 || calls[1].Status != 200 || calls[0].Operation != "ListFunctions" || calls[0].End < calls[0].Start || calls[0].Start == 0 {
			t.Errorf("calls %+v", calls)
		}
		c.want(204, "lambda", "DELETE", private+"calls", nil)
		if got := string(c.want(200, "lambda", "GET", private+"calls", nil).body); got != "[]" {
			t.Errorf("after the reset: %s", got)
		}
		if a := c.send("lambda", "GET", private+"else", nil); a.status != 404 {
			t.Errorf("what is not there: %d %s", a.status, a.body)
		}
	})
}

// TestAccountsAreTheAccessKey: twelve digits are an account, anything else is
// the default one, and none sees another's things.
func TestAccountsAreTheAccessKey(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		c.want(201, "lambda", "POST", functionsPath, creation(t, "fn"))
		if err := s.Seed(account, localaws.Seed{Distributions: []cf.SeedDistribution{{ID: "E2EXAMPLE1ABCD"}}}); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]string{"111111111111": "111111111111", "AKIAIOSFODNN7EXAMPLE": "000000000000", "test": "000000000000", "1234567890123": "000000000000"} {
			other := c
			other.account = key
			if got := string(other.want(200, "sts", "POST", "/", "Action=GetCallerIdentity&Version=2011-06-15").body); !strings.Contains(got, "<Account>"+want+"</Account>") {
				t.Errorf("key %s: %s", key, got)
			}
			other.want(404, "lambda", "GET", functionsPath+"/fn", nil)
			other.want(404, "cloudfront", "GET", "/2020-05-31/distribution/E2EXAMPLE1ABCD", nil)
			other.want(404, "iam", "POST", "/", "Action=GetRole&Version=2010-05-08&RoleName=edge-exec")
		}
	})
}

func TestAServiceNobodyOffersSaysSo(t *testing.T) {
	t.Parallel()
	c := inProcess(t, open(t, localaws.Options{}))
	a := c.send("s3", "GET", "/", nil)
	if want := `the local AWS does not offer the service "s3"`; a.status != 501 || a.object(t)["message"] != want {
		t.Errorf("%d %s", a.status, a.body)
	}
}
