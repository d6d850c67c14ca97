package cf

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// kind tells what a schema allows in an element.
type kind int

const (
	kindText kind = iota
	kindInteger
	kindNumber
	kindBoolean
	kindStructure
	kindList
)

// shape is the schema of an element.
type shape struct {
	kind     kind
	members  []member // of a structure, in the order of the schema
	item     *shape   // of a list
	itemName string
	values   []string // what a text may be; nil: anything
	pattern  *regexp.Regexp
	min, max int // length of a text or list; max 0: no limit
}

// member is one element of a structure.
type member struct {
	name     string
	required bool
	echoed   bool   // CloudFront answers with it even if it was left out
	fallback string // the content it then has
	shape    *shape
}

func structure(members ...member) *shape { return &shape{kind: kindStructure, members: members} }
func list(itemName string, item *shape) *shape {
	return &shape{kind: kindList, itemName: itemName, item: item}
}
func text() *shape                  { return &shape{kind: kindText} }
func integer() *shape               { return &shape{kind: kindInteger} }
func number() *shape                { return &shape{kind: kindNumber} }
func boolean() *shape               { return &shape{kind: kindBoolean} }
func oneOf(values ...string) *shape { return &shape{kind: kindText, values: values} }

func matching(pattern string, least, most int) *shape {
	return &shape{kind: kindText, pattern: regexp.MustCompile(`^(?:` + pattern + `)$`), min: least, max: most}
}

func sized(s *shape, least, most int) *shape {
	s.min, s.max = least, most
	return s
}

func required(name string, s *shape) member { return member{name: name, required: true, shape: s} }
func optional(name string, s *shape) member { return member{name: name, shape: s} }
func echoed(name string, s *shape, fallback string) member {
	return member{name: name, shape: s, echoed: true, fallback: fallback}
}

// quantity is CloudFront's way to write a list: how many, then the items,
// which may be left out when there are none.
func quantity(itemName string, item *shape, more ...member) *shape {
	return structure(append([]member{
		required("Quantity", integer()), optional("Items", list(itemName, item)),
	}, more...)...)
}

// atLeast is a quantity list whose Items must be there.
func atLeast(least int, itemName string, item *shape, more ...member) *shape {
	return structure(append([]member{
		required("Quantity", integer()), required("Items", sized(list(itemName, item), least, 0)),
	}, more...)...)
}

func (s *shape) member(name string) member {
	for _, m := range s.members {
		if m.name == name {
			return m
		}
	}
	panic("cf: the schema has no member " + name)
}

// counted reports whether the structure is a quantity list.
func (s *shape) counted() bool {
	return s.kind == kindStructure && len(s.members) > 1 && s.hasMember("Quantity") && s.hasMember("Items")
}

func (s *shape) hasMember(name string) bool {
	for _, m := range s.members {
		if m.name == name {
			return true
		}
	}
	return false
}

// Constraint texts. The first three appear in logs of real replies
// (cfn-lint issue 672, terraform-aws-cloudfront issue 53) or in Lambda's
// errors of the same framework; the others are UNKNOWN and follow their form.
const (
	mustNotBeNull = "Member must not be null"
	mustBeInSet   = "Member must satisfy value set: [%s]"
	mustMatch     = "Member must satisfy regular expression pattern: %s"
	mustBeLonger  = "Member must have length greater than or equal to %d"
	mustBeShorter = "Member must have length less than or equal to %d"
	mustBeInteger = "Member must be an integer"
	mustBeNumber  = "Member must be a number"
	mustBeBoolean = "Member must be true or false"
	mustBeSingle  = "Member must not be repeated"
)

// validate lists the violations of the schema, depth first in its order,
// each in the words of AWS's framework. path is where n stands, written with
// the member names of the SDKs.
func (s *shape) validate(n *node, path string) []string {
	switch s.kind {
	case kindStructure:
		return s.validateMembers(n, path)
	case kindList:
		return s.validateItems(n, path)
	default:
		if constraint := s.violation(n.text); constraint != "" {
			return []string{violation("'"+n.text+"'", path, constraint)}
		}
		return nil
	}
}

func (s *shape) validateMembers(n *node, path string) []string {
	var found []string
	for _, m := range s.members {
		at := path + "." + camel(m.name)
		switch given := n.all(m.name); {
		case len(given) == 0 && m.required:
			found = append(found, violation("null", at, mustNotBeNull))
		case len(given) > 1:
			// UNKNOWN what CloudFront does. A client that splices documents
			// must not get away with leaving the old element in place.
			found = append(found, violation("'"+m.name+"'", at, mustBeSingle))
		case len(given) == 1:
			found = append(found, m.shape.validate(given[0], at)...)
		}
	}
	return found
}

func (s *shape) validateItems(n *node, path string) []string {
	items := n.all(s.itemName)
	var found []string
	if len(items) < s.min {
		found = append(found, violation("'[]'", path, fmt.Sprintf(mustBeLonger, s.min)))
	}
	for i, item := range items {
		found = append(found, s.item.validate(item, fmt.Sprintf("%s.%d.member", path, i+1))...)
	}
	return found
}

// violation names the constraint that a scalar breaks, or is "".
func (s *shape) violation(value string) string {
	switch s.kind {
	case kindInteger:
		if _, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err != nil {
			return mustBeInteger
		}
	case kindNumber:
		if _, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err != nil {
			return mustBeNumber
		}
	case kindBoolean:
		if v := strings.ToLower(strings.TrimSpace(value)); v != "true" && v != "false" {
			return mustBeBoolean
		}
	case kindText:
		return s.textViolation(value)
	}
	return ""
}

func (s *shape) textViolation(value string) string {
	for _, v := range s.values {
		if v == value {
			return ""
		}
	}
	switch {
	case s.values != nil:
		return fmt.Sprintf(mustBeInSet, strings.Join(s.values, ", "))
	case len([]rune(value)) < s.min:
		return fmt.Sprintf(mustBeLonger, s.min)
	case s.max > 0 && len([]rune(value)) > s.max:
		return fmt.Sprintf(mustBeShorter, s.max)
	case s.pattern != nil && !s.pattern.MatchString(value):
		return fmt.Sprintf(mustMatch, strings.TrimSuffix(strings.TrimPrefix(s.pattern.String(), `^(?:`), `)$`))
	}
	return ""
}

func violation(value, path, constraint string) string {
	return fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, path, constraint)
}

// camel writes a member name as the SDKs do: LambdaFunctionARN becomes
// lambdaFunctionARN.
func camel(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// parseBool reads a boolean that validate has passed, or false.
func parseBool(value string) bool { return strings.EqualFold(strings.TrimSpace(value), "true") }

// malformed is the error for a document that breaks the schema.
func malformed(violations []string) error {
	noun := "errors"
	if len(violations) == 1 {
		noun = "error"
	}
	return &apiError{
		status: 400, code: "MalformedXML",
		message: fmt.Sprintf("%d validation %s detected: %s", len(violations), noun, strings.Join(violations, "; ")),
	}
}
