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

func TestLanguagesGoByTheirUsualNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"rust": "rust", "rs": "rust", "Rust": "rust", "go": "go", "golang": "go", "GoLang": "go", "typescript": "typescript", "TypeScript": "typescript", "ts": "typescript", "TS": "typescript",
		"": "", "r": "", "gol": "", "javascript": "", " go": "",
	} {
		if got := Named(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
	other, err := For("RS", "shop")
	if err != nil || other.Files["Cargo.toml"] == nil {
		t.Errorf("RS gives %d files, %v", len(other.Files), err)
	}
}

func TestNobodyIsToldToBuildWhereNothingIsBuilt(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]bool{"rust": true, "go": true, "typescript": false} {
		s, err := For(lang, "shop")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(s.Later(""), "build"); got != want || !strings.Contains(s.Later(" -f x"), "\n  edgedeploy test --update -f x\n") {
			t.Errorf("%s: %s", lang, s.Later(""))
		}
	}
}

func TestThereIsNoStarterForOtherLanguages(t *testing.T) {
	t.Parallel()
	if s, err := For("cobol", "shop"); err == nil || len(s.Files) > 0 {
		t.Errorf("%v, %v", s, err)
	}
}
