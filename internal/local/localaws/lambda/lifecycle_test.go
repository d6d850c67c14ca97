package lambda_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/lambda"
)

// stateKeys are the members that tell where a version stands.
var stateKeys = []string{"State", "StateReason", "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode"}

// What each of them says, as AWS's recorded answers do.
var (
	pending = object{"State": "Pending", "StateReason": "The function is being created.", "StateReasonCode": "Creating"}
	active  = object{"State": "Active", "LastUpdateStatus": "Successful"}
	ongoing = object{
		"State": "Active", "LastUpdateStatus": "InProgress",
		"LastUpdateStatusReason": "The function is being created.", "LastUpdateStatusReasonCode": "Creating",
	}
)

func (f *fixture) configuration(name, qualifier string) object {
	f.t.Helper()
	path := functions + "/" + name + "/configuration"
	if qualifier != "" {
		path += "?Qualifier=" + escaped(qualifier)
	}
	return f.must(200, "GET", path, nil)
}

func (f *fixture) wantState(what string, o, want object) {
	f.t.Helper()
	if diff := cmp.Diff(want, only(o, stateKeys...)); diff != "" {
		f.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestANewFunctionHasTheMembersThatAWSRecorded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{FunctionCreate: 5 * time.Second})
	got := f.must(201, "POST", functions, creation(t, "fn", nil))
	zip := archive(t, "one")
	revision := got["RevisionId"]
	runtime := got["RuntimeVersionConfig"]
	want := object{
		"FunctionName": "fn", "FunctionArn": arn("fn"), "Runtime": "nodejs24.x", "Role": role, "Handler": "index.handler",
		"CodeSize": float64(len(zip)), "Description": "", "Timeout": 3.0, "MemorySize": 128.0,
		"LastModified": "2026-11-01T12:00:00.632+0000", "CodeSha256": digest(zip), "Version": "$LATEST",
		"TracingConfig": object{"Mode": "PassThrough"}, "RevisionId": revision,
		"State": "Pending", "StateReason": "The function is being created.", "StateReasonCode": "Creating",
		"PackageType": "Zip", "Architectures": []any{"x86_64"}, "EphemeralStorage": object{"Size": 512.0},
		"SnapStart":            object{"ApplyOn": "None", "OptimizationStatus": "Off"},
		"RuntimeVersionConfig": runtime,
		"LoggingConfig":        object{"LogFormat": "Text", "LogGroup": "/aws/lambda/fn"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("CreateFunction (-want +got):\n%s", diff)
	}
	if runtime.(object)["RuntimeVersionArn"] == "" {
		t.Error("no runtime version")
	}

	f.advance(5 * time.Second)
	want["State"], want["LastUpdateStatus"] = "Active", "Successful"
	delete(want, "StateReason")
	delete(want, "StateReasonCode")
	got = f.configuration("fn", "")
	if got["RevisionId"] == revision {
		t.Error("the RevisionId did not change when creation ended")
	}
	want["RevisionId"] = got["RevisionId"]
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("an Active function (-want +got):\n%s", diff)
	}
}

func TestATransitionEndsWhenItsDelayIsOverAndNotBefore(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{FunctionCreate: 5 * time.Second, FunctionUpdate: 3 * time.Second})
	f.wantState("created", f.must(201, "POST", functions, creation(t, "fn", nil)), pending)
	f.advance(5*time.Second - 1)
	f.wantState("a moment before", f.configuration("fn", ""), pending)
	f.advance(1)
	f.wantState("on time", f.configuration("fn", ""), active)

	f.wantState("configuration updated", f.must(200, "PUT", functions+"/fn/configuration", object{"Timeout": 9}), ongoing)
	f.advance(3*time.Second - 1)
	f.wantState("a moment before", f.configuration("fn", ""), ongoing)
	f.advance(1)
	f.wantState("on time", f.configuration("fn", ""), active)

	f.wantState("code updated", f.must(200, "PUT", functions+"/fn/code", object{"ZipFile": archive(t, "two")}), ongoing)
	f.advance(3 * time.Second)
	f.wantState("on time", f.configuration("fn", ""), active)
}

func TestWithoutDelayAnAnswerStillShowsTheTransition(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.wantState("created", f.must(201, "POST", functions, creation(t, "fn", nil)), pending)
	f.wantState("at the next look", f.configuration("fn", ""), active)
	f.wantState("updated", f.must(200, "PUT", functions+"/fn/configuration", object{"Timeout": 9}), ongoing)
	f.wantState("at the next look", f.configuration("fn", ""), active)
}

// TestRevisionsFollowTheRecording replays [LS] test_function_revisions_basic
// and _version_and_alias: what changes a RevisionId and what does not.
func TestRevisionsFollowTheRecording(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{FunctionCreate: time.Second, FunctionUpdate: time.Second})
	seen := map[any]string{}
	fresh := func(what string, revision any) {
		t.Helper()
		if before, ok := seen[revision]; ok {
			t.Errorf("%s has the RevisionId of %q", what, before)
		}
		seen[revision] = what
	}
	current := func() any { t.Helper(); return f.configuration("fn", "")["RevisionId"] }

	fresh("create", f.must(201, "POST", functions, creation(t, "fn", nil))["RevisionId"])
	f.advance(time.Second)
	fresh("active", current())
	fresh("update code", f.must(200, "PUT", functions+"/fn/code", object{"ZipFile": archive(t, "two"), "RevisionId": current()})["RevisionId"])
	f.advance(time.Second)
	fresh("code updated", current())
	fresh("the same configuration again", f.must(200, "PUT", functions+"/fn/configuration", object{"RevisionId": current()})["RevisionId"])
	f.advance(time.Second)
	fresh("configuration updated", current())
	before := current()
	if again := current(); again != before {
		t.Errorf("reading changed the RevisionId")
	}
	version := f.must(201, "POST", functions+"/fn/versions", object{"RevisionId": before})
	fresh("the version", version["RevisionId"])
	fresh("$LATEST after publishing", current())
	before = current()
	aliased := f.must(201, "POST", functions+"/fn/aliases", object{"Name": "live", "FunctionVersion": "1"})
	fresh("the alias", aliased["RevisionId"])
	fresh("the alias, updated with nothing", f.must(200, "PUT", functions+"/fn/aliases/live", object{"RevisionId": aliased["RevisionId"]})["RevisionId"])
	if current() != before || f.configuration("fn", "1")["RevisionId"] != version["RevisionId"] {
		t.Error("an alias changed the RevisionId of $LATEST or of its version")
	}
}

func TestPublishWithoutAChangeReturnsTheLastVersion(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	first := f.must(201, "POST", functions+"/fn/versions", object{"Description": "first"})
	if first["Version"] != "1" || first["FunctionArn"] != arn("fn:1") || first["Description"] != "first" {
		t.Fatalf("the first version is %v", first)
	}
	f.wantState("a version of a settled function", first, active)
	latest := f.configuration("fn", "")
	if latest["Description"] != "" {
		t.Errorf("the version's description went to $LATEST: %v", latest["Description"])
	}
	again := f.must(201, "POST", functions+"/fn/versions", object{"Description": "second"})
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("published again (-first +again):\n%s", diff)
	}
	if f.configuration("fn", "")["RevisionId"] != latest["RevisionId"] {
		t.Error("publishing nothing changed $LATEST's RevisionId")
	}
	if next := f.publish("fn", "only the description"); next["Version"] != "2" {
		t.Errorf("a change of description alone published %v", next["Version"])
	}
}

func TestVersionsAreFrozen(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	f.must(201, "POST", functions+"/fn/versions", nil)
	before := f.configuration("fn", "1")
	f.must(200, "PUT", functions+"/fn/code", object{"ZipFile": archive(t, "two")})
	f.must(200, "PUT", functions+"/fn/configuration", object{"Timeout": 30, "Environment": object{"Variables": object{"AB": "b"}}})
	if diff := cmp.Diff(before, f.configuration("fn", "1")); diff != "" {
		t.Errorf("version 1 changed (-before +after):\n%s", diff)
	}
}

func TestNumbersNeverRepeat(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	f.publish("fn", "one")
	f.publish("fn", "two")
	f.must(204, "DELETE", functions+"/fn?Qualifier=2", nil)
	// Nothing changed, but the last version is gone: the next one is new.
	if got := f.must(201, "POST", functions+"/fn/versions", nil)["Version"]; got != "3" {
		t.Errorf("after version 2 was deleted came %v", got)
	}
}

func TestPublishTogetherWithAWriteIsPending(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{FunctionCreate: 2 * time.Second, FunctionUpdate: 2 * time.Second})
	first := f.must(201, "POST", functions, creation(t, "fn", object{"Publish": true}))
	if first["Version"] != "1" || first["FunctionArn"] != arn("fn:1") {
		t.Errorf("CreateFunction with Publish answers %v, %v", first["Version"], first["FunctionArn"])
	}
	f.wantState("version 1", first, pending)
	f.wantState("$LATEST", f.configuration("fn", ""), pending)
	f.advance(2 * time.Second)
	f.wantState("version 1 later", f.configuration("fn", "1"), active)
	if f.configuration("fn", "1")["RevisionId"] == first["RevisionId"] {
		t.Error("version 1 kept its RevisionId when it became Active")
	}

	second := f.must(200, "PUT", functions+"/fn/code", object{"ZipFile": archive(t, "two"), "Publish": true})
	if second["Version"] != "2" || second["CodeSha256"] != digest(archive(t, "two")) {
		t.Errorf("UpdateFunctionCode with Publish answers %v", second)
	}
	f.wantState("version 2", second, pending)
	f.wantState("$LATEST", f.configuration("fn", ""), ongoing)
	f.advance(2 * time.Second)
	f.wantState("version 2 later", f.configuration("fn", "2"), active)
}

func TestASlowVersionIsPendingForItsOwnDelay(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{VersionActive: 4 * time.Second})
	f.create("fn")
	f.wantState("published", f.must(201, "POST", functions+"/fn/versions", nil), pending)
	f.wantState("$LATEST", f.configuration("fn", ""), active)
	f.advance(4*time.Second - 1)
	f.wantState("a moment before", f.configuration("fn", "1"), pending)
	f.advance(1)
	f.wantState("on time", f.configuration("fn", "1"), active)
}

// TestAnARNEndsAsItWasAskedFor: unqualified, by version, by $LATEST, by alias.
func TestAnARNEndsAsItWasAskedFor(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	f.must(201, "POST", functions+"/fn/versions", nil)
	f.must(201, "POST", functions+"/fn/aliases", object{"Name": "live", "FunctionVersion": "1"})
	for qualifier, want := range map[string]object{
		"":        {"FunctionArn": arn("fn"), "Version": "$LATEST"},
		"$LATEST": {"FunctionArn": arn("fn:$LATEST"), "Version": "$LATEST"},
		"1":       {"FunctionArn": arn("fn:1"), "Version": "1"},
		"live":    {"FunctionArn": arn("fn:live"), "Version": "1"},
	} {
		if diff := cmp.Diff(want, only(f.configuration("fn", qualifier), "FunctionArn", "Version")); diff != "" {
			t.Errorf("qualifier %q (-want +got):\n%s", qualifier, diff)
		}
	}
}

func TestANameMayBeWrittenInAllItsForms(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	f.must(201, "POST", functions+"/fn/versions", nil)
	for _, name := range []string{
		"fn", account + ":function:fn", arn("fn"), arn("fn:$LATEST"), "fn:$LATEST",
		"fn:1", arn("fn:1"), account + ":function:fn:1",
	} {
		for _, spelled := range []string{name, escaped(name), percentAll(name)} {
			if got := f.must(200, "GET", functions+"/"+spelled, nil)["Configuration"].(object)["FunctionName"]; got != "fn" {
				t.Errorf("%s is %v", spelled, got)
			}
		}
	}
}

// percentAll encodes what SDKs encode in an ARN.
func percentAll(s string) string {
	var out []byte
	for i := range len(s) {
		if s[i] == ':' {
			out = append(out, "%3A"...)
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}

func TestRegionsAreWorldsOfTheirOwn(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	f.region = "eu-west-1"
	if got := f.must(200, "GET", functions, nil)["Functions"].([]any); len(got) != 0 {
		t.Errorf("another region lists %v", got)
	}
	created := f.must(201, "POST", functions, creation(t, "fn", nil))
	if want := "arn:aws:lambda:eu-west-1:123456789012:function:fn"; created["FunctionArn"] != want {
		t.Errorf("the function there is %v, want %s", created["FunctionArn"], want)
	}
}

func TestUnknownMembersAreRefusedNotIgnored(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	for _, member := range []string{"CodeSigningConfigArn", "ImageConfig", "functionName", "DurableConfig"} {
		a := f.send("POST", functions, creation(t, "fn", object{member: "x"}))
		if want := "the local AWS does not offer the member " + member + " of this operation"; a.status != 501 || a.object(t)["message"] != want {
			t.Errorf("%s: %d %s", member, a.status, a.body)
		}
	}
}
