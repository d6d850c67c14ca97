package target_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/guest/go/target"
)

// elsewhere may lead to another site, or be read as one by some browser.
var elsewhere = []string{
	"", "a", "?a", "#", ".", "..", "//", "//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, `\/evil.example`,
	"/\t/evil.example", "/\n/evil.example", " /a", "/a b", "/ü", "/a\x00", "/a\x7f", "http:evil.example", "javascript:alert(1)", "https:/evil.example",
	"https://evil.example", "https://shop.example.com.evil.example", "https://shop.example.com@evil.example", "https://shop.example.com:8443/",
	`https://shop.example.com\@evil.example`, "https://", "http://shop.example.com", "https://user@shop.example.com",
}

func TestWhatMayLeadElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	for _, to := range elsewhere {
		if target.Local(to) {
			t.Errorf("%q is taken for local", to)
		}
		if target.OnHosts(to, "shop.example.com", "") {
			t.Errorf("%q is taken for one of ours", to)
		}
	}
}

func TestALocalTargetIsAPath(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"/", "/a", "/a//b", "/a?b=//c", "/#", "/?", "/a%0d%0ab", "/@b", "/:80", "/a?u=https://b/"} {
		if !target.Local(to) || !target.OnHosts(to) {
			t.Errorf("%q is refused", to)
		}
	}
}

func TestAHostThatIsListedIsOurs(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"https://shop.example.com", "HTTPS://SHOP.example.com/a?b#c", "https://shop.example.com?a=@evil.example"} {
		if !target.OnHosts(to, "x.example", "Shop.example.com") || target.Local(to) {
			t.Errorf("%q: on hosts %v, local %v", to, target.OnHosts(to, "x.example", "Shop.example.com"), target.Local(to))
		}
	}
}

func TestWhatARequestAskedForIsLocalWhateverItWas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ uri, query, want string }{
		{"/a/b", "", "/a/b"},
		{"/", "a=1&b=%20", "/?a=1&b=%20"},
		{"//evil.example/a", "", "/evil.example/a"},
		{`/\evil.example/a`, "", "/evil.example/a"},
		{"///\\//evil.example/a", "", "/evil.example/a"},
		{"/\t/\x01 evil.example/a", "", "/evil.example/a"},
		{"/ü", `ü="`, "/%C3%BC?%C3%BC=%22"},
		{"/a?b", "c", "/a%3Fb?c"},
		{"", "", "/"},
	} {
		if got := target.OfRequest(c.uri, c.query); got != c.want {
			t.Errorf("%q, %q: %q, want %q", c.uri, c.query, got, c.want)
		}
	}
}

func FuzzOfRequest(f *testing.F) {
	for _, to := range elsewhere {
		f.Add(to, to)
	}
	f.Fuzz(func(t *testing.T, uri, query string) {
		got := target.OfRequest(uri, query)
		if u, err := url.Parse(got); !target.Local(got) || strings.HasPrefix(got, "//") || err == nil && u.Host != "" {
			t.Errorf("%q, %q: %q is not local", uri, query, got)
		}
	})
}

func ExampleLocal() {
	fmt.Println(target.Local("/account?tab=2"), target.Local("//evil.example"), target.Local(`/\evil.example`))
	// Output: true false false
}
