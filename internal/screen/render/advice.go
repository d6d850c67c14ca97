package render

import (
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// Commands writes commands that a person may run next, with the flags of the
// run that names them.
type Commands struct {
	Stack string
	// Spec are the flags that say which spec is meant: apply needs them.
	Spec []string
	// Saved is the plan file that is applied, "" for none: apply goes on with that.
	Saved string
	// Flags are those that every command needs too, such as --local.
	Flags []string
}

// Command writes one action as a line for a POSIX shell.
func (c Commands) Command(a release.Action) string {
	words := []string{"edgedeploy", string(a.Verb)}
	goesOn := a.Verb == release.VerbApply && c.Saved != "" && !a.Another
	switch {
	case goesOn:
		words = append(words, c.Saved)
	case a.Release != 0:
		words = append(words, strconv.Itoa(a.Release))
	case a.Run != "":
		words = append(words, a.Run)
	case a.HasTo:
		words = append(words, "--to", strconv.Itoa(a.To))
	case a.Of != 0:
		words = append(words, "--of", strconv.Itoa(a.Of))
	}
	switch {
	case a.Verb != release.VerbApply:
		words = append(words, "--stack", c.Stack)
	case !goesOn:
		words = append(words, c.Spec...)
	}
	if a.Adopt && !goesOn { // what was allowed was allowed when it was planned
		words = append(words, "--adopt")
	}
	words = append(words, c.Flags...)
	for i, w := range words {
		words[i] = ShellWord(Clean(w))
	}
	return strings.Join(words, " ")
}

// Ways writes actions in one line, each with what it does.
func (c Commands) Ways(list []release.Action) string {
	var b strings.Builder
	for i, a := range list {
		switch {
		case i > 0 && strings.HasSuffix(list[i-1].Does, ":"):
			b.WriteString(" ")
		case i > 0:
			b.WriteString("; ")
		}
		b.WriteString(c.Command(a) + " " + a.Does)
	}
	return b.String()
}

// way is an action as documents for programs carry it.
type way struct {
	Command string `json:"command"`
	Does    string `json:"does"`
}

func (c Commands) document(list []release.Action) []way {
	ways := []way{}
	for _, a := range list {
		ways = append(ways, way{c.Command(a), a.Does})
	}
	return ways
}

// wayLines writes each command in a line of its own, so that it can be copied,
// and below it what it does.
func wayLines(out *page, indent int, c Commands, list []release.Action) {
	for _, a := range list {
		out.line(indent, span{c.Command(a), bold})
		out.prose(indent+2, "", a.Does)
	}
}

// ShellWord quotes a word for a POSIX shell if it needs it.
func ShellWord(w string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@,+%"
	if w != "" && strings.Trim(w, safe) == "" {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
