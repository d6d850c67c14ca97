package pipelines

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// expression evaluates what the example uses of GitHub's expressions: names
// with dots, 'texts', ==, !=, !, &&, || and parentheses, and the functions that
// ask for a job's state. Anything else is an error. ("Evaluate expressions in
// workflows and actions" is GitHub's page about them.)
type expression struct {
	tokens []string
	names  func(name string) (string, error)
	status func(function string) (bool, error) // success, cancelled …
}

var token = regexp.MustCompile(`\s*('[^']*'|==|!=|&&|\|\||[!()]|[A-Za-z_][A-Za-z0-9_.-]*)`)

func (e *expression) eval(text string) (string, error) {
	rest := strings.TrimSpace(text)
	for rest != "" {
		at := token.FindStringSubmatchIndex(rest)
		if at == nil || at[0] != 0 {
			return "", fmt.Errorf("expression %q: cannot read %q", text, rest)
		}
		e.tokens = append(e.tokens, rest[at[2]:at[3]])
		rest = strings.TrimSpace(rest[at[1]:])
	}
	v, err := e.or()
	if err == nil && len(e.tokens) > 0 {
		err = fmt.Errorf("%q is left over", e.tokens)
	}
	if err != nil {
		return "", fmt.Errorf("expression %q: %w", text, err)
	}
	return v, nil
}

func (e *expression) next(want string) bool {
	if len(e.tokens) == 0 || e.tokens[0] != want {
		return false
	}
	e.tokens = e.tokens[1:]
	return true
}

// true and false are texts here, as they are once GitHub printed them.
func truth(v string) bool { return v != "" && v != "false" }

func (e *expression) or() (string, error) {
	v, err := e.and()
	for err == nil && e.next("||") {
		var w string
		if w, err = e.and(); !truth(v) {
			v = w
		}
	}
	return v, err
}

func (e *expression) and() (string, error) {
	v, err := e.comparison()
	for err == nil && e.next("&&") {
		var w string
		if w, err = e.comparison(); truth(v) {
			v = w
		}
	}
	return v, err
}

func (e *expression) comparison() (string, error) {
	v, err := e.unary()
	for _, op := range []string{"==", "!="} {
		if err == nil && e.next(op) {
			var w string
			w, err = e.unary()
			// GitHub compares texts without looking at their case.
			return fmt.Sprint(strings.EqualFold(v, w) == (op == "==")), err
		}
	}
	return v, err
}

func (e *expression) unary() (string, error) {
	switch {
	case e.next("!"):
		v, err := e.unary()
		return fmt.Sprint(!truth(v)), err
	case e.next("("):
		v, err := e.or()
		if err == nil && !e.next(")") {
			err = fmt.Errorf("a ) is missing")
		}
		return v, err
	case len(e.tokens) == 0:
		return "", fmt.Errorf("it ends too early")
	}
	t := e.tokens[0]
	e.tokens = e.tokens[1:]
	if text, is := strings.CutPrefix(t, "'"); is {
		return strings.TrimSuffix(text, "'"), nil
	}
	if e.next("(") {
		if !e.next(")") {
			return "", fmt.Errorf("%s has arguments", t)
		}
		v, err := e.status(t)
		return fmt.Sprint(v), err
	}
	return e.names(t)
}

var placeholder = regexp.MustCompile(`\$\{\{(.*?)\}\}`)

// expand puts the values of expressions into a text.
func expand(text string, eval func(string) (string, error)) (string, error) {
	var failed error
	out := placeholder.ReplaceAllStringFunc(text, func(m string) string {
		v, err := eval(placeholder.FindStringSubmatch(m)[1])
		if err != nil {
			failed = err
		}
		return v
	})
	return out, failed
}

func TestExpressionsAreEvaluatedAsGitHubDoes(t *testing.T) {
	t.Parallel()
	names := map[string]string{"a.b": "x", "no": "", "off": "false"}
	eval := func(text string) (string, error) {
		e := expression{
			names: func(n string) (string, error) {
				v, ok := names[n]
				if !ok {
					return "", fmt.Errorf("no %s", n)
				}
				return v, nil
			},
			status: func(f string) (bool, error) { return f == "success", nil },
		}
		return e.eval(text)
	}
	for text, want := range map[string]string{
		"a.b": "x", " a.b == 'X' ": "true", "a.b != 'x'": "false", "no || a.b": "x", "off || a.b": "x", "a.b && no": "",
		"no && a.b || 'z'": "z", "!no": "true", "!(no || a.b)": "false", "success()": "true", "!failure() && a.b == 'x'": "true",
		"'a b'": "a b",
	} {
		if got, err := eval(text); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "a.b ==", "(a.b", "a.b a.b", "1 + 2", "nope", "contains(a.b)"} {
		if got, err := eval(text); err == nil {
			t.Errorf("%q is taken, as %q", text, got)
		}
	}
}
