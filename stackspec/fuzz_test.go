package stackspec_test

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/edgedeploy/edgedeploy/stackspec"
)

// Whatever the bytes, Parse ends, and what it says can be shown to a person.
func FuzzParse(f *testing.F) {
	docs, err := os.ReadFile("../docs/spec.md")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		full, head + one, string(docs), string(stackspec.Starter("x")), "", "\x00", "a: [", "? a\n: b", "a: &x b\nc: *x\n", "<<: {a: b}\n",
		"*.jpg: a\n", "%YAML 1.2\n---\n", "--- |\n x\n", "- - - -\n", "{a:b}\n", "a: !!binary x\n", "\"a\\nb\": 1\n", "a:\n\tb: c\n", "[a, b]: c\n",
		"version: 1\nstack: ${env:EDGEDEPLOY_A}\n", "tags: { a: ${env:EDGEDEPLOY_A} }", "a: \"${env:B:-}$${\"", "é: \u202e\n", "x: 1e3\ny: 0o7\n",
	} {
		f.Add([]byte(seed))
	}
	o := stackspec.Options{Lookup: func(name string) (string, bool) { return "hunter2", name != "EDGEDEPLOY_B" }}
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, err := stackspec.Parse("edgedeploy.yaml", src, o)
		list := doc.Warnings
		if err != nil {
			invalid, ok := errors.AsType[*stackspec.InvalidError](err)
			if !ok || len(invalid.Problems) == 0 {
				t.Fatalf("the error is %#v", err)
			}
			list = invalid.Problems
			if !reflect.ValueOf(doc.Stack).IsZero() {
				t.Error("an invalid spec gives a stack")
			}
		}
		lines := strings.Count(string(src), "\n") + 1
		for i, p := range list {
			if p.Line < 1 || p.Column < 1 || p.Line > lines {
				t.Errorf("%d:%d is nowhere in %d lines", p.Line, p.Column, lines)
			}
			if i > 0 && (p.Line < list[i-1].Line || p.Line == list[i-1].Line && p.Column < list[i-1].Column) {
				t.Errorf("%d:%d comes after %d:%d", p.Line, p.Column, list[i-1].Line, list[i-1].Column)
			}
			for _, s := range []string{p.Path, p.Message, p.Hint, strings.ReplaceAll(p.Excerpt, "\n", "")} {
				if strings.ContainsFunc(s, unicode.IsControl) || !utf8.ValidString(s) || len(s) > 4000 {
					t.Errorf("%q cannot be shown", s)
				}
				if strings.Contains(s, "hunter2") && !strings.Contains(string(src), "hunter2") {
					t.Errorf("%q shows a variable's value", s)
				}
			}
		}
		again, _ := stackspec.Parse("edgedeploy.yaml", src, o)
		if !reflect.DeepEqual(again.Stack, doc.Stack) {
			t.Error("it is another stack the second time")
		}
	})
}
