package render

import "strings"

// Error writes an error and advice as the end of a command: "edgedeploy:
// error: …", one such line for each error that was joined, then "edgedeploy:
// hint: …". Line ends within an error become spaces, so that a text from
// outside can never look like a line of edgedeploy's own.
func Error(err error, hint string, s Style) string {
	var b strings.Builder
	for _, text := range sentences(err) {
		b.WriteString(messageLine(s.paint(red, "error:"), text))
	}
	return b.String() + Hint(hint, s)
}

// Hint writes what to do about an error; nothing for none.
func Hint(hint string, s Style) string {
	if hint = oneLine(hint); hint == "" {
		return ""
	}
	return messageLine(s.paint(cyan, "hint:"), hint)
}

// Warning writes something that a person should know although all goes on.
func Warning(text string, s Style) string {
	return messageLine(s.paint(yellow, "warning:"), oneLine(text))
}

func messageLine(kind, text string) string {
	return strings.TrimRight("edgedeploy: "+kind+" "+text, " ") + "\n"
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
