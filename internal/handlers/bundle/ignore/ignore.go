// Package ignore reads .edgedeployignore files and judges names by them, in the
// syntax of .dockerignore.
//
// The patterns are matched by Docker's own matcher, so that they mean here what
// everybody's .dockerignore means: the last pattern that matches decides, a
// pattern that matches a folder holds for all in it, "!" makes an exception, at
// any depth, and "*.map" is about the folder itself where "**/*.map" is about
// all below it.
//
// The package owns the form of the file and where in it something is wrong. It
// never touches a file system.
package ignore

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// Name is what such a file is called, in the folder that it is about.
const Name = ".edgedeployignore"

// MaxBytes bounds a file, MaxPatterns what is tried on every name.
const (
	MaxBytes    = 64 << 10
	MaxPatterns = 1000
)

// Error says what is wrong with a file, and in which line.
type Error struct {
	Line   int // from 1
	Reason string
	Hint   string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// List is the patterns of a file. The zero List ignores nothing.
type List struct {
	matcher *patternmatcher.PatternMatcher
	single  []pattern
}

// pattern is one of the list alone, to say which line it was.
type pattern struct {
	line      int
	exception bool
	matcher   *patternmatcher.PatternMatcher // of the pattern without its "!"
}

// Parse reads a file. Every error is an [*Error].
func Parse(src []byte) (*List, error) {
	if len(src) > MaxBytes {
		return nil, &Error{Line: 1, Reason: fmt.Sprintf("the file has more than %d bytes", MaxBytes), Hint: "say with fewer patterns what is left out"}
	}
	l := &List{}
	var all []string
	number := 0
	for line := range strings.Lines(string(src)) {
		number++
		one, err := parseLine(strings.TrimRight(line, "\r\n"))
		if e, ok := errors.AsType[*Error](err); ok {
			e.Line = number
		}
		switch {
		case err != nil:
			return nil, err
		case one == "":
			continue
		case len(all) == MaxPatterns:
			return nil, &Error{Line: number, Reason: fmt.Sprintf("there are more than %d patterns", MaxPatterns), Hint: "say with fewer what is left out"}
		}
		positive, exception := strings.CutPrefix(one, "!")
		matcher, err := patternmatcher.New([]string{positive})
		if err != nil {
			return nil, malformed(number, one)
		}
		// The matcher compiles a pattern when it is first needed.
		if _, err := matcher.MatchesOrParentMatches("x"); err != nil {
			return nil, malformed(number, one)
		}
		all = append(all, one)
		l.single = append(l.single, pattern{line: number, exception: exception, matcher: matcher})
	}
	var err error
	if l.matcher, err = patternmatcher.New(all); err != nil {
		return nil, &Error{Line: 1, Reason: err.Error()} // each pattern alone was right
	}
	return l, nil
}

func malformed(line int, pattern string) *Error {
	return &Error{Line: line, Reason: fmt.Sprintf("%q is not a pattern", pattern), Hint: "[ needs a ] and something in between; \\ makes the next character an ordinary one"}
}

// parseLine gives a line's pattern in its shortest form, "" for none.
func parseLine(line string) (string, error) {
	switch {
	case !utf8.ValidString(line):
		return "", &Error{Reason: "the line is not UTF-8", Hint: "save the file as UTF-8"}
	case strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }):
		return "", &Error{Reason: "there is a control character in the line", Hint: "take it out"}
	}
	list, err := ignorefile.ReadAll(strings.NewReader(line))
	if err != nil {
		return "", &Error{Reason: err.Error()}
	}
	if len(list) == 0 {
		return "", nil
	}
	one := list[0]
	switch positive := strings.TrimPrefix(one, "!"); {
	case positive == "":
		return "", &Error{Reason: "an exception without a pattern", Hint: "write what is an exception behind the !"}
	case positive == ".", positive == "..", strings.HasPrefix(positive, "../"):
		return "", &Error{Reason: fmt.Sprintf("%q matches nothing in this folder", one), Hint: "patterns begin at the folder that the file is in; ** is everything in it"}
	}
	return one, nil
}

// Match says whether a name is ignored. Names are slash-separated and relative
// to the file's folder. It is not safe for concurrent use.
func (l *List) Match(name string) (bool, error) {
	if l.matcher == nil {
		return false, nil
	}
	return l.matcher.MatchesOrParentMatches(name)
}

// Line gives the line, from 1, of the last pattern that leaves a name out: the
// name itself, or a folder that it is in. 0 if none does.
func (l *List) Line(name string) int {
	for i := len(l.single) - 1; i >= 0; i-- {
		p := l.single[i]
		if p.exception {
			continue
		}
		if ok, err := p.matcher.MatchesOrParentMatches(name); err == nil && ok {
			return p.line
		}
	}
	return 0
}
