package lambda

import (
	"fmt"
	"net/http"
	"regexp"
	"unicode/utf8"
)

// Patterns as AWS's API model words them. They appear in error messages, so
// they are kept as text; RE2 has no lookahead, hence aliasPattern is matched
// by its two halves.
const (
	namePattern           = `(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`
	namespacedNamePattern = `(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`
	qualifierPattern      = `\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+`
	versionPattern        = `(\$LATEST(\.PUBLISHED)?|[0-9]+)`
	aliasPattern          = `(?!^[0-9]+$)([a-zA-Z0-9-_]+)`
	rolePattern           = `arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`
	taggablePattern       = `arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)`
)

const (
	latest       = "$LATEST"
	ourPartition = "aws"

	// Lengths of AWS's API model: FunctionName, NamespacedFunctionName, and the bare name.
	maxName           = 140
	maxNamespacedName = 256
	maxBareName       = 64
	maxQualifier      = 128
)

// patterns are the compiled forms, made once by New.
type patterns struct {
	name, locator, numbered, qualifier, version, digits, alias, role, taggable, layer, arn, codeKey, logGroup, variable *regexp.Regexp
}

func compile() patterns {
	whole := func(p string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + p + `)$`) }
	return patterns{
		name:      whole(namePattern),
		locator:   whole(`(?:arn:(aws[a-zA-Z-]*):lambda:)?(?:([a-z]{2,4}(?:-[a-z]+)+-\d):)?(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9-_.]+)(?::(\$LATEST|[a-zA-Z0-9-_]+))?`),
		numbered:  whole(`arn:aws:lambda:([a-z0-9-]+):(\d{12}):function:([a-zA-Z0-9-_]+):([0-9]+)`),
		qualifier: whole(qualifierPattern),
		version:   whole(versionPattern),
		digits:    whole(`[0-9]+`),
		alias:     whole(`[a-zA-Z0-9-_]+`),
		role:      whole(rolePattern),
		taggable:  whole(taggablePattern),
		layer:     whole(`arn:[a-zA-Z0-9-]+:lambda:([a-zA-Z0-9-]+):(\d{12}):layer:[a-zA-Z0-9-_]+:[0-9]+`),
		arn:       whole(anyARNPattern),
		codeKey:   whole(codeKeyPattern),
		logGroup:  whole(logGroupPattern),
		variable:  whole(variablePattern),
	}
}

// target is a function that a request names, in the caller's account and
// region; Qualifier is "" where the request had none.
type target struct{ Name, Qualifier string }

// target resolves what stands in the path and, where the operation has one,
// the Qualifier parameter.
func (c *call) target(raw, qualifier string) (target, error) {
	t, err := c.locate(raw)
	if err != nil {
		return target{}, err
	}
	var v violations
	c.checkName(&v, raw, t)
	if qualifier != "" {
		if utf8.RuneCountInString(qualifier) > maxQualifier {
			v.add(qualifier, "qualifier", fmt.Sprintf("Member must have length less than or equal to %d", maxQualifier))
		}
		if !c.s.patterns.qualifier.MatchString(qualifier) {
			v.add(qualifier, "qualifier", "Member must satisfy regular expression pattern: "+qualifierPattern)
		}
	}
	if err := v.err(); err != nil {
		return target{}, err
	}
	if qualifier != "" && t.Qualifier != "" && qualifier != t.Qualifier {
		return target{}, invalid("The derived qualifier from the function name does not match the specified qualifier.")
	}
	if qualifier != "" {
		t.Qualifier = qualifier
	}
	return t, nil
}

// whole resolves the name of an operation on a function as a whole, which
// must not name a version or an alias. The sentence was reported for
// UpdateFunctionCode on a version (appleboy/lambda-action issue 6); that
// other operations share it is LIKELY.
func (c *call) whole() (string, error) {
	t, err := c.target(c.params[0], "")
	if err != nil {
		return "", err
	}
	if t.Qualifier != "" && t.Qualifier != latest {
		return "", invalid("Current operation does not support versions other than $LATEST")
	}
	return t.Name, nil
}

// locate takes a name apart and refuses another account's or region's. A text
// that is no name at all comes back empty, for checkName to complain about.
func (c *call) locate(raw string) (target, error) {
	m := c.s.patterns.locator.FindStringSubmatch(raw)
	if m == nil {
		return target{}, nil
	}
	partition, region, account := m[1], m[2], m[3]
	// That another partition's ARN reads as another account's is LIKELY: nobody
	// has an account in two.
	if account != "" && account != c.caller.Account || partition != "" && partition != ourPartition {
		return target{}, accessDenied("")
	}
	if region != "" && region != c.caller.Region {
		return target{}, notFound("Functions from '%s' are not reachable in this region ('%s')", region, c.caller.Region)
	}
	return target{Name: m[4], Qualifier: m[5]}, nil
}

// checkName applies the limits of FunctionName to writes and those of
// NamespacedFunctionName to the operations that take one.
func (c *call) checkName(v *violations, raw string, t target) {
	limit, pattern := maxName, namePattern
	if c.namespaced {
		limit, pattern = maxNamespacedName, namespacedNamePattern
	}
	if utf8.RuneCountInString(raw) > limit {
		v.add(raw, "functionName", fmt.Sprintf("Member must have length less than or equal to %d", limit))
	}
	// One check serves both patterns: a name with a dot never names a function that can exist.
	if t.Name == "" || !c.s.patterns.name.MatchString(raw) {
		v.add(raw, "functionName", "Member must satisfy regular expression pattern: "+pattern)
	}
}

// newName resolves the FunctionName of CreateFunction, which may not carry a
// qualifier. A bare name that is too long is reported by the service rather
// than by its front end, under another code (recorded).
func (c *call) newName(raw string) (string, error) {
	t, err := c.target(raw, "")
	if err != nil {
		return "", err
	}
	if t.Qualifier != "" {
		var v violations
		v.add(raw, "functionName", "Member must satisfy regular expression pattern: "+namePattern)
		return "", v.err()
	}
	if len(t.Name) > maxBareName {
		var v violations
		v.add(t.Name, "functionName", fmt.Sprintf("Member must have length less than or equal to %d", maxBareName))
		return "", &apiError{Status: http.StatusBadRequest, Code: "InvalidParameterValueException", Message: v.sentence()}
	}
	return t.Name, nil
}

// arn is a function's ARN, with the qualifier if there is one.
func (c *call) arn(name, qualifier string) string {
	return functionARN(c.caller.Account, c.caller.Region, name, qualifier)
}

func functionARN(account, region, name, qualifier string) string {
	arn := fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", region, account, name)
	if qualifier != "" {
		arn += ":" + qualifier
	}
	return arn
}
