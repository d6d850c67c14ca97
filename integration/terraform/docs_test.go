package terraform

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
)

// section is the text below a heading of docs/terraform.md.
func section(t *testing.T, heading string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "terraform.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("docs/terraform.md has no heading %q", heading)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}

// block is the one block of a language below a heading.
func block(t *testing.T, heading, language string) string {
	t.Helper()
	parts := strings.Split(section(t, heading), "```"+language+"\n")
	if len(parts) != 2 {
		t.Fatalf("below %q are %d blocks of %s, want 1", heading, len(parts)-1, language)
	}
	text, _, _ := strings.Cut(parts[1], "```")
	return text
}

// handler copies a module to where a spec of the page looks for it.
func (r *rig) handler(name string) {
	r.t.Helper()
	module, err := os.ReadFile(filepath.Join("..", "..", "examples", "redirect", "redirect.wasm"))
	if err != nil {
		r.t.Fatal(err)
	}
	r.write(name, string(module))
}

func (r *rig) folder(name string) *rig {
	r.t.Helper()
	dir := filepath.Join(r.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		r.t.Fatal(err)
	}
	return r.in(dir)
}

var filter = regexp.MustCompile(`\| jq '([^']+)' > (\S+)`)

// TestThePageOnTerraform runs docs/terraform.md, with the first of the tools: the
// role, publish only, slots.
func TestThePageOnTerraform(t *testing.T) {
	t.Parallel()
	needed(t)
	r := newRig(t, tools[0])
	role := r.folder("role")
	role.write("main.tf", block(t, "The role", "hcl"))
	role.init()
	role.apply("Resources: 2 added")
	role.same()

	publish := r.folder("publish")
	publish.write("edgedeploy.yaml", block(t, "Publish only", "yaml"))
	publish.handler("auth.wasm")
	publish.write("main.tf", block(t, "Publish only", "hcl"))
	publish.must(binary, "apply", "--yes")
	publish.handOver()
	publish.init()
	publish.apply("Resources: 2 added")
	publish.same()
	if out := publish.must(binary, "apply", "--yes"); strings.Contains(out, "Published") {
		t.Errorf("a second apply without changes says\n%s", out)
	}
	publish.handOver()
	publish.same() // the same version, so the same ARN

	r.slots()

	publish.destroy("2 destroyed")
	role.destroy("2 destroyed")
}

// handOver gives Terraform the ARNs, as the page says: by jq.
func (r *rig) handOver() {
	r.t.Helper()
	m := filter.FindStringSubmatch(section(r.t, "Publish only"))
	if m == nil {
		r.t.Fatal("the page pipes nothing into jq")
	}
	query, err := gojq.Parse(m[1])
	if err != nil {
		r.t.Fatal(err)
	}
	var status any
	if err := json.Unmarshal([]byte(r.must(binary, "status", "--stack", "shared", "-o", "json")), &status); err != nil {
		r.t.Fatal(err)
	}
	value, _ := query.Run(status).Next()
	raw, err := json.Marshal(value)
	if err != nil || !strings.Contains(string(raw), ":function:") {
		r.t.Fatalf("%s gives %s, %v", m[1], raw, err)
	}
	r.write(m[2], string(raw))
}

const slotsSpec = `version: 1
stack: slots
defaults:
  role: arn:aws:iam::123456789012:role/edge-exec
functions:
  redirect:
    wasm: redirect.wasm
distributions:
  www:
    id: %ID%
    behaviors:
      default:
        viewer-request: redirect
      /api/*:
        origin-request: redirect
`

// slots runs that section: each tool writes its part, and leaves the other's.
func (r *rig) slots() {
	r.t.Helper()
	slots := r.folder("slots")
	hcl := block(r.t, "Slots", "hcl")
	slots.write("main.tf", hcl)
	slots.init()
	slots.apply("Resources: 1 added")
	id := slots.output("distribution")
	slots.write("edgedeploy.yaml", strings.Replace(slotsSpec, "%ID%", id, 1))
	slots.handler("redirect.wasm")
	slots.must(binary, "apply", "--yes")
	slots.same()
	slots.write("main.tf", strings.Replace(hcl, `comment = "www"`, `comment = "changed"`, 1))
	slots.apply("0 added, 1 changed, 0 destroyed")
	config := r.get("cloudfront", "/2020-05-31/distribution/"+id+"/config")
	if !strings.Contains(config, ">changed<") || strings.Count(config, "<LambdaFunctionARN>") != 2 {
		r.t.Errorf("after both have written: %s", config)
	}
	if out, code := slots.run(binary, "status", "--detailed-exitcode"); code != 0 {
		r.t.Errorf("status ends with %d:\n%s", code, out)
	}
	slots.destroy("1 destroyed")
}
