package handlers

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/integration/program"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

// recipe is one task of docs/recipes.md, by the name of its function.
type recipe struct {
	name     string
	response bool              // it handles origin-response
	code     map[string]string // language → block
}

// recipes reads the page.
func recipes(t *testing.T) []recipe {
	t.Helper()
	page, err := repository(t).ReadFile("docs/recipes.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	name := regexp.MustCompile(`(?m)^fn (\w+)\(event: Origin(Request|Response)\)`)
	var all []recipe
	for _, section := range strings.Split(string(page), "\n## ")[1:] {
		title, _, _ := strings.Cut(section, "\n")
		r := recipe{code: map[string]string{}}
		for _, block := range blocks.FindAllStringSubmatch(section, -1) {
			r.code[block[1]] = block[2]
		}
		found := name.FindStringSubmatch(r.code["rust"])
		if found == nil || r.code["go"] == "" || r.code["ts"] == "" || len(r.code) != 3 {
			t.Fatalf("%s: want a handler in rust, go and ts, and nothing else", title)
		}
		r.name, r.response = found[1], found[2] == "Response"
		all = append(all, r)
	}
	return all
}

// folder writes files into a new folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// inFolder runs a program there.
func inFolder(t *testing.T, dir string, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

func packed(t *testing.T, dir string, f bundle.Function) bundle.Bundle {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	f.Name = "recipes"
	b, err := bundle.Build(root, f)
	if cerr := root.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	return b
}

// rustRecipes builds them with Debian's Rust, or another one that has the target.
func rustRecipes(t *testing.T, all []recipe) bundle.Bundle {
	t.Helper()
	tools, err := program.NeedCargo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if tools == "" {
		t.Skip("NOT RUN: " + program.ErrNoCargo.Error())
	}
	source := `use edgedeploy_guest::{handlers, OriginRequest, OriginResponse, Response};
trait Answer { fn answer(self) -> Option<Response>; }
impl Answer for () { fn answer(self) -> Option<Response> { None } }
impl Answer for Response { fn answer(self) -> Option<Response> { Some(self) } }
impl Answer for Option<Response> { fn answer(self) -> Option<Response> { self } }
trait Done { fn done(self) -> Result<(), String>; }
impl Done for () { fn done(self) -> Result<(), String> { Ok(()) } }
impl<E: std::fmt::Display> Done for Result<(), E> { fn done(self) -> Result<(), String> { self.map_err(|err| err.to_string()) } }
handlers! { origin_request: on_request, origin_response: on_response }
`
	on := map[bool]string{}
	for _, r := range all {
		run := "pub(super) fn run(event: super::OriginRequest<'_>) -> Option<super::Response> { super::Answer::answer(%[1]s(event)) }"
		if r.response {
			run = "pub(super) fn run(event: super::OriginResponse<'_>) -> Result<(), String> { super::Done::done(%[1]s(event)) }"
		}
		source += fmt.Sprintf("mod %[1]s {\n%[2]s"+run+"\n}\n", r.name, r.code["rust"])
		on[r.response] += fmt.Sprintf("Some(%[1]q) => %[1]s::run(event),\n", r.name)
	}
	source += "fn on_request(event: OriginRequest) -> Option<Response> { match event.header(\"x-case\") {\n" + on[false] + "_ => panic!(\"no such recipe\") } }\n"
	source += "fn on_response(event: OriginResponse) -> Result<(), String> { match event.request().header(\"x-case\") {\n" + on[true] + "_ => panic!(\"no such recipe\") } }\n"
	dir := folder(t, map[string]string{"recipes.rs": source})
	guest, err := filepath.Abs("../../guest/rust/src/lib.rs")
	if err != nil {
		t.Fatal(err)
	}
	noticeRust(t)
	compile := func(args ...string) {
		inFolder(t, dir, nil, filepath.Join(tools, "rustc"), append([]string{"--edition", "2021", "--target", "wasm32-unknown-unknown",
			"-C", "opt-level=s", "-C", "panic=abort", "-D", "warnings"}, args...)...)
	}
	compile("--crate-type", "rlib", "--crate-name", "edgedeploy_guest", "--cfg", `feature="std"`, guest)
	compile("--crate-type", "cdylib", "-C", "lto=fat", "-C", "strip=symbols", "--extern", "edgedeploy_guest=libedgedeploy_guest.rlib", "recipes.rs")
	return packed(t, dir, bundle.Function{Wasm: "recipes.wasm"})
}

// noticeRust reads the sources that a compiler is about to read: Go's cache of test
// results knows only what the test itself has read.
func noticeRust(t *testing.T) {
	t.Helper()
	sources, err := filepath.Glob("../../guest/rust/src/*.rs")
	if err != nil || len(sources) == 0 {
		t.Fatal(sources, err)
	}
	for _, name := range sources {
		if _, err := os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
}

func goRecipes(t *testing.T, all []recipe) bundle.Bundle {
	t.Helper()
	guest, err := filepath.Abs("../../guest/go")
	if err != nil {
		t.Fatal(err)
	}
	noticeGo(t, "guest/go")
	files := map[string]string{"go.mod": "module example.com/recipes\n\ngo 1.24\n\nrequire github.com/edgedeploy/edgedeploy/guest/go v0.0.0\n\nreplace github.com/edgedeploy/edgedeploy/guest/go => " + guest + "\n"}
	main := "package main\n\nimport edge \"github.com/edgedeploy/edgedeploy/guest/go\"\n\nfunc main() {}\n\nfunc init() {\n\tedge.Handle(edge.Handlers{\n"
	on := map[bool]string{}
	for _, r := range all {
		files[r.name+".go"] = "package main\n\n" + r.code["go"]
		on[r.response] += fmt.Sprintf("\t\t\tcase %[1]q:\n\t\t\t\treturn %[1]s(e)\n", r.name)
	}
	main += "\t\tOriginRequest: func(e edge.OriginRequest) (*edge.Response, error) {\n\t\t\tswitch e.Headers().Get(\"X-Case\") {\n" + on[false] + "\t\t\t}\n\t\t\tpanic(\"no such recipe\")\n\t\t},\n"
	main += "\t\tOriginResponse: func(e edge.OriginResponse) error {\n\t\t\tswitch e.Request().Headers().Get(\"X-Case\") {\n" + on[true] + "\t\t\t}\n\t\t\tpanic(\"no such recipe\")\n\t\t},\n\t})\n}\n"
	files["main.go"] = main
	dir := folder(t, files)
	wasm := []string{"GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=-mod=mod", "GOPROXY=off"}
	inFolder(t, dir, wasm, "go", "vet", ".")
	inFolder(t, dir, wasm, "go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", "recipes.wasm", ".")
	if out, err := exec.CommandContext(t.Context(), "gofmt", "-l", dir).Output(); err != nil || len(out) > 0 {
		t.Errorf("gofmt these blocks: %s%v", out, err)
	}
	return packed(t, dir, bundle.Function{Wasm: "recipes.wasm"})
}

func tsRecipes(t *testing.T, all []recipe) bundle.Bundle {
	t.Helper()
	types, err := repository(t).ReadFile("internal/handlers/starter/assets/typescript/src/cloudfront.ts.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"src/cloudfront.ts": string(types),
		"src/node.d.ts":     nodeTypes,
		"tsconfig.json":     `{"compilerOptions": {"target": "es2023", "module": "nodenext", "strict": true, "noUncheckedIndexedAccess": true, "noEmit": true, "types": []}, "include": ["src"]}`,
		"package.json":      `{"type": "module"}`,
	}
	main := "import type { Event, Request, Response } from './cloudfront.js';\n"
	on := map[bool]string{}
	for _, r := range all {
		files["src/"+r.name+".ts"] = "import type { Request, Response } from './cloudfront.js';\n" + r.code["ts"]
		main += fmt.Sprintf("import { %[1]s } from './%[1]s.js';\n", r.name)
		on[r.response] += "  " + r.name + ",\n"
	}
	main += "const onRequest: Record<string, (request: Request) => Response | undefined | void> = {\n" + on[false] + "};\n"
	main += "const onResponse: Record<string, (response: Response, request: Request) => void> = {\n" + on[true] + "};\n" + `
export async function handler(event: Event, context: unknown) {
  const { request, response } = event.Records[0].cf;
  const name = request.headers['x-case']![0]!.value;
  if (response === undefined) return onRequest[name]!(request) ?? request;
  onResponse[name]!(response, request);
  return response;
}
`
	files["src/handler.ts"] = main
	dir := folder(t, files)
	if tools := os.Getenv("EDGEDEPLOY_TEST_PACKAGES"); tools != "" {
		inFolder(t, dir, nil, filepath.Join(tools, "node_modules/.bin/tsc"))
	} else if os.Getenv("EDGEDEPLOY_REQUIRE_PACKAGES") != "" {
		t.Error("EDGEDEPLOY_TEST_PACKAGES is not set: export EDGEDEPLOY_TEST_PACKAGES=$(integration/packages.sh .tools/packages)")
	} else {
		t.Log("NOT CHECKED: the types, for want of npm packages")
	}
	return packed(t, dir, bundle.Function{Entry: "src/handler.ts", Runtime: "nodejs24.x"})
}

// nodeTypes are those of Node.js that the recipes use, so that nothing has to be
// fetched for them.
const nodeTypes = `interface Buffer extends Uint8Array {
  toString(encoding?: 'base64'): string;
}
declare const Buffer: { from(text: string, encoding?: 'base64' | 'base64url' | 'hex' | 'utf8'): Buffer };
declare module 'node:crypto' {
  interface Hash { update(text: string): Hash; digest(): Buffer }
  export function createHash(name: string): Hash;
  export function createHmac(name: string, key: string): Hash;
  export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
}
`

// recipeCase is an event for a recipe, and what has to come of it: see told.
type recipeCase struct {
	name  string
	event func(e, request, headers object)
	want  string
}

func recipeCases() []recipeCase {
	query := func(q string) func(e, r, h object) {
		return func(_, r, _ object) { r["querystring"] = q }
	}
	uri := func(u string) func(e, r, h object) { return func(_, r, _ object) { r["uri"] = u } }
	header := func(name string, all ...string) func(e, r, h object) {
		return func(_, _, h object) { h[strings.ToLower(name)] = values(name, all...) }
	}
	token := func(claims string) func(e, r, h object) {
		signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
		return header("Cookie", "a=1", "b=2; token="+signed+"."+base64.RawURLEncoding.EncodeToString(hmacOf(signed)))
	}
	link := func(expires, signature string) func(e, r, h object) {
		return func(_, r, _ object) {
			if signature == "" {
				signature = fmt.Sprintf("%x", hmacOf("/a?"+expires))
			}
			r["querystring"] = "expires=" + expires + "&signature=" + signature
		}
	}
	form := func(body string) func(e, r, h object) { return func(e, _, _ object) { withBody(e, []byte(body)) } }
	const challenge = "401 content-type=text/plain; charset=utf-8 cache-control=no-store www-authenticate=Basic realm=\"preview\" who are you?"
	const noToken = "401 content-type=text/plain; charset=utf-8 cache-control=no-store no token"
	const noLink = "403 content-type=text/plain; charset=utf-8 cache-control=no-store this link is not good"
	const noForm = "400 content-type=text/plain; charset=utf-8 an address has an @"
	return []recipeCase{
		{"headers", uri("/assets/a.css"), "404 cache-control=public, max-age=31536000, immutable x-content-type-options=nosniff set-cookie=s=1 set-cookie=s=2"},
		{"headers", uri("/assets"), "404 x-content-type-options=nosniff set-cookie=s=1 set-cookie=s=2"},
		{"query", query("q=b&utm=1&page=2&q=a%26&PAGE=3"), "/a?page=2&q=b&q=a%26 host=example.com origin.example.com"},
		{"query", query("utm=1"), "/a host=example.com origin.example.com"},
		{"redirect", query("back=/docs?page=1"), "302 location=/docs?page=1 cache-control=no-store"},
		{"redirect", query("back=%2Fdocs%23a&back=/x"), "302 location=/docs#a cache-control=no-store"},
		{"redirect", query("back=//evil.example"), "302 location=/ cache-control=no-store"},
		{"redirect", query("back=/%5Cevil.example"), "302 location=/ cache-control=no-store"},
		{"redirect", query("back=/%09/evil.example"), "302 location=/ cache-control=no-store"},
		{"redirect", query("back=/a%0D%0ASet-Cookie:a"), "302 location=/ cache-control=no-store"},
		{"redirect", query("back=https://evil.example"), "302 location=/ cache-control=no-store"},
		{"redirect", query("back=/a+b"), "302 location=/ cache-control=no-store"},
		{"redirect", query("back="), "302 location=/ cache-control=no-store"},
		{"redirect", query("b=/x"), "/a?b=/x host=example.com origin.example.com"},
		{"page", query("name=J%C3%BCrgen+%3Cb%3E%26%22%27"), "200 content-type=text/html; charset=utf-8 <h1>Hello, Jürgen &lt;b&gt;&amp;&#34;&#39;!</h1>"},
		{"page", query(""), "200 content-type=text/html; charset=utf-8 <h1>Hello, nobody!</h1>"},
		{"origin", header("CloudFront-Viewer-Country", "AT"), "/a?q=1 host=eu.example.com eu.example.com"},
		{"origin", header("CloudFront-Viewer-Country", "US"), "/a?q=1 host=us.example.com us.example.com"},
		{"origin", header("CloudFront-Viewer-Country", "FR"), "/a?q=1 host=example.com origin.example.com"},
		{"origin", func(_, _, _ object) {}, "/a?q=1 host=example.com origin.example.com"},
		{"remember", func(_, _, _ object) {}, "404 server=x set-cookie=s=1 set-cookie=s=2 set-cookie=seen=1; Path=/; Max-Age=86400; Secure; SameSite=Lax"},
		{"remember", header("Cookie", "a=1", "b=2; seen=1"), "404 server=x set-cookie=s=1 set-cookie=s=2"},
		{"index", uri("/"), "/index.html?q=1 host=example.com origin.example.com"},
		{"index", uri("/docs"), "/docs/index.html?q=1 host=example.com origin.example.com"},
		{"index", uri("/v1.2/docs/"), "/v1.2/docs/index.html?q=1 host=example.com origin.example.com"},
		{"index", uri("/docs/a.css"), "/docs/a.css?q=1 host=example.com origin.example.com"},
		{"rewrite", uri("/shop/a/b"), "/store/v2/a/b?q=1 host=example.com origin.example.com"},
		{"rewrite", uri("/shops/a"), "/shops/a?q=1 host=example.com origin.example.com"},
		{"language", header("Accept-Language", "fr, de-AT;q=0.7, en;q=0.3"), "/de/a?q=1 host=example.com origin.example.com"},
		{"language", header("Accept-Language", "pt-br;q=0.9,de;q=0.9"), "/pt-BR/a?q=1 host=example.com origin.example.com"},
		{"language", header("Accept-Language", "de;q=2, EN;q=0.1"), "/en/a?q=1 host=example.com origin.example.com"},
		{"language", header("Accept-Language", "de;q=0"), "/en/a?q=1 host=example.com origin.example.com"},
		{"language", func(_, _, _ object) {}, "/en/a?q=1 host=example.com origin.example.com"},
		{"variant", header("Cookie", "a=1; ab=b"), "/a?q=1 host=example.com x-variant=b origin.example.com"},
		{"variant", header("Cookie", "ab=x"), "/a?q=1 host=example.com x-variant=a origin.example.com"},
		{"variant", func(_, r, _ object) { r["clientIp"] = "203.0.113.11" }, "/a?q=1 host=example.com x-variant=b origin.example.com"},
		{"device", header("CloudFront-Is-Mobile-Viewer", "true"), "/m/a?q=1 host=example.com origin.example.com"},
		{"device", header("CloudFront-Is-Mobile-Viewer", "false"), "/a?q=1 host=example.com origin.example.com"},
		{"login", header("Authorization", "Basic YW5uOnMzY3JldA=="), "/a?q=1 host=example.com origin.example.com"},
		{"login", header("Authorization", "Basic YW5uOnMzY3Jl"), challenge},
		{"login", header("Authorization", "Bearer YW5uOnMzY3JldA=="), challenge},
		{"login", func(_, _, _ object) {}, challenge},
		{"token", token(`{"sub": "ann", "exp": 4102444800}`), "/a?q=1 host=example.com x-user=ann origin.example.com"},
		{"token", token(`{"sub": "ann", "exp": 1000}`), noToken},
		{"token", header("Cookie", "token=e30.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.AAAA"), noToken},
		{"token", header("Cookie", "token=.."), noToken},
		{"token", func(_, _, _ object) {}, noToken},
		{"signed", link("4102444800", ""), "/a?expires=4102444800&signature=" + fmt.Sprintf("%x", hmacOf("/a?4102444800")) + " host=example.com origin.example.com"},
		{"signed", link("1000", ""), noLink},
		{"signed", link("x", ""), noLink},
		{"signed", link("4102444801", fmt.Sprintf("%x", hmacOf("/a?4102444800"))), noLink},
		{"signed", query(""), noLink},
		{"form", form("name=x&email=ann%40example.com"), "/a?q=1 host=example.com origin.example.com"},
		{"form", form("email=ann"), noForm},
		{"form", form(""), noForm},
		{"form", func(_, _, _ object) {}, "/a?q=1 host=example.com origin.example.com"},
	}
}

func hmacOf(message string) []byte {
	return hmacSum("0123456789abcdef0123456789abcdef", message)
}

// told is what of a result a case names.
func told(o outcome) string {
	if o.Error != "" {
		return o.Error
	}
	var parts []string
	headers, _ := o.Result["headers"].(object)
	list := func(names ...string) {
		for _, name := range names {
			all, _ := headers[name].([]any)
			for _, value := range all {
				parts = append(parts, fmt.Sprintf("%s=%v", name, at(value, "value")))
			}
		}
	}
	if status, ok := o.Result["status"].(string); ok {
		parts = append(parts, status)
		list("location", "content-type", "cache-control", "x-content-type-options", "server", "set-cookie", "www-authenticate")
		if body, ok := o.Result["body"].(string); ok {
			parts = append(parts, body)
		}
		return strings.Join(parts, " ")
	}
	path := o.Result["uri"].(string)
	if query := o.Result["querystring"].(string); query != "" {
		path += "?" + query
	}
	parts = append(parts, path)
	list("host", "x-variant", "x-user")
	return strings.Join(append(parts, fmt.Sprint(at(o.Result, "origin", "custom", "domainName"))), " ")
}

// Every block of the page is compiled, and all three languages give the same
// answers to the same events: the whole of them, and what the table says.
func TestRecipesDoTheSameInEveryLanguage(t *testing.T) {
	t.Parallel()
	all := recipes(t)
	response, used := map[string]bool{}, map[string]bool{}
	for _, r := range all {
		response[r.name] = r.response
	}
	cases := recipeCases()
	var events []object
	for _, c := range cases {
		used[c.name] = true
		e := event(map[bool]string{false: "origin-request", true: "origin-response"}[response[c.name]], "")
		headers := subject(e, "request")["headers"].(object)
		headers["x-case"] = values("X-Case", c.name)
		c.event(e, subject(e, "request"), headers)
		events = append(events, e)
	}
	for _, r := range all {
		if !used[r.name] {
			t.Errorf("no case tries %s", r.name)
		}
	}
	first := tsRecipes(t, all)
	for lang, build := range map[string]func(*testing.T, []recipe) bundle.Bundle{
		"typescript": func(*testing.T, []recipe) bundle.Bundle { return first }, "rust": rustRecipes, "go": goRecipes,
	} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			b := build(t, all)
			onEachNode(t, func(t *testing.T, node string) {
				want, got := run(t, node, first, events...), run(t, node, b, events...)
				if got.Load != "" {
					t.Fatal(got.Load)
				}
				for i, o := range got.Outcomes {
					if s := told(o); s != cases[i].want {
						t.Errorf("%s: got  %s\nwant %s", cases[i].name, s, cases[i].want)
					}
					if diff := cmp.Diff(want.Outcomes[i].Result, o.Result); diff != "" {
						t.Errorf("%s: -typescript +%s\n%s", cases[i].name, lang, diff)
					}
				}
			})
		})
	}
}
