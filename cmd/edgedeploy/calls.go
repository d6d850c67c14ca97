package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
)

// callLog counts the AWS calls of a run, and tells of each with -v.
type callLog struct {
	mu      sync.Mutex
	calls   int
	writes  int // to CloudFront
	retries int

	throttled int
	throttles render.Throttles
}

func (l *callLog) add(c awscloud.Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if c.Attempt > 1 {
		l.retries++
	}
	if c.Service == "CloudFront" && strings.HasPrefix(c.Operation, "Update") {
		l.writes++
	}
}

// throttle counts a throttled call, and says so now and then. The writes to
// CloudFront queue, which the run's progress tells of.
func (l *callLog) throttle(a *app) func(service, operation string) {
	return func(service, operation string) {
		l.mu.Lock()
		l.throttled++
		line := ""
		if service != "CloudFront" || operation != "UpdateDistribution" {
			line = l.throttles.Add(service, time.Now())
		}
		l.mu.Unlock()
		if line != "" {
			a.tell(line)
		}
	}
}

// tell counts a call and prints it.
func (l *callLog) tell(a *app) func(awscloud.Call) {
	return func(c awscloud.Call) {
		l.add(c)
		again := ""
		if c.Attempt > 1 {
			again = fmt.Sprintf(" (attempt %d)", c.Attempt)
		}
		status := fmt.Sprint(c.Status)
		if c.Status == 0 {
			status = "no answer"
		}
		a.say(fmt.Sprintf("%-10s %-28s %s %s%s\n", c.Service, c.Operation, status, c.Duration.Round(time.Millisecond), again))
	}
}

// report ends a verbose run with the sum.
func (l *callLog) report(a *app) {
	if a.verbose && l.calls > 0 {
		throttled := ""
		if l.throttled > 0 {
			throttled = fmt.Sprintf(", %d throttled", l.throttled)
		}
		a.say(fmt.Sprintf("%s, %d of them retries%s, %s\n", count(l.calls, "AWS call"), l.retries, throttled, count(l.writes, "CloudFront write")))
	}
}
