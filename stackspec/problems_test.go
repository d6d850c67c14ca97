package stackspec_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/stackspec"
)

// head and tail make a spec of a fragment. head has four lines.
const (
	head   = "version: 1\nstack: s\ndefaults:\n  role: " + role + "\n"
	digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	one    = "functions:\n  f: { wasm: f.wasm }\n"
)

// wrong is a fragment with the one problem that it must earn.
type wrong struct {
	src string
	// at is line:column, path and message of the problem; hint is a part of its hint.
	at, path, message, hint string
}

// hard leaves the warnings out.
func hard(list []stackspec.Problem) []stackspec.Problem {
	return slices.DeleteFunc(list, func(p stackspec.Problem) bool { return p.Warning })
}

func testWrong(t *testing.T, cases map[string]wrong, o stackspec.Options) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := hard(problems(t, c.src, o))
			if len(got) != 1 {
				t.Fatalf("%d problems, want 1: %v", len(got), got)
			}
			p := got[0]
			if at := fmt.Sprintf("%d:%d", p.Line, p.Column); at != c.at {
				t.Errorf("it is at %s, want %s", at, c.at)
			}
			if p.Path != c.path {
				t.Errorf("it is about %s, want %s", p.Path, c.path)
			}
			if !strings.Contains(p.Message, c.message) {
				t.Errorf("message %q does not contain %q", p.Message, c.message)
			}
			if !strings.Contains(p.Hint, c.hint) || c.hint == "" && p.Hint != "" {
				t.Errorf("hint %q does not contain %q", p.Hint, c.hint)
			}
			if p.File != "edgedeploy.yaml" || p.Warning {
				t.Errorf("file %q, warning %v", p.File, p.Warning)
			}
		})
	}
}

func TestTopLevelIsChecked(t *testing.T) {
	t.Parallel()
	const rest = "defaults: { role: '" + role + "' }\n"
	testWrong(t, map[string]wrong{
		"no version":             {"stack: s\n" + rest, "1:1", "", "the spec has no version", "version: 1"},
		"another version":        {"version: 2\nstack: s\n" + rest, "1:10", "version", "version 2 is not known", "write 1"},
		"a quoted version":       {"version: '1'\nstack: s\n" + rest, "1:10", "version", "must be a whole number", "quotes away"},
		"no stack":               {"version: 1\n" + rest, "1:1", "", "the spec has no stack", "stack: my-site"},
		"a reserved stack name":  {"version: 1\nstack: edgedeploy-x\n" + rest, "2:8", "stack", `"edgedeploy-x" is not a stack name`, "history"},
		"a stack name too long":  {"version: 1\nstack: " + strings.Repeat("a", 41) + "\n" + rest, "2:8", "stack", "is not a stack name", "history"},
		"a capital letter":       {"version: 1\nstack: Shop\n" + rest, "2:8", "stack", "is not a stack name", "history"},
		"a hyphen at the end":    {"version: 1\nstack: shop-\n" + rest, "2:8", "stack", "is not a stack name", "history"},
		"a number as stack":      {"version: 1\nstack: 42\n" + rest, "2:8", "stack", "stack is a number; it must be a string", `"42"`},
		"an unquoted account":    {head + "account: 123456789012\n", "5:10", "account", "account is a number", `quote it: "123456789012"`},
		"a short account":        {head + "account: '12345678901'\n", "5:10", "account", "twelve digits", "quoted"},
		"another account":        {head + "account: '999999999999'\n", "4:9", "defaults.role", "in account 123456789012, but account: says 999999999999", "one account"},
		"an unknown hold":        {head + "hold: loose\n", "5:7", "hold", `hold cannot be "loose"`, "the only value is strict"},
		"a misspelt key":         {head + "function: {}\n", "5:1", "function", `unknown key "function"`, "did you mean functions?"},
		"a strange key":          {head + "zzzzzzzzzz: {}\n", "5:1", "zzzzzzzzzz", "unknown key", "the keys here are version, stack, account"},
		"a region":               {head + "region: eu-west-1\n", "5:1", "region", "us-east-1, always", "leave it out"},
		"checks":                 {head + "checks: []\n", "5:1", "checks", "checks is a reserved word: checks after a deploy are not there yet", "leave it out"},
		"rollout":                {head + "rollout: []\n", "5:1", "rollout", "gradual rollouts are not there yet", "leave it out"},
		"a tag that is a number": {head + "tags: { a: 1.50 }\n", "5:12", "tags.a", "a is a number; it must be a string", `"1.50"`},
		"a tag that is a bool":   {head + "tags: { a: true }\n", "5:12", "tags.a", "a is true or false; it must be a string", `"true"`},
		"AWS's tags":             {head + "tags: { 'Aws:x': b }\n", "5:9", `tags."Aws:x"`, "is not a tag key", "another key"},
		"our own tags":           {head + "tags: { 'edgedeploy:stack': b }\n", "5:9", `tags."edgedeploy:stack"`, "is not a tag key", "another key"},
		"a colon in braces":      {head + "tags: { a:b: c }\n", "5:9", "", "readers of YAML disagree about a colon", `{ "a:b": c }`},
		"a tag key too long":     {head + "tags: { " + strings.Repeat("k", 129) + ": b }\n", "5:9", "tags." + strings.Repeat("k", 129), "is not a tag key", "another key"},
		"a tag value too long":   {head + "tags: { a: " + strings.Repeat("é", 257) + " }\n", "5:12", "tags.a", "up to 256 characters", "shorten"},
		"a control in a tag":     {head + `tags: { a: "x\u001b[31m" }`, "5:12", "tags.a", "is not a tag value", "control characters"},
		"a limit out of range":   {head + "limits: { viewer: { memory: 64 } }\n", "5:29", "limits.viewer.memory", "memory 64 is out of range", "128 to 10240 MB"},
		"an unknown limit":       {head + "limits: { viewer: { size: 64 } }\n", "5:21", "limits.viewer.size", "unknown key", "memory, timeout, zip"},
		"a list for a mapping":   {head + "limits: [1]\n", "5:9", "limits", "limits is a list; it must be a mapping", "viewer, origin"},
		"nothing":                {head + "functions:\n", "5:1", "functions", "there is no value for functions", "{}"},
		"no role anywhere":       {"version: 1\nstack: s\n", "2:1", "", "the stack has no role", "defaults:"},
		"a scalar for a spec":    {"just text\n", "1:1", "", "the spec is a string; it must be a mapping", "version: 1"},
		"a list for a spec":      {"- version: 1\n", "1:1", "", "the spec is a list", "version: 1"},
	}, stackspec.Options{})
}

func TestTagsLeaveOneOfFiftyForTheOwner(t *testing.T) {
	t.Parallel()
	tags := func(n int) string {
		s := head + "tags:\n"
		for i := range n {
			s += fmt.Sprintf("  t%d: v\n", i)
		}
		return s
	}
	parse(t, tags(49))
	testWrong(t, map[string]wrong{
		"fifty": {tags(50), "55:3", "tags", "tags has 50 entries; there can be 49", "take 1 of them out"},
	}, stackspec.Options{})
}

func TestFunctionsAreChecked(t *testing.T) {
	t.Parallel()
	f := func(rest string) string { return head + "functions:\n  f:\n" + rest }
	const wasm = "    wasm: f.wasm\n"
	const bundle = "    bundle: dist\n    handler: index.handler\n"
	testWrong(t, map[string]wrong{
		"neither wasm nor bundle":    {f("    memory: 128\n"), "6:3", "functions.f", "f has neither wasm nor entry nor bundle", "add one"},
		"on-error with neither":      {f("    on-error: fail\n"), "6:3", "functions.f", "f has neither wasm nor entry nor bundle", "add one"},
		"both wasm and entry":        {f(wasm + "    entry: f.ts\n"), "8:5", "functions.f.entry", "f has both wasm and entry", "keep one"},
		"external with wasm":         {f(wasm + "    external: [a]\n"), "8:5", "functions.f.external", "external goes with entry: only", "leave it out"},
		"external that is no list":   {f("    entry: f.ts\n    external: a\n"), "8:15", "functions.f.external", "external is a string; it must be a list", "[a, b]"},
		"external that is no name":   {f("    entry: f.ts\n    external: [a, ./b]\n"), "8:19", "functions.f.external.1", "is not the name of a package", "@aws-sdk/*"},
		"both entry and bundle":      {f("    entry: f.ts\n" + bundle), "8:5", "functions.f.bundle", "f has both entry and bundle", "keep one"},
		"entry in Python":            {f("    entry: f.ts\n    runtime: python3.14\n"), "8:14", "functions.f.runtime", "an entry cannot run in", "nodejs24.x"},
		"an entry at an address":     {f("    entry: https://example.com/f.ts\n"), "7:12", "functions.f.entry", "this is an address, not a path", "name a file"},
		"a digest with an entry":     {f("    entry: f.ts\n    sha256: " + strings.Repeat("a", 64) + "\n"), "8:5", "functions.f.sha256", "sha256 goes with an https address only", "leave it out"},
		"both wasm and bundle":       {f(wasm + bundle), "8:5", "functions.f.bundle", "f has both wasm and bundle", "keep one"},
		"a bundle without handler":   {f("    bundle: dist\n"), "7:5", "functions.f.bundle", "a bundle needs a handler", "index.handler"},
		"wasm with handler":          {f(wasm + "    handler: index.handler\n"), "8:5", "functions.f.handler", "handler goes with bundle: only", "leave it out"},
		"on-error with bundle":       {f(bundle + "    on-error: fail\n"), "9:5", "functions.f.on-error", "on-error goes with wasm: and entry: only", "leave it out"},
		"keep-names with bundle":     {f(bundle + "    keep-names: true\n"), "9:5", "functions.f.keep-names", "keep-names goes with wasm: and entry: only", "leave it out"},
		"trampoline with bundle":     {f(bundle + "    trampoline: 1\n"), "9:5", "functions.f.trampoline", "trampoline goes with wasm: and entry: only", "leave it out"},
		"a handler that climbs":      {f("    bundle: dist\n    handler: ../x.handler\n"), "8:14", "functions.f.handler", "is not a handler", "index.handler"},
		"a handler without function": {f("    bundle: dist\n    handler: index\n"), "8:14", "functions.f.handler", "is not a handler", "index.handler"},
		"a handler with code":        {f("    bundle: dist\n    handler: 'index.h();x'\n"), "8:14", "functions.f.handler", "is not a handler", "index.handler"},
		"an unknown runtime":         {f(wasm + "    runtime: nodejs19.x\n"), "8:14", "functions.f.runtime", `runtime cannot be "nodejs19.x"`, "known are nodejs20.x, nodejs22.x, nodejs24.x, nodejs26.x, python3.9"},
		"the runtimes' source":       {f(wasm + "    runtime: java25\n"), "8:14", "functions.f.runtime", `runtime cannot be "java25"`, "(Lambda API model, read 2026-08)"},
		"wasm in Python":             {f(wasm + "    runtime: python3.14\n"), "8:14", "functions.f.runtime", "a wasm handler cannot run in", "nodejs24.x"},
		"too little memory":          {f(wasm + "    memory: 127\n"), "8:13", "functions.f.memory", "memory 127 is out of range", "128 to 10240 MB"},
		"too much memory":            {f(wasm + "    memory: 10241\n"), "8:13", "functions.f.memory", "memory 10241 is out of range", "128 to 10240 MB"},
		"memory beyond integers":     {f(wasm + "    memory: 99999999999999999999\n"), "8:13", "functions.f.memory", "out of range", "128 to 10240 MB"},
		"memory with a unit":         {f(wasm + "    memory: 128MB\n"), "8:13", "functions.f.memory", "memory is a string; it must be a whole number", "128 to 10240 MB"},
		"memory in quotes":           {f(wasm + "    memory: '128'\n"), "8:13", "functions.f.memory", "memory is a string", "quotes away"},
		"memory with a point":        {f(wasm + "    memory: 256.0\n"), "8:13", "functions.f.memory", `"256.0" is not a whole number`, "128 to 10240"},
		"no timeout":                 {f(wasm + "    timeout: 0\n"), "8:14", "functions.f.timeout", "timeout 0 is out of range", "1 to 900 seconds"},
		"an octal timeout":           {f(wasm + "    timeout: 0o7\n"), "8:14", "functions.f.timeout", `"0o7" is not a whole number`, "1 to 900"},
		"an old octal timeout":       {f(wasm + "    timeout: 007\n"), "8:14", "functions.f.timeout", `"007" is not a whole number`, "1 to 900"},
		"an exponent":                {f(wasm + "    timeout: 1e1\n"), "8:14", "functions.f.timeout", `"1e1" is not a whole number`, "1 to 900"},
		"a plus sign":                {f(wasm + "    timeout: +5\n"), "8:14", "functions.f.timeout", `"+5" is not a whole number`, "1 to 900"},
		"an underscore":              {f(wasm + "    memory: 1_024\n"), "8:13", "functions.f.memory", `"1_024" is not a whole number`, "128 to 10240"},
		"a number from a variable":   {f(wasm + "    memory: ${env:EDGEDEPLOY_MB}\n"), "8:13", "functions.f.memory", "a variable always makes a string", "write the number out"},
		"yes for true":               {f(wasm + "    keep-names: yes\n"), "8:17", "functions.f.keep-names", "keep-names must be true or false", "write true or false"},
		"a bool in quotes":           {f(wasm + "    keep-names: 'true'\n"), "8:17", "functions.f.keep-names", "keep-names must be true or false", "quotes away"},
		"an unknown on-error":        {f(wasm + "    on-error: ignore\n"), "8:15", "functions.f.on-error", `on-error cannot be "ignore"`, "fail, continue"},
		"trampoline zero":            {f(wasm + "    trampoline: 0\n"), "8:17", "functions.f.trampoline", "trampolines are numbered from 1", "write 1"},
		"environment variables":      {f(wasm + "    environment: { A: b }\n"), "8:5", "functions.f.environment", "no environment variables", "config"},
		"layers":                     {f(wasm + "    layers: []\n"), "8:5", "functions.f.layers", "no layers", "bundle"},
		"a function's own tags":      {f(wasm + "    tags: { a: b }\n"), "8:5", "functions.f.tags", "tags are the whole stack's", "top level"},
		"checks":                     {f(wasm + "    checks: []\n"), "8:5", "functions.f.checks", "not there yet", "leave it out"},
		"rollout":                    {f(wasm + "    rollout: []\n"), "8:5", "functions.f.rollout", "not there yet", "leave it out"},
		"memorySize":                 {f(wasm + "    memorySize: 128\n"), "8:5", "functions.f.memorySize", "unknown key", "did you mean memory?"},
		"a level without json":       {f(wasm + "    logging: { level: info }\n"), "8:23", "functions.f.logging.level", "a log level needs format: json", "JSON"},
		"a level with text":          {f(wasm + "    logging: { format: text, level: info }\n"), "8:37", "functions.f.logging.level", "a log level needs format: json", "JSON"},
		"an unknown level":           {f(wasm + "    logging: { format: json, level: debgu }\n"), "8:37", "functions.f.logging.level", `level cannot be "debgu"`, "did you mean debug?"},
		"a level in capitals":        {f(wasm + "    logging: { format: json, level: DEBUG }\n"), "8:37", "functions.f.logging.level", `level cannot be "DEBUG"`, "did you mean debug?"},
		"a log group's ARN":          {f(wasm + "    logging: { group: 'arn:aws:logs:us-east-1:1:x' }\n"), "8:23", "functions.f.logging.group", "is not a log group name", "not the ARN"},
	}, stackspec.Options{})
}

func TestPathsNamesRolesAndConfigAreChecked(t *testing.T) {
	t.Parallel()
	f := func(rest string) string { return head + "functions:\n  f:\n" + rest }
	const wasm = "    wasm: f.wasm\n"
	testWrong(t, map[string]wrong{
		"an absolute path":             {f("    wasm: /f.wasm\n"), "7:11", "functions.f.wasm", "the path is absolute", "relative to the spec"},
		"a drive":                      {f("    wasm: 'C:/f.wasm'\n"), "7:11", "functions.f.wasm", "the path is absolute", "relative to the spec"},
		"a backslash":                  {f("    wasm: target\\f.wasm\n"), "7:11", "functions.f.wasm", "backslash", "/"},
		"an address without digest":    {f("    wasm: https://example.com/f.wasm\n"), "7:5", "functions.f.wasm", "an address needs the SHA-256", "add sha256:"},
		"a zip without digest":         {f("    bundle: https://example.com/f.zip\n    handler: a.b\n"), "7:5", "functions.f.bundle", "an address needs the SHA-256", "add sha256:"},
		"a path with digest":           {f(wasm + "    sha256: " + digest + "\n"), "8:5", "functions.f.sha256", "goes with an https address only", "leave it out"},
		"a digest in capitals":         {f("    wasm: https://a/f\n    sha256: " + strings.ToUpper(digest) + "\n"), "8:13", "functions.f.sha256", "in lower case", "write " + digest},
		"a digest with prefix":         {f("    wasm: https://a/f\n    sha256: sha256:" + digest + "\n"), "8:13", "functions.f.sha256", "without a prefix", "sha256sum"},
		"a digest cut short":           {f("    wasm: https://a/f\n    sha256: " + digest[1:] + "\n"), "8:13", "functions.f.sha256", "is not a SHA-256", "sha256sum"},
		"a digest from a variable":     {f("    wasm: https://a/f\n    sha256: ${env:EDGEDEPLOY_X:-" + digest + "}\n"), "8:13", "functions.f.sha256", "not substituted in digests", "write the digest out"},
		"plain http":                   {f("    wasm: http://example.com/f\n    sha256: " + digest + "\n"), "7:11", "functions.f.wasm", "plain http is for this machine only", "https://"},
		"capital HTTPS":                {f("    wasm: HTTPS://example.com/f\n    sha256: " + digest + "\n"), "7:11", "functions.f.wasm", "neither a path nor an https address", "lower case"},
		"a bucket":                     {f("    wasm: s3://bucket/f\n    sha256: " + digest + "\n"), "7:11", "functions.f.wasm", "neither a path nor an https address", "fetch the file before"},
		"a user in an address":         {f("    wasm: https://me:pw@example.com/f\n    sha256: " + digest + "\n"), "7:11", "functions.f.wasm", "there is a user in the address", "without"},
		"a fragment in an address":     {f("    wasm: https://example.com/f#x\n    sha256: " + digest + "\n"), "7:11", "functions.f.wasm", "there is a fragment", "leave out #"},
		"an address without a path":    {f("    wasm: https://example.com\n    sha256: " + digest + "\n"), "7:11", "functions.f.wasm", "it names no file", "add the path"},
		"an umlaut in an address":      {f("    wasm: https://exämple.com/f\n    sha256: " + digest + "\n"), "7:11", "functions.f.wasm", "is not a path or an https address", "percent-encoded"},
		"a variable in an address":     {f("    wasm: https://example.com/${env:EDGEDEPLOY_V:-1}.wasm\n    sha256: " + digest + "\n"), "7:11", "functions.f.wasm", "variables are not substituted in paths", "write it out"},
		"a NUL":                        {f("    wasm: \"f\\0.wasm\"\n"), "7:11", "functions.f.wasm", "is not a path", "an address is"},
		"an empty path":                {f("    wasm: ''\n"), "7:11", "functions.f.wasm", "is not a path", "an address is"},
		"a key with a dot":             {head + "functions:\n  f.g: { wasm: f }\n", "6:3", `functions."f.g"`, "is not a function key", "geo-redirect"},
		"a key that is a number":       {head + "functions:\n  404: { wasm: f }\n", "6:3", "functions.404", `the key "404" is a number to YAML`, `"404":`},
		"a name with a dot":            {f(wasm + "    name: a.b\n"), "8:11", "functions.f.name", "is not a Lambda function name", "bare name"},
		"a name too long":              {f(wasm + "    name: " + strings.Repeat("n", 65) + "\n"), "8:11", "functions.f.name", "is not a Lambda function name", "bare name"},
		"a ledger's name":              {f(wasm + "    name: edgedeploy-s-releases\n"), "8:11", "functions.f.name", "is not a Lambda function name", "bare name"},
		"a composed name too long":     {head + "functions:\n  " + strings.Repeat("k", 63) + ": { wasm: f }\n", "6:3", "functions." + strings.Repeat("k", 63), "has 65 characters; there can be 64", "name:"},
		"two functions with one name":  {head + "functions:\n  a: { wasm: a, name: s-b }\n  b: { wasm: b }\n", "7:3", "functions.b", "b has the same Lambda name as a in line 6", "another name:"},
		"no role":                      {"version: 1\nstack: s\nfunctions:\n  f: { wasm: f }\n", "4:3", "functions.f", "f has no role", "defaults:"},
		"a role's name":                {f(wasm + "    role: edge-exec\n"), "8:11", "functions.f.role", "is not the ARN of an IAM role", "arn:aws:iam::123456789012:role/edge-exec"},
		"a user's ARN":                 {f(wasm + "    role: arn:aws:iam::123456789012:user/me\n"), "8:11", "functions.f.role", "is not the ARN of an IAM role", "arn:aws:iam"},
		"another partition":            {f(wasm + "    role: arn:aws-cn:iam::123456789012:role/x\n"), "8:11", "functions.f.role", "is not the ARN of an IAM role", "arn:aws:iam"},
		"a region in a role":           {f(wasm + "    role: arn:aws:iam:us-east-1:123456789012:role/x\n"), "8:11", "functions.f.role", "there is a region in this role's ARN", "two colons"},
		"a Lambda ARN as role":         {f(wasm + "    role: arn:aws:lambda:eu-west-1:123456789012:function:x\n"), "8:11", "functions.f.role", "wrong region in an ARN", ""},
		"a role of another account":    {f(wasm + "    role: arn:aws:iam::999999999999:role/x\n"), "8:11", "functions.f.role", "in account 999999999999, but the role in line 4 says 123456789012", "one account"},
		"null in config":               {f(wasm + "    config: { a: [null] }\n"), "8:19", "functions.f.config.a.0", "there is no value for 0", "{}"},
		"a number only YAML knows":     {f(wasm + "    config: { a: 0x1F }\n"), "8:18", "functions.f.config.a", "readers of YAML disagree", "quote it"},
		"a number of another YAML":     {f(wasm + "    config: { a: 1e3 }\n"), "8:18", "functions.f.config.a", "readers of YAML disagree", "quote it"},
		"not a number":                 {f(wasm + "    config: { a: .nan }\n"), "8:18", "functions.f.config.a", "readers of YAML disagree", "quote it"},
		"True":                         {f(wasm + "    config: { a: True }\n"), "8:18", "functions.f.config.a", "a must be true or false", "write true or false"},
		"a variable in a key":          {f(wasm + "    config: { '${env:EDGEDEPLOY_A}': b }\n"), "8:15", `functions.f.config."${env:EDGEDEPLOY_A}"`, "in values only", "write the key out"},
		"config is no list":            {f(wasm + "    config: [a]\n"), "8:13", "functions.f.config", "config is a list; it must be a mapping", "one entry a line"},
		"defaults have no config":      {strings.Replace(head, "defaults:\n", "defaults:\n  config: {}\n", 1), "4:3", "defaults.config", "unknown key", "role, runtime, memory"},
		"a default runtime for Python": {strings.Replace(head, "defaults:\n", "defaults:\n  runtime: python3.14\n", 1) + one, "7:8", "functions.f.runtime", "a wasm handler cannot run in", "nodejs24.x"},
	}, stackspec.Options{})
}

func TestDistributionsAreChecked(t *testing.T) {
	t.Parallel()
	www := func(rest string) string { return head + one + "distributions:\n  www:\n" + rest }
	const id = "    id: E2EXAMPLE1ABCD\n"
	b := func(rest string) string { return www(id + "    behaviors:\n" + rest) }
	testWrong(t, map[string]wrong{
		"neither id nor alias":           {www("    behaviors: { default: { viewer-request: f } }\n"), "8:3", "distributions.www", "www has neither id nor alias", "add one"},
		"both id and alias":              {www(id + "    alias: www.example.com\n"), "10:5", "distributions.www.alias", "www has both id and alias", "keep one"},
		"a lower-case id":                {www("    id: e2example1abcd\n"), "9:9", "distributions.www.id", "is not a distribution id", "alias:"},
		"an id with small letters":       {www("    id: E2example1abcd\n"), "9:9", "distributions.www.id", "is not a distribution id", "alias:"},
		"a distribution's ARN":           {www("    id: arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE1ABCD\n"), "9:9", "distributions.www.id", "an ARN cannot be written here", "id at its end"},
		"an alias with a scheme":         {www("    alias: https://www.example.com\n"), "9:12", "distributions.www.alias", "is not an alternate domain name", "no scheme"},
		"an alias without a dot":         {www("    alias: localhost\n"), "9:12", "distributions.www.alias", "is not an alternate domain name", "no scheme"},
		"the same id twice":              {www(id) + "  web: { id: E2EXAMPLE1ABCD }\n", "10:3", "distributions.web", "web is the same distribution as www in line 8", "under one key"},
		"the same alias twice":           {www("    alias: www.example.com\n") + "  web: { alias: WWW.example.com }\n", "10:3", "distributions.web", "web is the same distribution as www in line 8", "under one key"},
		"behaviours":                     {www(id + "    behaviours: {}\n"), "10:5", "distributions.www.behaviours", "unknown key", "did you mean behaviors?"},
		"checks":                         {www(id + "    checks: {}\n"), "10:5", "distributions.www.checks", "not there yet", "leave it out"},
		"rollout":                        {www(id + "    rollout: {}\n"), "10:5", "distributions.www.rollout", "not there yet", "leave it out"},
		"an unknown function":            {b("      /a: { viewer-request: g }\n"), "11:29", `distributions.www.behaviors."/a".viewer-request`, `there is no function "g"`, "the functions are f"},
		"a version number":               {b("      /a: { viewer-request: 'f:3' }\n"), "11:29", `distributions.www.behaviors."/a".viewer-request`, "version numbers cannot be written", "rollback"},
		"only a version number":          {b("      /a: { viewer-request: 17 }\n"), "11:29", `distributions.www.behaviors."/a".viewer-request`, "version numbers cannot be written", "rollback"},
		"$LATEST":                        {b("      /a: { viewer-request: 'f:$LATEST' }\n"), "11:29", `distributions.www.behaviors."/a".viewer-request`, "version numbers cannot be written", "rollback"},
		"an ARN":                         {b("      /a: { viewer-request: 'arn:aws:lambda:us-east-1:123456789012:function:f:3' }\n"), "11:29", `distributions.www.behaviors."/a".viewer-request`, "an ARN cannot be written here", "by its key"},
		"an ARN of another region":       {b("      /a: { viewer-request: 'arn:aws:lambda:eu-west-1:123456789012:function:f' }\n"), "11:29", `distributions.www.behaviors."/a".viewer-request`, "wrong region in an ARN", "by its key"},
		"an unknown trigger":             {b("      /a: { viewer-requst: f }\n"), "11:13", `distributions.www.behaviors."/a".viewer-requst`, "unknown key", "did you mean viewer-request?"},
		"the long form without function": {b("      /a: { viewer-request: {} }\n"), "11:13", `distributions.www.behaviors."/a".viewer-request`, "viewer-request has no function", "<function key>"},
		"an unknown long key":            {b("      /a: { viewer-request: { function: f, body: true } }\n"), "11:44", `distributions.www.behaviors."/a".viewer-request.body`, "unknown key", "function, include-body"},
		"a list of functions":            {b("      /a: { viewer-request: [f] }\n"), "11:29", `distributions.www.behaviors."/a".viewer-request`, "viewer-request is a list; it must be a string or a mapping", ""},
		"the body of an origin response": {b("      /a: { origin-response: { function: f, include-body: true } }\n"), "11:45", `distributions.www.behaviors."/a".origin-response.include-body`,
			"The IncludeBody option can only be used with viewer-request or origin-request events.", "leave it out"},
		"the body of a viewer response": {b("      /a: { viewer-response: { function: f, include-body: false } }\n"), "11:45", `distributions.www.behaviors."/a".viewer-response.include-body`,
			"The IncludeBody option can only be used with viewer-request or origin-request events.", "leave it out"},
		"a pattern with and without slash": {b("      a/*: { viewer-request: f }\n      /a/*: { origin-request: f }\n"), "12:7", `distributions.www.behaviors."/a/*"`, `is the same path pattern as "a/*" in line 11`, "under one pattern"},
		"a pattern twice":                  {b("      /a: { viewer-request: f }\n      /a: { origin-request: f }\n"), "12:7", `distributions.www.behaviors."/a"`, `the key "/a" is there already, in line 11`, "keep one"},
		"a pattern with a space":           {b("      '/a b': { viewer-request: f }\n"), "11:7", `distributions.www.behaviors."/a b"`, "is not a path pattern", "write ? for"},
		"a pattern with &amp;":             {b("      '/a&amp;b': { viewer-request: f }\n"), "11:7", `distributions.www.behaviors."/a&amp;b"`, "&amp;", "write &"},
		"an empty pattern":                 {b("      '': { viewer-request: f }\n"), "11:7", `distributions.www.behaviors.""`, "is not a path pattern", "write ? for"},
		"a pattern too long":               {b("      /" + strings.Repeat("p", 255) + ": { viewer-request: f }\n"), "11:7", `distributions.www.behaviors."/` + strings.Repeat("p", 58) + `…"`, "is not a path pattern", "write ? for"},
		"an unquoted *.jpg":                {b("      *.jpg:\n        viewer-request: f\n"), "11:7", "", `the key "*.jpg" begins with *`, `quote it: "*.jpg":`},
		"an unquoted * in braces":          {www(id + "    local: { origins: { *: ./site } }\n"), "10:25", "", `the key "*" begins with *`, `quote it: "*":`},
		"an absolute origin":               {www(id + "    local: { origins: { default: /site } }\n"), "10:34", "distributions.www.local.origins.default", "is not a folder relative", "no user"},
		"an origin with a password":        {www(id + "    local: { origins: { default: 'http://me:pw@localhost' } }\n"), "10:34", "distributions.www.local.origins.default", "is not a folder relative", "no user"},
		"an origin twice":                  {www(id + "    local: { origins: { /a: x, a: y } }\n"), "10:32", "distributions.www.local.origins.a", `is the same path pattern as "/a"`, "keep one"},
	}, stackspec.Options{})
}

func TestEverythingIsReportedAtOnceInFileOrder(t *testing.T) {
	t.Parallel()
	src := `version: 1
stack: Shop
account: 123456789012
defaults:
  runtime: nodejs19.x
  logging: { format: json, level: loud }
functions:
  a: { wasm: a.wasm, memory: 5.0 }
  a: { wasm: b.wasm }
  b: { wasm: /b.wasm, role: x, checks: 1 }
distributions:
  www:
    id: E1
    behaviors:
      *.jpg: { viewer-request: aa }
      jpg: { viewer-request: b, origin-requests: b, viewer-response: 1 }
      /jpg: {}
`
	got := problems(t, src, stackspec.Options{})
	var at []string
	for _, p := range got {
		at = append(at, fmt.Sprintf("%d:%d", p.Line, p.Column))
	}
	want := []string{"2:8", "3:10", "5:12", "6:35", "8:3", "8:30", "9:3", "10:14", "10:29", "10:32", "13:9", "15:7", "15:32", "16:33", "16:70", "17:7"}
	if !slices.Equal(at, want) {
		t.Errorf("problems are at %v, want %v", at, want)
		for _, p := range got {
			t.Log(p.Error())
		}
	}
}

func TestAProblemIsReportedOnce(t *testing.T) {
	t.Parallel()
	src := strings.Replace(head, "defaults:\n", "defaults:\n  logging: { level: info }\n", 1) + "functions: { a: { wasm: a }, b: { wasm: b }, c: { wasm: c } }\n"
	testWrong(t, map[string]wrong{
		"a level in the defaults of three functions": {src, "4:21", "defaults.logging.level", "a log level needs format: json", "JSON"},
	}, stackspec.Options{})
}

func TestReportsAreBounded(t *testing.T) {
	t.Parallel()
	src := head
	for i := range 7000 {
		src += fmt.Sprintf("unknown%d: 1\n", i)
	}
	got := problems(t, src, stackspec.Options{})
	if len(got) != 100 {
		t.Fatalf("%d problems, want 100", len(got))
	}
	if last := got[99]; last.Message != "there are more problems; the first 99 are shown" || last.Warning {
		t.Errorf("the last one says %q, warning %v", last.Message, last.Warning)
	}
}

func TestProblemsAreShortWhateverTheFile(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100_000)
	for name, src := range map[string]string{
		"a key":    head + long + ": 1\n",
		"a number": head + "tags: { a: " + strings.Repeat("1", 100_000) + " }\n",
		"a value":  head + "hold: " + long + "\n",
		"a block":  head + "hold: >" + long + "\n",
		"a name":   head + "functions:\n  " + long + ": { wasm: f }\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, p := range problems(t, src, stackspec.Options{}) {
				if size := len(p.Path) + len(p.Message) + len(p.Hint) + len(p.Excerpt); size > 3000 {
					t.Errorf("%.80s… takes %d bytes", p.Message, size)
				}
			}
		})
	}
}

func TestWarningsDoNotStop(t *testing.T) {
	t.Parallel()
	many := head + one + "distributions:\n  www:\n    id: E2EXAMPLE1ABCD\n    behaviors:\n"
	for i := range 76 {
		many += fmt.Sprintf("      /p%d: { viewer-request: f, origin-request: f }\n", i)
	}
	for name, c := range map[string]struct {
		src  string
		want []string
	}{
		"no functions":      {head, []string{"2:1: the stack has no functions: applying it takes out of CloudFront what it put there"}},
		"nothing bound":     {head + one + "distributions: { www: { id: E2EXAMPLE1ABCD } }\n", []string{"7:18: www binds nothing: applying it takes out of the distribution what the stack put there"}},
		"a slip of default": {head + one + "distributions: { www: { id: E2EXAMPLE1ABCD, behaviors: { Defualt: { viewer-request: f }, /defaults: { viewer-request: f }, img: { viewer-request: f } } } }\n", []string{`7:58: "Defualt" means a cache behavior with the pattern /Defualt: did you mean default?`}},
		"the pattern *":     {head + one + "distributions: { www: { id: E2EXAMPLE1ABCD, behaviors: { '*': { viewer-request: f } } } }\n", []string{`7:58: "*" means a cache behavior with the pattern *, not the default cache behavior`}},
		"an unused origin":  {head + one + "distributions: { www: { id: E2EXAMPLE1ABCD, behaviors: { /a: { viewer-request: f } }, local: { origins: { a: x, /b: y, default: z, '*': z } } } }\n", []string{`7:113: "/b" is no path pattern of this distribution's behaviors: nothing local uses this origin`}},
		"quotas": {many, []string{
			"8:3: www names 76 cache behaviors; CloudFront's quota for a distribution is 75",
			"8:3: www binds functions to 152 triggers; CloudFront's quota for a distribution is 100",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range parse(t, c.src).Warnings {
				if !p.Warning {
					t.Errorf("%v is no warning", p)
				}
				got = append(got, strings.TrimPrefix(p.Error(), "edgedeploy.yaml:"))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("warnings = %q, want %q", got, c.want)
			}
		})
	}
}

func TestAddressesAreTakenAsTheyAre(t *testing.T) {
	t.Parallel()
	const address = "https://example.com:8443/a/../b//c.wasm?X-Amz-Signature=ab%2Fc&d"
	for name, f := range map[string]string{
		"plain":     "functions:\n  f:\n    wasm: " + address + "\n    sha256: " + digest + "\n",
		"quoted":    "functions:\n  f:\n    wasm: \"" + address + "\"\n    sha256: '" + digest + "'\n",
		"in braces": "functions:\n  f: { wasm: \"" + address + "\", sha256: " + digest + " }\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := parse(t, head+f).Stack.Functions[0]
			if got.Wasm != address || got.SHA256 != digest {
				t.Errorf("got %q, %q", got.Wasm, got.SHA256)
			}
		})
	}
}

// An address may be signed, and reports end up in the logs of pipelines.
func TestReportsHideUsersAndQueriesOfAddresses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ src, excerpt string }{
		"a query": {
			head + "functions:\n  f: { wasm: \"https://a.b/c?SECRET\", x: 1 }\n",
			"6 |   f: { wasm: \"https://a.b/c?******\", x: 1 }\n  |  ",
		},
		"a user": {
			head + "functions:\n  f: { wasm: \"https://SECRET:SECRET@a.b/c\" }\n",
			"6 |   f: { wasm: \"https://**************a.b/c\" }\n  |  ",
		},
		"a query of an address in a comment": {
			head + "hold: lose # as https://a.b/?SECRET\n",
			"5 | hold: lose # as https://a.b/?******\n  |  ",
		},
		"what is no address in a message": {
			head + "hold: https://a.b/?SECRET\n",
			"5 | hold: https://a.b/?******\n  |  ",
		},
		"a path cut short": {
			head + "functions:\n  f:\n    sha256: " + digest + "\n    wasm: https://a.b/ü?SECRET\n",
			"8 |     wasm: https://a.b/ü?******\n  |  ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, p := range hard(problems(t, c.src, stackspec.Options{})) {
				if strings.Contains(p.Error()+p.Hint+p.Excerpt, "SECRET") {
					t.Errorf("it tells: %v\n%s", p, p.Excerpt)
				}
				if !strings.HasPrefix(p.Excerpt, c.excerpt) {
					t.Errorf("the excerpt is\n%s\nwant\n%s", p.Excerpt, c.excerpt)
				}
			}
		})
	}
}

// A spec may be one line, and hiding must not look through it for each problem
// anew. It takes some seconds at most; without care it was half a minute.
func TestReportsOfOneLongLineAreQuick(t *testing.T) {
	t.Parallel()
	var src strings.Builder
	src.WriteString("version: 1\nstack: s\ntags: { ")
	for i := range 7000 {
		fmt.Fprintf(&src, `"aws:%d": "https://me:SECRET@h/%s?SECRET%s", `, i, strings.Repeat("a", 40), strings.Repeat("b", 50))
	}
	src.WriteString("}\n")
	begin := time.Now()
	got := problems(t, src.String(), stackspec.Options{})
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
	for _, p := range got {
		if strings.Contains(p.Error()+p.Excerpt, "SECRET") {
			t.Errorf("it tells: %v\n%s", p, p.Excerpt)
		}
	}
}

func TestExcerptsPointAtTheProblem(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200)
	for name, c := range map[string]struct{ src, want string }{
		"a short line":        {head + "hold: lose\n", "5 | hold: lose\n  |       ^"},
		"wide characters":     {head + "tags: { \"ü\": 1 }\n", "5 | tags: { \"ü\": 1 }\n  |              ^"},
		"a long line":         {head + "tags: { a: " + long + ", b: 1 }\n", "5 | …" + strings.Repeat("x", 64) + ", b: 1 }\n  | " + strings.Repeat(" ", 70) + "^"},
		"a control character": {head + "tags: { a: \"x\x1b[31m\" }\n", "5 | tags: { a: \"x\uFFFD[31m\" }\n  |              ^"},
		"a tab":               {head + "hold:\tstrict\n", "5 | hold: strict\n  |      ^"},
		"right to left marks": {head + "hold: a\u202eb\n", "5 | hold: a\uFFFDb\n  |       ^"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := hard(problems(t, c.src, stackspec.Options{}))[0].Excerpt
			if got != c.want {
				t.Errorf("excerpt:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}
