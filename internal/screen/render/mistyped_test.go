package render

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/stackspec"
)

// sound is a spec without a slip.
const sound = `version: 1
stack: storefront
account: "123456789012"
tags: { team: web }
defaults:
  role: arn:aws:iam::123456789012:role/edge-exec
  runtime: nodejs24.x
  memory: 128
  timeout: 5
  logging: { format: json, level: info }
functions:
  geo-redirect:
    wasm: target/geo.wasm
    on-error: fail
    config:
      home: /en/
  resize:
    bundle: dist/resize
    handler: index.handler
distributions:
  www:
    id: E2EXAMPLE1ABCD
    behaviors:
      default:
        viewer-request: geo-redirect
      /img/*:
        origin-response: resize
        origin-request: { function: geo-redirect, include-body: true }
  docs:
    alias: docs.example.com
    behaviors:
      default:
        viewer-response: resize
`

// slip is one thing that was typed in place of another.
type slip struct{ name, right, wrong string }

var slips = []slip{
	{"the version in quotes", "version: 1", "version: \"1\""},
	{"another version", "version: 1", "version: 2"},
	{"no version", "version: 1\n", ""},
	{"version misspelt", "version:", "verison:"},
	{"stack with a capital", "stack: storefront", "stack: Storefront"},
	{"stack with an underscore", "stack: storefront", "stack: store_front"},
	{"stack misspelt", "stack:", "stak:"},
	{"stack called name", "stack:", "name:"},
	{"a number for a stack", "stack: storefront", "stack: 2024"},
	{"account without quotes", "account: \"123456789012\"", "account: 123456789012"},
	{"account one digit short", "account: \"123456789012\"", "account: \"12345678901\""},
	{"account of someone else", "account: \"123456789012\"", "account: \"999999999999\""},
	{"a tag that is a number", "team: web", "team: 42"},
	{"a tag of AWS's own", "team: web", "aws:team: web"},
	{"tags as a list", "tags: { team: web }", "tags: [web]"},
	{"default for defaults", "defaults:", "default:"},
	{"role misspelt", "role: arn", "rloe: arn"},
	{"role by its name", "arn:aws:iam::123456789012:role/edge-exec", "edge-exec"},
	{"role with a region", "arn:aws:iam::1234", "arn:aws:iam:us-east-1:1234"},
	{"role of a user", ":role/edge-exec", ":user/edge-exec"},
	{"runtime without its x", "nodejs24.x", "nodejs24"},
	{"runtime of yesterday", "nodejs24.x", "nodejs18.x"},
	{"runtime called node", "nodejs24.x", "node24"},
	{"memory with a unit", "memory: 128", "memory: 128MB"},
	{"memory in quotes", "memory: 128", "memory: \"128\""},
	{"memory too small", "memory: 128", "memory: 64"},
	{"memory misspelt", "memory: 128", "memroy: 128"},
	{"memory as Lambda calls it", "memory: 128", "memorySize: 128"},
	{"timeout with a unit", "timeout: 5", "timeout: 5s"},
	{"timeout in milliseconds", "timeout: 5", "timeout: 5000"},
	{"timeout transposed", "timeout: 5", "tiemout: 5"},
	{"format of logs", "format: json", "format: JSON"},
	{"a level that is none", "level: info", "level: warning"},
	{"level without JSON", "format: json, level", "format: text, level"},
	{"functions in the singular", "functions:", "function:"},
	{"functions transposed", "functions:", "fucntions:"},
	{"function with a space", "  geo-redirect:\n", "  geo redirect:\n"},
	{"function with a dot", "  geo-redirect:\n", "  geo.redirect:\n"},
	{"wasm transposed", "wasm: target", "wsam: target"},
	{"wasm called module", "wasm: target", "module: target"},
	{"wasm called file", "wasm: target", "file: target"},
	{"an absolute path", "target/geo.wasm", "/home/me/geo.wasm"},
	{"a path of Windows", "target/geo.wasm", "target\\geo.wasm"},
	{"a variable in a path", "target/geo.wasm", "${env:EDGEDEPLOY_TARGET}/geo.wasm"},
	{"an address without digest", "target/geo.wasm", "https://example.com/geo.wasm"},
	{"an address over http", "target/geo.wasm", "http://example.com/geo.wasm"},
	{"wasm and bundle", "    bundle: dist/resize", "    wasm: resize.wasm\n    bundle: dist/resize"},
	{"a bundle without handler", "    handler: index.handler\n", ""},
	{"a handler without its export", "handler: index.handler", "handler: index"},
	{"a handler with parentheses", "handler: index.handler", "handler: index.handler()"},
	{"on-error with an underscore", "on-error: fail", "on_error: fail"},
	{"on-error that ignores", "on-error: fail", "on-error: ignore"},
	{"environment variables", "    config:", "    environment:"},
	{"layers", "    config:", "    layers:"},
	{"a key for nothing", "      home: /en/", "      home:"},
	{"a variable of the pipeline", "home: /en/", "home: ${env:AWS_SECRET_ACCESS_KEY}"},
	{"a variable that is not set", "home: /en/", "home: ${env:EDGEDEPLOY_HOME}"},
	{"a variable of the shell", "home: /en/", "home: ${env.HOME}"},
	{"distributions misspelt", "distributions:", "distribution:"},
	{"id in lower case", "E2EXAMPLE1ABCD", "e2example1abcd"},
	{"id that is a domain", "E2EXAMPLE1ABCD", "d111111abcdef8.cloudfront.net"},
	{"id that is an ARN", "id: E2EXAMPLE1ABCD", "id: arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE1ABCD"},
	{"id transposed", "id: E2", "di: E2"},
	{"id as the API calls it", "id: E2", "DistributionId: E2"},
	{"alias called domain", "alias: docs", "domain: docs"},
	{"behaviors as the API calls them", "    behaviors:\n      default:\n        viewer-request", "    cacheBehaviors:\n      default:\n        viewer-request"},
	{"id and alias", "    id: E2EXAMPLE1ABCD", "    id: E2EXAMPLE1ABCD\n    alias: www.example.com"},
	{"an alias with its scheme", "alias: docs.example.com", "alias: https://docs.example.com"},
	{"behaviors in British", "    behaviors:\n      default:\n        viewer-request", "    behaviours:\n      default:\n        viewer-request"},
	{"the console's default", "      default:\n        viewer-request", "      Default (*):\n        viewer-request"},
	{"a capital Default", "      default:\n        viewer-request", "      Default:\n        viewer-request"},
	{"default behaviour in words", "      default:\n        viewer-request", "      default behaviour:\n        viewer-request"},
	{"a star without quotes", "      /img/*:", "      *.jpg:"},
	{"a pattern with a space", "      /img/*:", "      /my img/*:"},
	{"a pattern as XML has it", "      /img/*:", "      /img&amp;/*:"},
	{"one pattern twice", "      /img/*:", "      default: { viewer-response: resize }\n      /img/*:"},
	{"a trigger transposed", "origin-response: resize", "origin-repsonse: resize"},
	{"a trigger with an underscore", "origin-response: resize", "origin_response: resize"},
	{"a trigger as the API spells it", "origin-response: resize", "OriginResponse: resize"},
	{"a trigger in the plural", "viewer-response: resize", "viewer-responses: resize"},
	{"a function that is none", "viewer-request: geo-redirect", "viewer-request: geo-redirct"},
	{"a function with a version", "viewer-request: geo-redirect", "viewer-request: geo-redirect:7"},
	{"a function by its ARN", "viewer-request: geo-redirect", "viewer-request: arn:aws:lambda:us-east-1:123456789012:function:geo:7"},
	{"the body of a response", "origin-response: resize", "origin-response: { function: resize, include-body: true }"},
	{"yes for true", "include-body: true", "include-body: yes"},
	{"a brace too few", "include-body: true }", "include-body: true"},
	{"a quote too few", "account: \"123456789012\"", "account: \"123456789012"},
	{"a tab", "    id: E2", "\tid: E2"},
	{"indentation out of step", "    id: E2", "   id: E2"},
	{"a colon without space", "    alias: docs", "    alias:docs"},
	{"a colon in a value", "home: /en/", "home: a: b"},
	{"an anchor", "defaults:", "defaults: &d"},
	{"a second document", "distributions:", "---\ndistributions:"},
	{"a key twice", "  docs:", "  www:"},
	{"checks that are not there yet", "functions:", "checks: []\nfunctions:"},
	{"a region", "account:", "region: eu-west-1\naccount:"},
}

// A person who made one slip gets one message: what is wrong, where, with the
// line, and what to do, in 80 columns.
func TestOneSlipHasOneMessage(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	if len(slips) < 60 {
		t.Errorf("%d slips", len(slips))
	}
	for _, s := range slips {
		if strings.Count(sound, s.right) == 0 {
			t.Fatalf("%s: there is no %q to mistype", s.name, s.right)
		}
		src := strings.Replace(sound, s.right, s.wrong, 1)
		doc, err := stackspec.Parse("edgedeploy.yaml", []byte(src), stackspec.Options{})
		list := doc.Warnings
		if invalid, ok := errors.AsType[*stackspec.InvalidError](err); ok {
			list = invalid.Problems
		}
		if len(list) != 1 {
			t.Errorf("%s: %d problems", s.name, len(list))
		}
		for _, p := range list {
			told(t, s.name, src, p)
		}
		text := Problems(list, Style{Width: 80})
		for line := range strings.SplitSeq(text, "\n") {
			if cells(line) > 80 {
				t.Errorf("%s: a line takes %d columns: %s", s.name, cells(line), line)
			}
		}
		fmt.Fprintf(&all, "# %s: %q for %q\n%s\n", s.name, s.wrong, s.right, text)
	}
	golden(t, "mistyped.txt", all.String())
}

// foreign are words that only readers of the program's source know.
var foreign = regexp.MustCompile(`strconv|yaml:|goccy|%!|<nil>|Go |mapping value is not allowed`)

// told wants of a problem all that a person needs.
func told(t *testing.T, name, src string, p stackspec.Problem) {
	t.Helper()
	lines := strings.Split(src, "\n")
	switch {
	case p.File != "edgedeploy.yaml" || p.Line < 1 || p.Line > len(lines) || p.Column < 1:
		t.Errorf("%s: it is nowhere: %+v", name, p)
	case p.Message == "" || p.Hint == "":
		t.Errorf("%s: it does not say what is wrong and what to do: %+v", name, p)
	case !strings.Contains(p.Excerpt, fmt.Sprintf("%d | %.50s", p.Line, strings.ReplaceAll(lines[p.Line-1], "\t", " "))):
		t.Errorf("%s: the excerpt is not line %d: %s", name, p.Line, p.Excerpt)
	case foreign.MatchString(p.Message + p.Hint):
		t.Errorf("%s: these are not a user's words: %s; %s", name, p.Message, p.Hint)
	}
}
