package lambda_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/lambda"
)

// pages follows NextMarker to the end and returns a member of every item, a
// page a slice.
func (f *fixture) pages(path, list, member string) [][]any {
	f.t.Helper()
	var all [][]any
	marker := ""
	for {
		a := f.must(200, "GET", path+marker, nil)
		var page []any
		for _, item := range a[list].([]any) {
			page = append(page, item.(object)[member])
		}
		all = append(all, page)
		next, ok := a["NextMarker"].(string)
		if !ok {
			return all
		}
		marker = "&Marker=" + escaped(next)
	}
}

func numbers(from, to int) []any {
	var all []any
	for i := from; i <= to; i++ {
		all = append(all, fmt.Sprint(i))
	}
	return all
}

func TestVersionsComeFiftyAPageLatestFirstThenAscending(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	for i := range 101 {
		f.publish("fn", fmt.Sprint(i))
	}
	want := [][]any{append([]any{"$LATEST"}, numbers(1, 49)...), numbers(50, 99), numbers(100, 101)}
	if diff := cmp.Diff(want, f.pages(functions+"/fn/versions?MaxItems=10000", "Versions", "Version")); diff != "" {
		t.Errorf("with a large MaxItems (-want +got):\n%s", diff)
	}
	got := f.pages(functions+"/fn/versions?MaxItems=34", "Versions", "Version")
	if len(got) != 3 || len(got[0]) != 34 || len(got[2]) != 34 || got[2][33] != "101" {
		t.Errorf("with MaxItems=34: %v", got)
	}
}

func TestListEntriesLackWhatOnlyALookAtTheVersionShows(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	f.must(201, "POST", functions+"/fn/versions", nil)
	for _, entry := range f.must(200, "GET", functions+"/fn/versions", nil)["Versions"].([]any) {
		entry := entry.(object)
		want := f.configuration("fn", entry["Version"].(string))
		for _, key := range append([]string{"RuntimeVersionConfig"}, stateKeys...) {
			delete(want, key)
		}
		if diff := cmp.Diff(want, entry); diff != "" {
			t.Errorf("version %v (-want +got):\n%s", entry["Version"], diff)
		}
	}
}

func TestFunctionsAreListedByNameOrByVersion(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	for _, name := range []string{"b", "a-b", "a", "a_b"} {
		f.create(name)
		f.must(201, "POST", functions+"/"+name+"/versions", nil)
	}
	var got []any
	for _, page := range f.pages(functions+"?MaxItems=3", "Functions", "FunctionArn") {
		got = append(got, page...)
	}
	if diff := cmp.Diff([]any{arn("a"), arn("a-b"), arn("a_b"), arn("b")}, got); diff != "" {
		t.Errorf("functions (-want +got):\n%s", diff)
	}
	got = nil
	for _, page := range f.pages(functions+"?FunctionVersion=ALL&MaxItems=3", "Functions", "FunctionArn") {
		got = append(got, page...)
	}
	want := []any{
		arn("a-b:$LATEST"), arn("a-b:1"), arn("a:$LATEST"), arn("a:1"),
		arn("a_b:$LATEST"), arn("a_b:1"), arn("b:$LATEST"), arn("b:1"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("all versions (-want +got):\n%s", diff)
	}
}

func TestMasterRegionListsWhatIsReplicated(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	f.publish("fn", "one")
	f.publish("fn", "two")
	f.replicated = []string{arn("fn:2")}
	got := f.pages(functions+"?FunctionVersion=ALL&MasterRegion=us-east-1", "Functions", "FunctionArn")
	if diff := cmp.Diff([][]any{{arn("fn:2")}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if a := f.send("GET", functions+"?MasterRegion=us-east-1", nil); a.status != 400 {
		t.Errorf("without FunctionVersion=ALL: %d %s", a.status, a.body)
	}
	if got := f.must(200, "GET", functions+"?FunctionVersion=ALL&MasterRegion=eu-west-1", nil)["Functions"].([]any); len(got) != 0 {
		t.Errorf("of another region: %v", got)
	}
}

func TestPagingTakesOnlySensibleNumbersAndItsOwnMarkers(t *testing.T) {
	t.Parallel()
	run(t, map[string]refusal{
		"zero items":          {nil, "GET", functions + "?MaxItems=0", nil, 400, validation, "1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		"too many items":      {nil, "GET", functions + "/fn/versions?MaxItems=10001", nil, 400, validation, "1 validation error detected: Value '10001' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 10000"},
		"a number of words":   {nil, "GET", functions + "/fn/aliases?MaxItems=ten", nil, 400, "SerializationException", `MaxItems "ten" is no number`},
		"a marker of words":   {nil, "GET", functions + "?Marker=***", nil, 400, invalidCode, "Invalid value for marker"},
		"another version":     {nil, "GET", functions + "?FunctionVersion=1", nil, 400, validation, "1 validation error detected: Value '1' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]"},
		"a filter of letters": {nil, "GET", functions + "/fn/aliases?FunctionVersion=x", nil, 400, validation, `1 validation error detected: Value 'x' at 'functionVersion' failed to satisfy constraint: Member must satisfy regular expression pattern: (\$LATEST(\.PUBLISHED)?|[0-9]+)`},
	})
}

// TestPagesAddUpWhateverTheirSize: nothing is listed twice or left out, also
// when versions vanish between two pages.
func TestPagesAddUpWhateverTheirSize(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	for i := range 12 {
		f.publish("fn", fmt.Sprint(i))
	}
	for size := 1; size <= 14; size++ {
		var got []any
		for _, page := range f.pages(fmt.Sprintf("%s/fn/versions?MaxItems=%d", functions, size), "Versions", "Version") {
			if len(page) > size {
				t.Errorf("%d on a page of %d", len(page), size)
			}
			got = append(got, page...)
		}
		if diff := cmp.Diff(append([]any{"$LATEST"}, numbers(1, 12)...), got); diff != "" {
			t.Errorf("pages of %d (-want +got):\n%s", size, diff)
		}
	}
	first := f.must(200, "GET", functions+"/fn/versions?MaxItems=5", nil) // $LATEST to 4
	f.must(204, "DELETE", functions+"/fn?Qualifier=4", nil)
	f.must(204, "DELETE", functions+"/fn?Qualifier=6", nil)
	second := f.must(200, "GET", functions+"/fn/versions?MaxItems=2&Marker="+escaped(first["NextMarker"].(string)), nil)
	if got := second["Versions"].([]any)[0].(object)["Version"]; got != "5" {
		t.Errorf("after 4 and 6 were deleted the second page starts with %v", got)
	}
}

func TestAccountSettingsCountEveryVersion(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("a")
	f.create("b")
	f.publish("a", "one more")
	size := float64(len(archive(t, "one")))
	got := f.must(200, "GET", "/2016-08-19/account-settings", nil)
	want := object{
		"AccountLimit": object{
			"TotalCodeSize": 80530636800.0, "CodeSizeUnzipped": 262144000.0, "CodeSizeZipped": 52428800.0,
			"ConcurrentExecutions": 1000.0, "UnreservedConcurrentExecutions": 1000.0,
		},
		"AccountUsage": object{"TotalCodeSize": 3 * size, "FunctionCount": 2.0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatNothingWasSetForIsAnsweredAsAbsent(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	for path, want := range map[string]object{
		"/2020-06-30/functions/%s/code-signing-config": {"FunctionName": "fn"},
		"/2019-09-30/functions/%s/concurrency":         {},
	} {
		for _, name := range []string{"fn", percentAll(arn("fn"))} {
			if diff := cmp.Diff(want, f.must(200, "GET", fmt.Sprintf(path, name), nil)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
		f.must(404, "GET", fmt.Sprintf(path, "none"), nil)
		f.must(501, "PUT", fmt.Sprintf(path, "fn"), object{}) // never a 404, which would read as absent
	}
}
