package stackspec_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/stackspec"
	"github.com/edgedeploy/edgedeploy/versions"
	"github.com/google/go-cmp/cmp"
)

const role = "arn:aws:iam::123456789012:role/edge-exec"

// parse reads a spec that must be valid, without any environment.
func parse(t *testing.T, src string) stackspec.Document {
	t.Helper()
	doc, err := stackspec.Parse("edgedeploy.yaml", []byte(src), stackspec.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", explain(err), src)
	}
	return doc
}

// problems gives what is wrong with a spec; none for a valid one.
func problems(t *testing.T, src string, o stackspec.Options) []stackspec.Problem {
	t.Helper()
	_, err := stackspec.Parse("edgedeploy.yaml", []byte(src), o)
	if err == nil {
		return nil
	}
	invalid, ok := errors.AsType[*stackspec.InvalidError](err)
	if !ok {
		t.Fatalf("the error is a %T, want *InvalidError", err)
	}
	return invalid.Problems
}

func explain(err error) string {
	invalid, ok := errors.AsType[*stackspec.InvalidError](err)
	if !ok {
		return err.Error()
	}
	var lines []string
	for _, p := range invalid.Problems {
		lines = append(lines, p.Error())
	}
	return strings.Join(lines, "\n")
}

const full = `# yaml-language-server: $schema=./edgedeploy.schema.json
version: 1
stack: storefront
account: "123456789012"
tags: { team: web, cost-centre: "42" }
hold: strict
limits:
  viewer: { memory: 256, timeout: 10, zip: 2000000 }
  origin: { memory: 3000 }
defaults:
  role: arn:aws:iam::123456789012:role/edge-exec
  runtime: nodejs22.x
  memory: 256
  timeout: 7
  on-error: continue
  logging: { format: json, level: warn, group: /edge/storefront }
functions:
  shared-auth:
    wasm: ../common/auth.wasm
    on-error: fail
    keep-names: true
    trampoline: 3
    runtime: nodejs24.x
    logging: { format: text, group: /aws/lambda/storefront-shared-auth }
  geo-redirect:
    name: Geo_Redirect
    wasm: ./target//geo.wasm
    memory: 128
    timeout: 5
    logging: { level: debug }
    config:
      home: /en/
      big: 12345678901234567890
      exact: 1.0
      on: true
      langs: [en, de, { code: fr }]
      empty: {}
  resize:
    bundle: ./dist/resize/
    handler: src/index.resize
    runtime: python3.13
    role: arn:aws:iam::123456789012:role/team/resize
distributions:
  www:
    id: E2EXAMPLE1ABCD
    behaviors:
      "*.jpg":
        viewer-response: shared-auth
      default:
        viewer-request: { function: geo-redirect }
      img/*:
        origin-response: resize
        origin-request: { function: geo-redirect, include-body: true }
    local:
      origins: { "*": ./site/, default: "http://127.0.0.1:3000/app" }
  docs:
    alias: Docs.Example.COM
    behaviors: { /default: { viewer-request: shared-auth } }
`

func wantFull() stackspec.Stack {
	return stackspec.Stack{
		Name: "storefront", Account: "123456789012", Role: role, StrictHold: true,
		Tags:   map[string]string{"team": "web", "cost-centre": "42"},
		Viewer: associations.Limit{MemoryMB: 256, TimeoutSeconds: 10, ZipBytes: 2000000},
		Origin: associations.Limit{MemoryMB: 3000},
		Functions: []stackspec.Function{
			{
				Key: "geo-redirect", Name: "Geo_Redirect", Wasm: "target/geo.wasm", OnError: "continue",
				Config: versions.Config{
					Runtime: "nodejs22.x", Handler: "index.handler", Role: role, MemoryMB: 128, TimeoutSeconds: 5,
					Logging: versions.Logging{Format: "json", Level: "debug", Group: "/edge/storefront"},
				},
				Baked: map[string]any{
					"home": "/en/", "big": json.Number("12345678901234567890"), "exact": json.Number("1.0"), "on": true,
					"langs": []any{"en", "de", map[string]any{"code": "fr"}}, "empty": map[string]any{},
				},
			},
			{
				Key: "resize", Name: "storefront-resize", Bundle: "dist/resize",
				Config: versions.Config{
					Runtime: "python3.13", Handler: "src/index.resize", Role: "arn:aws:iam::123456789012:role/team/resize",
					MemoryMB: 256, TimeoutSeconds: 7,
					Logging: versions.Logging{Format: "json", Level: "warn", Group: "/edge/storefront"},
				},
			},
			{
				Key: "shared-auth", Name: "storefront-shared-auth", Wasm: "../common/auth.wasm", OnError: "fail",
				Config:    versions.Config{Runtime: "nodejs24.x", Handler: "index.handler", Role: role, MemoryMB: 256, TimeoutSeconds: 7},
				KeepNames: true, Trampoline: 3,
			},
		},
		Distributions: []stackspec.Distribution{
			{Key: "docs", Alias: "docs.example.com", Slots: []stackspec.SlotWant{
				{Path: "/default", Trigger: associations.ViewerRequest, Function: "shared-auth"},
			}},
			{
				Key: "www", ID: "E2EXAMPLE1ABCD",
				Slots: []stackspec.SlotWant{
					{Path: "default", Trigger: associations.ViewerRequest, Function: "geo-redirect"},
					{Path: "/*.jpg", Trigger: associations.ViewerResponse, Function: "shared-auth"},
					{Path: "/img/*", Trigger: associations.OriginRequest, Function: "geo-redirect", IncludeBody: true},
					{Path: "/img/*", Trigger: associations.OriginResponse, Function: "resize"},
				},
				Origins: map[string]string{"*": "site", "default": "http://127.0.0.1:3000/app"},
			},
		},
	}
}

func TestEveryKeyReachesTheStack(t *testing.T) {
	t.Parallel()
	doc := parse(t, full)
	if diff := cmp.Diff(wantFull(), doc.Stack); diff != "" {
		t.Errorf("stack (-want +got):\n%s", diff)
	}
	if len(doc.Warnings) != 0 {
		t.Errorf("warnings: %v", doc.Warnings)
	}
}

func TestTheSmallestSpecGetsTheStandardValues(t *testing.T) {
	t.Parallel()
	doc := parse(t, `{version: 1, stack: s, functions: {f: {wasm: f.wasm, role: "`+role+`"}}}`)
	want := stackspec.Stack{
		Name: "s", Role: role,
		Functions: []stackspec.Function{{
			Key: "f", Name: "s-f", Wasm: "f.wasm", OnError: "fail",
			Config: versions.Config{Runtime: "nodejs24.x", Handler: "index.handler", Role: role, MemoryMB: 128, TimeoutSeconds: 5},
		}},
	}
	if diff := cmp.Diff(want, doc.Stack); diff != "" {
		t.Errorf("stack (-want +got):\n%s", diff)
	}
}

func TestTheLedgerHasTheRoleOfTheDefaultsOrOfTheFirstFunction(t *testing.T) {
	t.Parallel()
	const a, b = "arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/b"
	functions := "functions: { y: { wasm: y, role: '" + b + "' }, x: { wasm: x, role: '" + a + "' } }\n"
	for name, c := range map[string]struct{ src, want string }{
		"the defaults' role wins":     {"version: 1\nstack: s\ndefaults: { role: '" + b + "' }\n" + functions, b},
		"first means first by key":    {"version: 1\nstack: s\n" + functions, a},
		"no function needs to use it": {"version: 1\nstack: s\ndefaults: { role: '" + b + "' }\n", b},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := parse(t, c.src).Stack.Role; got != c.want {
				t.Errorf("role = %s, want %s", got, c.want)
			}
		})
	}
}

func TestLambdasOwnLoggingIsTheZeroValue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		defaults, own string
		want          versions.Logging
	}{
		"text written out":                     {"", "{ format: text }", versions.Logging{}},
		"the default group written out":        {"", "{ group: /aws/lambda/s-f }", versions.Logging{}},
		"another function's default group":     {"", "{ group: /aws/lambda/s-g }", versions.Logging{Group: "/aws/lambda/s-g"}},
		"json without a level":                 {"", "{ format: json }", versions.Logging{Format: "json"}},
		"json at Lambda's own level":           {"", "{ format: json, level: info }", versions.Logging{Format: "json"}},
		"a level from the function":            {"{ format: json }", "{ level: error }", versions.Logging{Format: "json", Level: "error"}},
		"a level from the defaults":            {"{ format: json, level: error }", "{ group: g }", versions.Logging{Format: "json", Level: "error", Group: "g"}},
		"text drops the defaults' level":       {"{ format: json, level: error }", "{ format: text }", versions.Logging{}},
		"a function may go back to info":       {"{ format: json, level: error }", "{ level: info }", versions.Logging{Format: "json"}},
		"a function may use the default group": {"{ group: g }", "{ group: /aws/lambda/s-f }", versions.Logging{}},
		"format and level from both mappings":  {"{ level: debug }", "{ format: json }", versions.Logging{Format: "json", Level: "debug"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := "version: 1\nstack: s\ndefaults:\n  role: " + role + "\n"
			if c.defaults != "" {
				src += "  logging: " + c.defaults + "\n"
			}
			src += "functions:\n  f:\n    wasm: f\n    logging: " + c.own + "\n"
			if got := parse(t, src).Stack.Functions[0].Config.Logging; got != c.want {
				t.Errorf("logging = %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestPositionsAreThoseOfTheKeys(t *testing.T) {
	t.Parallel()
	doc := parse(t, full)
	for name, c := range map[string]struct {
		path      []string
		line, col int
	}{
		"a key at the top":              {[]string{"stack"}, 3, 1},
		"a key in braces":               {[]string{"tags", "cost-centre"}, 5, 20},
		"a function's key":              {[]string{"functions", "resize", "runtime"}, 41, 5},
		"a pattern as it is spelled":    {[]string{"distributions", "www", "behaviors", "img/*", "origin-request"}, 53, 9},
		"a canonical pattern":           {[]string{"distributions", "www", "behaviors", "/img/*", "origin-request"}, 53, 9},
		"a quoted pattern":              {[]string{"distributions", "www", "behaviors", "/*.jpg"}, 47, 7},
		"the default behavior":          {[]string{"distributions", "www", "behaviors", "default"}, 49, 7},
		"a pattern spelled default":     {[]string{"distributions", "docs", "behaviors", "/default"}, 58, 18},
		"not the default behavior":      {[]string{"distributions", "docs", "behaviors", "default"}, 0, 0},
		"canonical only among patterns": {[]string{"functions", "/resize"}, 0, 0},
		"below a string":                {[]string{"stack", "x"}, 0, 0},
		"nothing":                       {nil, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line, col := doc.Locate(c.path...)
			if line != c.line || col != c.col {
				t.Errorf("Locate(%q) = %d:%d, want %d:%d", c.path, line, col, c.line, c.col)
			}
		})
	}
	if got := doc.SlotLine("www", "/img/*", associations.OriginResponse); got != 52 {
		t.Errorf("SlotLine = %d, want 52", got)
	}
	if got := doc.SlotLine("www", "/img/*", associations.ViewerRequest); got != 0 {
		t.Errorf("SlotLine of an unbound trigger = %d, want 0", got)
	}
	if got := doc.FunctionLine("geo-redirect"); got != 25 {
		t.Errorf("FunctionLine = %d, want 25", got)
	}
	if got := (stackspec.Document{}).FunctionLine("f"); got != 0 {
		t.Errorf("FunctionLine of nothing = %d, want 0", got)
	}
}

func TestPositionsSurviveUnusualText(t *testing.T) {
	t.Parallel()
	src := "version: 1\r\nstack: s # ünï\r\ntags: { \"ä\\u00e9\\\"\": \"\\u00e9x\", 'it''s': ü, last: x }\r\n" +
		"defaults: { role: " + role + " }\r\nfunctions:\r\n  f:\r\n    config:\r\n      text: |\r\n        a\r\n\r\n        b\r\n" +
		"      folded: >-\r\n        c\r\n        d\r\n      plain: e\r\n        f\r\n      quoted: \"g\r\n        h\"\r\n    wasm: f\r\n"
	doc := parse(t, src)
	for key, want := range map[string][2]int{"it's": {3, 33}, "last": {3, 45}} {
		if line, col := doc.Locate("tags", key); line != want[0] || col != want[1] {
			t.Errorf("%s is at %d:%d, want %v", key, line, col, want)
		}
	}
	if line, col := doc.Locate("functions", "f", "wasm"); line != 19 || col != 5 {
		t.Errorf("wasm is at %d:%d, want 19:5", line, col)
	}
	want := map[string]any{"text": "a\n\nb\n", "folded": "c d", "plain": "e f", "quoted": "g h"}
	if diff := cmp.Diff(want, doc.Stack.Functions[0].Baked); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestStarterIsValidWhateverTheFolderIsCalled(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"storefront":             "storefront",
		"My Shop (new)":          "my-shop-new",
		"edgedeploy":             "my-site",
		"edgedeploy-demo":        "demo",
		"edgedeployedgedeploy-x": "x",
		"":                       "my-site",
		"ünïcödé":                "n-c-d",
		"/":                      "my-site",
		"2024":                   "2024", "1e3": "1e3", "0x1F": "0x1f", "true": "true", "null": "null", "NO": "no",
		strings.Repeat("a", 39) + "-b": strings.Repeat("a", 39),
	} {
		doc := parse(t, string(stackspec.Starter(name)))
		if doc.Stack.Name != want {
			t.Errorf("Starter(%q) calls the stack %q, want %q", name, doc.Stack.Name, want)
		}
		if len(doc.Warnings) > 0 {
			t.Errorf("Starter(%q) earns warnings: %v", name, doc.Warnings)
		}
	}
}

func TestLaterProblemsArePlacedAtTheNearestKey(t *testing.T) {
	t.Parallel()
	doc := parse(t, head+one)
	found := stackspec.Problem{Message: "m", Hint: "h", Warning: true}
	for name, c := range map[string]struct {
		path []string
		want stackspec.Problem
	}{
		"a key that is there": {[]string{"functions", "f", "wasm"}, stackspec.Problem{Line: 6, Column: 8, Path: "functions.f.wasm", Excerpt: "6 |   f: { wasm: f.wasm }\n  |        ^"}},
		"a default":           {[]string{"functions", "f", "memory"}, stackspec.Problem{Line: 6, Column: 3, Path: "functions.f.memory", Excerpt: "6 |   f: { wasm: f.wasm }\n  |   ^"}},
		"nothing of the kind": {[]string{"distributions", "www"}, stackspec.Problem{Line: 1, Column: 1, Path: "distributions.www", Excerpt: "1 | version: 1\n  | ^"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.File, c.want.Message, c.want.Hint, c.want.Warning = "edgedeploy.yaml", "m", "h", true
			same(t, c.want, doc.Place(found, c.path...))
		})
	}
	same(t, stackspec.Problem{Message: "m", Hint: "h", Warning: true, Line: 1, Column: 1, Path: "a"}, stackspec.Document{}.Place(found, "a"))
}

// Bundles are loaded side by side, and each may have something wrong.
func TestProblemsArePlacedFromManyGoroutines(t *testing.T) {
	t.Parallel()
	const functions = 200
	src := "version: 1\nstack: shop\ndefaults: { role: \"arn:aws:iam::123456789012:role/edge\" }\nfunctions:\n"
	for i := range functions {
		src += fmt.Sprintf("  f%d: { wasm: f.wasm }\n", i)
	}
	doc, err := stackspec.Parse("s.yaml", []byte(src), stackspec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range functions {
		group.Go(func() {
			key := fmt.Sprintf("f%d", i)
			if p := doc.Place(stackspec.Problem{Message: "m"}, "functions", key, "wasm"); p.Line != i+5 || !strings.Contains(p.Excerpt, key+": {") {
				t.Errorf("%s is placed at line %d: %s", key, p.Line, p.Excerpt)
			}
		})
	}
	group.Wait()
}
