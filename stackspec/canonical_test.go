package stackspec_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/stackspec"
	"github.com/edgedeploy/edgedeploy/versions"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func same[T any](t interface {
	Helper()
	Errorf(string, ...any)
}, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// stacks draws a Stack in canonical form, without looking at the parser.
func stacks(t *rapid.T) stackspec.Stack {
	roles := []string{role, "arn:aws:iam::123456789012:role/team/other"}
	s := stackspec.Stack{
		Name:       rapid.SampledFrom([]string{"s", "shop-2", "a-b"}).Draw(t, "name"),
		Account:    rapid.SampledFrom([]string{"", "123456789012"}).Draw(t, "account"),
		StrictHold: rapid.Bool().Draw(t, "strict"),
		Viewer:     associations.Limit{MemoryMB: rapid.SampledFrom([]int{0, 256}).Draw(t, "viewer memory")},
		Origin:     associations.Limit{TimeoutSeconds: rapid.SampledFrom([]int{0, 60}).Draw(t, "origin timeout"), ZipBytes: rapid.SampledFrom([]int64{0, 1000}).Draw(t, "origin zip")},
	}
	if rapid.Bool().Draw(t, "tags") {
		s.Tags = rapid.MapOfN(rapid.SampledFrom([]string{"a", "b:c", "*", "ü ", "yes"}), rapid.SampledFrom([]string{"", "1", "true", "x: y", "# z", "{", "'"}), 1, 3).Draw(t, "tag")
	}
	for _, key := range []string{"alpha", "beta", "gamma"}[:rapid.IntRange(1, 3).Draw(t, "functions")] {
		f := stackspec.Function{
			Key: key, Name: rapid.SampledFrom([]string{s.Name + "-" + key, "own_" + key}).Draw(t, "lambda"),
			Config: versions.Config{
				Runtime: rapid.SampledFrom([]string{"nodejs22.x", "nodejs24.x"}).Draw(t, "runtime"), Handler: "index.handler",
				Role:           rapid.SampledFrom(roles).Draw(t, "role"),
				MemoryMB:       rapid.SampledFrom([]int{128, 512}).Draw(t, "memory"),
				TimeoutSeconds: rapid.SampledFrom([]int{5, 20}).Draw(t, "timeout"),
				Logging: rapid.SampledFrom([]versions.Logging{
					{}, {Format: "json"}, {Format: "json", Level: "debug"}, {Group: "/g"}, {Format: "json", Group: "/g"},
				}).Draw(t, "logging"),
			},
		}
		if rapid.Bool().Draw(t, "bundle") {
			f.Bundle = rapid.SampledFrom([]string{"dist", "../x/y.zip", "https://x/./y/../z.zip?a//b"}).Draw(t, "path")
		} else {
			if rapid.Bool().Draw(t, "entry") {
				f.External = rapid.SampledFrom([][]string{nil, {"a"}, {"@aws-sdk/*", "b/c"}}).Draw(t, "external")
				f.Entry = rapid.SampledFrom([]string{key + ".ts", "../x/index.mjs"}).Draw(t, "script")
			} else {
				f.Wasm = rapid.SampledFrom([]string{key + ".wasm", "pkg", "https://example.com/" + key, "http://127.0.0.1:1/x"}).Draw(t, "module")
			}
			f.OnError = rapid.SampledFrom([]string{"fail", "continue"}).Draw(t, "on-error")
			f.KeepNames, f.Trampoline = rapid.Bool().Draw(t, "keep"), rapid.IntRange(0, 2).Draw(t, "trampoline")
		}
		if strings.Contains(f.Wasm+f.Bundle, "://") {
			f.SHA256 = digest
		}
		f.Baked = rapid.SampledFrom([]map[string]any{
			nil, {"a": json.Number("1.0"), "b": []any{"x", false, map[string]any{}}, "c": []any{}}, {"k: v": map[string]any{"deep": "line\nline\n"}},
		}).Draw(t, "config")
		s.Functions = append(s.Functions, f)
	}
	s.Role = rapid.SampledFrom([]string{s.Functions[0].Config.Role, role}).Draw(t, "ledger role")
	s.Distributions = distributionsOf(t, s.Functions)
	return s
}

func distributionsOf(t *rapid.T, functions []stackspec.Function) []stackspec.Distribution {
	var all []stackspec.Distribution
	for _, key := range []string{"docs", "www"}[:rapid.IntRange(0, 2).Draw(t, "distributions")] {
		d := stackspec.Distribution{Key: key, ID: "E2" + strings.ToUpper(key) + "XX"}
		if rapid.Bool().Draw(t, "alias") {
			d.ID, d.Alias = "", "*."+key+".example.com"
		}
		paths := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"default", "/default", "/*.jpg", "/img/*", "/a'b\"&?c", "/true", "/404"}), 1, 3, rapid.ID[string]).Draw(t, "paths")
		for _, path := range paths {
			triggers := rapid.SliceOfNDistinct(rapid.SampledFrom(associations.Triggers()), 1, 4, rapid.ID[associations.Trigger]).Draw(t, "triggers")
			for _, trigger := range triggers {
				d.Slots = append(d.Slots, stackspec.SlotWant{
					Path: path, Trigger: trigger, Function: rapid.SampledFrom(functions).Draw(t, "function").Key,
					IncludeBody: trigger.Request() && rapid.Bool().Draw(t, "body"),
				})
			}
		}
		slices.SortFunc(d.Slots, func(a, b stackspec.SlotWant) int {
			return associations.Slot{Path: a.Path, Trigger: a.Trigger}.Compare(associations.Slot{Path: b.Path, Trigger: b.Trigger})
		})
		if rapid.Bool().Draw(t, "origins") {
			d.Origins = map[string]string{"*": "site", paths[0]: "http://127.0.0.1:3000"}
		}
		all = append(all, d)
	}
	return all
}

// speller writes a Stack as a spec, in one of the many ways there are.
type speller struct {
	t   *rapid.T
	out strings.Builder
}

func (s *speller) coin(what string) bool { return rapid.Bool().Draw(s.t, what) }

// tree makes the mappings of a spec: defaults left out or written out, in the
// function or under defaults:, paths with or without what means nothing.
func (s *speller) tree(st stackspec.Stack) map[string]any {
	tree := map[string]any{"version": json.Number("1"), "stack": st.Name}
	optional := func(m map[string]any, key string, v any, isStandard bool) {
		if !isStandard || s.coin("write "+key) {
			m[key] = v
		}
	}
	if st.Account != "" {
		tree["account"] = st.Account
	}
	if len(st.Tags) > 0 || s.coin("empty tags") {
		tags := map[string]any{}
		for k, v := range st.Tags {
			tags[k] = v
		}
		tree["tags"] = tags
	}
	if st.StrictHold {
		tree["hold"] = "strict"
	}
	limits := map[string]any{}
	for side, l := range map[string]associations.Limit{"viewer": st.Viewer, "origin": st.Origin} {
		m := map[string]any{}
		for key, v := range map[string]int64{"memory": int64(l.MemoryMB), "timeout": int64(l.TimeoutSeconds), "zip": l.ZipBytes} {
			if v != 0 {
				m[key] = json.Number(fmt.Sprint(v))
			}
		}
		optional(limits, side, m, len(m) == 0)
	}
	optional(tree, "limits", limits, len(limits) == 0)
	common := stackspec.Function{OnError: "fail", Config: versions.Config{Runtime: "nodejs24.x", MemoryMB: 128, TimeoutSeconds: 5}}
	defaults := map[string]any{}
	if st.Role != st.Functions[0].Config.Role || s.coin("defaults.role") {
		defaults["role"] = st.Role
	}
	if s.coin("defaults differ") {
		common = stackspec.Function{OnError: "continue", Config: versions.Config{
			Runtime: "nodejs22.x", MemoryMB: 512, TimeoutSeconds: 20, Logging: versions.Logging{Format: "json", Level: "debug"},
		}}
		maps.Copy(defaults, map[string]any{
			"runtime": "nodejs22.x", "memory": json.Number("512"), "timeout": json.Number("20"), "on-error": "continue",
			"logging": map[string]any{"format": "json", "level": "debug"},
		})
	}
	common.Config.Role, _ = defaults["role"].(string)
	optional(tree, "defaults", defaults, len(defaults) == 0)
	functions := map[string]any{}
	for _, f := range st.Functions {
		functions[f.Key] = s.function(st, f, common)
	}
	tree["functions"] = functions
	distributions := map[string]any{}
	for _, d := range st.Distributions {
		distributions[d.Key] = s.distribution(d)
	}
	optional(tree, "distributions", distributions, len(distributions) == 0)
	return tree
}

func (s *speller) function(st stackspec.Stack, f, common stackspec.Function) map[string]any {
	m := map[string]any{}
	optional := func(key string, v any, isStandard bool) {
		if !isStandard || s.coin("write "+key) {
			m[key] = v
		}
	}
	c, d := f.Config, common.Config
	optional("name", f.Name, f.Name == st.Name+"-"+f.Key)
	optional("role", c.Role, c.Role == d.Role)
	optional("runtime", c.Runtime, c.Runtime == d.Runtime)
	optional("memory", json.Number(fmt.Sprint(c.MemoryMB)), c.MemoryMB == d.MemoryMB)
	optional("timeout", json.Number(fmt.Sprint(c.TimeoutSeconds)), c.TimeoutSeconds == d.TimeoutSeconds)
	if f.Bundle != "" {
		m["bundle"], m["handler"] = s.path(f.Bundle), c.Handler
	} else {
		if f.Entry != "" {
			m["entry"] = s.path(f.Entry)
			if f.External != nil {
				list := []any{}
				for _, name := range f.External {
					list = append(list, name)
				}
				m["external"] = list
			}
		} else {
			m["wasm"] = s.path(f.Wasm)
		}
		optional("on-error", f.OnError, f.OnError == common.OnError)
		optional("keep-names", f.KeepNames, !f.KeepNames)
		optional("trampoline", json.Number(fmt.Sprint(f.Trampoline)), f.Trampoline == 0)
		if f.Trampoline == 0 {
			delete(m, "trampoline") // 0 cannot be written
		}
	}
	if f.SHA256 != "" {
		m["sha256"] = f.SHA256
	}
	optional("config", f.Baked, f.Baked == nil)
	if m["config"] != nil && f.Baked == nil {
		m["config"] = map[string]any{}
	}
	logging := map[string]any{}
	l := c.Logging
	if format := map[string]string{"": "text", "json": "json"}[l.Format]; l.Format != d.Logging.Format || s.coin("write format") {
		logging["format"] = format
	}
	if l.Format == "json" && (l.Level != d.Logging.Level || s.coin("write level")) {
		logging["level"] = map[string]string{"": "info"}[l.Level] + l.Level
	}
	if l.Group != "" {
		logging["group"] = l.Group
	} else if s.coin("write group") {
		logging["group"] = "/aws/lambda/" + f.Name
	}
	optional("logging", logging, len(logging) == 0)
	return m
}

func (s *speller) path(p string) string {
	if strings.Contains(p, "://") {
		return p // has one spelling
	}
	return rapid.SampledFrom([]string{p, "./" + p, strings.Replace(p, "x", "x/./z/..", 1)}).Draw(s.t, "path")
}

func (s *speller) pattern(p string) string {
	if p != "default" && p != "/default" && p != "*" && s.coin("no slash") {
		return strings.TrimPrefix(p, "/")
	}
	return p
}

func (s *speller) distribution(d stackspec.Distribution) map[string]any {
	m := map[string]any{}
	if d.ID != "" {
		m["id"] = d.ID
	} else {
		m["alias"] = rapid.SampledFrom([]string{d.Alias, strings.ToUpper(d.Alias)}).Draw(s.t, "alias")
	}
	behaviors, spelled := map[string]any{}, map[string]string{}
	for _, slot := range d.Slots {
		if spelled[slot.Path] == "" {
			spelled[slot.Path] = s.pattern(slot.Path)
			behaviors[spelled[slot.Path]] = map[string]any{}
		}
		var binding any = slot.Function
		if slot.IncludeBody || s.coin("long form") {
			long := map[string]any{"function": slot.Function}
			if slot.IncludeBody || slot.Trigger.Request() && s.coin("write include-body") {
				long["include-body"] = slot.IncludeBody
			}
			binding = long
		}
		behaviors[spelled[slot.Path]].(map[string]any)[string(slot.Trigger)] = binding
	}
	m["behaviors"] = behaviors
	if d.Origins != nil {
		origins := map[string]any{}
		for k, v := range d.Origins {
			origins[s.pattern(k)] = map[bool]string{true: "./" + v, false: v}[v == "site" && s.coin("dot")]
		}
		m["local"] = map[string]any{"origins": origins}
	}
	return m
}

// write spells a value, in block or flow style, its keys in any order.
func (s *speller) write(v any, indent int, flow bool) {
	switch v := v.(type) {
	case map[string]any:
		flow = flow || len(v) == 0 || s.coin("flow")
		s.mapping(v, indent, flow)
	case []any:
		s.out.WriteString(" [")
		for i, item := range v {
			if i > 0 {
				s.out.WriteString(",")
			}
			s.write(item, indent, true)
		}
		s.out.WriteString(" ]")
	default:
		s.out.WriteString(" " + s.scalar(v))
	}
}

func (s *speller) mapping(m map[string]any, indent int, flow bool) {
	keys := rapid.Permutation(slices.Sorted(maps.Keys(m))).Draw(s.t, "order")
	if flow {
		s.out.WriteString(" {")
		for i, k := range keys {
			if i > 0 {
				s.out.WriteString(",")
			}
			s.out.WriteString(" " + s.scalar(k) + ":")
			s.write(m[k], indent, true)
		}
		s.out.WriteString(" }")
		return
	}
	step := rapid.IntRange(1, 4).Draw(s.t, "indent")
	for _, k := range keys {
		if s.coin("comment") {
			s.out.WriteString(" # a comment: { [")
		}
		s.out.WriteString("\n" + strings.Repeat(" ", indent) + s.scalar(k) + ":")
		s.write(m[k], indent+step, false)
	}
}

// scalar quotes what must be quoted and, by chance, what need not be.
func (s *speller) scalar(v any) string {
	text, ok := v.(string)
	if !ok {
		return fmt.Sprint(v)
	}
	plain := text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_./0123456789") == "" &&
		strings.ContainsAny(text[:1], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/") && text != "true"
	switch {
	case plain && s.coin("plain"):
		return text
	case !strings.Contains(text, "\n") && s.coin("single"):
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(quoted)
}

func (s *speller) spell(st stackspec.Stack) string {
	s.out.Reset()
	s.mapping(s.tree(st), 0, s.coin("all in braces"))
	return s.out.String() + "\n"
}

// The Stack is drawn first and the spec is made from it, so this says both
// that a spec is read right and that all its spellings are one value.
func TestEverySpellingOfAStackIsTheSameStack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := stacks(t)
		src := (&speller{t: t}).spell(want)
		doc, err := stackspec.Parse("edgedeploy.yaml", []byte(src), stackspec.Options{})
		if err != nil {
			t.Fatalf("%s\n%s", explain(err), src)
		}
		if diff := cmp.Diff(want, doc.Stack); diff != "" {
			t.Fatalf("(-want +got):\n%s\n%s", diff, src)
		}
		for _, d := range want.Distributions {
			for _, slot := range d.Slots {
				line := doc.SlotLine(d.Key, slot.Path, slot.Trigger)
				if line == 0 || !strings.Contains(strings.Split(src, "\n")[line-1], string(slot.Trigger)) {
					t.Fatalf("%s %s %s is not in line %d\n%s", d.Key, slot.Path, slot.Trigger, line, src)
				}
			}
		}
	})
}
