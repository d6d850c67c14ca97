package stackspec

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Schema gives the JSON Schema (draft 2020-12) of spec files, for editors. It
// comes from the same table of keys as the parser, and says what that table
// says: which keys there are, what they hold and which go together. References
// between keys, clashing names and the spelling of numbers are the parser's.
func Schema() []byte {
	doc := members{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"title", "edgedeploy.yaml"},
		{"description", "A stack of functions at CloudFront's edge, version 1 of the format."},
	}
	doc = append(doc, root().schema()...)
	doc = append(doc, member{"$defs", members{{"value", members{
		{"description", "Any value that JSON has, but null. Variables are substituted in strings."},
		{"type", []string{"string", "number", "boolean", "array", "object"}},
		{"items", reference()},
		{"propertyNames", members{{"not", members{{"pattern", variablePattern}}}}},
		{"additionalProperties", reference()},
	}}}})
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		panic("stackspec: the schema is not JSON: " + err.Error()) // it is made of strings and numbers
	}
	return out.Bytes()
}

// member and members are a JSON object that keeps its order.
type (
	member struct {
		key   string
		value any
	}
	members []member
)

func (m members) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for i, x := range m {
		out.WriteByte("{,"[min(i, 1)])
		if err := enc.Encode(x.key); err != nil {
			return nil, err
		}
		out.WriteByte(':')
		if err := enc.Encode(x.value); err != nil {
			return nil, err
		}
	}
	if len(m) == 0 {
		out.WriteByte('{')
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// variablePattern finds a variable in a string. What it stands for is judged
// by the parser, after substitution.
const variablePattern = `\$\{env:`

// reference points to the values of a config:, which nest without end.
func reference() members { return members{{"$ref", "#/$defs/value"}} }

// schema gives the keywords that describe a type.
func (t *typ) schema() members {
	switch t.shape {
	case anObject:
		return t.objectSchema()
	case aMap:
		m := members{{"type", "object"}}
		names := t.keys.form.schema()
		names = append(names, member{"allOf", []members{{{"not", members{{"pattern", variablePattern}}}}}})
		m = append(m, member{"propertyNames", names})
		if t.most > 0 {
			m = append(m, member{"maxProperties", t.most})
		}
		return append(m, member{"additionalProperties", t.elem.schema()})
	case aString:
		if t.long != nil {
			short := *t
			short.long = nil
			return members{{"anyOf", []members{short.schema(), t.long.schema()}}}
		}
		return t.stringSchema()
	case anInteger:
		if t.min == t.max {
			return members{{"const", t.min}}
		}
		return members{{"type", "integer"}, {"minimum", t.min}, {"maximum", t.max}}
	case aBool:
		return members{{"type", "boolean"}}
	case aList:
		return members{{"type", "array"}, {"items", t.elem.schema()}}
	default:
		return reference()
	}
}

func (t *typ) objectSchema() members {
	var properties, needs, choices members
	var required []string
	for _, f := range t.fields {
		if f.refused != "" {
			continue
		}
		properties = append(properties, member{f.key, f.schema()})
		if f.required {
			required = append(required, f.key)
		}
		var keys []string
		for _, n := range f.needs {
			if n.or == "" {
				keys = append(keys, n.key)
				continue
			}
			either := []members{{{"required", []string{n.key}}}, {{"required", []string{n.or}}}}
			choices = append(choices, member{f.key, members{{"anyOf", either}}})
		}
		if len(keys) > 0 {
			needs = append(needs, member{f.key, keys})
		}
	}
	m := members{{"type", "object"}, {"properties", properties}}
	if len(required) > 0 {
		m = append(m, member{"required", required})
	}
	if len(needs) > 0 {
		m = append(m, member{"dependentRequired", needs})
	}
	if len(choices) > 0 {
		m = append(m, member{"dependentSchemas", choices})
	}
	if len(t.oneOf) > 0 {
		var either []members
		for _, key := range t.oneOf {
			either = append(either, members{{"required", []string{key}}})
		}
		m = append(m, member{"oneOf", either})
	}
	if t.pin != nil {
		m = append(m, t.pin.schema()...)
	}
	return append(m, member{"additionalProperties", false})
}

// schema describes a key: what it means and what it holds.
func (f field) schema() members {
	m := members{{"description", f.about}}
	switch {
	case f.standard != "" && f.typ.shape == aString:
		m = append(m, member{"default", f.standard})
	case f.standard != "":
		m = append(m, member{"default", json.RawMessage(f.standard)}) // digits, true or false
	}
	return append(m, f.typ.schema()...)
}

func (t *typ) stringSchema() members {
	rules := t.form.schema()
	if len(t.words) > 0 {
		rules = members{{"enum", slices.Clone(t.words)}}
	}
	m := members{{"type", "string"}}
	switch {
	case t.noVariables || len(rules) == 0:
		return append(m, rules...)
	default:
		return append(m, member{"anyOf", []members{rules, {{"pattern", variablePattern}}}})
	}
}

func (f form) schema() members {
	var m members
	if f.pattern != "" {
		m = append(m, member{"pattern", f.pattern})
	}
	if f.never != "" {
		m = append(m, member{"not", members{{"pattern", f.never}}})
	}
	if f.min > 0 {
		m = append(m, member{"minLength", f.min})
	}
	if f.max > 0 {
		m = append(m, member{"maxLength", f.max})
	}
	return m
}
