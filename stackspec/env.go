package stackspec

import (
	"fmt"
	"slices"
	"strings"
)

// variablePrefix is what the names of variables begin with that a spec may
// read without being told so on the command line.
const variablePrefix = "EDGEDEPLOY_"

type environment struct {
	lookup func(string) (string, bool)
	allow  []string
}

func newEnvironment(o Options) environment {
	if o.Lookup == nil {
		o.Lookup = func(string) (string, bool) { return "", false }
	}
	return environment{o.Lookup, o.AllowEnv}
}

// expand substitutes ${env:NAME} and ${env:NAME:-default}; $${ stands for ${.
// The default counts when the variable is unset or empty, as in a shell. What
// was substituted is not looked at again. secret says that something of the
// environment is in the value.
func (e environment) expand(s string) (value string, secret bool, mistakes []Problem) {
	var out strings.Builder
	for {
		at := strings.Index(s, "${")
		if at < 0 {
			out.WriteString(s)
			return out.String(), secret, mistakes
		}
		if at > 0 && s[at-1] == '$' {
			out.WriteString(s[:at-1] + "${")
			s = s[at+2:]
			continue
		}
		out.WriteString(s[:at])
		reference, rest, closed := strings.Cut(s[at+2:], "}")
		if !closed {
			return out.String(), secret, append(mistakes, Problem{
				Message: "a ${ is not closed by }",
				Hint:    "write ${env:EDGEDEPLOY_NAME}, or $${ for the characters ${",
			})
		}
		v, fromEnv, mistake := e.resolve(reference)
		if mistake != nil {
			mistakes = append(mistakes, *mistake)
		}
		secret = secret || fromEnv
		out.WriteString(v)
		s = rest
	}
}

// resolve gives what stands for a reference, the text between ${ and }.
func (e environment) resolve(reference string) (value string, fromEnv bool, mistake *Problem) {
	body, ours := strings.CutPrefix(reference, "env:")
	name, standard, hasStandard := strings.Cut(body, ":-")
	if !ours || !variableName(name) {
		return "", false, &Problem{
			Message: fmt.Sprintf("%s is no variable", quote("${"+reference+"}")),
			Hint:    "write ${env:EDGEDEPLOY_NAME} or ${env:EDGEDEPLOY_NAME:-default}, or $${ for the characters ${",
		}
	}
	if !strings.HasPrefix(name, variablePrefix) && !slices.Contains(e.allow, name) {
		return "", false, &Problem{
			Message: fmt.Sprintf("the variable %s may not be read by a spec", name),
			Hint:    fmt.Sprintf("names that begin with %s may; allow this one with --allow-env %s, where nobody else can change the spec", variablePrefix, name),
		}
	}
	set, ok := e.lookup(name)
	switch {
	case set != "":
		return set, true, nil
	case hasStandard:
		return standard, false, nil
	case ok:
		return "", true, nil
	}
	return "", false, &Problem{
		Message: fmt.Sprintf("the variable %s is not set", name),
		Hint:    fmt.Sprintf("set it, or write ${env:%s:-default}", name),
	}
}

func variableName(s string) bool {
	const first = letters + "_"
	return s != "" && strings.Contains(first, s[:1]) && strings.Trim(s, first+"0123456789") == ""
}
