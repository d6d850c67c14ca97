package render

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Bytes writes a size as people do: "212 KB", "6.5 KB", "1 byte". A kilobyte
// is 1024 bytes, as in AWS's own limits (50 MB of zip are 52428800 bytes).
func Bytes(n int64) string {
	switch {
	case n == 1:
		return "1 byte"
	case n < 1<<10:
		return strconv.FormatInt(n, 10) + " bytes"
	}
	value, units := float64(n)/(1<<10), []string{"KB", "MB", "GB", "TB"}
	for value >= 1023.5 && len(units) > 1 {
		value /= 1 << 10
		units = units[1:]
	}
	text := strconv.FormatFloat(value, 'f', 1, 64)
	if value >= 10 {
		text = strconv.FormatFloat(value, 'f', 0, 64)
	}
	return strings.TrimSuffix(text, ".0") + " " + units[0]
}

// thousands writes a number with commas: "50,000".
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Ago says how long before now something was, in one unit: "3 min ago". What
// lies in the future by more than a clock's error is said to be so.
func Ago(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t)
	switch {
	case d < -5*time.Second:
		return "in " + Span(-d)
	case d < 5*time.Second:
		return "just now"
	}
	return Span(d) + " ago"
}

// Span writes a duration in its largest unit, rounded down.
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{365 * day, "y"}, {30 * day, "mo"}, {day, "d"}, {time.Hour, "h"}, {time.Minute, "min"}} {
		if d >= u.unit {
			return fmt.Sprintf("%d %s", d/u.unit, u.name)
		}
	}
	return fmt.Sprintf("%d s", max(0, d)/time.Second)
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// names gives the key in the spec of each Lambda function of the stack.
type names map[string]string

func namesOf(lists ...[]release.Function) names {
	n := names{}
	for _, list := range lists {
		for _, f := range list {
			n[f.Spec.Function] = f.Key
		}
	}
	return n
}

// binding writes what sits in a slot: "geo-redirect 17" for a function of the
// stack, "their-function:9" or an ARN for anything else.
func (n names) binding(b associations.Binding) string {
	if b.Empty() {
		return "nothing"
	}
	if key, ours := n.key(b); ours {
		return key + " " + number(b)
	}
	return b.String()
}

func (n names) key(b associations.Binding) (string, bool) {
	key, ok := n[b.Version.Function] // a binding by ARN has no function's name
	return key, ok
}

// change writes an edit without repeating a name that stays the same.
func (n names) change(from, to associations.Binding) string {
	switch {
	case from.Empty():
		return n.binding(to)
	case to.Empty():
		return n.binding(from)
	}
	key, ours := n.key(from)
	if ours && from.Version.Function == to.Version.Function {
		return key + " " + number(from) + " → " + number(to)
	}
	return n.binding(from) + " → " + n.binding(to)
}

func number(b associations.Binding) string {
	text := "new"
	if b.Version.Number != 0 {
		text = strconv.Itoa(b.Version.Number)
	}
	if b.IncludeBody {
		text += " with body"
	}
	return text
}

// editSign is "+" for a slot that is filled, "-" for one that is emptied,
// "~" for one that changes.
func editSign(e associations.Edit) string {
	switch {
	case e.From.Empty():
		return "+"
	case e.To.Empty():
		return "-"
	}
	return "~"
}

// fingerprint names content in a line of a plan: six digits are enough to see
// that two differ.
func fingerprint(c versions.ContentID) string {
	if len(c) > 6 {
		return string(c[:6]) + "…"
	}
	return string(c)
}

// kindWords says how a release came to be.
func kindWords(k release.Kind, target int) string {
	if k != release.KindRollback {
		return string(k)
	}
	return "rollback → " + strconv.Itoa(target)
}

// releaseName is a release in words; 0 is the state before the first.
func releaseName(n int) string {
	if n == 0 {
		return "what was there before the first release"
	}
	return "release " + strconv.Itoa(n)
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }
