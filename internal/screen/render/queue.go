package render

import (
	"fmt"
	"strconv"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy"
)

// throttling is said once in a run.
const throttling = "CloudFront throttles writes: they go out as fast as it takes them"

func (p *Progress) waitingInQueue(e deploy.StepQueued, at time.Time) []string {
	r := p.find(e.Step, at)
	r.reason = queueing(e.Pause, e.Left)
	var lines []string
	if p.queued.IsZero() {
		lines = p.say(yellow, throttling)
	} else if at.Sub(p.queued) < waitingEvery {
		return nil
	}
	p.queued, r.said = at, at
	why := "queued, "
	if e.Pause.Throttled > 0 {
		why = "throttled, "
	}
	return append(lines, p.pipeOnly(r.label+": "+why+r.reason)...)
}

// queueing says what the write of a distribution waits for, with so many after
// it: "again in 8 s; 197 more, 39 min (5/min)". It fits beside an id in 80
// columns.
func queueing(p associations.Pause, left int) string {
	text := "sent in "
	if p.Throttled > 0 {
		text = "again in "
	}
	text += Span(p.For + time.Second - 1) // never 0 s
	if p.Every <= 0 {
		return text
	}
	if left > 0 {
		text += fmt.Sprintf("; %d more, %s", left, Span(p.For+time.Duration(left)*p.Every))
	}
	return text + " (" + perMinute(p.Every) + ")"
}

func perMinute(every time.Duration) string {
	rate := float64(time.Minute) / float64(every)
	digits := 0
	if rate < 9.5 {
		digits = 1
	}
	text := strconv.FormatFloat(rate, 'f', digits, 64)
	if whole := strconv.FormatFloat(rate, 'f', 0, 64); text == whole+".0" {
		text = whole
	}
	return text + "/min"
}

// Throttles tells, now and then, that AWS throttles calls. It has no clock: the
// time of each comes with it. The writes to CloudFront have words of their own
// (Progress).
type Throttles struct {
	calls map[string]int
	said  map[string]time.Time
}

// Add takes in a throttled call to a service and gives the line that says so,
// without a line end; "" if it was said a moment ago.
func (t *Throttles) Add(service string, at time.Time) string {
	if t.calls == nil {
		t.calls, t.said = map[string]int{}, map[string]time.Time{}
	}
	t.calls[service]++
	last, told := t.said[service]
	switch {
	case !told:
		t.said[service] = at
		return service + " throttles calls: they are sent again, more slowly"
	case at.Sub(last) < waitingEvery:
		return ""
	}
	t.said[service] = at
	return fmt.Sprintf("%s has throttled %s so far: they are sent again, more slowly", service, count(t.calls[service], "call"))
}
