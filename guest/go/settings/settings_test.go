//go:build !wasip1

package settings

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	edge "github.com/edgedeploy/edgedeploy/guest/go"
	"github.com/edgedeploy/edgedeploy/guest/go/edgetest"
)

var start func() error

func init() {
	edge.Handle(edge.Handlers{
		Start:         func() error { return start() },
		ViewerRequest: func(edge.ViewerRequest) (*edge.Response, error) { return nil, nil },
	})
}

func TestValuesOfEveryTypeComeFromTheHost(t *testing.T) {
	host := &edgetest.Host{Config: map[string]any{
		"text": "grüße", "digits": "20", "n": 300, "flag": true, "half": 0.5, "nothing": nil, "list": []any{"a", "b"},
		"map": map[string]any{"DE": "eu"}, "rules": []any{map[string]any{"from": "/a", "status": 302}, map[string]any{"from": "/b", "status": nil}},
	}}
	start = func() error {
		var c Reader
		for name, pair := range map[string][2]any{
			"text": {c.Get("text").Text(), "grüße"}, "digits": {c.Get("digits").Int(0, 255), 20}, "as text": {c.Get("digits").Text(), "20"},
			"n": {c.Get("n").Int(-1, 300), 300}, "flag": {c.Get("flag").Bool(), true}, "half": {c.Get("half").Float(), 0.5},
			"default": {c.Get("none").IntOr(7, 0, 9), 7}, "null": {c.Get("nothing").TextOr("x"), "x"}, "set": {c.Get("flag").BoolOr(false), true},
			"no list": {len(c.Get("none").List()), 0}, "list": {c.Get("list").Strings(), []string{"a", "b"}},
			"map": {c.Get("map").StringMap(), map[string]string{"DE": "eu"}}, "no map": {c.Get("none").StringMap(), map[string]string{}},
		} {
			if !reflect.DeepEqual(pair[0], pair[1]) {
				t.Errorf("%s is %v, want %v", name, pair[0], pair[1])
			}
		}
		for i, rule := range c.Get("rules").List() {
			m := rule.Map("from", "status")
			if from, status := m.Get("from").Text(), m.Get("status").IntOr(301, 300, 399); from != []string{"/a", "/b"}[i] || status != 302-i {
				t.Errorf("rule %d is %s %d", i, from, status)
			}
		}
		return c.Err()
	}
	event := `{"Records": [{"cf": {"config": {"eventType": "viewer-request"}, "request": {"clientIp": "203.0.113.7", "method": "GET", "uri": "/", "querystring": "", "headers": {}}}}]}`
	if _, err := host.Handle([]byte(event)); err != nil {
		t.Fatal(err, host.Logs)
	}
	start = func() error {
		var c Reader
		c.Get("none").Int(0, 1)
		c.Get("text").Bool()
		return c.Err()
	}
	host.Logs = nil
	host = &edgetest.Host{Config: host.Config}
	if _, err := host.Handle([]byte(event)); err == nil || len(host.Logs) != 1 || host.Logs[0].Text != "start: config: none: is missing" {
		t.Errorf("%v, %v", err, host.Logs)
	}
}

func TestErrorsSayWhereAndWhatAndNeverAText(t *testing.T) {
	number := func(v Value) { v.Int(0, 255) }
	rule := func(v Value) {
		m := v.Map("from", "only")
		m.Get("from").Text()
		m.Get("only").Strings()
	}
	for _, tt := range []struct {
		document string
		read     func(Value)
		want     string
	}{
		{"256", number, "k: want a whole number of 0 to 255, is 256"},
		{"-1", number, "k: want a whole number of 0 to 255, is -1"},
		{"1.5", number, "k: want a whole number of 0 to 255, is 1.5"},
		{"1e1", number, "k: want a whole number of 0 to 255, is 1e1"},
		{"", number, "k: want a whole number of 0 to 255, is a text"},
		{"s3cret", number, "k: want a whole number of 0 to 255, is a text"},
		{"+5", number, "k: want a whole number of 0 to 255, is a text"},
		{"null", number, "k: want a whole number of 0 to 255, is null"},
		{"99999999999999999999", number, "k: want a whole number of 0 to 255, is 99999999999999999999"},
		{"1e999", func(v Value) { v.Float() }, "k: want a number, is 1e999"},
		{"NaN", func(v Value) { v.Float() }, "k: want a number, is a text"},
		{"yes", func(v Value) { v.Bool() }, "k: want true or false, is a text"},
		{"1", func(v Value) { v.Bool() }, "k: want true or false, is 1"},
		{"{}", func(v Value) { v.Strings() }, "k: want a list, is a map"},
		{`["a", 5]`, func(v Value) { v.Strings() }, "k[1]: want a text, is 5"},
		{`{"a": "b", "c": []}`, func(v Value) { v.StringMap() }, "k.c: want a text, is a list"},
		{"{}", rule, "k.from: is missing"},
		{"[]", rule, "k: want a map, is a list"},
		{"s3cret", rule, "k: want a map, is a text"},
		{`{"from": "a", "form": 1}`, rule, "k: there is no key form; want from, only"},
		{`{"from": "a", "only": [[], "b"]}`, rule, "k.only[0]: want a text, is a list"},
		{`[{"from": true}]`, func(v Value) { rule(v.List()[0]) }, "k[0].from: want a text, is true or false"},
		{strings.Repeat("[", 100_000), func(v Value) { v.List() }, "k: want a list, is a text"},
	} {
		var c Reader
		tt.read(c.Parse("k", tt.document))
		if c.Err() == nil || c.Err().Error() != "config: "+tt.want {
			t.Errorf("%.40s: %v, want %s", tt.document, c.Err(), tt.want)
		}
	}
}

func plain(node any) any {
	switch node := node.(type) {
	case null:
		return nil
	case number:
		return json.Number(node)
	case []any:
		all := []any{}
		for _, item := range node {
			all = append(all, plain(item))
		}
		return all
	case map[string]any:
		all := map[string]any{}
		for key, item := range node {
			all[key] = plain(item)
		}
		return all
	}
	return node
}

func FuzzTheStandardLibraryReadsTheSame(f *testing.F) {
	for _, seed := range []string{
		`{"a": [1, -0.5e+3, "\u00fc\uD834\udd1e", true, null, {}]}`, `"\ud834"`, `"\ud834\u0061"`, `"\ud834\ud834\udd1e"`, `[1,]`, `{"a":1,}`, "01", "1.", `"\x"`, "\"a\nb\"",
		"[[[]]]", " \t1\n", "nulll", `{"a":1,"a":2}`, `"\uD83"`, `"\u00gg"`, `"\u@@@@"`, "\"\\u\x10\x10\x10\x10\"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Count(text, "[")+strings.Count(text, "{") > deepest {
			return
		}
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var want any
		wantErr := d.Decode(&want)
		if wantErr == nil && !json.Valid([]byte(text)) {
			wantErr = errNoJSON // something follows
		}
		got, err := parse(text)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, the standard library says %v", text, err, wantErr)
		}
		// It replaces bytes that are not UTF-8, which the host never sends.
		if err == nil && strings.ToValidUTF8(text, "") == text && !reflect.DeepEqual(plain(got), want) {
			t.Errorf("%q is %#v, want %#v", text, plain(got), want)
		}
	})
}

func TestADocumentMayBeDeepAndNoDeeper(t *testing.T) {
	for depth, want := range map[int]bool{deepest: true, deepest + 1: false} {
		if _, err := parse(strings.Repeat("[", depth) + strings.Repeat("]", depth)); (err == nil) != want {
			t.Errorf("%d deep: %v", depth, err)
		}
	}
	if _, err := parse("[" + strings.Repeat("[],", 1000) + "[]]"); err != nil {
		t.Errorf("a wide document: %v", err)
	}
	var c Reader
	if n := c.Parse("k", "9223372036854775807").Int(math.MinInt, math.MaxInt); n != math.MaxInt || c.Err() != nil {
		t.Errorf("the largest number is %d, %v", n, c.Err())
	}
}
