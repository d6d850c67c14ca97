// Command probe is a handler that does what it is told: every value of the
// request header x-do is one command, and what a command found goes to the log.
// So tests can use and misuse each method at each trigger. Built for anything
// but wasip1 it gives the events on its standard input to the fake host, so that
// a test can hold the two against each other.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	edge "github.com/edgedeploy/edgedeploy/guest/go"
)

var events int // that this instance has handled

func init() {
	edge.Handle(edge.Handlers{
		Start: start,
		ViewerRequest: func(e edge.ViewerRequest) (*edge.Response, error) {
			return answer(common{e.Event, e.Request}, e.EditRequest, nil)
		},
		OriginRequest: func(e edge.OriginRequest) (*edge.Response, error) {
			return answer(common{e.Event, e.Request}, e.EditRequest, &e)
		},
		OriginResponse: func(e edge.OriginResponse) error {
			return each(common{e.Event, e.Request()}, func(verb, rest string) bool {
				return onResponse(e.Headers(), e.Status(), e.StatusDescription(), verb, rest) || onOriginResponse(e, verb, rest)
			})
		},
		ViewerResponse: func(e edge.ViewerResponse) error {
			if e.Request().Headers().Get("X-Unhandled") != "" {
				return errors.New("not this one")
			}
			return each(common{e.Event, e.Request()}, func(verb, rest string) bool {
				return onResponse(e.Headers(), e.Status(), e.StatusDescription(), verb, rest)
			})
		},
	})
}

func start() error {
	switch how, _ := edge.Config("start"); how {
	case "error":
		return errors.New("the settings are wrong")
	case "panic":
		panic("no settings at all")
	}
	return nil
}

type common struct {
	edge.Event
	edge.Request
}

// each runs the commands of an event; do knows what only some triggers have.
func each(c common, do func(verb, rest string) bool) error {
	events++
	for _, line := range c.Headers().Values("X-Do") {
		verb, rest, _ := strings.Cut(line, " ")
		if verb == "error" {
			return errors.New(rest)
		}
		if !reads(c, verb, rest) && !surroundings(verb, rest) && !fails(verb) && !do(verb, rest) {
			return fmt.Errorf("%s is no command here", verb)
		}
	}
	return nil
}

func say(a ...any) { edge.Info(fmt.Sprint(a...)) }

func reads(c common, verb, rest string) bool {
	switch verb {
	case "event":
		say(c.RequestID(), " ", c.DistributionID(), " ", c.DistributionDomain())
	case "request":
		say(c.Method(), " ", c.URI(), " ", c.Querystring(), " ", c.ClientIP())
	case "header":
		value, ok := c.Headers().Lookup(rest)
		say(value, " ", ok, " ", c.Headers().Get(rest) == value)
	case "values":
		say(fmt.Sprintf("%q", c.Headers().Values(rest)))
	case "cookie":
		value, ok := c.Cookie(rest)
		say(value, " ", ok)
	case "all":
		for name, value := range c.Headers().All() {
			if name != "x-do" {
				say(name, "=", value)
			}
		}
		say(c.Headers().Len())
	default:
		return false
	}
	return true
}

func surroundings(verb, rest string) bool {
	switch verb {
	case "count":
		say(events)
	case "config":
		value, ok := edge.Config(rest)
		say(value, " ", ok)
	case "now":
		off := time.Since(edge.Now())
		say(off < time.Second && off > -time.Second)
	case "random":
		b, none := make([]byte, 64), make([]byte, 64)
		edge.Random(b)
		edge.Random(nil)
		say(string(b) != string(none))
	case "log":
		edge.Debug("d " + rest)
		edge.Info("i\n" + rest)
		edge.Warn("w " + rest)
		edge.Error("e " + rest)
	case "sleep":
		time.Sleep(20 * time.Millisecond)
		say("awake")
	case "goroutines":
		sum := make(chan int)
		for i := range 50 {
			go func() { sum <- i * len(edge.Request{}.URI()) }()
		}
		total := 0
		for range 50 {
			total += <-sum
		}
		say(total)
	case "garbage":
		var keep []string
		for i := range 200_000 {
			keep = append(keep[:i%1000], edge.Request{}.URI()+strconv.Itoa(i))
		}
		say(keep[len(keep)-1])
	default:
		return false
	}
	return true
}

func fails(verb string) bool {
	switch verb {
	case "panic":
		panic("it is " + verb)
	case "panic-error":
		panic(fmt.Errorf("an error"))
	case "panic-value":
		panic(42)
	case "nil":
		var e *edge.Response
		e.Status++
	case "index":
		_ = os.Args[len(os.Args)+5:]
	case "goroutine-panic":
		go func() { panic("far away") }()
		time.Sleep(time.Millisecond)
	case "exit":
		os.Exit(3)
	case "deadlock":
		<-make(chan int)
	default:
		return false
	}
	return true
}
