package cf_test

import (
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/google/go-cmp/cmp"
)

func seed(b *bench, d cf.SeedDistribution) {
	b.t.Helper()
	if err := b.service.Seed(b.account, d); err != nil {
		b.t.Fatal(err)
	}
}

func TestASeededDistributionCanBeUsedAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *cf.Config) { c.PropagationDelay = time.Hour })
	seed(b, cf.SeedDistribution{ID: "E2EXAMPLE1ABCD", Aliases: []string{"www.example.com"}, PathPatterns: []string{"/img/*", "*.j&g", "img/*"}})
	if got := status(b, "E2EXAMPLE1ABCD"); got != "Deployed" {
		t.Errorf("status is %s", got)
	}
	a := b.config("E2EXAMPLE1ABCD")
	for _, want := range []string{
		"<Quantity>1</Quantity><Items><CNAME>www.example.com</CNAME></Items>",
		"<CacheBehaviors><Quantity>2</Quantity><Items><CacheBehavior><PathPattern>/img/*</PathPattern>", "<PathPattern>*.j&amp;g</PathPattern>",
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("%s is not in %s", want, a.body)
		}
	}
	// It is as complete as if CloudFront had written it.
	b.must(b.update("E2EXAMPLE1ABCD", a.etag, a.body), 200)
	if diff := cmp.Diff(a.body, b.config("E2EXAMPLE1ABCD").body); diff != "" {
		t.Error(diff)
	}
}

func TestSeedingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	d := cf.SeedDistribution{ID: "E1", PathPatterns: []string{"/a", "b"}}
	seed(b, d)
	before := b.config("E1")
	seed(b, d)
	seed(b, cf.SeedDistribution{ID: "E1", PathPatterns: []string{"a", "/b"}, Aliases: []string{"late.example.com"}})
	if after := b.config("E1"); after.etag != before.etag || after.body != before.body {
		t.Errorf("%s became %s:\n%s", before.etag, after.etag, after.body)
	}
}

func TestSeedingAddsBehaviorsAndKeepsEveryOtherByte(t *testing.T) {
	t.Parallel()
	const behavior = "<p:CacheBehavior><p:PathPattern>/old</p:PathPattern><p:TargetOriginId>site</p:TargetOriginId></p:CacheBehavior>"
	head := `<p:DistributionConfig xmlns:p="` + ns + `"><!-- a --><p:CallerReference>r</p:CallerReference>` +
		`<p:DefaultCacheBehavior><p:TargetOriginId>a&amp;b</p:TargetOriginId></p:DefaultCacheBehavior>`
	for rule, tc := range map[string]struct{ before, quantity string }{
		"beside others":          {"<p:CacheBehaviors><p:Quantity>1</p:Quantity><p:Items >" + behavior + "<!-- end --></p:Items></p:CacheBehaviors>", "<p:Quantity>2</p:Quantity><p:Items >"},
		"items closed":           {"<p:CacheBehaviors><p:Items/><!-- x --></p:CacheBehaviors>", "<p:Quantity>1</p:Quantity><p:Items>"},
		"no items":               {"<p:CacheBehaviors><p:Quantity>0</p:Quantity><!-- x --></p:CacheBehaviors>", "<p:Quantity>1</p:Quantity><!-- x --><p:Items>"},
		"all closed":             {"<p:CacheBehaviors/>", "<p:CacheBehaviors><p:Quantity>1</p:Quantity><p:Items>"},
		"no behaviours whatever": {"<!-- nothing -->", "<p:CacheBehaviors><p:Quantity>1</p:Quantity><p:Items>"},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			doc := head + tc.before + "<p:Comment/></p:DistributionConfig>"
			if err := b.service.PutRaw(account, "E1", []byte(doc)); err != nil {
				t.Fatal(err)
			}
			seed(b, cf.SeedDistribution{ID: "E1", PathPatterns: []string{"/new"}})
			after := b.config("E1").body
			wellFormed(t, after)
			if !strings.Contains(after, "<p:PathPattern>/new</p:PathPattern><p:TargetOriginId>a&amp;b</p:TargetOriginId>") {
				t.Errorf("the behaviour is not there: %s", after)
			}
			for _, kept := range []string{head, tc.quantity, "<p:Comment/></p:DistributionConfig>"} {
				if !strings.Contains(after, kept) {
					t.Errorf("%s is not there: %s", kept, after)
				}
			}
			if rule == "beside others" && !strings.Contains(after, behavior+"<!-- end --><p:CacheBehavior>") {
				t.Errorf("the other behaviour was not kept: %s", after)
			}
		})
	}
}

func TestASeedThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seed(b, cf.SeedDistribution{ID: "E1", Aliases: []string{"www.example.com"}})
	var many []string
	for n := range 76 {
		many = append(many, strings.Repeat("x", n+1))
	}
	for rule, tc := range map[string]struct {
		d    cf.SeedDistribution
		want string
	}{
		"an id that is a path":      {cf.SeedDistribution{ID: "a/b"}, "letters and digits"},
		"no id":                     {cf.SeedDistribution{}, "letters and digits"},
		"an empty pattern":          {cf.SeedDistribution{ID: "E2", PathPatterns: []string{""}}, "pattern is empty"},
		"an alias that is taken":    {cf.SeedDistribution{ID: "E2", Aliases: []string{"www.example.com"}}, "CNAMEAlreadyExists"},
		"more patterns than may be": {cf.SeedDistribution{ID: "E2", PathPatterns: many}, "TooManyCacheBehaviors"},
		"more patterns than fit":    {cf.SeedDistribution{ID: "E1", PathPatterns: many}, "TooManyCacheBehaviors"},
	} {
		if err := b.service.Seed(account, tc.d); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if list := b.send("GET", "distribution", ""); strings.Count(list.body, "<DistributionSummary>") != 1 {
		t.Error("a refused seed left something behind")
	}
}
