package ledger

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

const summaryPrefix = "edgedeploy release "

// maxActor is how many bytes of the actor a description keeps, so that a long
// one leaves room for the message.
const maxActor = 40

var (
	kindWord     = regexp.MustCompile(`^[a-z]{1,16}$`)
	bindingsWord = regexp.MustCompile(`^[0-9a-f]{12}$`)
	commitWord   = regexp.MustCompile(`^[0-9A-Za-z._-]{0,12}\+?$`)
	fromWord     = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,39}$`)
)

// describe gives a release's one-line description, of which the end of the
// message, and of a long actor, may be missing:
//
//	edgedeploy release shop kind=rollback parent=41 brought=38 returns=37 back=41 undone=41 target=38 bindings=9f3c1e2a4b5d commit=0123456789ab from=GITHUB_SHA holds=1 actor="Jo" message=too slow
//
// The number and the time are Lambda's to say: brought=self is that number.
func describe(stack string, s release.Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s kind=%s parent=%d brought=%s returns=%d", summaryPrefix, stack, s.Kind, s.Parent, origin(s.Brought), s.Returns)
	for key, value := range optional(&s) {
		if *value != 0 {
			fmt.Fprintf(&b, " %s=%d", key, *value)
		}
	}
	fmt.Fprintf(&b, " bindings=%s", s.Bindings)
	if s.Commit != "" && commitWord.MatchString(s.Commit) {
		fmt.Fprintf(&b, " commit=%s", s.Commit)
		// Numbers as large as no stack has leave no room for all.
		const holds = " holds=999999999"
		if from := " from=" + s.From; fromWord.MatchString(s.From) && b.Len()+len(from)+len(holds) <= maxDescription {
			b.WriteString(from)
		}
	}
	if s.Holds != 0 {
		fmt.Fprintf(&b, " holds=%d", s.Holds)
	}
	const by = " actor="
	if actor := quoted(oneLine(s.Actor), min(maxActor, maxDescription-b.Len()-len(by))); actor != "" {
		b.WriteString(by + actor)
	}
	const mark = " message="
	message := cut(strings.TrimSpace(oneLine(s.Message)), maxDescription-b.Len()-len(mark))
	if message = strings.TrimSpace(message); message != "" {
		b.WriteString(mark + message)
	}
	return b.String()
}

// optional are the numbers that are left out when they are 0, in their order.
func optional(s *release.Summary) iter.Seq2[string, *int] {
	return func(yield func(string, *int) bool) {
		_ = yield("back", &s.Back) && yield("undone", &s.Undone) && yield("target", &s.Target)
	}
}

const selfWord = "self"

func origin(o release.Origin) string {
	if o == release.Self {
		return selfWord
	}
	return strconv.Itoa(int(o))
}

// quoted quotes as much of a text as fits into n bytes with its quotes; ""
// for nothing.
func quoted(s string, n int) string {
	q := strconv.Quote(s)
	for s != "" && len(q) > n {
		s = cut(s, len(s)-1)
		q = strconv.Quote(s)
	}
	if s == "" {
		return ""
	}
	return q
}

// summaryOf reads what a version tells of its release without its record. ok is
// false where it is no release of the stack.
func summaryOf(stack string, v versions.StoredVersion) (s release.Summary, ok bool) {
	s, ok = parseSummary(stack, v.Description)
	s.Number, s.At = v.Number, v.Modified
	if s.Brought == release.Self {
		s.Brought = release.Origin(v.Number)
	}
	return s, ok
}

// parseSummary reads what describe wrote for a stack. ok is false for every
// other text: who may publish a version chooses its description.
func parseSummary(stack, description string) (s release.Summary, ok bool) {
	rest, ours := strings.CutPrefix(description, summaryPrefix+stack+" ")
	if !ours {
		return release.Summary{}, false
	}
	rest = withoutUnknown(rest)
	f := fields{rest: rest}
	s.Kind = release.Kind(f.word("kind", kindWord))
	s.Parent = f.number("parent")
	s.Brought = f.origin("brought")
	s.Returns = f.number("returns")
	for key, value := range optional(&s) {
		if f.has(key) {
			*value = f.number(key)
		}
	}
	s.Bindings = f.word("bindings", bindingsWord)
	if f.has("commit") {
		s.Commit = f.word("commit", commitWord)
	}
	if f.has("from") {
		s.From = f.word("from", fromWord)
	}
	if f.has("holds") {
		s.Holds = f.number("holds")
	}
	if f.has("actor") {
		s.Actor = f.quoted("actor")
	}
	if f.has("message") {
		s.Message, f.rest = strings.TrimPrefix(f.rest, "message="), ""
	}
	// There is one way to say it: leading zeros, control characters, other
	// quotes and whatever else describe would not have written are refused here.
	if f.bad || f.rest != "" || describe(stack, s) != summaryPrefix+stack+" "+rest {
		return release.Summary{}, false
	}
	return s, true
}

// unknownWord is a field that a newer edgedeploy may add before the actor.
var unknownWord = regexp.MustCompile(`^[a-z][a-zA-Z]{0,15}=[0-9A-Za-z.:+_-]{1,40}$`)

// withoutUnknown leaves out the fields that this program does not know: a release
// of a newer edgedeploy is a release, as its record is.
func withoutUnknown(rest string) string {
	head, tail := rest, ""
	for _, from := range []string{" actor=", " message="} {
		if i := strings.Index(head, from); i >= 0 {
			head, tail = head[:i], head[i:]+tail
		}
	}
	known := []string{"kind", "parent", "brought", "returns", "back", "undone", "target", "bindings", "commit", "from", "holds"}
	words := slices.DeleteFunc(strings.Split(head, " "), func(w string) bool {
		key, _, _ := strings.Cut(w, "=")
		return unknownWord.MatchString(w) && !slices.Contains(known, key)
	})
	return strings.Join(words, " ") + tail
}

// fields takes key=value fields off a line in their order.
type fields struct {
	rest string
	bad  bool
}

func (f *fields) has(key string) bool { return strings.HasPrefix(f.rest, key+"=") }

func (f *fields) word(key string, valid *regexp.Regexp) string {
	value, rest, _ := strings.Cut(f.rest, " ")
	value, ok := strings.CutPrefix(value, key+"=")
	if !ok || !valid.MatchString(value) {
		f.bad = true
		return ""
	}
	f.rest = rest
	return value
}

// numberWord has at most nine digits: more than Lambda will ever count, and
// fewer than overflow.
var numberWord = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})$`)

func (f *fields) number(key string) int {
	n, err := strconv.Atoi(f.word(key, numberWord))
	f.bad = f.bad || err != nil
	return n
}

var originWord = regexp.MustCompile(`^(self|0|[1-9][0-9]{0,8})$`)

func (f *fields) origin(key string) release.Origin {
	word := f.word(key, originWord)
	if word == selfWord {
		return release.Self
	}
	n, err := strconv.Atoi(word)
	f.bad = f.bad || err != nil
	return release.Origin(n)
}

func (f *fields) quoted(key string) string {
	rest := strings.TrimPrefix(f.rest, key+"=")
	q, err := strconv.QuotedPrefix(rest)
	if err != nil || !strings.HasPrefix(q, `"`) {
		f.bad = true
		return ""
	}
	s, err := strconv.Unquote(q)
	f.bad = f.bad || err != nil
	f.rest = strings.TrimPrefix(strings.TrimPrefix(rest, q), " ")
	return s
}
