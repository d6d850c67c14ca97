package lambda_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/lambda"
)

func TestAnAliasProtectsItsVersion(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	withVersions(f)
	f.must(201, "POST", functions+"/fn/aliases", object{"Name": "r1", "FunctionVersion": "1"})
	f.must(201, "POST", functions+"/fn/aliases", object{
		"Name": "canary", "FunctionVersion": "2", "RoutingConfig": object{"AdditionalVersionWeights": object{"1": 0.1}},
	})
	a := f.send("DELETE", functions+"/fn?Qualifier=1", nil)
	want := object{"Type": "User", "message": "Unable to delete version because the following aliases reference it: [canary, r1]"}
	if diff := cmp.Diff(want, a.object(t)); a.status != 409 || diff != "" {
		t.Errorf("%d (-want +got):\n%s", a.status, diff)
	}
	f.must(204, "DELETE", functions+"/fn/aliases/r1", nil)
	f.must(204, "DELETE", functions+"/fn/aliases/canary", nil)
	f.must(204, "DELETE", functions+"/fn?Qualifier=1", nil)
	f.must(204, "DELETE", functions+"/fn?Qualifier=1", nil) // silently, also the second time
}

func TestAReplicatedVersionCannotBeDeletedNorItsFunction(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	withVersions(f)
	f.replicated = []string{arn("fn:2")}
	want := object{"Type": "User", "message": "Lambda was unable to delete " + arn("fn:2") + " because it is a replicated function. Please see our documentation for Deleting Lambda@Edge Functions and Replicas."}
	for _, path := range []string{"/fn?Qualifier=2", "/fn:2", "/fn"} {
		a := f.send("DELETE", functions+path, nil)
		if diff := cmp.Diff(want, a.object(t)); a.status != 400 || diff != "" {
			t.Errorf("DELETE %s: %d (-want +got):\n%s", path, a.status, diff)
		}
	}
	f.must(204, "DELETE", functions+"/fn?Qualifier=1", nil) // not replicated
	f.replicated = nil
	f.must(204, "DELETE", functions+"/fn", nil)
	f.must(201, "POST", functions, creation(t, "fn", nil))
}

func TestAFunctionMadeAnewHasNoPast(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	withVersions(f)
	f.must(201, "POST", functions+"/fn/aliases", object{"Name": "live", "FunctionVersion": "1"})
	f.create("fn2")
	f.must(204, "DELETE", functions+"/fn", nil)
	f.create("fn")
	if got := f.pages(functions+"/fn/versions?", "Versions", "Version"); len(got) != 1 || len(got[0]) != 1 {
		t.Errorf("versions: %v", got)
	}
	if got := f.must(200, "GET", functions+"/fn/aliases", nil)["Aliases"].([]any); len(got) != 0 {
		t.Errorf("aliases: %v", got)
	}
	f.configuration("fn2", "") // another function, whose name starts the same, is untouched
}

// zips counts the archives in the store.
func (f *fixture) zips() int {
	f.t.Helper()
	count := 0
	err := f.store.View(func(tx kv.Tx) error {
		return tx.Scan("lambda.code", "", func(string, []byte) error { count++; return nil })
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return count
}

func TestAZipIsKeptOnceAndAsLongAsAVersionNeedsIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	want := func(what string, n int) {
		t.Helper()
		if got := f.zips(); got != n {
			t.Errorf("%s: %d zips, want %d", what, got, n)
		}
	}
	f.create("a")
	f.create("b")
	want("two functions with the same zip", 1)
	f.publish("a", "one")
	f.must(200, "PUT", functions+"/a/code", object{"ZipFile": archive(t, "two")})
	want("new code beside a version with the old", 2)
	f.must(200, "PUT", functions+"/a/code", object{"ZipFile": archive(t, "three")})
	want("code that no version froze is dropped", 2)
	f.must(204, "DELETE", functions+"/b", nil)
	want("version 1 of the other still needs it", 2)
	f.must(204, "DELETE", functions+"/a?Qualifier=1", nil)
	want("nobody needs the first", 1)
	f.must(204, "DELETE", functions+"/a", nil)
	want("nothing is left", 0)
}

func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	before := f.configuration("fn", "")
	got := f.must(200, "PUT", functions+"/fn/code", object{"ZipFile": archive(t, "two"), "DryRun": true, "Publish": true})
	if got["CodeSha256"] != digest(archive(t, "two")) || got["RevisionId"] != before["RevisionId"] {
		t.Errorf("a dry run answers %v", got)
	}
	if diff := cmp.Diff(before, f.configuration("fn", "")); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	if f.zips() != 1 {
		t.Errorf("%d zips", f.zips())
	}
}

func (f *fixture) download(location string) (int, string) {
	f.t.Helper()
	response, err := http.Get(location)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestACodeLocationWorksTenMinutesForThoseWhoHaveIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	code := f.must(200, "GET", functions+"/fn", nil)["Code"].(object)
	if code["RepositoryType"] != "S3" {
		t.Errorf("RepositoryType %v", code["RepositoryType"])
	}
	location := code["Location"].(string)
	zip := string(archive(t, "one"))
	if status, body := f.download(location); status != 200 || body != zip {
		t.Errorf("fresh: %d, %d bytes", status, len(body))
	}
	for what, changed := range map[string]string{
		"another signature": location[:len(location)-2] + "AA",
		"no signature":      location[:strings.LastIndex(location, ".")],
		"another ticket":    strings.Replace(location, "/code/e", "/code/f", 1),
		"no ticket":         location[:strings.LastIndex(location, "/")+1],
	} {
		if status, body := f.download(changed); status != 403 || strings.Contains(body, zip) {
			t.Errorf("%s: %d %q", what, status, body)
		}
	}
	f.advance(10*time.Minute - time.Second)
	if status, _ := f.download(location); status != 200 {
		t.Errorf("after almost ten minutes: %d", status)
	}
	f.advance(time.Second)
	if status, _ := f.download(location); status != 403 {
		t.Errorf("after ten minutes: %d", status)
	}
	fresh := f.must(200, "GET", functions+"/fn", nil)["Code"].(object)["Location"].(string)
	f.must(204, "DELETE", functions+"/fn", nil)
	if status, _ := f.download(fresh); status != 404 {
		t.Errorf("after the function was deleted: %d", status)
	}
}

func TestNumbersOutliveTheirFunction(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	f.create("fn")
	f.publish("fn", "a")
	f.publish("fn", "b")
	f.must(204, "DELETE", functions+"/fn?Qualifier=2", nil)
	for want := 3; want < 5; want++ {
		f.must(204, "DELETE", functions+"/fn", nil)
		f.create("fn")
		got := f.must(201, "POST", functions+"/fn/versions", nil)
		if got["Version"] != fmt.Sprint(want) {
			t.Errorf("the next version is %v, want %d", got["Version"], want)
		}
	}
	f.create("other")
	if got := f.must(201, "POST", functions+"/other/versions", nil); got["Version"] != "1" {
		t.Errorf("the first version of another function is %v", got["Version"])
	}
}
