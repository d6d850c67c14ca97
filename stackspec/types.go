package stackspec

import (
	"fmt"
	"slices"
	"strings"
)

// shape is which kind of value a typ describes.
type shape int

const (
	anObject  shape = iota // a mapping with keys that the table names
	aMap                   // a mapping with keys that the user chooses
	aString                // text, in which variables are substituted
	anInteger              // digits
	aBool                  // true or false
	aValue                 // whatever JSON has, but null
	aList                  // values of one kind, one after the other
)

// typ describes one kind of value, for the parser, the schema and the docs.
type typ struct {
	shape shape
	label string // what the docs call it; "" to derive it

	fields []field  // anObject: its keys, in the order in which they are explained
	oneOf  []string // anObject: exactly one of these keys must be there
	pin    *pin     // anObject: what stands beside an address

	keyName string // aMap: what the docs call its keys
	keys    *typ   // aMap: the form of its keys
	elem    *typ   // aMap, aList: its values
	most    int    // aMap: how many keys at most; 0 for any number

	form        form     // aString
	words       []string // aString: the only values, if there are any
	wordsSource string   // aString: where the list of words comes from
	long        *typ     // aString: the object that may stand instead
	noVariables bool     // aString: taken literally

	min, max int64  // anInteger
	unit     string // anInteger: "MB"
	says     string // anInteger: what is wrong with one out of range; "" to derive it
}

// form is what a string must look like. Patterns mean the same in RE2 and in
// ECMA-262, because the JSON Schema carries them.
type form struct {
	pattern  string // all of the string; "" for any
	never    string // what it must not match, although it matches pattern
	min, max int    // length in characters; max 0 for any
	says     string // completes "… is not"
	hint     string
	// tell recognises telling mistakes and gives the message and hint for
	// them; message "" for none. It must not repeat the string, which may have
	// come from the environment.
	tell func(s string) (message, hint string)
}

// field is one key of an object.
type field struct {
	key      string
	typ      *typ
	required bool
	// standard is the value that a missing key has, as the file would spell
	// it; otherwise says in words what happens then. At most one is set.
	standard, otherwise string
	about               string
	needs               []need
	// also are what other tools call it, in small letters without separators:
	// they are not accepted, and recognised as slips.
	also []string
	// refused is the message for a key that is known and not accepted, with hint.
	refused, hint string
}

// need is a key that must stand beside another one, or the one that may stand
// in its place.
type need struct{ key, or, says, hint string }

// field finds a key of an object.
func (t *typ) field(key string) (field, bool) {
	for _, f := range t.fields {
		if f.key == key {
			return f, true
		}
	}
	return field{}, false
}

// meant gives the key that an unknown one was probably meant to be, "" if that
// is not plain.
func (t *typ) meant(unknown string) string {
	if k := closest(unknown, t.known()); k != "" {
		return k
	}
	bare := strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(unknown))
	for _, f := range t.fields {
		if slices.Contains(f.also, bare) {
			return f.key
		}
	}
	return ""
}

// known lists the keys of an object that are accepted.
func (t *typ) known() []string {
	var keys []string
	for _, f := range t.fields {
		if f.refused == "" {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// name is what the docs and the messages call the type.
func (t *typ) name() string {
	switch {
	case t.label != "":
		return t.label
	case len(t.words) > 0:
		return strings.Join(t.words, ", ")
	}
	switch t.shape {
	case anInteger:
		unit := t.unit
		if unit != "" {
			unit = " " + unit
		}
		return fmt.Sprintf("%d to %d%s", t.min, t.max, unit)
	case aBool:
		return "true, false"
	case aString:
		return "string"
	case aValue:
		return "any value"
	default:
		return "mapping"
	}
}

// row is one key as the table of docs/spec.md has it.
type row struct{ key, typ, standard string }

// rows lists every accepted key below an object, in the table's order.
func (t *typ) rows(prefix string) []row {
	var list []row
	switch t.shape {
	case anObject:
		for _, f := range t.fields {
			if f.refused != "" {
				continue
			}
			list = append(list, row{prefix + f.key, f.typ.name(), f.standing()})
			list = append(list, f.typ.rows(prefix+f.key+".")...)
		}
	case aMap:
		key := prefix + "<" + t.keyName + ">"
		list = append(list, row{key, t.elem.name(), ""})
		list = append(list, t.elem.rows(key+".")...)
	case aString:
		if t.long != nil {
			list = t.long.rows(prefix)
		}
	}
	return list
}

// standing says what holds when the key is missing.
func (f field) standing() string {
	switch {
	case f.required:
		return "required"
	case f.standard != "":
		return f.standard
	default:
		return f.otherwise
	}
}
