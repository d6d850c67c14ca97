package stackspec

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
)

const (
	// Quotas that AWS raises on request (CloudFront Developer Guide, "Quotas":
	// cache behaviors per distribution; Lambda@Edge functions per
	// distribution). Exceeding them is a warning, because a raised quota
	// cannot be seen here.
	quotaBehaviors = 75
	quotaTriggers  = 100
)

func (d *decoder) distributions() []Distribution {
	var all []Distribution
	targets := map[string]*entry{}
	if functions := d.root.get("functions"); functions != nil {
		for _, f := range functions.entries {
			d.known = append(d.known, f.key.text)
		}
	}
	for _, e := range d.root.get("distributions").each() {
		dist := Distribution{
			Key:   e.key.text,
			ID:    str(e.value.get("id")),
			Alias: strings.ToLower(str(e.value.get("alias"))), // domain names have no case
		}
		d.target(e, cmp.Or(dist.ID, dist.Alias), targets)
		dist.Slots = d.slots(e)
		dist.Origins = d.origins(e)
		all = append(all, dist)
	}
	slices.SortFunc(all, func(a, b Distribution) int { return cmp.Compare(a.Key, b.Key) })
	return all
}

// target refuses two keys that mean one distribution: it is written once.
func (d *decoder) target(e *entry, name string, seen map[string]*entry) {
	if name == "" {
		return
	}
	if other := seen[name]; other != nil {
		d.problem(e.key, []string{"distributions", e.key.text}, Problem{
			Message: fmt.Sprintf("%s is the same distribution as %s in line %d", e.key.text, other.key.text, other.key.line),
			Hint:    "put the behaviors of both under one key",
		})
		return
	}
	seen[name] = e
}

// meansDefault recognises slips of the one word among the path patterns. A
// slash, a star or a question mark says that a pattern is meant.
func meansDefault(pattern string) bool {
	return pattern != associations.DefaultPath && !strings.ContainsAny(pattern, "/*?.") &&
		closest(pattern, []string{associations.DefaultPath}) != ""
}

func (d *decoder) slots(e *entry) []SlotWant {
	at := []string{"distributions", e.key.text, "behaviors"}
	var slots []SlotWant
	seen := map[string]*entry{}
	behaviors := e.value.get("behaviors").each()
	for _, b := range behaviors {
		pattern := canonicalPath(b.key.text)
		if other := seen[pattern]; other != nil {
			d.problem(b.key, append(at, b.key.text), Problem{
				Message: fmt.Sprintf("%s is the same path pattern as %s in line %d: CloudFront matches with and without the leading slash alike",
					quote(b.key.text), quote(other.key.text), other.key.line),
				Hint: "put the triggers of both under one pattern",
			})
			continue
		}
		seen[pattern] = b
		if pattern == "/*" {
			d.problem(b.key, append(at, b.key.text), Problem{
				Warning: true, Message: fmt.Sprintf("%s means a cache behavior with the pattern *, not the default cache behavior", quote(b.key.text)),
				Hint: "the default cache behavior is called default",
			})
		}
		if meansDefault(b.key.text) {
			d.problem(b.key, append(at, b.key.text), Problem{
				Warning: true, Message: fmt.Sprintf("%s means a cache behavior with the pattern %s: did you mean default?", quote(b.key.text), pattern),
				Hint: "the default cache behavior is called default; write " + pattern + " if you mean that pattern",
			})
		}
		for _, trigger := range b.value.each() {
			want := d.slot(trigger, append(slices.Clone(at), b.key.text, trigger.key.text))
			want.Path, want.Trigger = pattern, associations.Trigger(trigger.key.text)
			slots = append(slots, want)
		}
	}
	d.quotas(e, len(behaviors), len(slots))
	slices.SortFunc(slots, func(a, b SlotWant) int {
		return associations.Slot{Path: a.Path, Trigger: a.Trigger}.Compare(associations.Slot{Path: b.Path, Trigger: b.Trigger})
	})
	return slots
}

// slot reads what one trigger wants, in the short or the long form.
func (d *decoder) slot(trigger *entry, at []string) SlotWant {
	ref := trigger.value
	want := SlotWant{}
	if ref.kind == mapping {
		want.IncludeBody = yes(ref.get("include-body"))
		ref, at = ref.get("function"), append(at, "function")
	}
	if want.Function = str(ref); ref == nil {
		return want
	}
	if d.root.has("functions") && d.root.get("functions") == nil {
		return want // what there is to refer to is not known
	}
	if !slices.Contains(d.known, want.Function) && !d.misnamed(ref.text) {
		p := Problem{
			Message: fmt.Sprintf("there is no function %s", quote(ref.text)),
			Hint:    "the spec defines no functions: add it under functions:",
		}
		if len(d.known) > 0 {
			p.Hint = didYouMean(ref.text, d.known, "the functions are ")
		}
		d.problem(ref, at, p)
	}
	return want
}

// misnamed reports whether a function is most likely meant whose own key was
// refused: the reference is right, and the key is what is to be changed.
func (d *decoder) misnamed(ref string) bool {
	functions := d.root.get("functions")
	if functions == nil {
		return false
	}
	e := functions.entry(closest(ref, d.known))
	return e != nil && e.key.bad
}

// quotas warns about what CloudFront may refuse, and about binding nothing.
func (d *decoder) quotas(e *entry, behaviors, slots int) {
	at := []string{"distributions", e.key.text}
	warn := func(message, hint string) {
		d.problem(e.key, at, Problem{Warning: true, Message: message, Hint: hint})
	}
	const raise = "AWS raises the quota on request"
	if behaviors > quotaBehaviors {
		warn(fmt.Sprintf("%s names %d cache behaviors; CloudFront's quota for a distribution is %d", e.key.text, behaviors, quotaBehaviors), raise)
	}
	if slots > quotaTriggers {
		warn(fmt.Sprintf("%s binds functions to %d triggers; CloudFront's quota for a distribution is %d", e.key.text, slots, quotaTriggers), raise)
	}
	if b := e.value.get("behaviors"); slots == 0 && behaviors == 0 && (b != nil && len(b.entries) == 0 || !e.value.has("behaviors")) {
		warn(e.key.text+" binds nothing: applying it takes out of the distribution what the stack put there", "")
	}
}

// origins reads where the local AWS finds origins.
func (d *decoder) origins(e *entry) map[string]string {
	var origins map[string]string
	at := []string{"distributions", e.key.text, "local", "origins"}
	seen := map[string]*entry{}
	for _, o := range e.value.get("local").get("origins").each() {
		pattern := o.key.text
		if pattern != "*" {
			pattern = canonicalPath(pattern)
		}
		if other := seen[pattern]; other != nil {
			d.problem(o.key, append(at, o.key.text), Problem{
				Message: fmt.Sprintf("%s is the same path pattern as %s in line %d", quote(o.key.text), quote(other.key.text), other.key.line),
				Hint:    "keep one of the two",
			})
			continue
		}
		seen[pattern] = o
		behaviors := e.value.get("behaviors")
		named := pattern == "*" || pattern == associations.DefaultPath ||
			behaviors != nil && behaviors.entryFunc(func(k string) bool { return canonicalPath(k) == pattern }) != nil
		if !named && behaviors != nil {
			d.problem(o.key, append(at, o.key.text), Problem{
				Warning: true, Message: fmt.Sprintf("%s is no path pattern of this distribution's behaviors: nothing local uses this origin", quote(o.key.text)),
				Hint: "name one of them, default, or * for every one that is not named",
			})
		}
		if origins == nil {
			origins = map[string]string{}
		}
		origins[pattern] = o.value.value
		if !isURL(o.value.value) {
			origins[pattern] = path.Clean(o.value.value)
		}
	}
	return origins
}
