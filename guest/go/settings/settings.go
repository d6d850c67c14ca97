// Package settings reads config: of edgedeploy.yaml with types.
//
//	func start() error {
//		var c settings.Reader
//		share = c.Get("share").IntOr(0, 0, 100)
//		for _, rule := range c.Get("redirects").List() {
//			m := rule.Map("from", "to")
//			redirects[m.Get("from").Text()] = m.Get("to").Text()
//		}
//		return c.Err()
//	}
//
// The first thing that is wrong is the error, with its place:
//
//	config: redirects[2].to: want a text, is 7
//
// It names places, numbers and kinds of values. What a text says it leaves out,
// because it may be a secret. Directly under config: a text that reads as a number
// ("20") is one too, because values of ${env:…} are texts.
//
// encoding/json would do as well, and triple the time that a module takes to load.
package settings

import (
	"errors"
	"strconv"
	"strings"

	edge "github.com/edgedeploy/edgedeploy/guest/go"
)

// Reader reads settings and keeps the first error. Its zero value is ready.
type Reader struct{ err error }

// Err returns what was wrong with the first value that was, or nil.
func (r *Reader) Err() error { return r.err }

// Get returns the value of a key of config:.
func (r *Reader) Get(key string) Value {
	text, ok := edge.Config(key)
	if !ok {
		return Value{reader: r, place: key}
	}
	return r.Parse(key, text)
}

// Parse returns a document as if it were the value of a key, for tests.
func (r *Reader) Parse(key, document string) Value {
	return Value{reader: r, place: key, node: top(document)}
}

// Value is a value of config:, at its place. Its methods return the zero value of
// their type when it is something else, and the reader has the error.
type Value struct {
	reader *Reader
	place  string
	node   any // nil: there is none; top, or what parse returns
}

// top is a value as the host delivers it: texts as they are, everything else as
// JSON.
type top string

// Refuse makes the value an error: why says what is wanted.
func (v Value) Refuse(why string) {
	if v.reader.err == nil {
		v.reader.err = errors.New("config: " + v.place + ": " + why)
	}
}

func (v Value) want(what string, is any) {
	if is == nil {
		v.Refuse("is missing")
		return
	}
	v.Refuse("want " + what + ", is " + kind(is))
}

// Exists reports whether there is a value; null is none.
func (v Value) Exists() bool { return v.node != nil && v.node != (null{}) && v.node != top("null") }

// json returns the value as JSON; a text where it is none.
func (v Value) json() any {
	text, is := v.node.(top)
	if !is {
		return v.node
	}
	if node, err := parse(string(text)); err == nil {
		return node
	}
	return string(text)
}

// Text returns a text. Directly under config: any value is one: the host does
// not tell them apart.
func (v Value) Text() string {
	switch node := v.node.(type) {
	case top:
		return string(node)
	case string:
		return node
	}
	v.want("a text", v.node)
	return ""
}

// TextOr is [Value.Text] with a text for a key that is not there.
func (v Value) TextOr(text string) string {
	if !v.Exists() {
		return text
	}
	return v.Text()
}

// Int returns a whole number in a range.
func (v Value) Int(least, most int) int {
	node := v.json()
	if digits, is := node.(number); is {
		if n, err := strconv.Atoi(string(digits)); err == nil && least <= n && n <= most {
			return n
		}
	}
	v.want("a whole number of "+strconv.Itoa(least)+" to "+strconv.Itoa(most), node)
	return 0
}

// IntOr is [Value.Int] with a number for a key that is not there.
func (v Value) IntOr(n, least, most int) int {
	if !v.Exists() {
		return n
	}
	return v.Int(least, most)
}

// Float returns a number.
func (v Value) Float() float64 {
	node := v.json()
	if digits, is := node.(number); is {
		if n, err := strconv.ParseFloat(string(digits), 64); err == nil {
			return n
		}
	}
	v.want("a number", node)
	return 0
}

// Bool returns whether it is true.
func (v Value) Bool() bool {
	node := v.json()
	is, ok := node.(bool)
	if !ok {
		v.want("true or false", node)
	}
	return is
}

// BoolOr is [Value.Bool] with a value for a key that is not there.
func (v Value) BoolOr(is bool) bool {
	if !v.Exists() {
		return is
	}
	return v.Bool()
}

// List returns the values of a list. A key that is not there has none.
func (v Value) List() []Value {
	if !v.Exists() {
		return nil
	}
	node := v.json()
	items, is := node.([]any)
	if !is {
		v.want("a list", node)
	}
	list := make([]Value, len(items))
	for i, item := range items {
		list[i] = Value{v.reader, v.place + "[" + strconv.Itoa(i) + "]", item}
	}
	return list
}

// Strings returns the texts of a list. A key that is not there has none.
func (v Value) Strings() []string {
	var all []string
	for _, item := range v.List() {
		all = append(all, item.Text())
	}
	return all
}

// StringMap returns a map of texts, with any keys. A key that is not there has an
// empty one.
func (v Value) StringMap() map[string]string {
	all := map[string]string{}
	for key, item := range v.members() {
		all[key] = Value{v.reader, v.place + "." + key, item}.Text()
	}
	return all
}

// Map returns a map which has no other keys than these: a key that is misspelled is
// an error and not a default.
func (v Value) Map(keys ...string) Map {
	m := Map{v, v.members()}
	if !v.Exists() {
		v.want("a map", v.node)
	}
next:
	for key := range m.all {
		for _, known := range keys {
			if key == known {
				continue next
			}
		}
		v.Refuse("there is no key " + key + "; want " + strings.Join(keys, ", "))
	}
	return m
}

func (v Value) members() map[string]any {
	if !v.Exists() {
		return nil
	}
	node := v.json()
	all, is := node.(map[string]any)
	if !is {
		v.want("a map", node)
	}
	return all
}

// Map is a map of config: see [Value.Map].
type Map struct {
	value Value
	all   map[string]any
}

// Get returns the value of a key.
func (m Map) Get(key string) Value {
	return Value{m.value.reader, m.value.place + "." + key, m.all[key]}
}
