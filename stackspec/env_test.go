package stackspec_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/stackspec"
)

// environ looks variables up in a map.
func environ(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

func TestVariablesStandForTheirValues(t *testing.T) {
	t.Parallel()
	o := stackspec.Options{
		Lookup: environ(map[string]string{
			"EDGEDEPLOY_A": "alpha", "EDGEDEPLOY_EMPTY": "", "EDGEDEPLOY_NESTED": "${env:EDGEDEPLOY_A}",
			"EDGEDEPLOY_YAML": "x }\nhold: strict", "HOME": "/root",
		}),
		AllowEnv: []string{"HOME"},
	}
	for name, c := range map[string]struct{ text, want string }{
		"alone":                          {"${env:EDGEDEPLOY_A}", "alpha"},
		"inside text, twice":             {"<${env:EDGEDEPLOY_A}|${env:EDGEDEPLOY_A}>", "<alpha|alpha>"},
		"next to each other":             {"${env:EDGEDEPLOY_A}${env:EDGEDEPLOY_A}", "alphaalpha"},
		"a default that is not needed":   {"${env:EDGEDEPLOY_A:-beta}", "alpha"},
		"a default for an unset one":     {"${env:EDGEDEPLOY_NO:-beta:-gamma}", "beta:-gamma"},
		"a default for an empty one":     {"${env:EDGEDEPLOY_EMPTY:-beta}", "beta"},
		"an empty default":               {"[${env:EDGEDEPLOY_NO:-}]", "[]"},
		"an empty one without default":   {"[${env:EDGEDEPLOY_EMPTY}]", "[]"},
		"a value is not looked at again": {"${env:EDGEDEPLOY_NESTED}", "${env:EDGEDEPLOY_A}"},
		"a value cannot change the file": {"${env:EDGEDEPLOY_YAML}", "x }\nhold: strict"},
		"an escape":                      {"$${env:EDGEDEPLOY_A}", "${env:EDGEDEPLOY_A}"},
		"an escape and a variable":       {"$${x}${env:EDGEDEPLOY_A}", "${x}alpha"},
		"dollars that mean nothing":      {"$5 $ $$ {x} $x", "$5 $ $$ {x} $x"},
		"an allowed name":                {"${env:HOME}", "/root"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quoted, err := json.Marshal(c.text)
			if err != nil {
				t.Fatal(err)
			}
			src := head + "functions: { f: { wasm: f, config: { deep: [ { text: " + string(quoted) + " } ] } } }\n"
			doc, err := stackspec.Parse("edgedeploy.yaml", []byte(src), o)
			if err != nil {
				t.Fatal(explain(err))
			}
			got := doc.Stack.Functions[0].Baked["deep"].([]any)[0].(map[string]any)["text"]
			if got != c.want {
				t.Errorf("%s stands for %q, want %q", c.text, got, c.want)
			}
			if doc.Stack.StrictHold {
				t.Error("the value became YAML")
			}
		})
	}
}

func TestVariablesAreSubstitutedInEveryString(t *testing.T) {
	t.Parallel()
	vars := map[string]string{
		"EDGEDEPLOY_STACK": "shop", "EDGEDEPLOY_ACCOUNT": "123456789012", "EDGEDEPLOY_ROLE": role, "EDGEDEPLOY_TAG": "web",
		"EDGEDEPLOY_HOLD": "strict", "EDGEDEPLOY_RUNTIME": "nodejs22.x", "EDGEDEPLOY_ERR": "continue", "EDGEDEPLOY_NAME": "fn",
		"EDGEDEPLOY_ID": "E2EXAMPLE1ABCD", "EDGEDEPLOY_FN": "f", "EDGEDEPLOY_PORT": "3000", "EDGEDEPLOY_GROUP": "/g",
	}
	src := `
version: 1
stack: ${env:EDGEDEPLOY_STACK}-x
account: ${env:EDGEDEPLOY_ACCOUNT}
hold: ${env:EDGEDEPLOY_HOLD}
tags: { team: "${env:EDGEDEPLOY_TAG}" }
defaults: { role: "${env:EDGEDEPLOY_ROLE}", logging: { group: "${env:EDGEDEPLOY_GROUP}" } }
functions: { f: { name: "${env:EDGEDEPLOY_NAME}", wasm: f, runtime: "${env:EDGEDEPLOY_RUNTIME}", on-error: "${env:EDGEDEPLOY_ERR}" } }
distributions:
  www:
    id: ${env:EDGEDEPLOY_ID}
    behaviors: { default: { viewer-request: "${env:EDGEDEPLOY_FN}", origin-request: { function: "${env:EDGEDEPLOY_FN}" } } }
    local: { origins: { default: "http://localhost:${env:EDGEDEPLOY_PORT}" } }
`
	plain := src
	for name, v := range vars {
		plain = strings.ReplaceAll(plain, "${env:"+name+"}", v)
	}
	plain = strings.Replace(plain, "account: 123456789012", "account: '123456789012'", 1)
	got, err := stackspec.Parse("edgedeploy.yaml", []byte(src), stackspec.Options{Lookup: environ(vars)})
	if err != nil {
		t.Fatal(explain(err))
	}
	same(t, parse(t, plain).Stack, got.Stack)
}

func TestVariablesAreRefusedWhereTheyDoHarm(t *testing.T) {
	t.Parallel()
	f := func(rest string) string { return head + "functions:\n  f:\n    wasm: f.wasm\n" + rest }
	o := stackspec.Options{Lookup: environ(map[string]string{
		"EDGEDEPLOY_A": "a", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI", "PATH": "/bin",
	})}
	testWrong(t, map[string]wrong{
		"the pipeline's secrets": {f("    config: { k: \"${env:AWS_SECRET_ACCESS_KEY}\" }\n"), "8:18", "functions.f.config.k", "the variable AWS_SECRET_ACCESS_KEY may not be read", "--allow-env AWS_SECRET_ACCESS_KEY"},
		"with a default as well": {f("    config: { k: \"${env:PATH:-x}\" }\n"), "8:18", "functions.f.config.k", "the variable PATH may not be read", "--allow-env PATH"},
		"a name like ours":       {f("    config: { k: \"${env:EDGEDEPLOYX}\" }\n"), "8:18", "functions.f.config.k", "may not be read", "--allow-env"},
		"a value that is wrong":  {head + one + "distributions: { w: { id: \"${env:EDGEDEPLOY_A}\" } }\n", "7:27", "distributions.w.id", `"${env:EDGEDEPLOY_A}" is not a distribution id`, "the value after substitution, which is not shown"},
		"an unset variable":      {f("    config: { k: \"${env:EDGEDEPLOY_B}\" }\n"), "8:18", "functions.f.config.k", "the variable EDGEDEPLOY_B is not set", ":-default"},
		"another syntax":         {f("    config: { k: \"${EDGEDEPLOY_A}\" }\n"), "8:18", "functions.f.config.k", `"${EDGEDEPLOY_A}" is no variable`, "$${"},
		"no name":                {f("    config: { k: \"${env:}\" }\n"), "8:18", "functions.f.config.k", "is no variable", "$${"},
		"a strange name":         {f("    config: { k: \"${env:A-B}\" }\n"), "8:18", "functions.f.config.k", "is no variable", "$${"},
		"no end":                 {f("    config: { k: \"${env:EDGEDEPLOY_A\" }\n"), "8:18", "functions.f.config.k", "is not closed", "$${"},
		"in wasm":                {head + "functions:\n  f:\n    wasm: ${env:EDGEDEPLOY_A}.wasm\n", "7:11", "functions.f.wasm", "not substituted in paths", "write it out"},
		"in bundle":              {head + "functions:\n  f:\n    bundle: ${env:EDGEDEPLOY_A}\n    handler: i.h\n", "7:13", "functions.f.bundle", "not substituted in paths", "write it out"},
		"in a function's key":    {head + "functions:\n  '${env:EDGEDEPLOY_A}': { wasm: f }\n", "6:3", `functions."${env:EDGEDEPLOY_A}"`, "in values only", "write the key out"},
	}, o)
}

func TestEmptyLookupMeansThatNothingIsSet(t *testing.T) {
	t.Parallel()
	got := problems(t, head+"hold: ${env:EDGEDEPLOY_HOLD}\n"+one, stackspec.Options{})
	if len(got) != 1 || !strings.Contains(got[0].Message, "is not set") {
		t.Errorf("problems = %v", got)
	}
}

// Whatever is wrong with a value that came from the environment, no problem
// shows it, whole or in part.
func TestValuesOfVariablesAreNeverShown(t *testing.T) {
	t.Parallel()
	base := strings.Replace(head, "stack: s", "stack: ${env:EDGEDEPLOY_STACK}", 1)
	for name, c := range map[string]struct{ src, secret string }{
		"stack":                {strings.Replace(head, "stack: s", "stack: ${env:EDGEDEPLOY_S}", 1) + one, "Hunter2"},
		"account":              {head + "account: ${env:EDGEDEPLOY_S}\n" + one, "Hunter2"},
		"another account":      {head + "account: ${env:EDGEDEPLOY_S}\n" + one, "987654321098"},
		"hold":                 {head + "hold: ${env:EDGEDEPLOY_S}\n" + one, "hunter2"},
		"a tag":                {head + "tags: { a: \"${env:EDGEDEPLOY_S}\" }\n" + one, strings.Repeat("hunter2", 40)},
		"a role":               {head + "functions: { f: { wasm: f, role: \"${env:EDGEDEPLOY_S}\" } }\n", "hunter2"},
		"a role's account":     {head + "functions: { f: { wasm: f, role: \"${env:EDGEDEPLOY_S}\" } }\n", "arn:aws:iam::987654321098:role/hunter2"},
		"a role's region":      {head + "functions: { f: { wasm: f, role: \"${env:EDGEDEPLOY_S}\" } }\n", "arn:aws:iam:hunter-2:987654321098:role/x"},
		"a runtime":            {head + "functions: { f: { wasm: f, runtime: \"${env:EDGEDEPLOY_S}\" } }\n", "hunter2"},
		"a runtime for wasm":   {head + "functions: { f: { wasm: f, runtime: \"${env:EDGEDEPLOY_S}\" } }\n", "python3.13"},
		"a handler":            {head + "functions: { f: { bundle: f, handler: \"${env:EDGEDEPLOY_S}\" } }\n", "hunter2"},
		"a name":               {head + "functions: { f: { wasm: f, name: \"${env:EDGEDEPLOY_S}\" } }\n", "hunter 2"},
		"two equal names":      {head + "functions: { f: { wasm: f, name: \"${env:EDGEDEPLOY_S}\" }, g: { wasm: f, name: \"${env:EDGEDEPLOY_S}\" } }\n", "hunter2"},
		"a composed name":      {base + "functions: { " + strings.Repeat("f", 60) + ": { wasm: f } }\n", ""},
		"a level":              {head + "functions: { f: { wasm: f, logging: { format: json, level: \"${env:EDGEDEPLOY_S}\" } } }\n", "hunter2"},
		"a log group":          {head + "functions: { f: { wasm: f, logging: { group: \"${env:EDGEDEPLOY_S}\" } } }\n", "hunter:2"},
		"an id":                {head + "distributions: { w: { id: \"${env:EDGEDEPLOY_S}\" } }\n", "hunter2"},
		"an id twice":          {head + "distributions: { w: { id: \"${env:EDGEDEPLOY_S}\" }, v: { id: \"${env:EDGEDEPLOY_S}\" } }\n", "EHUNTER2"},
		"an alias":             {head + "distributions: { w: { alias: \"${env:EDGEDEPLOY_S}\" } }\n", "hunter2"},
		"a function":           {head + one + "distributions: { w: { id: E2EXAMPLE1ABCD, behaviors: { default: { viewer-request: \"${env:EDGEDEPLOY_S}\" } } } }\n", "hunter2"},
		"a function's version": {head + one + "distributions: { w: { id: E2EXAMPLE1ABCD, behaviors: { default: { viewer-request: \"${env:EDGEDEPLOY_S}\" } } } }\n", "hunter2:3"},
		"an origin":            {head + "distributions: { w: { id: E2EXAMPLE1ABCD, local: { origins: { default: \"${env:EDGEDEPLOY_S}\" } } } }\n", "http://hunter2@localhost/"},
		"a number":             {head + "functions: { f: { wasm: f, memory: \"${env:EDGEDEPLOY_S}\" } }\n", "hunter2"},
		"a bool":               {head + "functions: { f: { wasm: f, keep-names: \"${env:EDGEDEPLOY_S}\" } }\n", "hunter2"},
		"a path":               {head + "functions: { f: { wasm: \"${env:EDGEDEPLOY_S}\" } }\n", "hunter2"},
		"a forbidden name":     {head + "tags: { a: \"${env:SECRET}\" }\n" + one, "hunter2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := stackspec.Options{Lookup: environ(map[string]string{"EDGEDEPLOY_S": c.secret, "SECRET": c.secret, "EDGEDEPLOY_STACK": "hunter2"})}
			got := hard(problems(t, c.src, o))
			if len(got) == 0 {
				t.Fatal("it is valid")
			}
			for _, p := range got {
				for _, shown := range []string{p.Path, p.Message, p.Hint, p.Excerpt, p.Error()} {
					for _, secret := range []string{c.secret, "hunter2", "unter", "UNTER", "987654321098"} {
						if secret != "" && c.secret != "python3.13" && strings.Contains(shown, secret) {
							t.Errorf("%q shows %q", shown, secret)
						}
					}
				}
			}
		})
	}
}
