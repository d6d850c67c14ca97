package awscli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// function is what the CLI shows of a function's configuration.
type function struct {
	FunctionName, FunctionArn, Version, Description, State, StateReasonCode string
	CodeSha256, RevisionId, LastUpdateStatus                                string
}

func TestIdentityAndRoles(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	identity := aws[struct{ Account, Arn, UserId string }](r, "sts", "get-caller-identity")
	if identity.Account != account {
		t.Errorf("the caller's account is %s", identity.Account)
	}
	trust := r.file("trust.json", object{"Version": "2012-10-17", "Statement": []object{{
		"Effect": "Allow", "Principal": object{"Service": []string{"lambda.amazonaws.com", "edgelambda.amazonaws.com"}},
		"Action": "sts:AssumeRole",
	}}})
	type roleOutput struct {
		Role struct {
			RoleName, Arn            string
			AssumeRolePolicyDocument object
		}
	}
	created := aws[roleOutput](r, "iam", "create-role", "--role-name", "by-cli", "--assume-role-policy-document", trust)
	got := aws[roleOutput](r, "iam", "get-role", "--role-name", "by-cli")
	if diff := cmp.Diff(created, got); diff != "" {
		t.Errorf("created and got differ:\n%s", diff)
	}
	if got.Role.Arn != "arn:aws:iam::"+account+":role/by-cli" || got.Role.AssumeRolePolicyDocument["Version"] != "2012-10-17" {
		t.Errorf("the role is %+v", got.Role)
	}
	r.refused("EntityAlreadyExists", "by-cli", "iam", "create-role", "--role-name", "by-cli", "--assume-role-policy-document", trust)
	r.refused("NoSuchEntity", "nobody", "iam", "get-role", "--role-name", "nobody")
}

// The whole life of a function, with AWS's own waiters.
func TestAFunctionIsCreatedWaitedForPublishedAndDeleted(t *testing.T) {
	t.Parallel()
	r := newRig(t, "--create-delay", "300ms", "--update-delay", "300ms")
	zip := r.file("code.zip", smallZip(t, 0))
	created := aws[function](r, "lambda", "create-function", "--function-name", "f", "--role", role, "--runtime", "nodejs22.x",
		"--handler", "index.handler", "--zip-file", zip, "--tags", "team=web")
	if created.State != "Pending" || created.StateReasonCode != "Creating" || created.Version != "$LATEST" || created.FunctionArn != lambda+"f" {
		t.Errorf("create-function answers %+v", created)
	}
	r.done("lambda", "wait", "function-active-v2", "--function-name", "f")
	got := aws[struct {
		Configuration function
		Code          struct{ Location string }
		Tags          map[string]string
	}](r, "lambda", "get-function", "--function-name", "f")
	if got.Configuration.State != "Active" || got.Tags["team"] != "web" || !strings.HasPrefix(got.Code.Location, r.Endpoint) {
		t.Errorf("get-function answers %+v", got)
	}
	if got.Configuration.RevisionId == created.RevisionId {
		t.Error("the RevisionId did not change when the function became Active")
	}
	first := aws[function](r, "lambda", "publish-version", "--function-name", "f", "--description", "one", "--code-sha256", created.CodeSha256)
	r.done("lambda", "wait", "published-version-active", "--function-name", "f", "--qualifier", first.Version)
	again := aws[function](r, "lambda", "publish-version", "--function-name", "f", "--description", "two")
	if first.Version != "1" || again != first {
		t.Errorf("publishing what did not change answers %+v, want the version there is, %+v", again, first)
	}
	r.refused("InvalidParameterValueException", "CodeSHA256 (wrong) is different from current CodeSHA256 in $LATEST ("+created.CodeSha256+"). Please try again with the CodeSHA256 in $LATEST.",
		"lambda", "publish-version", "--function-name", "f", "--code-sha256", "wrong")
	r.refused("PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
		"lambda", "update-function-code", "--function-name", "f", "--zip-file", zip, "--revision-id", created.RevisionId)
	r.refused("ResourceNotFoundException", "Function not found: "+lambda+"f:7", "lambda", "get-function", "--function-name", "f", "--qualifier", "7")
	updated := aws[function](r, "lambda", "update-function-configuration", "--function-name", "f", "--memory-size", "256")
	if updated.State != "Active" || updated.LastUpdateStatus != "InProgress" {
		t.Errorf("update-function-configuration answers %+v", updated)
	}
	r.done("lambda", "wait", "function-updated-v2", "--function-name", "f")
	r.deleted("--function-name", "f", "--qualifier", "99") // as in AWS: not there is deleted
	r.deleted("--function-name", "f")
	r.refused("ResourceNotFoundException", "Function not found: "+lambda+"f", "lambda", "get-function", "--function-name", "f")
}

// deleted deletes a function or a version. CLIs whose API model is of 2026
// print the status, older ones nothing.
func (r *rig) deleted(args ...string) {
	r.t.Helper()
	stdout, stderr, ok := r.run(append([]string{"lambda", "delete-function"}, args...)...)
	if !ok || stdout != "" && !strings.Contains(stdout, `"StatusCode": 204`) {
		r.t.Fatalf("delete-function %v: %s%s", args, stdout, stderr)
	}
}

// While something is under way nothing else may change, and a version that is
// not Active cannot be associated.
func TestWhatIsUnderWayIsInTheWay(t *testing.T) {
	t.Parallel()
	r := newRig(t, "--create-delay", "1h", "--update-delay", "1h")
	r.function("pending", nil)
	r.refused("ResourceConflictException", "The operation cannot be performed at this time. The function is currently in the following state: Pending",
		"lambda", "update-function-configuration", "--function-name", "pending", "--timeout", "4")
	c := r.config(seeded)
	r.refused("InvalidLambdaFunctionAssociation", "The function must be in an Active state. The current state for function "+lambda+"pending:1 is Pending",
		"cloudfront", "update-distribution", "--id", seeded, "--if-match", c.ETag,
		"--distribution-config", r.file("config.json", c.associated(t, association(lambda+"pending:1", "viewer-request"))))
}

func TestAnUpdateInProgressIsInTheWayOfTheNext(t *testing.T) {
	t.Parallel()
	r := newRig(t, "--update-delay", "1h")
	r.function("busy", nil)
	r.api("PUT /2015-03-31/functions/busy/configuration", object{"Timeout": 4})
	r.refused("ResourceConflictException", "The operation cannot be performed at this time. An update is in progress for resource: "+lambda+"busy",
		"lambda", "publish-version", "--function-name", "busy")
}

func TestAliases(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.function("f", nil)
	r.api("PUT /2015-03-31/functions/f/configuration", object{"Timeout": 4})
	r.api("POST /2015-03-31/functions/f/versions", object{})
	type alias struct{ AliasArn, Name, FunctionVersion, Description, RevisionId string }
	live := aws[alias](r, "lambda", "create-alias", "--function-name", "f", "--name", "live", "--function-version", "1", "--description", "it")
	r.refused("ResourceConflictException", "Alias already exists: "+lambda+"f:live",
		"lambda", "create-alias", "--function-name", "f", "--name", "live", "--function-version", "1")
	moved := aws[alias](r, "lambda", "update-alias", "--function-name", "f", "--name", "live", "--function-version", "2", "--revision-id", live.RevisionId)
	if moved.FunctionVersion != "2" || moved.Description != "it" || moved.RevisionId == live.RevisionId {
		t.Errorf("the alias was %+v and moved to %+v", live, moved)
	}
	r.refused("PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
		"lambda", "update-alias", "--function-name", "f", "--name", "live", "--function-version", "1", "--revision-id", live.RevisionId)
	list := aws[struct{ Aliases []alias }](r, "lambda", "list-aliases", "--function-name", "f")
	if diff := cmp.Diff([]alias{moved}, list.Aliases); diff != "" {
		t.Errorf("list-aliases:\n%s", diff)
	}
	r.refused("ResourceConflictException", "Unable to delete version because the following aliases reference it: [live]",
		"lambda", "delete-function", "--function-name", "f", "--qualifier", "2")
	r.done("lambda", "delete-alias", "--function-name", "f", "--name", "live")
	r.refused("ResourceNotFoundException", "Cannot find alias arn: "+lambda+"f:live", "lambda", "get-alias", "--function-name", "f", "--name", "live")
}

func TestTags(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.function("f", object{"Tags": object{"a": "1", "b": "2"}})
	r.done("lambda", "tag-resource", "--resource", lambda+"f", "--tags", "c=3")
	r.done("lambda", "untag-resource", "--resource", lambda+"f", "--tag-keys", "a", "not-there")
	got := aws[struct{ Tags map[string]string }](r, "lambda", "list-tags", "--resource", lambda+"f")
	if diff := cmp.Diff(map[string]string{"b": "2", "c": "3"}, got.Tags); diff != "" {
		t.Errorf("list-tags:\n%s", diff)
	}
	r.refused("InvalidParameterValueException", "Tags on function aliases and versions are not supported. Please specify a function ARN.",
		"lambda", "tag-resource", "--resource", lambda+"f:1", "--tags", "c=3")
}

// AWS gives at most 50 versions a page, whatever the client asks for, and the
// CLI follows the markers.
func TestVersionsComeInPagesOfFifty(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.function("f", nil)
	for n := 2; n <= 60; n++ {
		r.api("PUT /2015-03-31/functions/f/configuration", object{"Description": fmt.Sprint(n)})
		r.api("POST /2015-03-31/functions/f/versions", object{})
	}
	type page struct {
		Versions   []function
		NextMarker string
	}
	all := aws[page](r, "lambda", "list-versions-by-function", "--function-name", "f")
	if n := len(all.Versions); n != 61 {
		t.Fatalf("%d versions, want $LATEST and 60", n)
	}
	for i, v := range all.Versions {
		want := fmt.Sprint(i)
		if i == 0 {
			want = "$LATEST"
		}
		if v.Version != want || v.State != "" {
			t.Errorf("place %d: version %s in state %q, want %s and, in a list, no state", i, v.Version, v.State, want)
		}
	}
	first := aws[page](r, "lambda", "list-versions-by-function", "--function-name", "f", "--no-paginate", "--max-items", "1000")
	if len(first.Versions) != 50 || first.NextMarker == "" {
		t.Errorf("one page has %d versions and marker %q", len(first.Versions), first.NextMarker)
	}
}
