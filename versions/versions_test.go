package versions

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestReuseFindsOnlyWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	spec := testSpec("a1")
	same := func(n int) Version { return Version{Ref: Ref{"fn", n}, Spec: spec, Stack: "shop"} }
	with := func(v Version, change func(*Version)) Version { change(&v); return v }
	for name, tc := range map[string]struct {
		have []Version
		want int
	}{
		"nothing is published":                      {nil, 0},
		"the same content and configuration serves": {[]Version{same(3)}, 3},
		"the highest number serves, in any order":   {[]Version{same(3), same(9), same(5)}, 9},
		"other content does not serve":              {[]Version{with(same(3), func(v *Version) { v.Spec.Content = "b2" })}, 0},
		"other memory does not serve":               {[]Version{with(same(3), func(v *Version) { v.Spec.Config.MemoryMB = 256 })}, 0},
		"another log level does not serve":          {[]Version{with(same(3), func(v *Version) { v.Spec.Config.Logging.Level = "debug" })}, 0},
		"forbidden configuration does not serve":    {[]Version{with(same(3), func(v *Version) { v.Spec.Config.Extra = "layers" })}, 0},
		"another function's does not serve":         {[]Version{with(same(3), func(v *Version) { v.Spec.Function = "other" })}, 0},
		"another stack's description proves nothing": {[]Version{
			with(same(3), func(v *Version) { v.Stack = "other" }), with(same(4), func(v *Version) { v.Stack = "" }),
		}, 0},
		"a worse version behind a good one is passed over": {[]Version{same(3), with(same(4), func(v *Version) { v.Spec.Content = "b2" })}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := Reuse(spec, "shop", tc.have)
			if got.Ref.Number != tc.want || ok != (tc.want > 0) {
				t.Errorf("Reuse = %v, %v; want number %d", got.Ref, ok, tc.want)
			}
		})
	}
}

func TestMarkReadsBackWhatDescribeWrote(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := Mark{
			Stack:   rapid.StringMatching(`[a-z0-9][a-z0-9-]{0,39}`).Draw(t, "stack"),
			Content: ContentID(rapid.StringMatching(`[0-9a-f]{64}`).Draw(t, "content")),
		}
		text := m.Describe()
		if len(text) > 256 {
			t.Fatalf("the description has %d characters; Lambda keeps 256", len(text))
		}
		if got, ok := ParseMark(text); !ok || got != m {
			t.Fatalf("ParseMark(%q) = %v, %v", text, got, ok)
		}
	})
}

func TestForeignDescriptionsAreNoMarks(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":                        "",
		"a person's words":             "fix the redirect",
		"without a content":            "edgedeploy stack=shop",
		"without a stack":              "edgedeploy content=abc",
		"with an empty content":        "edgedeploy stack=shop content=",
		"prefix not at the beginning":  " edgedeploy stack=shop content=abc",
		"another word with our prefix": "edgedeployer stack=shop content=abc",
	} {
		if m, ok := ParseMark(text); ok {
			t.Errorf("%s: ParseMark(%q) = %v, want none", name, text, m)
		}
	}
}

// What is read as a mark can be written as one again, and then means the same.
func FuzzParseMark(f *testing.F) {
	f.Add("edgedeploy stack=shop content=abc")
	f.Add("edgedeploy content=abc stack=shop more=1")
	f.Add("edgedeploy stack=a=b content==")
	f.Add("edgedeploy \u2003stack=x\xff content=\u00a0")
	f.Fuzz(func(t *testing.T, text string) {
		m, ok := ParseMark(text)
		if !ok {
			return
		}
		if got, ok := ParseMark(m.Describe()); !ok || got != m {
			t.Errorf("ParseMark(%q) = %v; written again it reads %v, %v", text, m, got, ok)
		}
	})
}

func TestSpecIdentitySurvivesJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawSpec(t, "a"), drawSpec(t, "b")
		back := func(s Spec) (out Spec) {
			doc, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(doc, &out); err != nil {
				t.Fatal(err)
			}
			return out
		}
		if got := back(a); got != a {
			t.Fatalf("%s", cmp.Diff(a, got))
		}
		if (a == b) != (back(a) == back(b)) {
			t.Fatalf("%v and %v are equal only on one side of JSON", a, b)
		}
	})
}

func drawSpec(t *rapid.T, label string) Spec {
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label+name) }
	return Spec{
		Function: pick("function", "fn", "other"),
		Content:  ContentID(pick("content", "a1", "b2")),
		Config: Config{
			Runtime: pick("runtime", "nodejs22.x", "nodejs24.x"), Handler: "index.handler", Role: testRole,
			MemoryMB: rapid.IntRange(128, 130).Draw(t, label+"memory"), TimeoutSeconds: 5,
			Logging: Logging{Format: pick("format", "", "json"), Level: pick("level", "", "debug"), Group: pick("group", "", "/g")},
			Extra:   pick("extra", "", "layers", "architecture,vpc"),
		},
	}
}

func TestRefNamesAVersion(t *testing.T) {
	t.Parallel()
	if got := (Ref{"fn", 7}).String(); got != "fn:7" {
		t.Errorf("got %q", got)
	}
	if got := (Ref{"fn", 0}).String(); got != "fn:new" {
		t.Errorf("got %q", got)
	}
	if (Ref{}).Pending() || (Ref{"fn", 1}).Pending() || !(Ref{"fn", 0}).Pending() {
		t.Error("only a named function without a number is pending")
	}
}

func TestShortContentIsTwelveDigits(t *testing.T) {
	t.Parallel()
	if got := ContentID(strings.Repeat("ab", 32)).Short(); got != "abababababab" {
		t.Errorf("got %q", got)
	}
	if got := ContentID("abc").Short(); got != "abc" {
		t.Errorf("got %q", got)
	}
}

func TestUnsettledMeansThatSomethingIsInTransition(t *testing.T) {
	t.Parallel()
	for s, want := range map[State]bool{
		{State: "Pending"}:                        false,
		{State: "Active", Update: "InProgress"}:   false,
		{State: "Active", Update: "Successful"}:   true,
		{State: "Active", Update: "Failed"}:       true,
		{State: "Inactive", Update: "InProgress"}: false,
		{State: "Inactive", Update: "Successful"}: true, // updated as it is
	} {
		if got := s.Settled(); got != want {
			t.Errorf("%+v: Settled = %v", s, got)
		}
	}
}

func TestForbiddenMembersLeaveByTheirOwnRemedy(t *testing.T) {
	t.Parallel()
	c := Config{Extra: "architecture,layers,vpc"}
	if got := c.without(ByCode).Extra; got != "layers,vpc" {
		t.Errorf("without what a code upload resets: %q", got)
	}
	if got := c.without(ByConfig).Extra; got != "architecture" {
		t.Errorf("without what a configuration update resets: %q", got)
	}
	if got := (Config{}).without(ByConfig); got != (Config{}) {
		t.Errorf("nothing without nothing is %v", got)
	}
	if diff := cmp.Diff([]string{"layers", "vpc"}, c.carries(ByConfig)); diff != "" {
		t.Errorf("what a configuration update resets (-want +got):\n%s", diff)
	}
	if got := append(c.carries(Never), (Config{}).carries(ByConfig)...); len(got) != 0 {
		t.Errorf("carries %v", got)
	}
	unknown := Config{Runtime: "nodejs24.x", Extra: "GpuConfig,layers"}
	if diff := cmp.Diff([]string{"GpuConfig"}, unknown.Unknown()); diff != "" {
		t.Errorf("what is not known (-want +got):\n%s", diff)
	}
	if got := unknown.Known(); got != (Config{Runtime: "nodejs24.x", Extra: "layers"}) || unknown.without(ByConfig).Extra != "GpuConfig" {
		t.Errorf("no update resets what is not known: %v", got)
	}
	if !slices.IsSortedFunc(Forbidden(), func(a, b Member) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("Forbidden is not in the order of names")
	}
}

func TestLoggingHasOneSpelling(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ have, want Logging }{
		"nothing is Lambda's own":            {Logging{}, Logging{}},
		"text written out":                   {Logging{Format: "text"}, Logging{}},
		"text as Lambda spells it":           {Logging{Format: "Text"}, Logging{}},
		"text has no level":                  {Logging{Format: "text", Level: "debug", Group: "/g"}, Logging{Group: "/g"}},
		"JSON without a level":               {Logging{Format: "json"}, Logging{Format: "json"}},
		"JSON at Lambda's own level":         {Logging{Format: "json", Level: "info"}, Logging{Format: "json"}},
		"JSON as Lambda spells it":           {Logging{Format: "JSON", Level: "INFO", Group: "/aws/lambda/auth"}, Logging{Format: "json"}},
		"another level":                      {Logging{Format: "JSON", Level: "WARN"}, Logging{Format: "json", Level: "warn"}},
		"the group has letter case":          {Logging{Group: "/aws/lambda/Auth"}, Logging{Group: "/aws/lambda/Auth"}},
		"another function's group is no own": {Logging{Group: "/aws/lambda/auth-2"}, Logging{Group: "/aws/lambda/auth-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := tc.have.Canonical("auth")
			if got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
			if again := got.Canonical("auth"); again != got {
				t.Errorf("%+v becomes %+v", got, again)
			}
		})
	}
}
