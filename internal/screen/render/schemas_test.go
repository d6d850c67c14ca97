package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

const module = "github.com/edgedeploy/edgedeploy"

// schemer writes the JSON Schema of Go types, with their comments.
type schemer struct {
	t     *testing.T
	defs  map[string]object
	types map[string]reflect.Type // of the definitions
	// comments of types and of their fields, by package and "Type" or "Type.Field".
	comments map[string]map[string]string
}

type object map[string]any

// common says what members mean that have one meaning everywhere.
func common() map[string]string {
	return map[string]string{
		"schema": "The version of the document's format. Members may be added without raising it.", "stack": "The stack's name.", "exitCode": "What the command exits with.", "account": "The AWS account.",
		"error": "What went wrong.", "hint": "What to do about it.", "distribution": "The distribution's id.", "path": "The path pattern of the cache behavior; default is the default one.",
		"trigger": "viewer-request, origin-request, origin-response or viewer-response.", "message": "What -m said.", "actor": "Who ran it.", "at": "When.",
		"commit": "The commit that it was made from.", "dirty": "Whether files differed from the commit.", "kind": "What kind it is.", "function": "The function's name.", "key": "Its name in the spec.",
		"role": "The ARN of the role.", "release": "The number of the release.", "live": "The live release, or whether it is that.", "pending": "The release in flight.",
		"parent": "The release that was live when it was made; 0 for none.", "brought": "The release that brought what it binds.", "returns": "Where a rollback of it goes; 0 is before the first.",
		"back": "The release that a rollback took out of service.", "undone": "The release that a rollback undoes.", "target": "Where a rollback goes; 0 is before the first.",
		"content": "The content id: a SHA-256 over the files.", "version": "The version.", "arn": "The ARN; empty for nothing.", "includeBody": "Whether the function is given the request's body.", "binding": "What sits there.",
		"qualifiedArn": "The ARN with the version's number.", "runId": "The id of the run.", "phase": "What the run was doing.", "holder": "Who holds it.", "expired": "Whether it has expired.", "expires": "When it expires.",
		"state": "Lambda's state of it.", "note": "What is odd about it.", "held": "What the slot holds.", "wanted": "What the slot should hold.", "matches": "Whether it holds that.", "deployed": "Whether it is everywhere.", "domain": "A domain name.",
		"command": "The command.", "does": "What it does.", "file": "The file.", "name": "The name.", "level": "The level.", "text": "The text.", "source": "Where that is said.", "slot": "Which slot.", "spec": "Which version it is, whatever its number.",
		"config": "The configuration.", "runtime": "The runtime.", "handler": "What Lambda calls.", "memory": "In MB.", "timeout": "In seconds.", "logging": "How it logs.", "number": "The number of the version.", "zipBytes": "The size of the zip.", "size": "In bytes.",
		"bytes": "In bytes.", "files": "The files.", "passed": "What passed.", "failed": "What failed.", "do": "Which step it is.", "id": "The id.", "edits": "What it changes.", "from": "What was there.", "to": "What shall be there.", "reason": "Why.", "why": "Why.",
		"commits": "Commits.", "functions": "The functions.", "distributions": "The distributions.", "bindings": "What is bound there.", "notes": "What to read before saying yes.", "holds": "What rollbacks hold back.", "record": "The record.", "goal": "The release that the run leads to.",
		"stages": "The steps, in sets that do not depend on each other.", "saw": "Where the stack stood when it was planned.", "tags": "Tags.", "set": "Tags to set.", "tool": "The version of edgedeploy.", "codeSha256": "SHA-256 of the zip, as Lambda writes it.", "valid": "Whether it can be used.",
		"ms": "How long it took, in milliseconds.", "loadMs": "How long loading took, in milliseconds.", "logs": "What was logged.", "violations": "What CloudFront would refuse, or warn of.", "severity": "How bad it is.", "fixtures": "The fixtures.", "untested": "Functions without fixtures.", "problems": "What is wrong, in the order of the file.",
		"column": "From 1, in characters.", "line": "From 1.", "branch": "The branch.", "automatic": "Whether --on-failure rollback made it.", "dropped": "Custom sections that were left out.", "abi": "How events reach the handler.", "trampoline": "The number of its trampoline.", "releases": "Newest first.",
		"bundles": "One for each function.", "runs": "One for each function and release of Node.js.", "checks": "What was checked.", "result": "What the function returned.", "failure": "Why it failed.", "nodePath": "Where that Node.js is.", "pythonPath": "Where that Python is.", "node": "The release of Node.js.", "python": "The release of Python.",
		"compressed": "Bytes in the zip.", "uncompressed": "Bytes of all files.", "executable": "Whether it may be run.", "triggers": "Triggers.", "alias": "The alternate domain name.", "ids": "The ids.", "release number": "", "since": "Since when.", "wasLocked": "Whether it was locked.", "os": "The operating system.", "arch": "The processor.",
		"change": "What is written.", "create": "Whether the function is new.", "adopt": "Whether it is taken over.", "context": "For people: it has no bearing on what runs.", "expected": "What was expected.", "got": "What came.", "differences": "Where they differ.", "list": "The list.",
	}
}

func (s *schemer) at(dir string) map[string]string {
	if found, ok := s.comments[dir]; ok {
		return found
	}
	found := map[string]string{}
	s.comments[dir] = found
	names, err := filepath.Glob(filepath.Join("../../..", dir, "*.go"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			s.t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			gen, ok := n.(*ast.GenDecl)
			if !ok {
				return true
			}
			for _, one := range gen.Specs {
				if typ, ok := one.(*ast.TypeSpec); ok {
					doc := typ.Doc
					if doc == nil && len(gen.Specs) == 1 {
						doc = gen.Doc
					}
					found[typ.Name.Name] = explained(doc.Text(), typ.Name.Name)
					fields(found, typ)
				}
			}
			return true
		})
	}
	return found
}

func fields(found map[string]string, typ *ast.TypeSpec) {
	st, ok := typ.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range st.Fields.List {
		text := f.Doc.Text()
		if text == "" {
			text = f.Comment.Text()
		}
		for _, n := range f.Names {
			found[typ.Name.Name+"."+n.Name] = explained(text, n.Name)
		}
	}
}

// explained makes a sentence about a member of a Go comment.
func explained(comment, name string) string {
	text := strings.Join(strings.Fields(comment), " ")
	for _, verb := range []string{" is ", " are ", " says ", " tells ", " reports ", " names ", " lists "} {
		if rest, ok := strings.CutPrefix(text, name+verb); ok {
			text = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(verb+rest, " is "), " are "))
		}
	}
	if text == "" {
		return ""
	}
	text = strings.NewReplacer("[", "", "]", "").Replace(text)
	text = strings.ToUpper(text[:1]) + text[1:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

// schema gives the schema of a type.
func (s *schemer) schema(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage]():
		return object{}
	case reflect.TypeFor[release.Origin]():
		return object{"anyOf": []object{{"type": "integer", "minimum": 0}, {"const": "self"}}}
	case reflect.TypeFor[plan.Stage]():
		return object{"type": "array", "items": object{"anyOf": s.steps()}}
	}
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Pointer:
		return object{"anyOf": []object{s.schema(t.Elem()), {"type": "null"}}}
	case reflect.Slice:
		return object{"type": []string{"array", "null"}, "items": s.schema(t.Elem())}
	case reflect.Map:
		return object{"type": []string{"object", "null"}, "additionalProperties": s.schema(t.Elem())}
	case reflect.Interface:
		return object{}
	case reflect.Struct:
		return s.reference(t)
	}
	s.t.Fatalf("%v has no schema", t)
	return nil
}

// reference gives a reference to a struct's definition, making it if need be.
func (s *schemer) reference(t reflect.Type) object {
	name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	if other, there := s.types[name]; there && other != t {
		s.t.Errorf("%v and %v have one name in the schema", t, other)
	}
	if _, there := s.defs[name]; !there {
		s.types[name] = t
		s.defs[name] = object{} // for what refers to itself
		s.defs[name] = s.object(t)
	}
	return object{"$ref": "#/$defs/" + name}
}

func (s *schemer) steps() []object {
	var list []object
	for _, step := range []plan.Step{plan.Publish{}, plan.Activate{}, plan.Tag{}, plan.Associate{}, plan.Await{}} {
		ref := s.reference(reflect.TypeOf(step))
		def := s.defs[reflect.TypeOf(step).Name()]
		properties := def["properties"].(object)
		properties["do"] = object{"const": plan.StepName(step), "description": common()["do"]}
		if required := def["required"].([]string); !slices.Contains(required, "do") {
			def["required"] = append([]string{"do"}, required...)
		}
		list = append(list, ref)
	}
	return list
}

func (s *schemer) object(t reflect.Type) object {
	properties, required := object{}, []string{}
	s.members(t, properties, &required)
	doc := s.at(strings.TrimPrefix(t.PkgPath(), module+"/"))[t.Name()]
	o := object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	if doc != "" {
		o["description"] = doc
	}
	return o
}

func (s *schemer) members(t reflect.Type, properties object, required *[]string) {
	comments := s.at(strings.TrimPrefix(t.PkgPath(), module+"/"))
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("json")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case name == "-" || !f.IsExported():
			continue
		case f.Anonymous && !tagged:
			s.members(f.Type, properties, required)
			continue
		case name == "":
			s.t.Errorf("%v.%s has no name in JSON", t, f.Name)
		}
		one, optional := s.schema(f.Type), strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
		if types, ok := one["type"].([]string); ok && optional {
			one["type"] = types[0] // it is left out rather than null
		}
		text := comments[t.Name()+"."+f.Name]
		if text == "" {
			text = common()[name]
		}
		if text == "" {
			s.t.Errorf("what %s of %v is has to be said in a comment", f.Name, t)
		}
		one["description"] = text
		properties[name] = one
		if !optional {
			*required = append(*required, name)
		}
	}
}

func schemaOf(t *testing.T, d document) []byte {
	t.Helper()
	s := &schemer{t: t, defs: map[string]object{}, types: map[string]reflect.Type{}, comments: map[string]map[string]string{}}
	o := s.object(d.typ)
	o["$schema"], o["title"] = "https://json-schema.org/draft/2020-12/schema", "edgedeploy "+d.name
	if len(s.defs) > 0 {
		o["$defs"] = s.defs
	}
	text, err := toJSON(o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSchemasAreThoseOfTheTypes(t *testing.T) {
	t.Parallel()
	for _, d := range documents() {
		golden(t, "../schemas/"+d.name+".json", string(schemaOf(t, d)))
	}
}

// The page is written from the schemas, so that it names every member.
func TestJSONIsDocumented(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(jsonIntroduction)
	for _, d := range documents() {
		fmt.Fprintf(&b, "| [%s](#%s-document) | %s |\n", d.name, d.name, commandsOf(d.by))
	}
	defs, by := map[string]object{}, map[string][]string{}
	for _, d := range documents() {
		var o object
		if err := json.Unmarshal(schemaOf(t, d), &o); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "\n## %s document\n\nOf %s: %s\n\n", d.name, commandsOf(d.by), lower(fmt.Sprint(o["description"])))
		memberTable(&b, o)
		all, _ := o["$defs"].(map[string]any)
		for name, def := range all {
			defs[name] = def.(map[string]any)
			by[name] = append(by[name], d.name)
		}
	}
	b.WriteString("\n## Parts\n\nWhat several documents have in common.\n")
	for _, name := range slices.Sorted(maps.Keys(defs)) {
		fmt.Fprintf(&b, "\n### %s\n\n", name)
		if about, ok := defs[name]["description"].(string); ok {
			b.WriteString(about + "\n\n")
		}
		memberTable(&b, defs[name])
	}
	golden(t, path.Join("../../../../docs", "json.md"), b.String())
}

const jsonIntroduction = `# JSON

With ` + "`-o json`" + ` a command prints one document on stdout, also when it fails.
Every document has ` + "`schema`" + `, the version of its format: members may be added
without raising it, none goes or changes its meaning. Members that are not
always there are marked with ?. Times are RFC 3339, in UTC.

` + "`edgedeploy schema --of NAME`" + ` prints the JSON Schema (draft 2020-12) of a kind
of document. This page is written from them, and whatever edgedeploy prints in
its own tests is held against them.

` + "`iam-policy`" + ` and ` + "`schema`" + ` print documents of others: policies, and JSON Schemas.

| document | printed by |
|---|---|
`

func commandsOf(by string) string {
	if strings.HasPrefix(by, "any ") {
		return by
	}
	return "`" + strings.ReplaceAll(by, ", ", "`, `") + "`"
}

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func memberTable(b *strings.Builder, o object) {
	b.WriteString("| member | type | is |\n|---|---|---|\n")
	properties, _ := o["properties"].(map[string]any)
	var required []string
	for _, r := range o["required"].([]any) {
		required = append(required, r.(string))
	}
	names := slices.Sorted(maps.Keys(properties))
	for _, name := range names {
		p := properties[name].(map[string]any)
		mark := "?"
		if slices.Contains(required, name) {
			mark = ""
		}
		fmt.Fprintf(b, "| `%s`%s | %s | %s |\n", name, mark, typeWords(p), strings.ReplaceAll(p["description"].(string), "|", "\\|"))
	}
}

// typeWords says what a member holds.
func typeWords(p map[string]any) string {
	if ref, ok := p["$ref"].(string); ok {
		name := path.Base(ref)
		return "[" + name + "](#" + strings.ToLower(name) + ")"
	}
	if either, ok := p["anyOf"].([]any); ok {
		var words []string
		for _, e := range either {
			words = append(words, typeWords(e.(map[string]any)))
		}
		return strings.Join(words, " or ")
	}
	if c, ok := p["const"]; ok {
		return fmt.Sprintf("`%v`", c)
	}
	var words []string
	switch typ := p["type"].(type) {
	case string:
		words = []string{typ}
	case []any:
		for _, w := range typ {
			words = append(words, w.(string))
		}
	default:
		return "anything"
	}
	if p["format"] == "date-time" {
		words[0] = "time"
	}
	if items, ok := p["items"].(map[string]any); ok {
		words[0] = "list of " + typeWords(items)
	}
	if values, ok := p["additionalProperties"].(map[string]any); ok {
		words[0] = "map of " + typeWords(values)
	}
	return strings.Join(words, " or ")
}

// The samples that are shown in the golden files keep to the schemas.
func TestSamplesKeepToTheSchemas(t *testing.T) {
	t.Parallel()
	for name, sample := range map[string]func() ([]byte, error){
		"plan":       func() ([]byte, error) { return PlanJSON(samplePlan(), 2) },
		"status":     func() ([]byte, error) { return StatusJSON(sampleStatus()) },
		"show":       func() ([]byte, error) { return ShowJSON(sampleRelease(), true) },
		"validation": func() ([]byte, error) { return ValidationJSON(Validation{Problems: problems(), Error: "x"}) },
		"error":      func() ([]byte, error) { return ErrorJSON(Failure{Error: "x", Problems: problems()}) },
		"unlocking":  func() ([]byte, error) { return UnlockingJSON(Unlocking{Stack: "s"}) },
		"version":    func() ([]byte, error) { return VersionJSON(Version{Schema: 1, Version: "1"}) },
	} {
		text, err := sample()
		if err != nil {
			t.Fatal(err)
		}
		schema := compiledSchema(t, name)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// What no schema names is refused: else a new member would not be missed.
		doc.(map[string]any)["more"] = 1
		if schema.Validate(doc) == nil {
			t.Errorf("%s takes a member that it does not describe", name)
		}
	}
}

func compiledSchema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	text, ok := DocumentSchema(name)
	if !ok {
		t.Fatalf("there is no schema %s", name)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name+".json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
