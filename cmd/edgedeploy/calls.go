package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/aws/awscloud"
)

// callLog counts the AWS calls of a run, and tells of each with -v.
type callLog struct {
	mu      sync.Mutex
	calls   int
	writes  int // to CloudFront
	retries int
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
		a.say(fmt.Sprintf("%s, %d of them retries, %s\n", count(l.calls, "AWS call"), l.retries, count(l.writes, "CloudFront write")))
	}
}
