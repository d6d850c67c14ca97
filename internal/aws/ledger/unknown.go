package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Formats only gain members, and a program keeps those that it does not know:
// what an older one writes from what a newer one wrote loses nothing.

// compact encodes a value as one line of JSON, as people write it: without
// escapes for HTML.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// unknownMembers gives the members of a JSON object that are not known, as an
// object in the order of their names; "" for none. A name that differs from a
// known one only in case is an error: encoding/json would take one for the other.
func unknownMembers(doc []byte, known map[string]bool) (string, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(doc, &all); err != nil {
		return "", err
	}
	for name := range all {
		if known[name] {
			delete(all, name)
			continue
		}
		for k := range known {
			if strings.EqualFold(k, name) {
				return "", fmt.Errorf("the member %q is spelled %q", k, cut(oneLine(name), maxDescription))
			}
		}
	}
	if len(all) == 0 {
		return "", nil
	}
	text, err := compact(all)
	return string(text), err
}

// withUnknown puts members that unknownMembers gave behind those of an object.
func withUnknown(doc []byte, unknown string, known map[string]bool) ([]byte, error) {
	if unknown == "" {
		return doc, nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(unknown), &all); err != nil {
		return nil, fmt.Errorf("the members that a newer edgedeploy added: %w", err)
	}
	for name := range all {
		if known[name] {
			return nil, fmt.Errorf("the member %q is not one that a newer edgedeploy added", name)
		}
	}
	rest, err := compact(all)
	if err != nil || len(all) == 0 {
		return doc, err
	}
	return slices.Concat(bytes.TrimSuffix(doc, []byte("}")), []byte(","), bytes.TrimPrefix(rest, []byte("{"))), nil
}

// members are the names of a struct's members in JSON.
func members[T any]() map[string]bool {
	names := map[string]bool{}
	for field := range reflect.TypeFor[T]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			names[name] = true
		}
	}
	return names
}
