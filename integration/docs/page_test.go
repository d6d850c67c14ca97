package docs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// block is a fenced block of commands, or of what goes into a file.
type block struct {
	page   string
	line   int // of the fence
	dir    string
	needs  []string
	notRun string // why not, or ""
	steps  []step
	file   string // not of commands: the file that it is
	more   bool   // the text is put at the end of that file
	text   string
}

// step is a command, or several on one line.
type step struct {
	line   int
	text   string
	exit   int
	prints *string // what it prints, where the page says so
}

var (
	fence   = regexp.MustCompile("^( *)(```+|~~~+) *([a-z]*)")
	comment = regexp.MustCompile(`^ *<!-- *(.*?) *-->$`)
	exits   = regexp.MustCompile(`\s# exit ([0-9]+)\b[^\n]*\n$`)
	looks   = regexp.MustCompile(`^(\$ |(go|git|aws|npm|cargo|make) [a-z-]+|edgedeploy (apply|history|plan|rollback|show|status|test|validate)\b)`)
	shells  = []string{"sh", "bash", "shell", "console"}
)

// blocks reads a page. Code that is for no shell is passed over, but commands in
// it are an error, because nothing would run them.
func blocks(page, text string) ([]block, error) {
	var all []block
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		open := fence.FindStringSubmatch(lines[i])
		if open == nil {
			continue
		}
		end := i + 1
		for end < len(lines) && strings.TrimSpace(lines[end]) != open[2] {
			end++
		}
		if end == len(lines) {
			return nil, fmt.Errorf("%s:%d: the fence is never closed", page, i+1)
		}
		var body []string
		for _, l := range lines[i+1 : end] {
			body = append(body, strings.TrimPrefix(l, open[1]))
		}
		b := block{page: page, line: i + 1}
		if err := b.readComments(lines[:i]); err != nil {
			return nil, err
		}
		switch {
		case slices.Contains(shells, open[3]):
			if err := b.read(open[3], body); err != nil {
				return nil, err
			}
			all = append(all, b)
		case b.file != "":
			b.text = strings.Join(body, "\n") + "\n"
			all = append(all, b)
		case open[3] == "" && slices.ContainsFunc(body, looks.MatchString):
			return nil, fmt.Errorf("%s:%d: these look like commands: mark the block sh, or console if it shows what they print", page, i+1)
		}
		i = end
	}
	return all, nil
}

// readComments reads what stands above a fence, for the test that runs it.
func (b *block) readComments(above []string) error {
	for n := len(above) - 1; n >= 0; n-- {
		m := comment.FindStringSubmatch(above[n])
		if m == nil {
			break
		}
		switch verb, rest, _ := strings.Cut(m[1], " "); {
		case strings.HasPrefix(m[1], "not run: "):
			b.notRun = strings.TrimPrefix(m[1], "not run: ")
		case strings.HasPrefix(m[1], "run in "):
			b.dir = strings.TrimPrefix(m[1], "run in ")
		case strings.HasPrefix(m[1], "first: "):
			b.steps = append(b.steps, step{line: n + 1, text: strings.TrimPrefix(m[1], "first: ") + "\n"})
		case verb == "needs" && rest != "":
			b.needs = strings.Fields(rest)
		case (verb == "write" || verb == "append") && rest != "":
			b.file, b.more = rest, verb == "append"
		case strings.HasPrefix(m[1], "Below: "): // the mark of what a test writes
		default:
			return fmt.Errorf("%s:%d: %q is not known here: say not run: REASON, run in DIR, needs PROGRAM, first: COMMAND, write FILE or append FILE", b.page, n+1, m[1])
		}
	}
	return nil
}

// read reads the commands of a block.
func (b *block) read(language string, body []string) error {
	before, err := len(b.steps), error(nil)
	switch {
	case b.file != "":
		err = fmt.Errorf("%s:%d: commands are run, and not written to %s", b.page, b.line, b.file)
	case language == "console":
		err = b.readConsole(body)
	default:
		err = b.readShell(body)
	}
	if err == nil && len(b.steps) == before {
		err = fmt.Errorf("%s:%d: there is no command in this block", b.page, b.line)
	}
	return err
}

// readShell splits a script into its commands, with the comments behind them.
func (b *block) readShell(body []string) error {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(strings.Join(body, "\n")), "")
	if err != nil {
		return fmt.Errorf("%s:%d: %w", b.page, b.line, err)
	}
	last := 0
	for _, stmt := range file.Stmts {
		from, to := int(stmt.Pos().Line()), int(stmt.End().Line())
		if from > last {
			b.steps = append(b.steps, step{line: b.line + from})
		}
		s := &b.steps[len(b.steps)-1]
		for n := max(from, last+1); n <= to; n++ {
			s.text += body[n-1] + "\n"
		}
		last = max(last, to)
	}
	for i := range b.steps {
		b.steps[i].wantExit()
	}
	return nil
}

// readConsole reads "$ command" and what it prints, up to the next one.
func (b *block) readConsole(body []string) error {
	for i, l := range body {
		if command, is := strings.CutPrefix(l, "$ "); is {
			s := step{line: b.line + 1 + i, text: command + "\n", prints: new(string)}
			s.wantExit()
			b.steps = append(b.steps, s)
			continue
		}
		if len(b.steps) == 0 {
			return fmt.Errorf("%s:%d: a console begins with a command: $ …", b.page, b.line+1+i)
		}
		*b.steps[len(b.steps)-1].prints += l + "\n"
	}
	return nil
}

func (s *step) wantExit() {
	if m := exits.FindStringSubmatch(s.text); m != nil {
		_, _ = fmt.Sscan(m[1], &s.exit) // digits, by the pattern
	}
}

// date is how times are written for people.
var date = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d UTC`)

// judge is an error where a command ended otherwise than its page says.
func (s step) judge(code int, out string) error {
	switch {
	case code != s.exit:
		return fmt.Errorf("exit %d, want %d\n%s", code, s.exit, out)
	case !s.printed(out):
		return fmt.Errorf("prints\n%s\nand the page says\n%s", out, *s.prints)
	}
	return nil
}

// printed reports whether a command printed what its page shows, wherever the
// lines end: pages are narrower than a pipe.
func (s step) printed(got string) bool {
	if s.prints == nil {
		return true
	}
	var words []string
	for word := range strings.FieldsSeq(date.ReplaceAllString(*s.prints, "DATE")) {
		words = append(words, regexp.QuoteMeta(word))
	}
	pattern := strings.ReplaceAll(strings.Join(words, " "), " …", ".*")
	got = strings.Join(strings.Fields(date.ReplaceAllString(got, "DATE")), " ")
	return regexp.MustCompile("^" + pattern + "$").MatchString(got)
}
