//go:build !wasip1

package edge_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	edge "github.com/edgedeploy/edgedeploy/guest/go"
)

func ExampleSetCookie() {
	line, err := edge.SetCookie{Name: "__Host-session", Value: "abc", MaxAge: 3600, Secure: true, HTTPOnly: true, SameSite: edge.SameSiteLax}.Line()
	fmt.Println(line, err)
	// Output: __Host-session=abc; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax <nil>
}

func TestACookieIsWrittenWithWhatWasAskedFor(t *testing.T) {
	for want, c := range map[string]edge.SetCookie{
		"a=1; Path=/":                                             {Name: "a", Value: "1"},
		"a=1; Path=/docs; Domain=example.com":                     {Name: "a", Value: "1", Path: "/docs", Domain: "example.com"},
		"a=; Path=/; Max-Age=0; HttpOnly":                         {Name: "a", MaxAge: -1, HTTPOnly: true},
		"a=1; Path=/; Secure; Partitioned; SameSite=None":         {Name: "a", Value: "1", Secure: true, Partitioned: true, SameSite: edge.SameSiteNone},
		"__Secure-a=; Path=/b; Max-Age=2; Secure":                 {Name: "__Secure-a", Path: "/b", MaxAge: 2, Secure: true},
		"__Host-a=%20; Path=/; Secure; HttpOnly; SameSite=Strict": {Name: "__Host-a", Value: "%20", Secure: true, HTTPOnly: true, SameSite: edge.SameSiteStrict},
	} {
		if got, err := c.Line(); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

func TestWhatABrowserWouldRefuseOrMisreadIsAnError(t *testing.T) {
	for _, tt := range []struct {
		cookie edge.SetCookie
		say    string
	}{
		{edge.SetCookie{Value: "1"}, "name"},
		{edge.SetCookie{Name: "a b"}, "name"},
		{edge.SetCookie{Name: "a="}, "name"},
		{edge.SetCookie{Name: "ü"}, "name"},
		{edge.SetCookie{Name: "a", Value: "1; Domain=evil.example"}, "value"},
		{edge.SetCookie{Name: "a", Value: "1\r\nX: y"}, "value"},
		{edge.SetCookie{Name: "a", Value: "1,2"}, "value"},
		{edge.SetCookie{Name: "a", Value: `"1"`}, "value"},
		{edge.SetCookie{Name: "a", Value: "ü"}, "value"},
		{edge.SetCookie{Name: "a", Value: "\x00"}, "value"},
		{edge.SetCookie{Name: "a", Path: "a"}, "path"},
		{edge.SetCookie{Name: "a", Path: "/a; Secure"}, "path"},
		{edge.SetCookie{Name: "a", Domain: "a;b"}, "domain"},
		{edge.SetCookie{Name: "a", SameSite: "lax; Secure"}, "SameSite"},
		{edge.SetCookie{Name: "a", Partitioned: true}, "want Secure"},
		{edge.SetCookie{Name: "a", SameSite: edge.SameSiteNone}, "want Secure"},
		{edge.SetCookie{Name: "__host-a"}, "wants Secure"},
		{edge.SetCookie{Name: "__Secure-a"}, "wants Secure"},
		{edge.SetCookie{Name: "__Host-a", Secure: true, Path: "/a"}, "path /"},
		{edge.SetCookie{Name: "__Host-a", Secure: true, Domain: "b"}, "no domain"},
	} {
		if line, err := tt.cookie.Line(); err == nil || !strings.Contains(err.Error(), tt.say) {
			t.Errorf("%+v is %q, %v, want an error about %q", tt.cookie, line, err, tt.say)
		}
	}
}

func FuzzTheStandardLibraryReadsTheSameCookie(f *testing.F) {
	f.Add("a", "1", "/docs", "example.com", 5)
	f.Add("__Host-a", "x; y", "", "", -1)
	f.Fuzz(func(t *testing.T, name, value, path, domain string, age int) {
		line, err := edge.SetCookie{Name: name, Value: value, Path: path, Domain: domain, MaxAge: age, Secure: true}.Line()
		if err != nil {
			return
		}
		got, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if got.Name != name || got.Value != value || !got.Secure || got.HttpOnly {
			t.Errorf("%q reads as %+v", line, got)
		}
		for _, part := range got.Unparsed { // it wants no quotes in a path
			if part != "Path="+path {
				t.Errorf("%q has %q, which nobody asked for", line, part)
			}
		}
	})
}
