package render

import (
	"slices"
	"strings"
)

// Error writes an error and advice as the end of a command: "edgedeploy:
// error: …", one such line for each error that was joined, then "edgedeploy:
// hint: …". Line ends within an error become spaces, so that a text from
// outside can never look like a line of edgedeploy's own.
func Error(err error, hint string, s Style) string {
	var b strings.Builder
	for _, text := range sentences(err) {
		b.WriteString(messageLine(span{"error:", red}, text, s))
	}
	return b.String() + Hint(hint, s)
}

// Hint writes what to do about an error; nothing for none.
func Hint(hint string, s Style) string {
	if hint = oneLine(hint); hint == "" {
		return ""
	}
	return messageLine(span{"hint:", cyan}, hint, s)
}

// Warning writes something that a person should know although all goes on.
func Warning(text string, s Style) string {
	return messageLine(span{"warning:", yellow}, oneLine(text), s)
}

// messageLine writes a message, wrapped to the width of a terminal. A command in
// it is never broken: it is there to be copied.
func messageLine(kind span, text string, s Style) string {
	const program, indent = "edgedeploy: ", 2
	line := program + s.paint(kind.code, kind.text)
	if s.Width <= 0 {
		return strings.TrimRight(line+" "+text, " ") + "\n"
	}
	used := len(program) + cells(kind.text)
	var b strings.Builder
	for _, p := range phrases(text) {
		if n := cells(p); used+1+n > s.Width && used > indent {
			b.WriteString(line + "\n")
			line, used = strings.Repeat(" ", indent)+p, indent+n
		} else {
			line, used = line+" "+p, used+1+n
		}
	}
	return b.String() + line + "\n"
}

// Switches are the flags without a value that a hint may name: what stands behind
// one is no part of its command.
var Switches = []string{
	"--adopt", "--all", "--allow-deprecated", "--allow-detach", "--auto-approve", "--color", "--detailed-exitcode", "--dry-run", "--help",
	"--legacy-viewer-limits", "--listen-anyone", "--local", "--no-color", "--no-load", "--no-wait", "--offline", "--spec-only", "--update",
	"--upgrade-trampoline", "--verbose", "--version", "--with-policy", "--yes",
}

// phrases are the words of a text; a command with its flags is one of them.
func phrases(text string) []string {
	var list []string
	for words := strings.Fields(text); len(words) > 0; {
		n := 1
		if strings.TrimLeft(words[0], "`(") == "edgedeploy" && len(words) > 1 {
			n = commandWords(words)
		}
		list = append(list, strings.Join(words[:n], " "))
		words = words[n:]
	}
	return list
}

// commandWords counts the words of the command that a text begins with: the verb, a
// number behind it, and flags with their values.
func commandWords(words []string) int {
	n := 2
	if n < len(words) && open(words[:n]) && strings.Trim(words[n], "0123456789;,`") == "" {
		n++
	}
	for n < len(words) && open(words[:n]) && strings.HasPrefix(words[n], "-") {
		flag := words[n]
		if n++; n < len(words) && open(words[:n]) && !slices.Contains(Switches, flag) {
			n++
		}
	}
	return n
}

// open reports whether the last word has no mark that ends a command.
func open(words []string) bool {
	last := words[len(words)-1]
	return strings.TrimRight(last, ";,:`)") == last
}

// sentences gives one text for each error that was joined by nothing but line
// ends.
func sentences(err error) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var texts, parts []string
		for _, e := range joined.Unwrap() {
			if e == nil {
				continue // allowed, and said by an error that has two causes or one
			}
			texts = append(texts, e.Error())
			parts = append(parts, sentences(e)...)
		}
		if strings.Join(texts, "\n") == err.Error() {
			return parts
		}
	}
	return []string{oneLine(err.Error())}
}

// oneLine joins lines with "; ": joined errors stay apart when they are
// within another one. What a line announces with a colon follows it at once.
func oneLine(text string) string {
	joined := ""
	for l := range strings.SplitSeq(text, "\n") {
		if l = strings.TrimSpace(Clean(l)); l == "" {
			continue
		}
		switch {
		case strings.HasSuffix(joined, ":"):
			joined += " "
		case joined != "":
			joined += "; "
		}
		joined += l
	}
	return joined
}
