package iam_test

import (
	"slices"
	"strings"
	"testing"
)

// must makes a call that has to succeed, and returns its body.
func (f *fixture) must(pairs ...string) string {
	f.t.Helper()
	status, body, _ := f.call(query(pairs...))
	if status != 200 {
		f.t.Fatalf("%v: %d %s", pairs, status, body)
	}
	return body
}

// holds looks that a body has the pieces, each without the next piece before it.
func holds(t *testing.T, body string, pieces ...string) {
	t.Helper()
	for _, piece := range pieces {
		at := strings.Index(body, piece)
		if at < 0 {
			t.Fatalf("no %s (in this order: %q) in\n%s", piece, pieces, body)
		}
		body = body[at+len(piece):]
	}
}

func TestARolesTagsAreKeptByKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	holds(t, f.must("Action", "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trust,
		"Tags.member.1.Key", "who", "Tags.member.1.Value", "me + you", "Tags.member.2.Key", "Team", "Tags.member.2.Value", ""),
		"<Tags><member><Key>Team</Key><Value></Value></member><member><Key>who</Key><Value>me + you</Value></member></Tags>")
	f.must("Action", "TagRole", "RoleName", "r", "Tags.member.1.Key", "team", "Tags.member.1.Value", "edge") // keys are case insensitive
	holds(t, f.must("Action", "ListRoleTags", "RoleName", "r"), "<Tags><member><Key>team</Key><Value>edge</Value></member><member><Key>who</Key>", "<IsTruncated>false</IsTruncated>")
	f.must("Action", "UntagRole", "RoleName", "r", "TagKeys.member.1", "WHO", "TagKeys.member.2", "absent")
	if body := f.must("Action", "GetRole", "RoleName", "r"); strings.Contains(body, "who") || !strings.Contains(body, "<Key>team</Key>") {
		t.Error(body)
	}
	f.must("Action", "UntagRole", "RoleName", "r", "TagKeys.member.1", "team")
	if body := f.must("Action", "GetRole", "RoleName", "r"); strings.Contains(body, "<Tags>") {
		t.Errorf("a role without tags has an element for them: %s", body)
	}
}

func TestARoleIsChangedMemberByMember(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.must("Action", "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trust, "Description", "old")
	holds(t, f.must("Action", "UpdateRole", "RoleName", "r", "MaxSessionDuration", "7200"), "<UpdateRoleResult></UpdateRoleResult>")
	holds(t, f.must("Action", "GetRole", "RoleName", "r"), "<Description>old</Description><MaxSessionDuration>7200</MaxSessionDuration>")
	f.must("Action", "UpdateRole", "RoleName", "r", "Description", "")
	if body := f.must("Action", "GetRole", "RoleName", "r"); strings.Contains(body, "<Description>") {
		t.Errorf("the description was emptied, and is there: %s", body)
	}
	holds(t, f.must("Action", "UpdateRoleDescription", "RoleName", "r", "Description", "new"), "<Description>new</Description>")
	f.must("Action", "UpdateAssumeRolePolicy", "RoleName", "r", "PolicyDocument", `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}}`)
	if services, _ := f.trusted("arn:aws:iam::123456789012:role/r", start); !slices.Equal(services, []string{"ec2.amazonaws.com"}) {
		t.Errorf("the role trusts %v", services)
	}
}

func TestARoleGoesWhenNoPolicyHangsOnIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
	f.must("Action", "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trust)
	f.must("Action", "AttachRolePolicy", "RoleName", "r", "PolicyArn", managed)
	f.must("Action", "AttachRolePolicy", "RoleName", "r", "PolicyArn", managed)
	f.must("Action", "PutRolePolicy", "RoleName", "r", "PolicyName", "logs", "PolicyDocument", `{"Statement": []}`)
	holds(t, f.must("Action", "ListAttachedRolePolicies", "RoleName", "r"), "<AttachedPolicies><member><PolicyName>AWSLambdaBasicExecutionRole</PolicyName><PolicyArn>"+managed+"</PolicyArn></member></AttachedPolicies><IsTruncated>false")
	if body := f.must("Action", "ListAttachedRolePolicies", "RoleName", "r", "PathPrefix", "/other/"); strings.Contains(body, "<member>") {
		t.Error(body)
	}
	holds(t, f.must("Action", "ListRolePolicies", "RoleName", "r"), "<PolicyNames><member>logs</member></PolicyNames><IsTruncated>false")
	holds(t, f.must("Action", "GetRolePolicy", "RoleName", "r", "PolicyName", "logs"), "<PolicyDocument>"+`%7B%22Statement%22%3A%20%5B%5D%7D`)
	holds(t, f.must("Action", "ListInstanceProfilesForRole", "RoleName", "r"), "<InstanceProfiles></InstanceProfiles><IsTruncated>false")
	f.refused(409, "must detach all policies first", "Action", "DeleteRole", "RoleName", "r")
	f.must("Action", "DetachRolePolicy", "RoleName", "r", "PolicyArn", managed)
	f.refused(404, "was not found", "Action", "DetachRolePolicy", "RoleName", "r", "PolicyArn", managed)
	f.refused(409, "must delete policies first", "Action", "DeleteRole", "RoleName", "r")
	f.must("Action", "DeleteRolePolicy", "RoleName", "r", "PolicyName", "logs")
	f.refused(404, "The role policy with name logs cannot be found.", "Action", "DeleteRolePolicy", "RoleName", "r", "PolicyName", "logs")
	f.must("Action", "DeleteRole", "RoleName", "r")
	f.refused(404, "The role with name r cannot be found.", "Action", "GetRole", "RoleName", "r")
}

func (f *fixture) refused(status int, sentence string, pairs ...string) {
	f.t.Helper()
	got, body, _ := f.call(query(pairs...))
	if got != status || !strings.Contains(body, sentence) {
		f.t.Errorf("%v: %d %s\nwant %d %s", pairs, got, body, status, sentence)
	}
}

func TestWhatARoleCannotHaveIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.must("Action", "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", trust)
	long := strings.Repeat("k", 129)
	many := []string{"Action", "TagRole", "RoleName", "r"}
	for i := range 51 {
		n := string(rune('A'+i/26)) + string(rune('a'+i%26))
		at := "Tags.member." + strings.TrimLeft(string(rune('0'+(i+1)/10))+string(rune('0'+(i+1)%10)), "0")
		many = append(many, at+".Key", n+"x", at+".Value", "v")
	}
	tag := func(key, value string) []string {
		return []string{"Action", "TagRole", "RoleName", "r", "Tags.member.1.Key", key, "Tags.member.1.Value", value}
	}
	for rule, c := range map[string]struct {
		status   int
		sentence string
		pairs    []string
	}{
		"a key of AWS's own":      {400, "begins with aws:", tag("AWS:x", "v")},
		"a key too long":          {400, "is not 1 to 128", tag(long, "v")},
		"a key of other signs":    {400, "is not 1 to 128", tag("a,b", "v")},
		"no key":                  {400, "is not 1 to 128", tag("", "v")},
		"a value too long":        {400, "is not at most 256", tag("k", long+long)},
		"a key twice":             {400, "Duplicate tag keys found", append(tag("k", "v"), "Tags.member.2.Key", "K", "Tags.member.2.Value", "w")},
		"a gap in the numbers":    {400, "not numbered from 1", append(tag("k", "v"), "Tags.member.3.Key", "l", "Tags.member.3.Value", "w")},
		"51 tags":                 {409, "maximum limit", many},
		"a policy that is none":   {400, "ARN x is not valid.", []string{"Action", "AttachRolePolicy", "RoleName", "r", "PolicyArn", "x"}},
		"a policy of the account": {404, "does not exist", []string{"Action", "AttachRolePolicy", "RoleName", "r", "PolicyArn", "arn:aws:iam::123456789012:policy/own"}},
		"a document of words":     {400, "invalid Json", []string{"Action", "PutRolePolicy", "RoleName", "r", "PolicyName", "p", "PolicyDocument", "all"}},
		"a policy without a name": {400, "policyName", []string{"Action", "PutRolePolicy", "RoleName", "r", "PolicyDocument", "{}"}},
		"a policy that is absent": {404, "cannot be found", []string{"Action", "GetRolePolicy", "RoleName", "r", "PolicyName", "p"}},
		"a trust of words":        {400, "invalid Json", []string{"Action", "UpdateAssumeRolePolicy", "RoleName", "r", "PolicyDocument", "all"}},
		"a short session":         {400, "from 3600 to 43200", []string{"Action", "UpdateRole", "RoleName", "r", "MaxSessionDuration", "1"}},
		"tags of no role":         {404, "cannot be found", []string{"Action", "ListRoleTags", "RoleName", "none"}},
		"attached to no role":     {404, "cannot be found", []string{"Action", "ListAttachedRolePolicies", "RoleName", "none"}},
		"a boundary":              {501, "the parameter PermissionsBoundary of CreateRole", []string{"Action", "CreateRole", "RoleName", "s", "PermissionsBoundary", "x"}},
		"a page":                  {501, "the parameter MaxItems of ListRoleTags", []string{"Action", "ListRoleTags", "RoleName", "r", "MaxItems", "1"}},
		"another parameter":       {501, "the parameter Path of UpdateRole", []string{"Action", "UpdateRole", "RoleName", "r", "Path", "/x/"}},
	} {
		t.Run(rule, func(t *testing.T) { (&fixture{t: t, server: f.server}).refused(c.status, c.sentence, c.pairs...) })
	}
	if body := f.must("Action", "GetRole", "RoleName", "r"); strings.Contains(body, "<Tags>") {
		t.Errorf("a refusal left something behind: %s", body)
	}
}
