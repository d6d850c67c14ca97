package stackspec

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checker holds a tree against the table of keys. Whatever it finds wrong it
// reports and marks as bad; what is left can be decoded without a look back.
type checker struct {
	report   *report
	env      environment
	patterns map[string]*regexp.Regexp
}

func newChecker(r *report, o Options) *checker {
	return &checker{report: r, env: newEnvironment(o), patterns: map[string]*regexp.Regexp{}}
}

// problem reports what is wrong with a value and marks it.
func (c *checker) problem(n *node, path []string, p Problem) {
	n.bad = true
	p.Path = pathOf(path)
	c.report.add(n.line, n.col, p)
}

func (c *checker) check(n *node, t *typ, path []string) {
	if n.bad {
		return
	}
	if n.kind == null {
		c.problem(n, path, Problem{
			Message: "there is no value" + forKey(path),
			Hint:    "write one, or take the key out; an empty mapping is {}, an empty string \"\"",
		})
		return
	}
	switch t.shape {
	case anObject:
		if c.mapping(n, t, path) {
			c.object(n, t, path)
		}
	case aMap:
		if c.mapping(n, t, path) {
			c.entries(n, t, path)
		}
	case aString:
		if t.long != nil && n.kind == mapping {
			c.check(n, t.long, path)
			return
		}
		c.text(n, t, path)
	case anInteger:
		c.integer(n, t, path)
	case aBool:
		c.boolean(n, path)
	case aValue:
		c.value(n, path)
	case aList:
		c.list(n, t, path)
	}
}

// forKey continues a sentence about a key; "" at the root.
func forKey(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return " for " + pathOf(path[len(path)-1:])
}

// subject begins a sentence about a key.
func subject(path []string) string {
	if len(path) == 0 {
		return "the spec"
	}
	return pathOf(path[len(path)-1:])
}

func (c *checker) mapping(n *node, t *typ, path []string) bool {
	if n.kind == mapping {
		return true
	}
	hint := "write one entry a line, a name, a colon and a value; or { name: value }"
	if t.shape == anObject {
		hint = "its keys are " + list(t.known())
	}
	if len(path) == 0 {
		hint = "a spec begins with version: 1"
	}
	c.problem(n, path, Problem{Message: fmt.Sprintf("%s is %s; it must be a mapping", subject(path), n.kind), Hint: hint})
	return false
}

// below gives the path of a key; the result shares nothing with its origin.
func below(path []string, key string) []string {
	return append(slices.Clone(path), key)
}

func (c *checker) entries(n *node, t *typ, path []string) {
	if t.most > 0 && len(n.entries) > t.most {
		extra := n.entries[t.most].key
		c.problem(extra, path, Problem{
			Message: fmt.Sprintf("%s has %d entries; there can be %d", subject(path), len(n.entries), t.most),
			Hint:    fmt.Sprintf("take %d of them out", len(n.entries)-t.most),
		})
	}
	for _, e := range n.entries {
		if e.key.bad {
			continue
		}
		at := below(path, e.key.text)
		if strings.Contains(e.key.text, "${env:") {
			c.problem(e.key, at, Problem{Message: "variables are substituted in values only, not in keys", Hint: "write the key out"})
			continue
		}
		e.key.value = e.key.text
		c.form(e.key, t.keys, at)
		c.check(e.value, t.elem, at)
	}
}

func (c *checker) integer(n *node, t *typ, path []string) {
	if n.kind != number {
		p := Problem{Message: fmt.Sprintf("%s is %s; it must be a whole number", subject(path), n.kind), Hint: "write " + t.name()}
		switch {
		case n.kind == text && strings.Contains(n.text, "${"):
			p.Message = subject(path) + " is a whole number; a variable always makes a string"
			p.Hint = "write the number out"
		case n.kind == text && n.quoted && plainInteger(n.text):
			p.Hint = "take the quotes away"
		}
		c.problem(n, path, p)
		return
	}
	if !plainInteger(n.text) {
		c.problem(n, path, Problem{
			Message: fmt.Sprintf("%s is not a whole number written in plain digits", quote(n.text)),
			Hint:    "write " + t.name() + ", like " + strconv.FormatInt(t.min, 10),
		})
		return
	}
	v, err := strconv.ParseInt(n.text, 10, 64)
	if err != nil || v < t.min || v > t.max { // the only error left is one of range
		p := Problem{Message: fmt.Sprintf("%s %s is out of range", subject(path), n.text), Hint: "write " + t.name()}
		if t.says != "" {
			p.Message, p.Hint = fmt.Sprintf("%s %s is not known: %s", subject(path), n.text, t.says), "write "+strconv.FormatInt(t.min, 10)
		}
		c.problem(n, path, p)
	}
}

func plainInteger(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == "" && (digits == "0" && s == "0" || digits[0] != '0')
}

func (c *checker) boolean(n *node, path []string) {
	if n.kind == boolean && (n.text == "true" || n.text == "false") {
		return
	}
	hint := "write true or false"
	switch {
	case n.kind == text && n.quoted && (n.text == "true" || n.text == "false"):
		hint = "take the quotes away"
	case n.kind == text && strings.Contains(n.text, "${"):
		hint = "a variable always makes a string: write true or false"
	}
	c.problem(n, path, Problem{Message: fmt.Sprintf("%s must be true or false", subject(path)), Hint: hint})
}

// value takes anything that JSON has. Null is refused because it is nearly
// always a value that was forgotten, and numbers are taken only as JSON spells
// them because readers of YAML disagree about the others.
func (c *checker) value(n *node, path []string) {
	switch n.kind {
	case text:
		c.substitute(n, path)
	case number:
		if !c.matches(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`, n.text) {
			c.problem(n, path, Problem{
				Message: fmt.Sprintf("readers of YAML disagree about what number %s is", quote(n.text)),
				Hint:    "write it in plain decimal digits, or quote it",
			})
		}
	case boolean:
		if n.text != "true" && n.text != "false" {
			c.boolean(n, path)
		}
	case sequence:
		for i, item := range n.items {
			c.check(item, &typ{shape: aValue}, below(path, strconv.Itoa(i)))
		}
	case mapping:
		c.entries(n, &typ{shape: aMap, keys: &typ{shape: aString}, elem: &typ{shape: aValue}}, path)
	}
}

func (c *checker) matches(pattern, s string) bool {
	re := c.patterns[pattern]
	if re == nil {
		re = regexp.MustCompile(pattern) // every pattern stands in the table
		c.patterns[pattern] = re
	}
	return re.MatchString(s)
}

// text checks a string value.
func (c *checker) text(n *node, t *typ, path []string) {
	if n.kind != text {
		c.notText(n, t, path)
		return
	}
	n.value = n.text
	if !t.noVariables && !c.substitute(n, path) {
		return
	}
	if len(t.words) > 0 {
		c.word(n, t, path)
		return
	}
	c.form(n, t, path)
}

func (c *checker) notText(n *node, t *typ, path []string) {
	p := Problem{Message: fmt.Sprintf("%s is %s; it must be a string", subject(path), n.kind)}
	if t.long != nil {
		p.Message += " or a mapping"
	}
	if n.kind == number || n.kind == boolean {
		p.Hint = fmt.Sprintf(`quote it: "%s"`, strings.Map(printable, n.text))
		if len(t.words) > 0 {
			p.Hint = "write one of " + list(t.words)
		}
		if t.form.tell != nil {
			if message, hint := t.form.tell(n.text); message != "" {
				p.Message, p.Hint = message, hint
			}
		}
	}
	c.problem(n, path, p)
}

func (c *checker) word(n *node, t *typ, path []string) {
	if slices.Contains(t.words, n.value) {
		return
	}
	p := Problem{Message: fmt.Sprintf("%s cannot be %s", subject(path), quote(n.text))}
	p.Hint = "write one of " + list(t.words)
	if len(t.words) == 1 {
		p.Hint = "the only value is " + t.words[0]
	}
	k := closest(n.text, t.words)
	if t.wordsSource != "" {
		p.Hint = fmt.Sprintf("known are %s (%s)", list(t.words), t.wordsSource)
		k = begun(n.text, t.words) // another number is another runtime, not a slip
	}
	if k != "" && !n.secret {
		p.Hint = fmt.Sprintf("did you mean %s?", k)
	}
	c.problem(n, path, c.hide(n, p))
}

// form checks what a string looks like. It never shows value, which may hold
// something of the environment, only the text of the file.
func (c *checker) form(n *node, t *typ, path []string) {
	f := t.form
	if f.tell != nil {
		if message, hint := f.tell(n.value); message != "" {
			c.problem(n, path, c.hide(n, Problem{Message: message, Hint: hint}))
			return
		}
	}
	length := utf8.RuneCountInString(n.value)
	switch {
	case f.pattern != "" && !c.matches(f.pattern, n.value),
		f.never != "" && c.matches(f.never, n.value),
		length < f.min, f.max > 0 && length > f.max:
		c.problem(n, path, c.hide(n, Problem{Message: fmt.Sprintf("%s is not %s", quote(n.text), f.says), Hint: f.hint}))
	}
}

// hide adds to a problem that a variable's value is what is wrong.
func (c *checker) hide(n *node, p Problem) Problem {
	if n.secret {
		p.Hint = strings.TrimPrefix(p.Hint+"; ", "; ") + "what counts is the value after substitution, which is not shown"
	}
	return p
}

// substitute puts variables into a string value; false if it cannot.
func (c *checker) substitute(n *node, path []string) bool {
	value, secret, mistakes := c.env.expand(n.text)
	n.value, n.secret = value, secret
	for _, m := range mistakes {
		c.problem(n, path, m)
	}
	return len(mistakes) == 0
}
