package starter

import (
	"bytes"
	"path"
	"strings"
	"testing"
)

func TestEveryLanguageHasAStarterThatCanBeTested(t *testing.T) {
	t.Parallel()
	for _, lang := range Languages() {
		s, err := For(lang, "shop")
		if err != nil {
			t.Fatal(err)
		}
		spec := s.Files["edgedeploy.yaml"]
		if !bytes.Contains(spec, []byte("\nstack: \"shop\"\n")) {
			t.Errorf("%s: the spec is\n%s", lang, spec)
		}
		fixtures := 0
		for name, b := range s.Files {
			if bytes.Contains(b, []byte("<stack>")) {
				t.Errorf("%s: %s still has a place for the name", lang, name)
			}
			if strings.HasSuffix(name, ".tmpl") || path.Clean(name) != name || strings.HasPrefix(name, "..") {
				t.Errorf("%s: a file is called %s", lang, name)
			}
			event, is := strings.CutSuffix(name, ".event.json")
			if !is {
				continue
			}
			fixtures++
			if s.Files[event+".expect.json"] == nil {
				t.Errorf("%s: %s has no expectation", lang, name)
			}
		}
		if fixtures == 0 || s.Files[".gitignore"] == nil {
			t.Errorf("%s: %d fixtures, .gitignore %q", lang, fixtures, s.Files[".gitignore"])
		}
	}
	if len(languages()) != len(Languages()) {
		t.Errorf("%d starters for %d languages", len(languages()), len(Languages()))
	}
}

func TestThereIsNoStarterForOtherLanguages(t *testing.T) {
	t.Parallel()
	if s, err := For("cobol", "shop"); err == nil || len(s.Files) > 0 {
		t.Errorf("%v, %v", s, err)
	}
}
