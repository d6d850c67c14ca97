package stackspec

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/versions"
)

func docs(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("../docs/spec.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

func TestDocsHaveEveryKeyWithItsTypeAndDefault(t *testing.T) {
	t.Parallel()
	var want, got []row
	for _, r := range root().rows("") {
		r.standard = strings.ReplaceAll(r.standard, "`", "")
		want = append(want, r)
	}
	for line := range strings.Lines(docs(t)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) < 6 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		for i, c := range cells {
			cells[i] = strings.TrimSpace(strings.ReplaceAll(c, "`", ""))
		}
		if strings.TrimSpace(cells[4]) == "" {
			t.Errorf("%s has no meaning", cells[1])
		}
		got = append(got, row{cells[1], cells[2], cells[3]})
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("the table of docs/spec.md (-want +got):\n%s", diff)
	}
}

func TestDocsNameEveryRefusedKey(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(docs(t), "### Reserved and refused keys")
	section, _, _ = strings.Cut(section, "\n## ")
	walk(root(), func(typ *typ) {
		for _, f := range typ.fields {
			if f.refused != "" && f.key != "include-body" && !strings.Contains(section, "`"+f.key+"`") {
				t.Errorf("%s is refused, and docs/spec.md does not say so", f.key)
			}
		}
	})
}

func TestDocsAndCodeNameTheSameNumbers(t *testing.T) {
	t.Parallel()
	text := strings.Join(strings.Fields(docs(t)), " ")
	for _, want := range []string{
		"at most 1 MiB, 40 levels, and 10,000 entries in one mapping or list",
		"At most " + strconv.Itoa(maxTags) + ":",
		"More than " + strconv.Itoa(quotaBehaviors) + " cache behaviors or " + strconv.Itoa(quotaTriggers) + " bound triggers",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("docs/spec.md does not say %q", want)
		}
	}
	if maxBytes != 1<<20 || maxDepth != 40 || maxEntries != 10_000 {
		t.Error("the limits of files changed: docs/spec.md has to, too")
	}
	for _, r := range runtimes().words {
		if strings.HasPrefix(r, "nodejs") && !strings.Contains(text, "`"+r+"`") {
			t.Errorf("docs/spec.md does not name %s", r)
		}
	}
}

func TestStandardValuesOfTheTableAreThoseOfTheDecoder(t *testing.T) {
	t.Parallel()
	const standardFormat, standardLevel = "text", "info" // which versions leaves out
	for _, l := range []versions.Logging{{Format: standardFormat}, {Format: "json", Level: standardLevel}} {
		if got, want := l.Canonical("f"), (versions.Logging{Format: strings.TrimPrefix(l.Format, standardFormat)}); got != want {
			t.Errorf("%+v is %+v, want %+v", l, got, want)
		}
	}
	for key, want := range map[string]string{
		"defaults.runtime": standardRuntime, "defaults.memory": strconv.Itoa(standardMemory), "defaults.timeout": strconv.Itoa(standardTimeout),
		"defaults.on-error": standardOnError, "defaults.logging.level": standardLevel, "defaults.logging.format": standardFormat,
	} {
		found := false
		for _, r := range root().rows("") {
			if r.key == key {
				found = true
				if r.standard != want {
					t.Errorf("%s is %q in the table, %q in the decoder", key, r.standard, want)
				}
			}
		}
		if !found {
			t.Errorf("the table has no %s", key)
		}
	}
}

// Examples in the docs are read as they stand; a fragment is put into a spec.
func TestExamplesOfTheDocsAreValid(t *testing.T) {
	t.Parallel()
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(docs(t), -1)
	if len(examples) < 2 {
		t.Fatalf("%d examples", len(examples))
	}
	for _, e := range examples {
		src := e[1]
		if !strings.Contains(src, "version: 1") {
			src = "version: 1\nstack: s\ndefaults: { role: 'arn:aws:iam::123456789012:role/x' }\n" + src
		}
		if _, err := Parse("docs/spec.md", []byte(src), Options{}); err != nil {
			t.Errorf("%v in\n%s", err, src)
		}
	}
}

func TestStarterExplainsEveryKey(t *testing.T) {
	t.Parallel()
	text := string(Starter("x"))
	for _, r := range root().rows("") {
		key := r.key[strings.LastIndex(r.key, ".")+1:]
		if strings.HasPrefix(key, "<") || key == "function" {
			continue
		}
		if !regexp.MustCompile(`(^|[ #{\n])` + regexp.QuoteMeta(key) + `:`).MatchString(text) {
			t.Errorf("the starter says nothing about %s", r.key)
		}
	}
}
