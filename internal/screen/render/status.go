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

// StatusSchema is the version of the status document's JSON format.
const StatusSchema = 1

// Status is where a stack stands: what its live release says, and what is
// really there.
type Status struct {
	Stack         string
	Account       string
	Live, Pending release.Release // Number 0 for none
	Phase         string          // of the release in flight
	Written       release.Written // how far the release in flight came
	Lost          int             // the release that was live, where the ledger names none any more
	Broken        int             // what the ledger names as live and is no release
	Good          int             // with Broken: the release to go to, 0 if that is not known
	Damage        string          // with Broken: what is wrong
	Lock          release.LockInfo
	Holds         []release.Hold
	Commands      Commands // writes the commands that lead on
	Functions     []FunctionStatus
	Slots         []SlotStatus // in the order of their slots
	Strays        []release.Stray
	NoLedger      bool
	Orphans       []string // without a ledger: functions that are tagged for the stack all the same
	// Departed are the functions that left the stack in an earlier release and exist
	// still.
	Departed []string
	Now      time.Time
	ExitCode int // what the command ends with
}

// FunctionStatus is one function of the live release.
type FunctionStatus struct {
	Function release.Function
	// State is the version's own state (Active, Inactive…), "" if it was not asked
	// for: a version that sits in a slot was Active when it was put there, and exists.
	State string
	Note  string
}

// SlotStatus is one slot: what the live release wants there, and what holds it.
type SlotStatus struct {
	Slot         associations.Slot
	Key          string // of the distribution in the spec
	Domain       string
	Wanted, Held associations.Binding
	Deployed     bool // the distribution's last configuration is everywhere
	Note         string
}

// Matches reports whether the slot holds what the live release wants there.
func (s SlotStatus) Matches() bool { return s.Wanted == s.Held }

// QualifiedARN names a version the way CloudFront wants it: with its number,
// in us-east-1, where every function of Lambda@Edge lives. It is "" for a
// version without a number.
func QualifiedARN(account string, r versions.Ref) string {
	if account == "" || r.Number == 0 {
		return ""
	}
	return fmt.Sprintf("arn:aws:lambda:us-east-1:%s:function:%s:%d", account, r.Function, r.Number)
}

// StatusText writes a status for people.
func StatusText(st Status, s Style) string {
	out, n := &page{style: s}, namesOf(st.Live.Functions)
	head := []span{{st.Stack, bold}}
	switch {
	case st.Broken != 0:
		head = append(head, plain(fmt.Sprintf("   release %d is named as live, and is no release", st.Broken)))
	case st.Live.Number == 0:
		head = append(head, plain("   no release is live"))
	default:
		head = append(head, plain(fmt.Sprintf("   release %d live since %s UTC (%s)", st.Live.Number, utc(st.Live.At), Ago(st.Live.At, st.Now))))
	}
	out.line(0, head...)
	if st.Live.Back != 0 {
		out.prose(2, "", backWords(st.Live))
	}
	if st.Live.Message != "" {
		out.prose(2, "", st.Live.Message)
	}
	out.blank()
	statusFunctions(out, st)
	for i, slot := range st.Slots {
		first := i == 0 || st.Slots[i-1].Slot.Distribution != slot.Slot.Distribution
		if first {
			if i > 0 {
				out.blank()
			}
			statusHead(out, slot)
		}
		if first || st.Slots[i-1].Slot.Path != slot.Slot.Path {
			out.line(4, plain(slot.Slot.Path))
		}
		slotLine(out, slot, n)
	}
	if len(st.Slots) > 0 {
		out.blank()
	}
	notes := statusNotes(st)
	for _, note := range notes {
		out.prose(2, "! ", note)
	}
	wayLines(out, 4, st.Commands, st.next())
	if len(notes) > 0 {
		out.blank()
	}
	out.closing(statusSummary(st))
	return out.String()
}

func statusFunctions(out *page, st Status) {
	if len(st.Functions) == 0 {
		return
	}
	width := 0
	for _, f := range st.Functions {
		width = max(width, widest(f.Function.Key))
	}
	out.line(2, plain("functions"))
	for _, f := range st.Functions {
		spans := []span{cell(f.Function.Key, width), plain("   version " + strconv.Itoa(f.Function.Number) + "   " + f.Function.Spec.Content.Short())}
		if f.State != "" {
			spans = append(spans, plain("   "+f.State))
		}
		out.line(4, spans...)
		if f.Note != "" {
			out.line(4+width+3, span{f.Note, yellow})
		}
		if arn := QualifiedARN(st.Account, f.Function.Ref()); arn != "" {
			out.line(4+width+3, span{arn, dim})
		}
	}
	out.blank()
}

func statusHead(out *page, s SlotStatus) {
	spans := headSpans(called{s.Key, s.Slot.Distribution, s.Domain})
	if !s.Deployed {
		spans = append(spans, span{"   deploying", yellow})
	}
	out.line(2, spans...)
}

func slotLine(out *page, s SlotStatus, n names) {
	sign, lines := "=", []string{n.binding(s.Held)}
	if !s.Matches() {
		sign, lines = "!", []string{"holds " + n.binding(s.Held), "and should hold " + n.binding(s.Wanted)}
	}
	out.line(6, span{sign, signColor(sign)}, plain(" "), cell(string(s.Slot.Trigger), triggerColumn), plain(lines[0]))
	for _, l := range lines[1:] {
		out.line(8+triggerColumn, plain(l))
	}
	if s.Note != "" {
		out.line(8+triggerColumn, span{s.Note, yellow})
	}
}

// next are the ways on from where the stack stands.
func (st Status) next() []release.Action {
	switch {
	case st.Good != 0:
		return release.Next(release.LedgerState{Lost: st.Good}, st.Written)
	case st.Broken != 0:
		return nil
	case len(st.Orphans) > 0:
		return []release.Action{{Verb: release.VerbApply, Adopt: true, Does: "takes the stack's slots over again, and begins its releases anew"}}
	}
	next := release.Next(release.LedgerState{Live: st.Live, Pending: st.Pending, Phase: st.Phase, Lost: st.Lost, Lock: st.Lock}, st.Written)
	if st.Pending.Number == 0 && st.Lost == 0 && !st.Lock.Held() {
		next = append(st.putBack(), next...)
	}
	return next
}

// putBack is the command that puts back what was changed outside; none where nothing
// was, or a cache behavior or a distribution is gone.
func (st Status) putBack() []release.Action {
	differ, taken := false, false
	for _, s := range st.Slots {
		if !s.Matches() && s.Note == "" {
			differ, taken = true, taken || !s.Held.Empty()
		}
	}
	if !differ {
		return nil
	}
	return []release.Action{{Verb: release.VerbApply, Adopt: taken, Does: "puts back what was changed outside, and does what else the spec says"}}
}

// backWords says where a stack is back at, and since when.
func backWords(live release.Release) string {
	return fmt.Sprintf("back at %s: release %d was rolled back %s UTC", releaseName(int(live.Brought)), live.Back, utc(live.At))
}

// flightWords says what is in flight and how far it came.
func flightWords(st Status) string {
	r := st.Pending
	what := fmt.Sprintf("release %d", r.Number)
	if r.Kind == release.KindRollback {
		what = fmt.Sprintf("the rollback to %s (release %d)", releaseName(r.Target), r.Number)
	}
	far := map[release.Written]string{
		release.WrittenAll:  "all its slots are written",
		release.WrittenPart: "some of its slots are written and some are not",
		release.WrittenNone: "none of its slots is written",
	}[st.Written]
	if far != "" {
		far = ": " + far
	}
	return what + " is in flight, or was interrupted" + far
}

// statusNotes says what is not settled besides the slots.
func statusNotes(st Status) []string {
	var notes []string
	switch ledger := release.LedgerFunction(st.Stack); {
	case len(st.Orphans) > 0:
		notes = append(notes, fmt.Sprintf("the ledger (function %s) does not exist, and there is what it told of (%s): it was deleted, and the stack's history with it", ledger, strings.Join(st.Orphans, ", ")))
	case st.NoLedger:
		notes = append(notes, fmt.Sprintf("there is no ledger (function %s): nothing was applied yet, or it was deleted", ledger))
	}
	if st.Broken != 0 {
		notes = append(notes, st.Damage)
	}
	if st.Lost != 0 {
		notes = append(notes, fmt.Sprintf("release %d was live when the lock was given back last, and the ledger names no live release any more: something changed its aliases", st.Lost))
	}
	if st.Pending.Number != 0 {
		notes = append(notes, flightWords(st))
	}
	switch {
	case st.Lock.Foreign != "":
		notes = append(notes, fmt.Sprintf("the lock says %q, which this edgedeploy does not understand; %s takes it away", st.Lock.Foreign,
			st.Commands.Command(release.Action{Verb: release.VerbUnlock, Run: st.Lock.RunID})))
	case st.Lock.Held():
		notes = append(notes, fmt.Sprintf("locked by %s (run %s, %s) until %s unless it is renewed", st.Lock.Holder, st.Lock.RunID, st.Lock.Phase,
			st.Lock.Expires.UTC().Format("15:04:05 UTC")))
	case st.Lock.RunID != "":
		notes = append(notes, fmt.Sprintf("the lock that %s took (run %s) has expired; the next run takes it over", st.Lock.Holder, st.Lock.RunID))
	}
	for _, s := range st.Strays {
		notes = append(notes, s.String())
	}
	for _, h := range st.Holds {
		notes = append(notes, "held: "+holdWords(h))
	}
	for _, name := range st.Departed {
		notes = append(notes, departedWords(name))
	}
	return notes
}

func departedWords(name string) string {
	return fmt.Sprintf("function %s left the stack and is still there: prune deletes it once nothing needs it", name)
}

// statusSummary says in words how the account compares with the live release.
func statusSummary(st Status) string {
	if st.Live.Number == 0 {
		if len(st.Orphans) > 0 || st.Broken != 0 {
			return "What of this stack is live is not known."
		}
		return "Nothing of this stack is live."
	}
	differ, deploying := 0, map[string]bool{}
	var waiting []string
	for _, s := range st.Slots {
		if !s.Matches() {
			differ++
		}
		if id := s.Slot.Distribution; !s.Deployed && !deploying[id] {
			deploying[id] = true
			waiting = append(waiting, called{key: s.Key, id: id}.short())
		}
	}
	text := fmt.Sprintf("Every slot is as release %d says", st.Live.Number)
	switch {
	case len(st.Slots) == 0:
		text = fmt.Sprintf("Release %d binds nothing", st.Live.Number)
	case differ == 1:
		text = fmt.Sprintf("1 slot differs from release %d", st.Live.Number)
	case differ > 1:
		text = fmt.Sprintf("%d slots differ from release %d", differ, st.Live.Number)
	}
	if n := len(st.Strays); n > 0 {
		text += fmt.Sprintf("; %s outside of it %s a version of the stack", count(n, "slot"), map[bool]string{true: "holds", false: "hold"}[n == 1])
	}
	switch {
	case len(waiting) > 0:
		return text + "; CloudFront is still deploying " + strings.Join(waiting, ", ") + "."
	case len(st.Slots) > 0 && differ == 0 && len(st.Strays) == 0:
		return text + ", deployed everywhere."
	}
	return text + "."
}
