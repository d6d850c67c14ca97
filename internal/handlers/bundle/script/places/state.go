package places

import (
	"slices"
	"strings"
)

// state is what may stand next. It tells a regular expression from a division,
// and an element of JSX from a comparison.
type state int

const (
	statement state = iota // a statement, which may be an expression
	operand                // an expression
	ended                  // what follows a value
)

// content is what a bracket holds.
type content int

const (
	values     content = iota // arguments, items, an expression
	statements                // of a block or a function
	members                   // of an object or a class
)

// frame is a bracket that is open, with what its tokens have told.
type frame struct {
	index     int // of the bracket
	kind      content
	then      state  // behind the closing bracket
	loop      bool   // the parenthesis of for
	heads     []head // of functions and classes whose bodies have still to come
	ternaries int    // question marks whose colons have still to come
	label     bool   // a case or default whose colon has still to come
}

// head is a word whose body follows.
type head int

const (
	function      head = iota
	functionValue      // it is an expression
	class
	classValue
)

func (l *lexer) frame() *frame {
	if n := len(l.open); n > 0 {
		return &l.open[n-1]
	}
	return &l.top
}

// last is the token before the one that was just taken, or n before that.
func (l *lexer) last(n int) token {
	if i := len(l.tokens) - 2 - n; i >= 0 {
		return l.tokens[i]
	}
	return token{kind: sign}
}

func (t token) is(value string) bool { return (t.kind == sign || t.kind == word) && t.value == value }

// after says what may stand behind the token that was just taken. Brackets say
// more.
func (l *lexer) after(t token) state {
	switch {
	case t.kind == word && l.last(0).is("."):
		return ended // the name of a member
	case t.kind == word:
		return l.afterWord(t)
	case t.kind == sign:
		return l.afterSign(t)
	}
	return ended
}

// before are the words that an expression may follow.
var before = []string{"return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "do", "else", "instanceof", "yield", "await"}

func (l *lexer) afterWord(t token) state {
	f := l.frame()
	switch t.value {
	case "class":
		if strings.HasPrefix(l.next(), "(") || strings.HasPrefix(l.next(), ":") {
			return ended // a member of that name
		}
		h := class
		if t.begins == operand && !l.last(0).is("default") {
			h = classValue
		}
		f.heads = append(f.heads, h)
		return operand
	case "function":
		h, from := function, t.begins
		if l.last(0).is("async") && !l.brokeOff(t) {
			from = l.last(0).begins
		}
		if from == operand && !l.last(0).is("default") && !l.last(1).is("default") {
			h = functionValue
		}
		f.heads = append(f.heads, h)
		return operand
	case "default":
		f.label = f.label || strings.HasPrefix(l.next(), ":")
		return operand
	case "case":
		f.label = true
		return operand
	case "else", "do", "try", "finally", "break", "continue", "debugger", "export":
		return statement
	case "of":
		if !f.loop || t.begins != ended {
			return ended
		}
		return operand
	}
	switch {
	case l.last(0).is("break"), l.last(0).is("continue"):
		if t.begins == statement && !l.last(1).is(".") && !l.brokeOff(t) {
			return statement // a label
		}
	case t.value == "extends", slices.Contains(before, t.value):
		return operand
	}
	return ended
}

// brokeOff reports whether a line ends before a token.
func (l *lexer) brokeOff(t token) bool {
	return strings.ContainsAny(l.src[l.last(0).to:t.from], lineEnds)
}

// next is the text behind a token and its blanks.
func (l *lexer) next() string {
	end := l.tokens[len(l.tokens)-1].to
	return strings.TrimLeft(l.src[end:], " \t\r\n")
}

func (l *lexer) afterSign(t token) state {
	f := l.frame()
	switch t.value {
	case ";":
		f.ternaries, f.label, f.heads = 0, false, nil
		if f.kind == statements {
			return statement
		}
	case "+", "-":
		// The second of a++, which stands in the line of what it follows.
		first := l.last(0)
		if first.is(t.value) && first.to == t.from && first.begins == ended && !strings.ContainsAny(l.src[l.last(1).to:first.from], lineEnds) {
			return ended
		}
	case "!": // TypeScript's, behind a value
		if t.begins == ended && !strings.HasPrefix(l.src[t.to:], "=") && !l.brokeOff(t) {
			return ended
		}
	case "?":
		next := l.next()
		whole := strings.HasPrefix(l.src[t.to:], "?") || l.last(0).is("?") && l.last(0).to == t.from // ??
		chain := strings.HasPrefix(l.src[t.to:], ".") && !strings.ContainsAny(l.src[t.to+1:min(t.to+2, len(l.src))], "0123456789")
		if !whole && !chain && (next == "" || !strings.Contains(":,)=;", next[:1])) {
			f.ternaries++
		}
	case ":":
		return l.afterColon(f)
	}
	return operand
}

// afterColon tells the colon of a condition from that of a label or a case.
func (l *lexer) afterColon(f *frame) state {
	name := l.last(0)
	switch {
	case f.ternaries > 0:
		f.ternaries--
	case f.kind != statements:
	case f.label, name.kind == word && (name.begins == statement || name.begins == ended && strings.ContainsAny(l.src[l.last(1).to:name.from], lineEnds)):
		f.label = false
		return statement
	}
	return operand
}

// controls are the words whose parentheses a statement follows.
var controlled = []string{"if", "while", "for", "with"}

// begin opens the bracket that was just taken.
func (l *lexer) begin(c byte) {
	f := frame{index: len(l.tokens) - 1, then: ended}
	l.state = operand
	switch name := l.last(0); c {
	case '(':
		at := 0
		if name.is("await") && l.last(1).is("for") {
			at = 1
		}
		if name = l.last(at); name.kind == word && slices.Contains(controlled, name.value) && !l.last(at+1).is(".") {
			f.then, f.loop = statement, name.value == "for"
		}
	case '{':
		f.kind, f.then = l.block(l.tokens[f.index])
		if f.kind == statements {
			l.state = statement
		}
	}
	l.open = append(l.open, f)
}

// block says what a brace holds, and what may stand behind its end.
func (l *lexer) block(brace token) (content, state) {
	f, last := l.frame(), l.last(0)
	if n := len(f.heads) - 1; n >= 0 && (brace.begins == ended || last.is("class") || last.is(">")) {
		h := f.heads[n]
		f.heads = f.heads[:n]
		switch h {
		case class:
			return members, statement
		case classValue:
			return members, ended
		case functionValue:
			return statements, ended
		}
		return statements, statement
	}
	if brace.begins != operand || last.is("=>") {
		return statements, statement
	}
	return members, ended
}

// close ends a bracket, and says what may stand behind it.
func (l *lexer) close(c byte) state {
	if n := len(l.open); n > 0 {
		then := l.open[n-1].then
		l.open = l.open[:n-1]
		return then
	}
	if c == '}' {
		return statement
	}
	return ended
}
