package lambda_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/lambda"
)

const tagsPath = "/2017-03-31/tags/"

const taggablePattern = `arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)`

func (f *fixture) tags(name string) any {
	f.t.Helper()
	return f.must(200, "GET", tagsPath+percentAll(arn(name)), nil)["Tags"]
}

// TestTagsFollowTheRecording replays [LS] test_tag_lifecycle.
func TestTagsFollowTheRecording(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	path := tagsPath + percentAll(arn("fn"))
	want := func(what string, tags object) {
		t.Helper()
		if diff := cmp.Diff(any(tags), f.tags("fn")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	want("none", object{})
	if got := f.must(200, "GET", functions+"/fn", nil); got["Tags"] != nil {
		t.Errorf("GetFunction has Tags %v", got["Tags"])
	}
	f.must(204, "POST", path, object{"Tags": object{"A": "tag-a"}})
	f.must(204, "POST", path, object{"Tags": object{"B": "tag-b", "C": "tag-c"}})
	want("added", object{"A": "tag-a", "B": "tag-b", "C": "tag-c"})
	f.must(204, "POST", path, object{"Tags": object{"C": "tag-c-new", "D": "tag-d"}})
	want("overwritten", object{"A": "tag-a", "B": "tag-b", "C": "tag-c-new", "D": "tag-d"})
	f.must(204, "DELETE", path+"?tagKeys=A", nil)
	f.must(204, "DELETE", path+"?tagKeys=B&tagKeys=C", nil)
	f.must(204, "DELETE", path+"?tagKeys=none", nil)
	want("removed", object{"D": "tag-d"})
	if diff := cmp.Diff(any(object{"D": "tag-d"}), f.must(200, "GET", functions+"/fn", nil)["Tags"]); diff != "" {
		t.Errorf("GetFunction's Tags (-want +got):\n%s", diff)
	}
}

func TestTagsRefuseWhatAWSRefuses(t *testing.T) {
	t.Parallel()
	of := func(name string) string { return tagsPath + percentAll(arn(name)) }
	one := object{"Tags": object{"a": "b"}}
	const qualified = "Tags on function aliases and versions are not supported. Please specify a function ARN."
	fifty := func(f *fixture) { f.must(204, "POST", of("fn"), object{"Tags": tags(50)}) }
	run(t, map[string]refusal{
		"a version":              {nil, "POST", of("fn:1"), one, 400, invalidCode, qualified},
		"$LATEST":                {nil, "POST", of("fn:$LATEST"), one, 400, invalidCode, qualified},
		"an alias, to list":      {nil, "GET", of("fn:live"), nil, 400, invalidCode, qualified},
		"an alias, to untag":     {nil, "DELETE", of("fn:live") + "?tagKeys=a", nil, 400, invalidCode, qualified},
		"a name without an ARN":  {nil, "GET", tagsPath + "fn", nil, 400, validation, "1 validation error detected: Value 'fn' at 'resource' failed to satisfy constraint: Member must satisfy regular expression pattern: " + taggablePattern},
		"a 51st tag":             {fifty, "POST", of("fn"), one, 400, invalidCode, "Number of tags exceeds resource tag limit."},
		"no tags":                {nil, "POST", of("fn"), object{}, 400, validation, "1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must not be null"},
		"no keys to remove":      {nil, "DELETE", of("fn"), nil, 400, validation, "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"},
		"another account's ARN":  {nil, "GET", tagsPath + percentAll("arn:aws:lambda:us-east-1:999999999999:function:fn"), nil, 403, "AccessDeniedException", ""},
		"an ARN of other things": {nil, "GET", tagsPath + percentAll("arn:aws:lambda:us-east-1:"+account+":event-source-mapping:00000000-0000-0000-0000-000000000000"), nil, 501, "NotOfferedException", "the local AWS does not offer tags on arn:aws:lambda:us-east-1:" + account + ":event-source-mapping:00000000-0000-0000-0000-000000000000"},
		"a key that is too long": {nil, "POST", of("fn"), object{"Tags": object{strings.Repeat("k", 129): ""}}, 400, validation, "1 validation error detected: Value '" + strings.Repeat("k", 129) + "' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 128]"},
	})
}

func TestFiftyTagsFit(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	path := tagsPath + percentAll(arn("fn"))
	f.must(204, "POST", path, object{"Tags": tags(50)})
	f.must(204, "POST", path, object{"Tags": object{"key7": "another value"}}) // replaces, adds none
	if got := f.tags("fn").(object); len(got) != 50 || got["key7"] != "another value" {
		t.Errorf("%d tags, key7 %v", len(got), got["key7"])
	}
}
