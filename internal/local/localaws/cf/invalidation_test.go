package cf_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
)

func batch(reference string, paths ...string) string {
	var items strings.Builder
	for _, path := range paths {
		items.WriteString("<Path>" + path + "</Path>")
	}
	if len(paths) == 0 {
		return "<InvalidationBatch><Paths><Quantity>0</Quantity></Paths><CallerReference>" + reference + "</CallerReference></InvalidationBatch>"
	}
	return fmt.Sprintf(`<InvalidationBatch xmlns="%s"><Paths><Quantity>%d</Quantity><Items>%s</Items></Paths><CallerReference>%s</CallerReference></InvalidationBatch>`,
		ns, len(paths), items.String(), reference)
}

func TestAnInvalidationRunsAndCompletes(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *cf.Config) { c.PropagationDelay = time.Minute })
	id, _ := b.created(distribution("ref", lambda()))
	path := "distribution/" + id + "/invalidation"
	a := b.must(b.send("POST", path, batch("one", "/a", "/b/*")), 201)
	invalidation := between(a.body, "<Id>", "</Id>")
	if a.location != "https://cloudfront.amazonaws.com/2020-05-31/"+path+"/"+invalidation || !regexp.MustCompile(`^I[A-Z0-9]{13}$`).MatchString(invalidation) {
		t.Errorf("location %q", a.location)
	}
	wellFormed(t, a.body)
	read := func() (string, string) {
		t.Helper()
		got := b.must(b.send("GET", path+"/"+invalidation, ""), 200)
		if !strings.Contains(got.body, "<Path>/a</Path><Path>/b/*</Path></Items></Paths><CallerReference>one</CallerReference>") {
			t.Errorf("the batch is not in %s", got.body)
		}
		whole := b.must(b.send("GET", "distribution/"+id, ""), 200)
		return between(got.body, "<Status>", "</Status>"), between(whole.body, "<InProgressInvalidationBatches>", "</InProgressInvalidationBatches>")
	}
	if status, running := read(); status != "InProgress" || running != "1" {
		t.Errorf("at first: %s, %s running", status, running)
	}
	b.pass(time.Minute)
	if status, running := read(); status != "Completed" || running != "0" {
		t.Errorf("at last: %s, %s running", status, running)
	}
	b.must(b.send("GET", path+"/I0", ""), 404)
	b.must(b.send("GET", "distribution/E0/invalidation/"+invalidation, ""), 404)
	b.must(b.send("POST", "distribution/E0/invalidation", batch("x", "/a")), 404)
	b.must(b.send("GET", "distribution/E0/invalidation", ""), 404)
}

func TestAnInvalidationIsMadeOnceForACallerReference(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, _ := b.created(distribution("ref", lambda()))
	path := "distribution/" + id + "/invalidation"
	first := b.must(b.send("POST", path, batch("one", "/a")), 201)
	again := b.must(b.send("POST", path, batch("one", "/a")), 201)
	if between(first.body, "<Id>", "</Id>") != between(again.body, "<Id>", "</Id>") {
		t.Error("the same request made another invalidation")
	}
	if code, _ := b.refused(b.must(b.send("POST", path, batch("one", "/b")), 409)); code != "InvalidationBatchAlreadyExists" {
		t.Error(code)
	}
}

func TestInvalidationsAreListedLatestFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, _ := b.created(distribution("ref", lambda()))
	var want []string
	for n := range 5 {
		a := b.must(b.send("POST", "distribution/"+id+"/invalidation", batch(fmt.Sprint(n), "/a")), 201)
		want = append([]string{between(a.body, "<Id>", "</Id>")}, want...)
		b.pass(time.Second)
	}
	var got []string
	for marker := ""; ; {
		page := b.must(b.send("GET", "distribution/"+id+"/invalidation?MaxItems=2&Marker="+marker, ""), 200).body
		for _, m := range regexp.MustCompile(`<InvalidationSummary><Id>(\w+)<`).FindAllStringSubmatch(page, -1) {
			got = append(got, m[1])
		}
		if marker = between(page, "<NextMarker>", "</NextMarker>"); marker == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAnInvalidationThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *cf.Config) { c.PropagationDelay = time.Hour })
	id, _ := b.created(distribution("ref", lambda()))
	many := slices.Repeat([]string{"/x"}, 3001)
	wild := slices.Repeat([]string{"/x/*"}, 16)
	for rule, tc := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"a path without a slash":      {batch("a", "index.html"), 400, "InvalidArgument"},
		"a wildcard in the middle":    {batch("a", "/a*/b"), 400, "InvalidArgument"},
		"no path":                     {batch("a"), 400, "InvalidArgument"},
		"no reference":                {strings.Replace(batch("a", "/a"), "<CallerReference>a</CallerReference>", "", 1), 400, "MalformedXML"},
		"a lying Quantity":            {strings.Replace(batch("a", "/a"), ">1<", ">2<", 1), 400, "InconsistentQuantities"},
		"nothing":                     {"", 400, "MissingBody"},
		"more than 3000 paths":        {batch("a", many...), 413, "BatchTooLarge"},
		"more than 15 with wildcards": {batch("a", wild...), 400, "TooManyInvalidationsInProgress"},
	} {
		if code, message := b.refused(b.must(b.send("POST", "distribution/"+id+"/invalidation", tc.body), tc.status)); code != tc.code {
			t.Errorf("%s: %s: %s", rule, code, message)
		}
	}
	// What runs counts with what is asked for.
	b.must(b.send("POST", "distribution/"+id+"/invalidation", batch("a", wild[:15]...)), 201)
	a := b.must(b.send("POST", "distribution/"+id+"/invalidation", batch("b", "/y/*")), 400)
	if _, message := b.refused(a); message != "Processing your request will cause you to exceed the maximum number of in-progress invalidations." {
		t.Error(message)
	}
	b.must(b.send("POST", "distribution/"+id+"/invalidation", batch("c", many[:2985]...)), 201)
	b.must(b.send("POST", "distribution/"+id+"/invalidation", batch("d", "/y")), 400)
	b.pass(time.Hour)
	b.must(b.send("POST", "distribution/"+id+"/invalidation", batch("d", "/y", "/z/*")), 201)
}

func TestADeletedDistributionTakesItsInvalidationsAlong(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seed(b, cf.SeedDistribution{ID: "E1"})
	made := b.must(b.send("POST", "distribution/E1/invalidation", batch("a", "/a")), 201)
	config := b.config("E1")
	off := b.must(b.update("E1", config.etag, strings.Replace(config.body, "<Enabled>true</Enabled><Viewer", "<Enabled>false</Enabled><Viewer", 1)), 200)
	b.must(b.send("DELETE", "distribution/E1", "", "If-Match", off.etag), 204)
	seed(b, cf.SeedDistribution{ID: "E1"})
	b.must(b.send("GET", "distribution/E1/invalidation/"+between(made.body, "<Id>", "</Id>"), ""), 404)
}
