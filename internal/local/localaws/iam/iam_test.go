package iam_test

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

const account = "123456789012"

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// fixture is a service behind a real HTTP server, with a clock moved by hand
// between calls.
type fixture struct {
	t      *testing.T
	store  kv.Memory
	svc    *iam.Service
	server *httptest.Server
	now    time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, now: start}
	f.svc = iam.New(iam.Config{Store: &f.store, Now: func(string) time.Time { return f.now }, Propagation: 10 * time.Second})
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.svc.ServeHTTP(w, r.WithContext(iam.WithCaller(r.Context(), iam.Caller{Account: account, AccessKey: "AKID"})))
	}))
	t.Cleanup(f.server.Close)
	return f
}

func (f *fixture) call(form url.Values) (int, string, http.Header) {
	f.t.Helper()
	response, err := http.PostForm(f.server.URL, form)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return response.StatusCode, string(body), response.Header
}

func query(pairs ...string) url.Values {
	form := url.Values{"Version": {"2010-05-08"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com","edgelambda.amazonaws.com"]},"Action":"sts:AssumeRole"}]}`

type roleAnswer struct {
	XMLName xml.Name
	Created struct{ Role role } `xml:"CreateRoleResult"`
	Got     struct{ Role role } `xml:"GetRoleResult"`
}

type role struct {
	Path, RoleName, RoleId, Arn, CreateDate, AssumeRolePolicyDocument, Description string
	MaxSessionDuration                                                             int
}

func TestARoleComesBackAsItWasCreated(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	status, body, header := f.call(query("Action", "CreateRole", "RoleName", "edge", "Path", "/team/web/", "AssumeRolePolicyDocument", trust, "Description", "a <b> & c", "MaxSessionDuration", "7200"))
	var made roleAnswer
	if err := xml.Unmarshal([]byte(body), &made); err != nil || status != 200 {
		t.Fatalf("%d %v %s", status, err, body)
	}
	if made.XMLName != (xml.Name{Space: "https://iam.amazonaws.com/doc/2010-05-08/", Local: "CreateRoleResponse"}) {
		t.Errorf("the answer is %v", made.XMLName)
	}
	id := header.Get("x-amzn-RequestId")
	if id == "" || !strings.Contains(body, "<ResponseMetadata><RequestId>"+id+"</RequestId></ResponseMetadata>") {
		t.Errorf("request id %q in %s", id, body)
	}
	got := made.Created.Role
	if !strings.HasPrefix(got.RoleId, "AROA") || len(got.RoleId) != 21 {
		t.Errorf("RoleId %q", got.RoleId)
	}
	if strings.ContainsAny(got.AssumeRolePolicyDocument, "{+ ") {
		t.Errorf("the document is not percent-encoded: %s", got.AssumeRolePolicyDocument)
	}
	document, err := url.QueryUnescape(got.AssumeRolePolicyDocument)
	if err != nil || document != trust {
		t.Errorf("the document is %s, %v", document, err)
	}
	got.RoleId, got.AssumeRolePolicyDocument = "", ""
	want := role{Path: "/team/web/", RoleName: "edge", Arn: "arn:aws:iam::123456789012:role/team/web/edge", CreateDate: "2026-11-01T12:00:00Z", Description: "a <b> & c", MaxSessionDuration: 7200}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, body, _ = f.call(query("Action", "GetRole", "RoleName", "edge"))
	var read roleAnswer
	if err := xml.Unmarshal([]byte(body), &read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made.Created.Role, read.Got.Role); diff != "" {
		t.Errorf("read back (-created +got):\n%s", diff)
	}
}

func TestWhatIsWrongIsSaidInTheQueryProtocol(t *testing.T) {
	t.Parallel()
	const names = "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
	for rule, c := range map[string]struct {
		form          url.Values
		status        int
		code, message string
	}{
		"no such role":         {query("Action", "GetRole", "RoleName", "none"), 404, "NoSuchEntity", "The role with name none cannot be found."},
		"a name of signs":      {query("Action", "GetRole", "RoleName", "a/b"), 400, "ValidationError", names},
		"no name":              {query("Action", "CreateRole", "AssumeRolePolicyDocument", trust), 400, "ValidationError", names},
		"a name that is taken": {query("Action", "CreateRole", "RoleName", "taken", "Path", "/other/", "AssumeRolePolicyDocument", trust), 409, "EntityAlreadyExists", "Role with name taken already exists."},
		"a policy of words":    {query("Action", "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", "allow all"), 400, "MalformedPolicyDocument", "This policy contains invalid Json"},
		"no policy":            {query("Action", "CreateRole", "RoleName", "r"), 400, "MalformedPolicyDocument", "This policy contains invalid Json"},
		"a path without end":   {query("Action", "CreateRole", "RoleName", "r", "Path", "/team", "AssumeRolePolicyDocument", trust), 400, "ValidationError", "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."},
		"a short session":      {query("Action", "CreateRole", "RoleName", "r", "MaxSessionDuration", "60", "AssumeRolePolicyDocument", trust), 400, "ValidationError", "MaxSessionDuration must be from 3600 to 43200 seconds"},
		"a parameter too many": {query("Action", "CreateRole", "RoleName", "r", "PermissionsBoundary", "x", "AssumeRolePolicyDocument", trust), 501, "NotOffered", "the local AWS does not offer the parameter PermissionsBoundary of CreateRole"},
		"another action":       {query("Action", "CreateUser", "UserName", "u"), 501, "NotOffered", "the local AWS does not offer CreateUser: of IAM and STS it knows GetCallerIdentity and what a role with its policies and tags needs"},
		"no action":            {query(), 400, "MissingAction", "the request names no readable Action"},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			if status, body, _ := f.call(query("Action", "CreateRole", "RoleName", "taken", "AssumeRolePolicyDocument", trust)); status != 200 {
				t.Fatal(body)
			}
			status, body, _ := f.call(c.form)
			var got struct {
				XMLName   xml.Name
				Error     struct{ Type, Code, Message string }
				RequestId string
			}
			if err := xml.Unmarshal([]byte(body), &got); err != nil {
				t.Fatal(err)
			}
			kind := map[bool]string{true: "Sender", false: "Receiver"}[c.status < 500]
			if status != c.status || got.Error.Type != kind || got.Error.Code != c.code || got.Error.Message != c.message || got.RequestId == "" {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}

func TestTheCallerIsWhoseKeyItIs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	status, body, _ := f.call(url.Values{"Action": {"GetCallerIdentity"}, "Version": {"2011-06-15"}})
	want := `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/local</Arn><UserId>AKID</UserId><Account>123456789012</Account></GetCallerIdentityResult>`
	if status != 200 || !strings.HasPrefix(body, want) {
		t.Errorf("%d %s", status, body)
	}
}

// trusted asks the service in a transaction.
func (f *fixture) trusted(arn string, at time.Time) (services []string, lambda bool) {
	f.t.Helper()
	err := f.store.View(func(tx kv.Tx) error {
		services = f.svc.Trusted(tx, arn)
		lambda = f.svc.Trusts(tx, arn, "lambda.amazonaws.com", at)
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return services, lambda
}

func TestATrustPolicyIsReadAsIAMReadsIt(t *testing.T) {
	t.Parallel()
	const both = `"Principal":{"Service":["edgelambda.amazonaws.com","lambda.amazonaws.com"]}`
	for rule, c := range map[string]struct {
		statements string
		want       []string
	}{
		"one service":             {`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}`, []string{"lambda.amazonaws.com"}},
		"two services":            {`[{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],` + both + `}]`, []string{"edgelambda.amazonaws.com", "lambda.amazonaws.com"}},
		"two statements":          {`[{"Effect":"Allow","Action":"sts:*","Principal":{"Service":"lambda.amazonaws.com"}},{"Effect":"Allow","Action":"*","Principal":{"Service":"edgelambda.amazonaws.com"}}]`, []string{"edgelambda.amazonaws.com", "lambda.amazonaws.com"}},
		"another action":          {`[{"Effect":"Allow","Action":"sts:TagSession",` + both + `}]`, nil},
		"an account":              {`[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"123456789012"}}]`, nil},
		"a denied service":        {`[{"Effect":"Allow","Action":"sts:AssumeRole",` + both + `},{"Effect":"Deny","Action":"sts:AssumeRole","Principal":{"Service":"edgelambda.amazonaws.com"}}]`, []string{"lambda.amazonaws.com"}},
		"everybody denied":        {`[{"Effect":"Allow","Action":"sts:AssumeRole",` + both + `},{"Effect":"Deny","Action":"sts:AssumeRole","Principal":"*"}]`, nil},
		"the same service twice":  {`[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":["lambda.amazonaws.com","lambda.amazonaws.com"]}}]`, []string{"lambda.amazonaws.com"}},
		"a denial of other deeds": {`[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}},{"Effect":"Deny","Action":"sts:TagSession","Principal":"*"}]`, []string{"lambda.amazonaws.com"}},
	} {
		f := newFixture(t)
		if status, body, _ := f.call(query("Action", "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", `{"Statement":`+c.statements+`}`)); status != 200 {
			t.Fatalf("%s: %s", rule, body)
		}
		got, _ := f.trusted("arn:aws:iam::123456789012:role/r", start)
		if diff := cmp.Diff(c.want, got, cmp.Transformer("none", func(s []string) string { return strings.Join(s, " ") })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", rule, diff)
		}
	}
}

func TestANewRoleTakesAWhileToBeKnown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.call(query("Action", "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trust))
	arn := "arn:aws:iam::123456789012:role/r"
	for after, want := range map[time.Duration]bool{0: false, 10*time.Second - 1: false, 10 * time.Second: true} {
		if _, got := f.trusted(arn, start.Add(after)); got != want {
			t.Errorf("after %v Lambda can assume it: %v", after, got)
		}
	}
	for _, other := range []string{"arn:aws:iam::123456789012:role/path/r", "arn:aws:iam::999999999999:role/r", "arn:aws:iam::123456789012:role/x", "r"} {
		if services, ok := f.trusted(other, start.Add(time.Hour)); ok || len(services) > 0 {
			t.Errorf("%s trusts %v", other, services)
		}
	}
}

func TestASeedKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	arn := "arn:aws:iam::123456789012:role/team/r"
	seed := func(s iam.SeedRole) error {
		return f.store.Update(func(tx kv.Tx) error { return f.svc.Seed(tx, account, s) })
	}
	if err := seed(iam.SeedRole{ARN: arn, AssumableAfterMs: 1500}); err != nil {
		t.Fatal(err)
	}
	if err := seed(iam.SeedRole{ARN: arn, Trust: []string{"ec2.amazonaws.com"}}); err != nil {
		t.Fatal(err)
	}
	services, _ := f.trusted(arn, start)
	if diff := cmp.Diff([]string{"edgelambda.amazonaws.com", "lambda.amazonaws.com"}, services); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, early := f.trusted(arn, start.Add(1499*time.Millisecond)); early {
		t.Error("assumable too early")
	}
	if _, onTime := f.trusted(arn, start.Add(1500*time.Millisecond)); !onTime {
		t.Error("not assumable on time")
	}
	for _, bad := range []string{"", "r", "arn:aws:iam::123456789012:user/r", "arn:aws:iam::123456789012:role/", "arn:aws:iam::999999999999:role/r"} {
		if err := seed(iam.SeedRole{ARN: bad}); err == nil || !strings.Contains(err.Error(), "seed role") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// FuzzTrustPolicy: whatever a caller sends as a policy, nothing panics, and a
// role that was accepted can be read back.
func FuzzTrustPolicy(f *testing.F) {
	f.Add(trust)
	f.Add(`{"Statement":{"Effect":"Allow","Principal":"*","Action":[]}}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, document string) {
		store := &kv.Memory{}
		svc := iam.New(iam.Config{Store: store, Now: func(string) time.Time { return start }})
		r := httptest.NewRequest("POST", "/", strings.NewReader(query("Action", "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", document).Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		svc.ServeHTTP(w, r.WithContext(iam.WithCaller(r.Context(), iam.Caller{Account: account})))
		if accepted := w.Code == 200; accepted && !json.Valid([]byte(document)) {
			t.Errorf("accepted %q", document)
		}
	})
}
