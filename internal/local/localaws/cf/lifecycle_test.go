package cf_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

func status(b *bench, id string) string {
	b.t.Helper()
	return between(b.must(b.send("GET", "distribution/"+id, ""), 200).body, "<Status>", "</Status>")
}

func TestAWriteIsInProgressUntilItHasPropagated(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *cf.Config) { c.PropagationDelay = 5 * time.Minute })
	id, etag := b.created(distribution("ref", lambda()))
	expect := func(want string) {
		t.Helper()
		if got := status(b, id); got != want {
			t.Errorf("status is %s, want %s", got, want)
		}
		list := b.send("GET", "distribution", "")
		if got := between(list.body, "<Status>", "</Status>"); got != want {
			t.Errorf("status in the list is %s, want %s", got, want)
		}
	}
	expect("InProgress")
	b.pass(5*time.Minute - time.Nanosecond)
	expect("InProgress")
	b.pass(time.Nanosecond)
	expect("Deployed")
	b.must(b.update(id, etag, distribution("ref", lambda())), 200)
	expect("InProgress")
	b.pass(3 * time.Minute)
	// A write may follow while another one propagates, and starts the wait anew.
	b.must(b.update(id, b.config(id).etag, distribution("ref", lambda())), 200)
	b.pass(3 * time.Minute)
	expect("InProgress")
	b.pass(2 * time.Minute)
	expect("Deployed")
}

func TestADistributionTellsItsIdentity(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.must(b.send("POST", "distribution", distribution("ref", lambda())), 201)
	for element, form := range map[string]string{
		"Id": `^E[A-Z0-9]{13}$`, "ARN": `^arn:aws:cloudfront::111111111111:distribution/E[A-Z0-9]{13}$`,
		"DomainName": `^d[a-z0-9]{13}\.cloudfront\.net$`, "LastModifiedTime": `^2026-09-01T12:00:00\.000Z$`,
		"InProgressInvalidationBatches": `^0$`,
	} {
		if got := between(a.body, "<"+element+">", "</"+element+">"); !regexp.MustCompile(form).MatchString(got) {
			t.Errorf("%s is %q", element, got)
		}
	}
	if !regexp.MustCompile(`^E[A-Z0-9]{13}$`).MatchString(a.etag) {
		t.Errorf("ETag is %q", a.etag)
	}
}

func TestADistributionIsDeletedOnceItIsDisabledAndDeployed(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *cf.Config) { c.PropagationDelay = time.Minute })
	enabled := distribution("ref", lambda("viewer-request", versionARN("fn", 1)))
	id, etag := b.created(enabled)
	refused := func(etag, why string) {
		t.Helper()
		a := b.must(b.send("DELETE", "distribution/"+id, "", "If-Match", etag), 409)
		if code, message := b.refused(a); code != "DistributionNotDisabled" ||
			message != "The specified CloudFront distribution is not disabled. You must disable the distribution before you can delete it." {
			t.Errorf("%s: %s: %s", why, code, message)
		}
	}
	b.pass(time.Minute)
	refused(etag, "enabled")
	disabled := strings.Replace(enabled, "<Enabled>true", "<Enabled>false", 1)
	last := b.must(b.update(id, etag, disabled), 200).etag
	refused(last, "in progress")
	b.pass(time.Minute)
	b.must(b.send("DELETE", "distribution/"+id, "", "If-Match", etag), 412)
	b.must(b.send("DELETE", "distribution/"+id, ""), 400)
	a := b.must(b.send("DELETE", "distribution/"+id, "", "If-Match", last), 204)
	if a.body != "" {
		t.Errorf("body %q", a.body)
	}
	b.must(b.send("GET", "distribution/"+id, ""), 404)
	b.must(b.send("DELETE", "distribution/"+id, "", "If-Match", last), 404)
	if replicated(b, versionARN("fn", 1)) {
		t.Error("the function of a deleted distribution is replicated")
	}
}

func replicated(b *bench, arn string) (found bool) {
	b.t.Helper()
	if err := b.store.View(func(tx kv.Tx) error {
		found = cf.Replicated(tx, b.account, arn, b.clock())
		return nil
	}); err != nil {
		b.t.Fatal(err)
	}
	return found
}

func TestAVersionIsReplicatedUntilItsLastAssociationHasBeenGoneForAWhile(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *cf.Config) { c.ReplicaDelay = time.Hour })
	one, two := versionARN("fn", 1), versionARN("fn", 2)
	expect := func(why string, wantOne, wantTwo bool) {
		t.Helper()
		if gotOne, gotTwo := replicated(b, one), replicated(b, two); gotOne != wantOne || gotTwo != wantTwo {
			t.Errorf("%s: replicated %v and %v, want %v and %v", why, gotOne, gotTwo, wantOne, wantTwo)
		}
	}
	expect("before any association", false, false)
	first, etag := b.created(distribution("a", lambda("viewer-request", one, "origin-request", one)))
	second, _ := b.created(distribution("b", lambda("viewer-request", one)))
	expect("with two distributions", true, false)

	etag = b.must(b.update(first, etag, distribution("a", lambda("viewer-request", one))), 200).etag
	etag = b.must(b.update(first, etag, distribution("a", lambda("viewer-request", two))), 200).etag
	b.pass(2 * time.Hour)
	expect("still used by the second distribution", true, true)

	b.must(b.update(second, b.config(second).etag, distribution("b", lambda())), 200)
	b.pass(time.Hour - time.Nanosecond)
	expect("just before the replicas go", true, true)
	b.pass(time.Nanosecond)
	expect("when they have gone", false, true)

	etag = b.must(b.update(first, etag, distribution("a", lambda())), 200).etag
	b.pass(30 * time.Minute)
	b.must(b.update(first, etag, distribution("a", lambda("origin-request", two))), 200)
	b.pass(2 * time.Hour)
	expect("associated again in between", false, true)

	b.account = "222222222222"
	expect("seen from another account", false, false)
}

func TestARefusedAssociationReplicatesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	arn := versionARN("fn", 1)
	b.must(b.send("POST", "distribution", distribution("a", lambda("viewer-request", arn, "viewer-response", "bad"))), 400)
	if replicated(b, arn) {
		t.Error("it did")
	}
}

func TestAListIsRead100AtATime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.direct = true // hundreds of requests
	const count = 205
	want := map[string]bool{}
	for n := range count {
		id, _ := b.created(distribution(fmt.Sprint("ref", n), lambda()))
		want[id] = true
	}
	b.account = "222222222222" // whose distribution must not appear
	b.created(distribution("other", lambda()))
	b.account = account
	for _, size := range []string{"", "&MaxItems=100", "&MaxItems=1000", "&MaxItems=7"} {
		var ids []string
		marker, sizes := "", []int(nil)
		for {
			page := b.must(b.send("GET", "distribution?Marker="+marker+size, ""), 200).body
			found := regexp.MustCompile(`<DistributionSummary><Id>(\w+)</Id>`).FindAllStringSubmatch(page, -1)
			for _, m := range found {
				ids = append(ids, m[1])
			}
			sizes = append(sizes, len(found))
			if !strings.Contains(page, fmt.Sprintf("<Quantity>%d</Quantity><Items><DistributionSummary>", len(found))) ||
				!strings.Contains(page, "<Marker>"+marker+"</Marker>") {
				t.Fatalf("page of %d after %q: %s", len(found), marker, page[:300])
			}
			next := between(page, "<NextMarker>", "</NextMarker>")
			if more := strings.Contains(page, "<IsTruncated>true</IsTruncated>"); more != (next != "") {
				t.Fatalf("truncated is %v, next marker %q", more, next)
			}
			if next == "" {
				break
			}
			if next != ids[len(ids)-1] {
				t.Fatalf("next marker %s is not the last id %s", next, ids[len(ids)-1])
			}
			marker = next
		}
		slices.Sort(ids)
		if ids = slices.Compact(ids); len(ids) != count {
			t.Errorf("%q: found %d of %d", size, len(ids), count)
		}
		for _, id := range ids {
			if !want[id] {
				t.Errorf("%q: %s is not ours", size, id)
			}
		}
		if size != "&MaxItems=7" && !slices.Equal(sizes, []int{100, 100, 5}) {
			t.Errorf("%q: pages of %v", size, sizes)
		}
		if size == "&MaxItems=7" && sizes[0] != 7 {
			t.Errorf("%q: pages of %v", size, sizes)
		}
	}
	for _, bad := range []string{"0", "-1", "many"} {
		a := b.must(b.send("GET", "distribution?MaxItems="+bad, ""), 400)
		if code, _ := b.refused(a); code != "InvalidArgument" {
			t.Errorf("MaxItems=%s: %s", bad, code)
		}
	}
}

func TestAPageThatEndsWithTheListIsTheLast(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for n := range 2 {
		b.created(distribution(fmt.Sprint("ref", n), lambda()))
	}
	page := b.must(b.send("GET", "distribution?MaxItems=2", ""), 200).body
	if !strings.Contains(page, "<IsTruncated>false</IsTruncated>") || strings.Contains(page, "NextMarker") {
		t.Error(page)
	}
}

func TestASummaryHasTheBehaviorsButCannotBeSentBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, etag := b.created(complete(t))
	list := b.must(b.send("GET", "distribution", ""), 200).body
	for _, want := range []string{
		"<ETag>" + etag + "</ETag>", "<PathPattern>/img/*</PathPattern>", "<LambdaFunctionARN>" + versionARN("fn", 2),
		"<FunctionARN>arn:aws:cloudfront::111111111111:function/headers", "<CNAME>www.example.com</CNAME>", "<Staging>false</Staging>",
	} {
		if !strings.Contains(list, want) {
			t.Errorf("the summary lacks %s", want)
		}
	}
	for _, absent := range []string{"<CallerReference>", "<ContinuousDeploymentPolicyId>", "<DefaultRootObject>", "<Logging>", "<DistributionConfig>"} {
		if strings.Contains(list, absent) {
			t.Errorf("the summary has %s", absent)
		}
	}
}

func TestWritesOverTheRateAreThrottled(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *cf.Config) { c.WritesPerMinute = 2 })
	id, etag := b.created(distribution("ref", lambda()))
	b.pass(20 * time.Second)
	etag = b.must(b.update(id, etag, distribution("ref", lambda())), 200).etag
	a := b.must(b.update(id, etag, distribution("ref", lambda())), 400)
	if code, message := b.refused(a); code != "Throttling" || message != "Rate exceeded" {
		t.Errorf("%s: %s", code, message)
	}
	if got := b.config(id).etag; got != etag { // reading is not throttled
		t.Error("a throttled write was made")
	}
	b.account = "222222222222"
	b.created(distribution("ref", lambda())) // another account has its own rate
	b.account = account
	b.pass(40*time.Second - time.Nanosecond)
	b.must(b.update(id, etag, distribution("ref", lambda())), 400)
	b.pass(time.Nanosecond) // the first write is a minute old
	etag = b.must(b.update(id, etag, distribution("ref", lambda())), 200).etag
	b.must(b.update(id, etag, distribution("ref", lambda())), 400)
}

func TestTagsAreSetListedAndRemoved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, etag := b.created(distribution("ref", lambda()))
	arn := "arn:aws:cloudfront::" + account + ":distribution/" + id
	tagged := func(operation, body string, status int) answer {
		t.Helper()
		return b.must(b.send("POST", "tagging?Operation="+operation+"&Resource="+arn, body), status)
	}
	tags := func() string {
		t.Helper()
		return between(b.must(b.send("GET", "tagging?Resource="+arn, ""), 200).body, "<Items>", "</Items>")
	}
	write := func(pairs ...string) string {
		var items strings.Builder
		for i := 0; i < len(pairs); i += 2 {
			items.WriteString("<Tag><Key>" + pairs[i] + "</Key><Value>" + pairs[i+1] + "</Value></Tag>")
		}
		return items.String()
	}
	wrap := func(items string) string { return `<Tags xmlns="` + ns + `"><Items>` + items + `</Items></Tags>` }
	if got := tags(); got != "" {
		t.Errorf("at first: %s", got)
	}
	tagged("Tag", wrap(write("b", "1", "a", "x")), 204)
	tagged("Tag", wrap(write("b", "2", "c", "")), 204)
	if got, want := tags(), write("a", "x", "b", "2", "c", ""); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	tagged("Untag", `<TagKeys><Items><Key>a</Key><Key>absent</Key></Items></TagKeys>`, 204)
	if got, want := tags(), write("b", "2", "c", ""); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var many []string
	for n := range 49 {
		many = append(many, fmt.Sprint("k", n), "v")
	}
	for rule, tc := range map[string]struct{ body, code string }{
		"51 tags":          {wrap(write(many...)), "InvalidTagging"},
		"a reserved key":   {wrap(write("AWS:x", "y")), "InvalidTagging"},
		"a key twice":      {wrap(write("x", "y", "x", "z")), "InvalidTagging"},
		"an empty key":     {wrap(write("", "y")), "MalformedXML"},
		"a key of 129":     {wrap(write(strings.Repeat("k", 129), "y")), "MalformedXML"},
		"a strange letter": {wrap(write("x", "y\u2318")), "MalformedXML"},
	} {
		if code, message := b.refused(tagged("Tag", tc.body, 400)); code != tc.code {
			t.Errorf("%s: %s: %s", rule, code, message)
		}
	}
	tagged("Tag", wrap(write(many[:96]...)), 204) // the 50th
	if got := b.config(id).etag; got != etag {
		t.Error("tags changed the ETag")
	}
	for _, other := range []string{"arn:aws:cloudfront::111111111111:distribution/E0", "arn:aws:cloudfront::222222222222:distribution/" + id, "x"} {
		a := b.must(b.send("GET", "tagging?Resource="+other, ""), 404)
		if code, _ := b.refused(a); code != "NoSuchResource" {
			t.Errorf("%s: %s", other, code)
		}
	}
}

// failing is a store whose writes do not succeed.
type failing struct{ *kv.Memory }

func (failing) Update(func(kv.Tx) error) error { return errors.New("disk full") }

func TestAStoreThatFailsIsToldInItsWordsAndNotToBeRetried(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *cf.Config) { c.Store = failing{&kv.Memory{}} })
	a := b.must(b.send("POST", "distribution", distribution("ref", lambda())), 507)
	if code, message := b.refused(a); code != "LocalStoreFailure" || message != "disk full" || !strings.Contains(a.body, "<Type>Receiver</Type>") {
		t.Errorf("%s: %s", code, message)
	}
}

func TestAWriteIsInProgressAndWithoutDelayDeployedAtTheNextRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	status := func(a answer, want string) answer {
		t.Helper()
		if got := between(a.body, "<Status>", "</Status>"); got != want {
			t.Errorf("status %s, want %s", got, want)
		}
		return a
	}
	made := status(b.must(b.send("POST", "distribution", distribution("r", lambda())), 201), "InProgress")
	id := between(made.body, "<Id>", "</Id>")
	status(b.send("GET", "distribution/"+id, ""), "Deployed")
	status(b.must(b.update(id, made.etag, b.config(id).body), 200), "InProgress")
	status(b.send("GET", "distribution", ""), "Deployed")
	batch := "<InvalidationBatch><Paths><Quantity>1</Quantity><Items><Path>/a</Path></Items></Paths><CallerReference>c</CallerReference></InvalidationBatch>"
	gone := status(b.must(b.send("POST", "distribution/"+id+"/invalidation", batch), 201), "InProgress")
	status(b.send("GET", "distribution/"+id+"/invalidation/"+between(gone.body, "<Id>", "</Id>"), ""), "Completed")
}

func TestAnIncludeBodyThatWasLeftOutIsFalse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, etag := b.created(distribution("r", lambda("viewer-request", versionARN("fn", 1))))
	const said = "<EventType>viewer-request</EventType><IncludeBody>false</IncludeBody></LambdaFunctionAssociation>"
	if got := b.config(id).body; !strings.Contains(got, said) {
		t.Errorf("created: %s", got)
	}
	b.must(b.update(id, etag, strings.Replace(b.config(id).body, "<IncludeBody>false</IncludeBody>", "", 1)), 200)
	if got := b.config(id).body; !strings.Contains(got, said) {
		t.Errorf("updated: %s", got)
	}
}
