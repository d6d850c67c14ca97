package nearest

import (
	"testing"

	"pgregory.net/rapid"
)

func TestTheWordThatWasMeantIsFound(t *testing.T) {
	t.Parallel()
	known := []string{"text", "json", "markdown", "viewer-request", "viewer-response", "origin-request", "plan", "apply"}
	for unknown, want := range map[string]string{
		"jsn": "json", "JSON": "json", "palin": "plan", "plna": "plan", "aplpy": "apply", "mark": "markdown",
		"viewer-requst": "viewer-request", "viewer": "", "origin": "origin-request", "yaml": "", "": "", "x": "", "to": "",
	} {
		if got := Word(unknown, known); got != want {
			t.Errorf("Word(%q) is %q, want %q", unknown, got, want)
		}
	}
}

func TestATypoIsOneLetter(t *testing.T) {
	t.Parallel()
	known := []string{"STACK", "TO", "ENDPOINT_URL"}
	for unknown, want := range map[string]string{
		"STAK": "STACK", "STCAK": "STACK", "STACKS": "STACK", "ENPOINT_URL": "ENDPOINT_URL", "STAGE": "", "STACK": "", "TI": "", "ENDPOINT": "", "": "",
	} {
		if got := Typo(unknown, known); got != want {
			t.Errorf("Typo(%q) is %q, want %q", unknown, got, want)
		}
	}
}

// The distance is one: of a word to itself 0, the same both ways, and never more
// than the longer word.
func TestEditsAreADistance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.StringMatching(`[ab-]{0,6}`)
		a, b := words.Draw(t, "a"), words.Draw(t, "b")
		there, back := edits(a, b), edits(b, a)
		if there != back || there == 0 != (a == b) || there > max(len(a), len(b)) || there < max(len(a), len(b))-min(len(a), len(b)) {
			t.Fatalf("%q to %q is %d, and back %d", a, b, there, back)
		}
		if i := rapid.IntRange(0, max(0, len(a)-2)).Draw(t, "i"); len(a) > 1 && a[i] != a[i+1] {
			swapped := a[:i] + a[i+1:i+2] + a[i:i+1] + a[i+2:]
			if d := edits(a, swapped); d != 1 {
				t.Fatalf("%q to %q is %d, and two letters are swapped", a, swapped, d)
			}
		}
	})
}
