package crash

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/integration/rig"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

// accounts is how many accounts are at work at a time. Much of a point is the
// SDK waiting before it tries again, so there are more of them than cores.
const accounts = "16"

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		if err := f.Value.Set(accounts); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(rig.Main(m))
}

// The distributions of an account.
const (
	www  = "E1AAAAAAAAAAAA"
	shop = "E2AAAAAAAAAAAA"
)

// world is an account with a project in it.
type world struct {
	*rig.Account
	t       *testing.T
	records map[any][]byte // that were read, by the hash of their zip
}

func newWorld(t *testing.T, aws *rig.Server) *world {
	t.Helper()
	w := &world{aws.Account(t), t, map[any][]byte{}}
	w.Seed(localaws.Seed{
		Roles: []iam.SeedRole{{ARN: w.Role()}},
		Distributions: []cf.SeedDistribution{
			{ID: www, Aliases: []string{w.domain()}, PathPatterns: []string{"/img/*"}}, {ID: shop, PathPatterns: []string{"/img/*"}},
			{ID: more(1)}, {ID: more(2)}, {ID: more(3)}, {ID: more(4)}, {ID: more(5)},
		},
	})
	return w
}

// more names the distributions of a project of many.
func more(n int) string { return fmt.Sprintf("EMORE%09d", n) }

// domain is the alternate domain name of the first distribution.
func (w *world) domain() string { return "www." + w.ID + ".example.com" }

// project is what a spec says. The zero value is no project.
type project struct {
	auth, resize int // their contents; without resize it is not in the spec
	memory       int
	tags         string
	shop         bool // auth serves the second distribution, too
	byAlias      bool // the first distribution is named by its alias
	many         bool // there are so many functions and distributions that they are read by listing
}

// write writes the spec and its handlers.
func (w *world) write(p project) {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nstack: shop\naccount: %q\ndefaults: { role: %q, timeout: 5, memory: %d }\n", w.ID, w.Role(), max(p.memory, 128))
	if p.tags != "" {
		fmt.Fprintf(&b, "tags: { %s }\n", p.tags)
	}
	b.WriteString("functions:\n  auth: { bundle: auth, handler: index.handler }\n")
	w.handler("auth", p.auth)
	for n := 1; p.many && n <= 5; n++ {
		fmt.Fprintf(&b, "  more%d: { bundle: auth, handler: index.handler }\n", n)
	}
	images := ""
	if p.resize != 0 {
		b.WriteString("  resize: { bundle: resize, handler: index.handler }\n")
		w.handler("resize", p.resize)
		images = ", origin-response: resize"
	}
	found := "id: " + www
	if p.byAlias {
		found = "alias: " + w.domain()
	}
	fmt.Fprintf(&b, "distributions:\n  www: { %s, behaviors: { default: { viewer-request: auth }, /img/*: { viewer-request: auth%s } } }\n", found, images)
	if p.shop {
		fmt.Fprintf(&b, "  shop: { id: %s, behaviors: { default: { viewer-request: auth } } }\n", shop)
	}
	for n := 1; p.many && n <= 5; n++ {
		fmt.Fprintf(&b, "  more%d: { id: %s, behaviors: { default: { viewer-request: more%[1]d } } }\n", n, more(n))
	}
	w.Write("edgedeploy.yaml", b.String())
}

func (w *world) handler(function string, content int) {
	w.Write(function+"/index.js", fmt.Sprintf("const content = %d; exports.handler = async (event) => event.Records[0].cf.request\n", content))
}

// apply writes a spec and applies it.
func (w *world) apply(p project, flags ...string) {
	w.t.Helper()
	w.write(p)
	w.Must(applying(flags...)...)
}

// applying is what a run of apply is here: nothing of Node.js's is under test.
func applying(flags ...string) []string {
	return append([]string{"apply", "--yes", "--no-load"}, flags...)
}

func rollback(flags ...string) []string { return append([]string{"rollback", "--yes"}, flags...) }

// edit edits a distribution by hand, as its owner does.
func (w *world) edit(distribution, old, new string) {
	w.t.Helper()
	path := "/2020-05-31/distribution/" + distribution + "/config"
	config := w.Do("cloudfront", "GET "+path, nil)
	edited := strings.ReplaceAll(string(config.Body), old, new)
	if edited == string(config.Body) {
		w.t.Fatalf("no %s in %s", old, edited)
	}
	if got := w.Do("cloudfront", "PUT "+path, []byte(edited), "If-Match", config.Header.Get("ETag")); got.Status != 200 {
		w.t.Fatalf("edit %s: %d %s", distribution, got.Status, got.Body)
	}
}
