package handlers

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

// returned is a value in JavaScript, and what has to come of it; absent if it
// is no value at all.
type returned struct {
	script string
	want   any
	absent bool
}

func literal(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only texts and numbers come here
	}
	return string(b)
}

// drawReturned makes a tree of everything that a handler may return.
func drawReturned(t *rapid.T, depth int) returned {
	kinds := []string{"text", "number", "bool", "bigint", "null", "undefined"}
	if depth > 0 {
		kinds = append(kinds, "object", "object", "map", "map", "list", "list")
	}
	switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
	case "text":
		s := rapid.SampledFrom([]string{"", "a", "ü\n", "null", "__proto__"}).Draw(t, "text")
		return returned{script: literal(s), want: s}
	case "number":
		n := float64(rapid.IntRange(-9, 9).Draw(t, "number"))
		return returned{script: literal(n), want: n}
	case "bool":
		b := rapid.Bool().Draw(t, "bool")
		return returned{script: literal(b), want: b}
	case "bigint":
		n := rapid.Int64Range(-1<<53+1, 1<<53-1).Draw(t, "bigint")
		return returned{script: fmt.Sprintf("%dn", n), want: float64(n)}
	case "null", "undefined":
		return returned{script: kind, absent: true}
	case "list":
		return drawList(t, depth)
	default:
		return drawMembers(t, depth, kind == "map")
	}
}

func drawList(t *rapid.T, depth int) returned {
	var scripts []string
	want := []any{}
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		item := drawReturned(t, depth-1)
		scripts = append(scripts, item.script)
		if !item.absent {
			want = append(want, item.want)
		}
	}
	return returned{script: "[" + strings.Join(scripts, ", ") + "]", want: want}
}

func drawMembers(t *rapid.T, depth int, asMap bool) returned {
	var pairs, members []string
	want := object{}
	keys := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "headers", "__proto__", "constructor", "length", "1"}), 0, 3, rapid.ID).Draw(t, "keys")
	for _, key := range keys {
		m := drawReturned(t, depth-1)
		pairs = append(pairs, fmt.Sprintf("[%s, %s]", literal(key), m.script))
		members = append(members, fmt.Sprintf("[%s]: %s", literal(key), m.script)) // computed, so that __proto__ is a member
		if !m.absent {
			want[key] = m.want
		}
	}
	if asMap {
		return returned{script: "new Map([" + strings.Join(pairs, ", ") + "])", want: want}
	}
	return returned{script: "({ " + strings.Join(members, ", ") + " })", want: want}
}

// Whatever the mixture: what JSON has in the end is the value without what was
// absent, with maps as objects.
func TestAnyMixtureOfMapsAndAbsentValuesIsMended(t *testing.T) {
	t.Parallel()
	const cases = 400
	draw := rapid.Custom(func(t *rapid.T) returned { return drawMembers(t, 4, rapid.Bool().Draw(t, "map")) })
	var all []returned
	var table strings.Builder
	for i := range cases {
		r := draw.Example(i)
		all = append(all, r)
		fmt.Fprintf(&table, "() => %s,\n", r.script)
	}
	b := entry(t, "const table = [\n"+table.String()+"];\nexport const handler = (event) => table[Number(event.Records[0].cf.request.querystring)]();", bundle.Function{})
	var events []object
	for i := range cases {
		e := event("viewer-request", "")
		subject(e, "request")["querystring"] = fmt.Sprint(i)
		events = append(events, e)
	}
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, events...)
		if s.Load != "" {
			t.Fatal(s.Load)
		}
		for i, o := range s.Outcomes {
			if diff := cmp.Diff(all[i].want, any(o.Result)); diff != "" || o.Error != "" {
				t.Errorf("%s: error %q, -want +got\n%s", all[i].script, o.Error, diff)
			}
		}
	})
}
