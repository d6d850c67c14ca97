package stackspec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("edgedeploy.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("edgedeploy.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// judge gives the parser's and the schema's verdict about a document, which
// is JSON and thereby YAML. Only the table of keys is asked, not what the
// decoder knows about names and references.
func judge(t interface{ Fatal(...any) }, schema *jsonschema.Schema, src []byte) (parser []Problem, bySchema error) {
	r := &report{file: "edgedeploy.yaml"}
	tree := readYAML(r, src)
	if tree != nil {
		newChecker(r, Options{}).check(tree, root(), nil)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	return r.sorted(), schema.Validate(value)
}

func agree(t interface {
	Fatal(...any)
	Fatalf(string, ...any)
}, schema *jsonschema.Schema, src []byte) bool {
	parser, bySchema := judge(t, schema, src)
	if (len(parser) > 0) != (bySchema != nil) {
		t.Fatalf("the parser says %v, the schema says %v\n%s", parser, bySchema, src)
	}
	return bySchema == nil
}

func TestSchemaIsOfItsDraft(t *testing.T) {
	t.Parallel()
	compiled(t)
	if !bytes.HasPrefix(Schema(), []byte("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"title\"")) {
		t.Errorf("the schema begins %.80s", Schema())
	}
}

// rich has every accepted key.
const rich = `{
  "version": 1, "stack": "s", "account": "123456789012", "tags": {"a": "b"}, "hold": "strict",
  "limits": {"viewer": {"memory": 128, "timeout": 5, "zip": 1}, "origin": {"memory": 128, "timeout": 5, "zip": 1}},
  "defaults": {"role": "arn:aws:iam::123456789012:role/x", "runtime": "nodejs24.x", "memory": 128, "timeout": 5, "on-error": "fail",
    "logging": {"format": "json", "level": "info", "group": "/g"}},
  "functions": {
    "f": {"name": "n", "wasm": "w", "role": "arn:aws:iam::123456789012:role/x", "runtime": "nodejs24.x", "memory": 128, "timeout": 5,
      "on-error": "fail", "logging": {"format": "json", "level": "info", "group": "/g"}, "keep-names": true, "trampoline": 1,
      "config": {"a": {"b": [1, 1.5, "x", true, {}, []]}}},
    "e": {"entry": "h.ts", "external": ["@aws-sdk/*", "x"], "on-error": "continue", "keep-names": true, "trampoline": 1},
    "g": {"bundle": "b", "handler": "index.handler"},
    "h": {"wasm": "https://example.com/h.wasm?v=1", "sha256": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}
  },
  "distributions": {
    "w": {"id": "E2EXAMPLE1ABCD", "behaviors": {
      "default": {
        "viewer-request": {"function": "f", "include-body": true}, "origin-request": {"function": "f", "include-body": false},
        "origin-response": {"function": "g"}, "viewer-response": {"function": "g"}
      },
      "/a": {"viewer-request": "f", "origin-request": "f", "origin-response": "g", "viewer-response": "g"}},
      "local": {"origins": {"*": "./site"}}},
    "v": {"alias": "www.example.com"}
  }
}`

func TestSchemaTakesEveryKey(t *testing.T) {
	t.Parallel()
	if !agree(t, compiled(t), []byte(rich)) {
		t.Error("both refuse the spec with every key")
	}
	var doc any
	if err := json.Unmarshal([]byte(rich), &doc); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	collect(doc, root(), "", used)
	for _, r := range root().rows("") {
		if !used[r.key] {
			t.Errorf("the spec with every key lacks %s", r.key)
		}
	}
}

// collect notes the table's name of each key of a document.
func collect(v any, t *typ, prefix string, used map[string]bool) {
	m, ok := v.(map[string]any)
	if !ok {
		return
	}
	if t.shape == aString {
		t = t.long
	}
	for key, value := range m {
		switch t.shape {
		case anObject:
			f, _ := t.field(key)
			used[prefix+key] = true
			collect(value, f.typ, prefix+key+".", used)
		case aMap:
			used[prefix+"<"+t.keyName+">"] = true
			if t.elem.shape != aValue {
				collect(value, t.elem, prefix+"<"+t.keyName+">.", used)
			}
		}
	}
}

func TestSchemaAndParserAgreeOnKnownCases(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	for name, c := range map[string]struct {
		valid bool
		src   string
	}{
		"the least":                  {true, `{"version":1,"stack":"s"}`},
		"no version":                 {false, `{"stack":"s"}`},
		"another version":            {false, `{"version":2,"stack":"s"}`},
		"a list":                     {false, `[]`},
		"null":                       {false, `{"version":1,"stack":"s","functions":null}`},
		"a reserved word":            {false, `{"version":1,"stack":"s","checks":{}}`},
		"a variable":                 {true, `{"version":1,"stack":"s","hold":"${env:EDGEDEPLOY_H:-strict}"}`},
		"a variable in a path":       {false, `{"version":1,"stack":"s","functions":{"f":{"wasm":"${env:EDGEDEPLOY_H:-x}"}}}`},
		"a variable in a key":        {false, `{"version":1,"stack":"s","tags":{"${env:EDGEDEPLOY_H:-x}":"y"}}`},
		"a variable in a config key": {false, `{"version":1,"stack":"s","functions":{"f":{"wasm":"x","config":{"a":{"${env:X}":1}}}}}`},
		"a number from a variable":   {false, `{"version":1,"stack":"s","functions":{"f":{"wasm":"x","memory":"${env:EDGEDEPLOY_H:-128}"}}}`},
		"null in config":             {false, `{"version":1,"stack":"s","functions":{"f":{"wasm":"x","config":{"a":[null]}}}}`},
		"both wasm and bundle":       {false, `{"version":1,"stack":"s","functions":{"f":{"wasm":"x","bundle":"y","handler":"a.b"}}}`},
		"neither wasm nor bundle":    {false, `{"version":1,"stack":"s","functions":{"f":{}}}`},
		"both wasm and entry":        {false, `{"version":1,"stack":"s","functions":{"f":{"wasm":"x","entry":"y"}}}`},
		"trampoline with bundle":     {false, `{"version":1,"stack":"s","functions":{"f":{"bundle":"y","handler":"a.b","trampoline":1}}}`},
		"on-error with bundle":       {false, `{"version":1,"stack":"s","functions":{"f":{"bundle":"y","handler":"a.b","on-error":"fail"}}}`},
		"a bundle without handler":   {false, `{"version":1,"stack":"s","functions":{"f":{"bundle":"y"}}}`},
		"the body of a response":     {false, `{"version":1,"stack":"s","distributions":{"w":{"id":"E12345","behaviors":{"/a":{"viewer-response":{"function":"f","include-body":true}}}}}}`},
		"a version number":           {false, `{"version":1,"stack":"s","distributions":{"w":{"id":"E12345","behaviors":{"/a":{"viewer-response":"f:1"}}}}}`},
		"both id and alias":          {false, `{"version":1,"stack":"s","distributions":{"w":{"id":"E12345","alias":"a.b"}}}`},
		"a stack named edgedeploy":   {false, `{"version":1,"stack":"edgedeploy"}`},
		"a ledger's name":            {false, `{"version":1,"stack":"s","functions":{"f":{"wasm":"x","name":"edgedeploy-x-releases"}}}`},
		"an origin with a query":     {false, `{"version":1,"stack":"s","distributions":{"w":{"id":"E12345","local":{"origins":{"*":"http://a/?b"}}}}}`},
		"an origin with port":        {true, `{"version":1,"stack":"s","distributions":{"w":{"id":"E12345","local":{"origins":{"*":"http://[::1]:3000/b"}}}}}`},
		"external":                   {true, `{"version":1,"stack":"s","functions":{"f":{"entry":"x","external":["@aws-sdk/*","a"]}}}`},
		"external with wasm":         {false, `{"version":1,"stack":"s","functions":{"f":{"wasm":"x","external":["a"]}}}`},
		"external that is no list":   {false, `{"version":1,"stack":"s","functions":{"f":{"entry":"x","external":"a"}}}`},
		"external paths":             {false, `{"version":1,"stack":"s","functions":{"f":{"entry":"x","external":["./a"]}}}`},
		"an empty path":              {false, `{"version":1,"stack":"s","functions":{"f":{"wasm":""}}}`},
		"an address":                 {true, remote("https://example.com/a/b.wasm", hex64)},
		"an address with port":       {true, remote("https://example.com:8443/b", hex64)},
		"an address by number":       {true, remote("https://[2001:db8::1]/b", hex64)},
		"a query":                    {true, remote("https://example.com/b?x=%20y&z", hex64)},
		"http on loopback":           {true, remote("http://127.0.0.1:80/b", hex64)},
		"http on localhost":          {true, remote("http://localhost/b", hex64)},
		"http on ::1":                {true, remote("http://[::1]:1/b", hex64)},
		"http elsewhere":             {false, remote("http://example.com/b", hex64)},
		"http near localhost":        {false, remote("http://localhost.example.com/b", hex64)},
		"http near 127":              {false, remote("http://127.0.0.1.example.com/b", hex64)},
		"ftp":                        {false, remote("ftp://example.com/b", hex64)},
		"HTTPS":                      {false, remote("HTTPS://example.com/b", hex64)},
		"a user":                     {false, remote("https://me@example.com/b", hex64)},
		"a password":                 {false, remote("https://me:pw@example.com/b", hex64)},
		"a fragment":                 {false, remote("https://example.com/b#c", hex64)},
		"a space":                    {false, remote("https://example.com/b c", hex64)},
		"a lone percent":             {false, remote("https://example.com/b%zz", hex64)},
		"a variable in an address":   {false, remote("https://example.com/${env:EDGEDEPLOY_X:-b}", hex64)},
		"an address without path":    {false, remote("https://example.com", hex64)},
		"an address without digest":  {false, `{"version":1,"stack":"s","functions":{"f":{"wasm":"https://a/b"}}}`},
		"a bundle without digest":    {false, `{"version":1,"stack":"s","functions":{"f":{"bundle":"https://a/b","handler":"a.b"}}}`},
		"a bundle with digest":       {true, `{"version":1,"stack":"s","functions":{"f":{"bundle":"https://a/b","handler":"a.b","sha256":"` + hex64 + `"}}}`},
		"a path with digest":         {false, remote("b.wasm", hex64)},
		"a digest alone":             {false, `{"version":1,"stack":"s","functions":{"f":{"sha256":"` + hex64 + `"}}}`},
		"a short digest":             {false, remote("https://a/b", hex64[1:])},
		"a digest in capitals":       {false, remote("https://a/b", strings.ToUpper(hex64))},
		"a digest from a variable":   {false, remote("https://a/b", "${env:EDGEDEPLOY_X:-"+hex64+"}")},
		"a colon in a path":          {true, `{"version":1,"stack":"s","functions":{"f":{"wasm":"build:x/b:"}}}`},
		"a path like an address":     {false, `{"version":1,"stack":"s","functions":{"f":{"wasm":"ab:/x"}}}`},
		"an empty tag key":           {false, `{"version":1,"stack":"s","tags":{"":"a"}}`},
		"fifty tags":                 {false, `{"version":1,"stack":"s","tags":` + manyTags(50) + `}`},
		"forty-nine tags":            {true, `{"version":1,"stack":"s","tags":` + manyTags(49) + `}`},
		"a tag value of 256":         {true, `{"version":1,"stack":"s","tags":{"a":"` + strings.Repeat("é", 256) + `"}}`},
		"a tag value of 257":         {false, `{"version":1,"stack":"s","tags":{"a":"` + strings.Repeat("é", 257) + `"}}`},
		"the largest numbers":        {true, `{"version":1,"stack":"s","functions":{"f":{"wasm":"x","memory":10240,"timeout":900}}}`},
		"more than the largest":      {false, `{"version":1,"stack":"s","functions":{"f":{"wasm":"x","memory":10241,"timeout":900}}}`},
		"a very large number":        {false, `{"version":1,"stack":"s","functions":{"f":{"wasm":"x","memory":1000000000000000000000}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := agree(t, schema, []byte(c.src)); got != c.valid {
				t.Errorf("valid = %v, want %v", got, c.valid)
			}
		})
	}
}

const hex64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// remote is a spec with a fetched module.
func remote(address, digest string) string {
	return `{"version":1,"stack":"s","functions":{"f":{"wasm":"` + address + `","sha256":"` + digest + `"}}}`
}

func manyTags(n int) string {
	tags := map[string]string{}
	for i := range n {
		tags[fmt.Sprint("t", i)] = ""
	}
	out, err := json.Marshal(tags)
	if err != nil {
		panic(err)
	}
	return string(out)
}

// Whatever is done to a valid document, parser and schema agree about it.
func TestSchemaAndParserAgree(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	valid, invalid := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		var doc any
		if err := json.Unmarshal([]byte(rich), &doc); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 3).Draw(t, "mutations") {
			doc = mutate(t, doc)
		}
		var out bytes.Buffer
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ") // readers of YAML disagree about {"a":b} less with spaces
		if err := enc.Encode(doc); err != nil {
			t.Fatal(err)
		}
		if agree(t, schema, out.Bytes()) {
			valid++
		} else {
			invalid++
		}
	})
	if valid < 10 || invalid < 10 {
		t.Errorf("%d valid and %d invalid documents prove nothing", valid, invalid)
	}
}

// mutate changes one place of a document.
func mutate(t *rapid.T, v any) any {
	m, isMap := v.(map[string]any)
	if list, ok := v.([]any); ok && len(list) > 0 && rapid.Bool().Draw(t, "into the list") {
		i := rapid.IntRange(0, len(list)-1).Draw(t, "index")
		list[i] = mutate(t, list[i])
		return list
	}
	if !isMap || len(m) == 0 || rapid.IntRange(0, 9).Draw(t, "replace") == 0 {
		return anything(t)
	}
	key := rapid.SampledFrom(slices.Sorted(maps.Keys(m))).Draw(t, "key")
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0:
		delete(m, key)
	case 1:
		m[someKey(t)] = anything(t)
	case 2:
		m[someKey(t)] = m[key]
		delete(m, key)
	default:
		m[key] = mutate(t, m[key])
	}
	return m
}

func someKey(t *rapid.T) string {
	known := []string{"default", "/a b", "a.b", "aws:x", "Edgedeploy:x", "404", "f:1", "", strings.Repeat("k", 300), "checks", "region", "x\ny"}
	for _, r := range root().rows("") {
		parts := strings.Split(r.key, ".")
		known = append(known, parts[len(parts)-1])
	}
	return rapid.SampledFrom(known).Draw(t, "some key")
}

func anything(t *rapid.T) any {
	return rapid.SampledFrom([]any{
		nil, true, false, json.Number("0"), json.Number("1"), json.Number("128"), json.Number("-1"), json.Number("1.5"), json.Number("99999999999999999999"),
		"", "x", "strict", "fail", "json", "debug", "nodejs22.x", "python3.12", "nodejs18.x", "123456789012", "arn:aws:iam::123456789012:role/x",
		"arn:aws:lambda:eu-west-1:123456789012:function:x:1", "f:1", "$LATEST", "17", "index.handler", "../x.handler", "./dist", "/abs", "C:/x", `a\b`,
		"http://localhost:1/x", "https://u@h", "ftp://x", "E2EXAMPLE1ABCD", "www.example.com", "*.example.com", "a\nb", "\u0000", "é", "edgedeploy-x-releases",
		strings.Repeat("x", 300), map[string]any{}, []any{}, []any{"x"}, map[string]any{"function": "f"}, map[string]any{"function": "f", "include-body": true},
	}).Draw(t, "anything")
}

func TestTellingMistakesAreRefusedByTheirPatternToo(t *testing.T) {
	t.Parallel()
	c := newChecker(&report{}, Options{})
	var forms []*typ
	walk(root(), func(t *typ) {
		if t.shape == aString && t.form.tell != nil {
			forms = append(forms, t)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		form := rapid.SampledFrom(forms).Draw(t, "type").form
		s := rapid.StringMatching(`(arn:)?[a-z:/$\\{}0-9.&;A-Z]{0,12}(arn:aws:(iam|lambda):[a-z-]{0,9}:123456789012:role/x)?(://|&amp;|\$LATEST|\$\{)?[a-z]{0,3}`).Draw(t, "text")
		message, _ := form.tell(s)
		accepted := c.matches(form.pattern, s) && (form.never == "" || !c.matches(form.never, s))
		if message != "" && accepted {
			t.Fatalf("%q is %s to the parser, and fine to the schema", s, message)
		}
	})
}

// walk visits every type of the table.
func walk(t *typ, visit func(*typ)) {
	if t == nil {
		return
	}
	visit(t)
	for _, f := range t.fields {
		walk(f.typ, visit)
	}
	walk(t.keys, visit)
	walk(t.elem, visit)
	walk(t.long, visit)
}

func TestPatternsAreAnchored(t *testing.T) {
	t.Parallel()
	walk(root(), func(typ *typ) {
		p := typ.form.pattern
		if p != "" && (!strings.HasPrefix(p, "^") || !strings.HasSuffix(p, "$")) {
			t.Errorf("%s is not about the whole string", p)
		}
	})
}
