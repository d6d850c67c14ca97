package script

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Comments and trailing commas mean nothing, wherever they stand, and texts
// that look like them are texts.
func TestPlainJSONKeepsTheValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"a", "//x", "/*", "*/", ",}", `"`, `\`, "ü", ",]", "\n"})
		value := rapid.MapOf(rapid.StringMatching(`[a-c/*,]{0,3}`), rapid.SliceOf(text)).Draw(t, "value")
		plain, err := json.MarshalIndent(value, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		between := rapid.SampledFrom([]string{"", " ", "// \"c\", }\n", "/* ] \" */", "/**/", "\n\n"})
		var odd strings.Builder
		inText := false
		for i, c := range plain {
			if c == '"' && (i == 0 || !escaped(plain[:i])) {
				inText = !inText
			}
			if !inText && (c == '}' || c == ']') {
				if before := strings.TrimRight(string(plain[:i]), "\t\n"); !strings.HasSuffix(before, "{") && !strings.HasSuffix(before, "[") {
					odd.WriteString(rapid.SampledFrom([]string{"", ","}).Draw(t, "comma") + between.Draw(t, "gap"))
				}
			}
			odd.WriteByte(c)
			if !inText && strings.IndexByte("{}[],:\t\n", c) >= 0 {
				odd.WriteString(between.Draw(t, "gap"))
			}
		}
		var got map[string][]string
		if err := json.Unmarshal(plainJSON([]byte(odd.String())), &got); err != nil {
			t.Fatalf("%v in %s", err, odd.String())
		}
		if diff := cmp.Diff(value, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

// escaped says whether an odd number of backslashes ends a text.
func escaped(text []byte) bool {
	return (len(text)-len(strings.TrimRight(string(text), `\`)))%2 == 1
}
