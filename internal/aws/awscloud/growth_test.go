package awscloud

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/associations"
)

// long are documents that are long in one way each: with n of something.
var long = map[string]func(n int) string{
	"comments in a text":      func(n int) string { return withPath("/a" + strings.Repeat("b<!---->", n)) },
	"CDATA in a text":         func(n int) string { return withPath("/a" + strings.Repeat("<![CDATA[b]]>", n)) },
	"references in a text":    func(n int) string { return withPath("/a" + strings.Repeat("&amp;&#98;", n)) },
	"instructions in a text":  func(n int) string { return withPath("/a" + strings.Repeat("b<?p?>", n)) },
	"text around members":     func(n int) string { return inDefault(strings.Repeat(" <Odd/>\n", n)) },
	"comments around members": func(n int) string { return inDefault(strings.Repeat("<!-- c -->\n", n)) },
	"attributes":              func(n int) string { return inDefault("<Odd" + numbered(" a%d=''", n) + "/>") },
	"namespaces":              func(n int) string { return inDefault("<Odd" + numbered(" xmlns:a%d='urn:%[1]d'", n) + "/>") },
	"namespaces, one each":    func(n int) string { return inDefault(strings.Repeat("<x:Odd xmlns:x='urn:x'/>", n)) },
	"a long text":             func(n int) string { return withPath("/" + strings.Repeat("b", 10*n)) },
	"a long name":             func(n int) string { return inDefault("<" + strings.Repeat("b", 10*n) + "/>") },
	"levels, up and down": func(n int) string {
		return inDefault(strings.Repeat(strings.Repeat("<a>", 50)+strings.Repeat("</a>", 50), n/50))
	},
	"behaviors": func(n int) string {
		return withBehaviors(numbered("<CacheBehavior><PathPattern>/%d</PathPattern></CacheBehavior>", n))
	},
	"behaviors of one path": func(n int) string { return withBehaviors(strings.Repeat(cacheBehavior("a", ""), n)) },
	"unknown event types": func(n int) string {
		return inDefault(listOf(strings.Repeat(oneAssociation("future", arn9, "false"), n)))
	},
	"comments before the root":  func(n int) string { return strings.Repeat("<!-- c -->", n) + inDefault("") },
	"comments behind the root":  func(n int) string { return inDefault("") + strings.Repeat("<!-- c -->", n) },
	"unknown members of a list": func(n int) string { return inDefault(listOf(strings.Repeat("<Odd/>", n))) },
}

func withPath(pattern string) string { return withBehaviors(cacheBehavior(pattern, "")) }

func inDefault(inner string) string {
	return "<DistributionConfig><DefaultCacheBehavior>" + inner + "</DefaultCacheBehavior></DistributionConfig>"
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// allocated gives how many bytes f allocates. Nothing else may run.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestLongDocumentsCostWhatTheirLengthIs counts the memory that reading and
// editing takes, for n of something and for twice as many. It is not parallel,
// as other tests would be counted too.
func TestLongDocumentsCostWhatTheirLengthIs(t *testing.T) {
	const n = 2000
	edit := []slotEdit{bind("default", associations.ViewerRequest, arn1)}
	for name, doc := range long {
		cost := func(n int) uint64 {
			doc := []byte(doc(n))
			return allocated(func() {
				if _, err := readConfig(doc); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if _, err := splice(doc, edit); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			})
		}
		cost(n) // what is made only once
		once, twice := cost(n), cost(2*n)
		t.Logf("%-26s %6.2f MB, twice as many %.2f times as much", name, float64(once)/1e6, float64(twice)/float64(once))
		if twice > 3*once {
			t.Errorf("%s: %d take %d bytes, twice as many take %d", name, n, once, twice)
		}
	}
}

// large is a document of two megabytes: 250 behaviours, with a function on
// each trigger, among members that are unknown here.
func large() []byte {
	var b strings.Builder
	for i := range 250 {
		var items strings.Builder
		for _, trigger := range associations.Triggers() {
			items.WriteString(oneAssociation(string(trigger), arn2, "false"))
		}
		b.WriteString(cacheBehavior(fmt.Sprintf("/%d/*", i), listOf(items.String())+strings.Repeat("<Odd a='1'>some text &amp; more</Odd>\r\n", 180)))
	}
	return []byte(withBehaviors(b.String()))
}

func BenchmarkSplice(b *testing.B) {
	var everything []slotEdit
	for i := range 250 {
		for _, trigger := range associations.Triggers() {
			everything = append(everything, bind(fmt.Sprintf("/%d/*", i), trigger, arn1))
		}
	}
	run := func(name string, doc []byte, edits []slotEdit) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := splice(doc, edits); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("250 behaviors, one edit", large(), everything[:1])
	run("250 behaviors, all edits", large(), everything)
	for _, name := range slices.Sorted(maps.Keys(long)) {
		run("100000 "+name, []byte(long[name](100000)), []slotEdit{bind("default", associations.ViewerRequest, arn1)})
	}
}
