package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
)

// waitingEvery is how often a step that waits may say so in a pipe: often
// enough for the job systems that end silent jobs, seldom enough for a log.
const waitingEvery = 30 * time.Second

// Progress folds the events of a run into lines. It has no clock: the time of
// each event comes with it. The zero value, with a Style, is ready for a pipe.
type Progress struct {
	Style Style
	// Terminal says that a block of the running steps is repainted (Block), so
	// that starting and waiting need no lines of their own.
	Terminal bool
	// Keys are what the spec calls the distributions, by id.
	Keys map[string]string

	running []running // in the order they started
	// queued is when it was said last that writes are held back. They queue one after
	// the other, so that each alone may not wait long enough to be told about.
	queued time.Time
}

type running struct {
	id, label   string
	since, said time.Time
	reason      string
}

// Add takes in an event and gives the lines that stay, without line ends:
// most often one, or none.
func (p *Progress) Add(e deploy.Event, at time.Time) []string {
	if w, ok := e.(deploy.LockWaiting); ok {
		return p.waitingForLock(w, at)
	}
	p.running = slices.DeleteFunc(p.running, func(r running) bool { return r.id == lockID }) // the run goes on
	switch e := e.(type) {
	case deploy.StepStarted:
		r := p.find(e.Step, at)
		return p.pipeOnly(r.label + ": started")
	case deploy.StepWaiting:
		return p.waiting(e, at)
	case deploy.StepQueued:
		return p.waitingInQueue(e, at)
	case deploy.StepDone:
		r := p.end(e.Step, at)
		text := r.label + ": done"
		if e.Detail != "" {
			text += ", " + e.Detail
		}
		return p.say(green, text+took(r.since, at))
	case deploy.StepFailed:
		r := p.end(e.Step, at)
		text := "failed"
		if _, wait := e.Step.(plan.Await); wait && e.Err != nil { // of any other, the error that the run ends with says why
			text += ": " + oneLine(e.Err.Error())
		}
		return p.say(red, r.label+": "+text)
	case deploy.Recorded:
		return p.say("", fmt.Sprintf("release %d is recorded", e.Release.Number))
	case deploy.Committed:
		return p.say(green, fmt.Sprintf("release %d is live", e.Release.Number))
	case deploy.Unlocked:
		return p.say("", fmt.Sprintf("the lock that %s took (run %s) had expired, and is cleared", e.Lock.Holder, e.Lock.RunID))
	case deploy.Removed:
		return p.say("", removedLine(e.Removal))
	case deploy.Warned:
		return p.say(yellow, "warning: "+oneLine(e.Text))
	default:
		panic(fmt.Sprintf("render: unknown event %T", e)) // a new event without words is a bug here
	}
}

// Block gives the lines of the steps that are running, one each, cut to the
// width so that none takes two rows of a terminal.
func (p *Progress) Block(at time.Time) []string {
	lines := make([]string, 0, len(p.running))
	width := 0
	for _, r := range p.running {
		width = max(width, cells(r.label))
	}
	for _, r := range p.running {
		text := "… " + pad(r.label, width) + "   " + padLeft(Span(at.Sub(r.since)), 6)
		if r.reason != "" {
			text += "   " + r.reason
		}
		lines = append(lines, p.Style.paint(dim, cut(text, p.Style.limit()-1)))
	}
	return lines
}

func (p *Progress) waiting(e deploy.StepWaiting, at time.Time) []string {
	r := p.find(e.Step, at)
	r.reason = oneLine(e.Reason)
	if at.Sub(r.said) < waitingEvery {
		return nil
	}
	r.said = at
	since := r.since
	if !e.Since.IsZero() {
		since = e.Since
	}
	text := r.label + ": waiting for " + Span(at.Sub(since))
	if r.reason != "" {
		text += ", " + r.reason
	}
	return p.pipeOnly(text)
}

// lockID stands for the waiting for the lock, which is no step of a plan.
const lockID = "lock"

func (p *Progress) waitingForLock(e deploy.LockWaiting, at time.Time) []string {
	i := slices.IndexFunc(p.running, func(r running) bool { return r.id == lockID })
	if i < 0 {
		i = len(p.running)
		p.running = append(p.running, running{id: lockID, label: "wait for the lock", since: e.Since})
	}
	r := &p.running[i]
	r.reason = oneLine(Clean(fmt.Sprintf("held by %s (run %s, %s)", e.Lock.Holder, e.Lock.RunID, e.Lock.Phase)))
	if !r.said.IsZero() && at.Sub(r.said) < waitingEvery {
		return nil
	}
	text := r.label + ": " + r.reason
	if !r.said.IsZero() {
		text = r.label + ": waiting for " + Span(at.Sub(r.since)) + ", " + r.reason
	}
	r.said = at
	return p.pipeOnly(text + fmt.Sprintf("; at most %s", e.Bound))
}

func (p *Progress) say(color, text string) []string {
	return []string{p.Style.paint(color, strings.TrimRight(Clean(text), " "))}
}

func (p *Progress) pipeOnly(text string) []string {
	if p.Terminal {
		return nil
	}
	return p.say("", text)
}

// find gives the running step, starting it if need be. The pointer is good
// until the next call.
func (p *Progress) find(s plan.Step, at time.Time) *running {
	id := stepID(s)
	for i := range p.running {
		if p.running[i].id == id {
			return &p.running[i]
		}
	}
	p.running = append(p.running, running{id: id, label: Clean(p.stepLabel(s)), since: at, said: at})
	return &p.running[len(p.running)-1]
}

func (p *Progress) end(s plan.Step, at time.Time) running {
	r := *p.find(s, at)
	p.running = slices.DeleteFunc(p.running, func(o running) bool { return o.id == r.id })
	return r
}

func took(since, at time.Time) string {
	if d := at.Sub(since); d >= time.Second {
		return " (" + Span(d) + ")"
	}
	return ""
}

// stepID tells steps apart: a plan has at most one step of a kind for each
// function or distribution.
func stepID(s plan.Step) string { return plan.StepName(s) + " " + stepSubject(s) }

func stepSubject(s plan.Step) string {
	switch s := s.(type) {
	case plan.Publish:
		return s.Spec.Function
	case plan.Activate:
		return s.Version.Ref.String()
	case plan.Tag:
		return s.Function
	case plan.Associate:
		return s.Change.Distribution
	case plan.Await:
		return s.Distribution
	default:
		panic(fmt.Sprintf("render: unknown step %T", s)) // a new step without a subject is a bug here
	}
}

// stepLabel names a step for people.
func (p *Progress) stepLabel(s plan.Step) string {
	name := func(id string) string { return called{key: p.Keys[id], id: id}.short() }

	switch s := s.(type) {
	case plan.Publish:
		return "publish " + s.Key
	case plan.Activate:
		return "check " + s.Key + " " + strconv.Itoa(s.Version.Ref.Number)
	case plan.Tag:
		if s.Key == "" {
			return "tag " + s.Function
		}
		return "tag " + s.Key
	case plan.Associate:
		return "update " + name(s.Change.Distribution)
	case plan.Await:
		return "await " + name(s.Distribution)
	default:
		panic(fmt.Sprintf("render: unknown step %T", s)) // a new step without words is a bug here
	}
}
