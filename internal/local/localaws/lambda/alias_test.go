package lambda_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/lambda"
)

// withVersions is a fixture whose function fn has versions 1 and 2.
func withVersions(f *fixture) {
	f.publish("fn", "one")
	f.publish("fn", "two")
}

func TestAnAliasIsAPointerWithItsOwnRevision(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	withVersions(f)
	const path = functions + "/fn/aliases"
	made := f.must(201, "POST", path, object{"Name": "live", "FunctionVersion": "1"})
	want := object{"AliasArn": arn("fn:live"), "Name": "live", "FunctionVersion": "1", "Description": "", "RevisionId": made["RevisionId"]}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	moved := f.must(200, "PUT", path+"/live", object{"FunctionVersion": "2", "RevisionId": made["RevisionId"]})
	if moved["FunctionVersion"] != "2" || moved["RevisionId"] == made["RevisionId"] {
		t.Errorf("moved: %v", moved)
	}
	described := f.must(200, "PUT", path+"/live", object{"Description": "held"})
	if described["FunctionVersion"] != "2" || described["Description"] != "held" {
		t.Errorf("described: %v", described)
	}
	if diff := cmp.Diff(described, f.must(200, "GET", path+"/live", nil)); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	f.must(204, "DELETE", path+"/live", nil)
	f.must(204, "DELETE", path+"/live", nil) // again: nothing to do is no error
	if a := f.send("GET", path+"/live", nil); a.status != 404 {
		t.Errorf("deleted: %d %s", a.status, a.body)
	}
}

// TestOnlyOneOfTwoRacersMovesAnAlias is what compare-and-swap on an alias rests on.
func TestOnlyOneOfTwoRacersMovesAnAlias(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	withVersions(f)
	made := f.must(201, "POST", functions+"/fn/aliases", object{"Name": "lock", "FunctionVersion": "$LATEST", "Description": "free"})
	results := make(chan int, 8)
	for i := range cap(results) {
		go func() {
			results <- f.send("PUT", functions+"/fn/aliases/lock", object{"Description": fmt.Sprint("run ", i), "RevisionId": made["RevisionId"]}).status
		}()
	}
	count := map[int]int{}
	for range cap(results) {
		count[<-results]++
	}
	if diff := cmp.Diff(map[int]int{200: 1, 412: 7}, count); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

func TestAliasesRefuseWhatAWSRefuses(t *testing.T) {
	t.Parallel()
	alias := func(body object, status int, code, message string) refusal {
		whole := object{"Name": "live", "FunctionVersion": "1"}
		for key, value := range body {
			whole[key] = value
		}
		return refusal{withVersions, "POST", functions + "/fn/aliases", whole, status, code, message}
	}
	weights := func(w object) object { return object{"RoutingConfig": object{"AdditionalVersionWeights": w}} }
	taken := alias(nil, 409, conflictCode, "Alias already exists: ARN:fn:live")
	taken.prepare = func(f *fixture) {
		withVersions(f)
		f.must(201, "POST", functions+"/fn/aliases", object{"Name": "live", "FunctionVersion": "2"})
	}
	stale := refusal{taken.prepare, "PUT", functions + "/fn/aliases/live", object{"RevisionId": "no"}, 412, "PreconditionFailedException", staleText}
	outside := func(shown string) string {
		return "1 validation error detected: Value '" + shown + "' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]"
	}
	toLatest := weights(object{"1": 0.5})
	toLatest["FunctionVersion"] = "$LATEST"
	run(t, map[string]refusal{
		"a name that is taken":     taken,
		"a stale revision":         stale,
		"a name of digits":         alias(object{"Name": "2024"}, 400, validation, "1 validation error detected: Value '2024' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"),
		"a long description":       alias(object{"Description": strings.Repeat("d", 257)}, 400, validation, "1 validation error detected: Value '"+strings.Repeat("d", 257)+"' at 'description' failed to satisfy constraint: Member must have length less than or equal to 256"),
		"a version in letters":     alias(object{"FunctionVersion": "one"}, 400, validation, `1 validation error detected: Value 'one' at 'functionVersion' failed to satisfy constraint: Member must satisfy regular expression pattern: (\$LATEST(\.PUBLISHED)?|[0-9]+)`),
		"a version that is not":    alias(object{"FunctionVersion": "10"}, 404, notFoundCode, "Function not found: ARN:fn:10"),
		"two more versions":        alias(weights(object{"1": 0.1, "2": 0.1}), 400, invalidCode, "Number of items in AdditionalVersionWeights cannot be greater than 1"),
		"a weight above one":       alias(weights(object{"2": 2}), 400, validation, outside("{2=2.0}")),
		"a weight below zero":      alias(weights(object{"2": -1}), 400, validation, outside("{2=-1.0}")),
		"the same version twice":   alias(weights(object{"1": 0.5}), 400, invalidCode, "Invalid function version 1. Function version 1 is already included in routing configuration."),
		"a weight for no version":  alias(weights(object{"10": 0.5}), 404, notFoundCode, "Function not found: ARN:fn:10"),
		"a weight beside $LATEST":  alias(toLatest, 400, invalidCode, "$LATEST is not supported for an alias pointing to more than 1 version"),
		"a weight for $LATEST":     alias(weights(object{"$LATEST": 0.5}), 400, validation, "1 validation error detected: Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+, Member must not be null]"),
		"neither name nor version": {nil, "POST", functions + "/fn/aliases", object{}, 400, validation, "2 validation errors detected: Value null at 'name' failed to satisfy constraint: Member must not be null; Value null at 'functionVersion' failed to satisfy constraint: Member must not be null"},
	})
}

func TestAnAliasMayLookLikeADateAndPointToLatest(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	withVersions(f)
	f.must(201, "POST", functions+"/fn/aliases", object{"Name": "2024-01-02", "FunctionVersion": "1"})
	f.must(201, "POST", functions+"/fn/aliases", object{"Name": "latest", "FunctionVersion": "$LATEST"})
	weighted := f.must(201, "POST", functions+"/fn/aliases", object{
		"Name": "canary", "FunctionVersion": "1", "RoutingConfig": object{"AdditionalVersionWeights": object{"2": 0.2}},
	})
	if diff := cmp.Diff(object{"AdditionalVersionWeights": object{"2": 0.2}}, weighted["RoutingConfig"]); diff != "" {
		t.Errorf("weights (-want +got):\n%s", diff)
	}
	if cleared := f.must(200, "PUT", functions+"/fn/aliases/canary", object{"RoutingConfig": object{}}); cleared["RoutingConfig"] != nil {
		t.Errorf("an empty RoutingConfig left %v", cleared["RoutingConfig"])
	}
}

func TestAliasesAreListedByNameFilteredAndPaged(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	withVersions(f)
	for i := range 60 {
		f.must(201, "POST", functions+"/fn/aliases", object{"Name": fmt.Sprintf("r%02d", i), "FunctionVersion": fmt.Sprint(1 + i%2)})
	}
	if got := f.pages(functions+"/fn/aliases?MaxItems=10000", "Aliases", "Name"); len(got) != 2 || len(got[0]) != 50 || len(got[1]) != 10 || got[1][9] != "r59" {
		t.Errorf("pages: %v", got)
	}
	got := f.pages(functions+"/fn/aliases?FunctionVersion=2&MaxItems=20", "Aliases", "FunctionVersion")
	if len(got) != 2 || len(got[0]) != 20 || len(got[1]) != 10 {
		t.Errorf("pages of version 2: %v", got)
	}
	for _, page := range got {
		for _, version := range page {
			if version != "2" {
				t.Errorf("the filter let version %v through", version)
			}
		}
	}
}
