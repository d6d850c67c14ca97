package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// This file has the scripts' commands that look at or change the account
// behind the product's back, and those about programs that run meanwhile.

// serveOptions reads propagation=20s and replicas=1h.
func serveOptions(ts *testscript.TestScript, args []string) localaws.Options {
	o := localaws.Options{Dir: state(ts).dir}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		delay, err := time.ParseDuration(value)
		ts.Check(err)
		switch name {
		case "propagation":
			o.Delays.Propagation = delay
		case "replicas":
			o.Delays.ReplicaRemoval = delay
		default:
			ts.Fatalf("usage: serve [propagation=DURATION] [replicas=DURATION]")
		}
	}
	return o
}

// faultOf reads a kind of fault: error=CODE is a 400, error=503:CODE is that
// status, delay=2s waits.
func faultOf(ts *testscript.TestScript, kind string) localaws.Fault {
	name, value, _ := strings.Cut(kind, "=")
	f := localaws.Fault{Kind: localaws.Kind(name)}
	switch f.Kind {
	case localaws.Error:
		f.Status, f.Code, f.Message = http.StatusBadRequest, value, "armed"
		if status, code, ok := strings.Cut(value, ":"); ok {
			n, err := strconv.Atoi(status)
			ts.Check(err)
			f.Status, f.Code = n, code
		}
	case localaws.Delay:
		d, err := time.ParseDuration(value)
		ts.Check(err)
		f.DelayMs = int(d.Milliseconds())
	}
	return f
}

// counted counts the calls of an operation since the last calls reset.
func counted(ts *testscript.TestScript, service, operation string) int {
	n := 0
	for _, c := range need(ts).Calls() {
		if c.Service == service && c.Operation == operation {
			n++
		}
	}
	return n
}

// reachedFor is how long reached waits on a machine that is busy.
const reachedFor = 10 * time.Minute

// reached waits until an operation was answered: reached cloudfront UpdateDistribution 1
// It also remembers the program in the background for ended.
func reached(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: reached SERVICE OPERATION N")
	}
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	if running := ts.BackgroundCmds(); len(running) > 0 {
		state(ts).background = running[len(running)-1]
	}
	for begin := time.Now(); counted(ts, args[0], args[1]) < want; time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > reachedFor {
			ts.Fatalf("%s %s was not called %d times within %v", args[0], args[1], want, reachedFor)
		}
	}
}

// ended wants the exit code of the program that reached saw; wait comes before it.
func ended(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ended CODE")
	}
	cmd := state(ts).background
	if cmd == nil || cmd.ProcessState == nil {
		ts.Fatalf("no program of the background has ended; reached and wait come first")
	}
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("%s exits with %s, want %s", strings.Join(cmd.Args, " "), got, args[0])
	}
}

// raw makes one call as another client would: raw DELETE /2015-03-31/functions/x [BODYFILE]
func raw(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: raw METHOD PATH [BODYFILE]")
	}
	var body []byte
	if len(args) == 3 {
		body = []byte(ts.ReadFile(args[2]))
	}
	call(ts, need(ts), args[0], args[1], body, nil)
}

// rewrite sends a distribution's configuration back as it is: rewrite ID
func rewrite(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: rewrite ID")
	}
	doc, etag := config(ts, need(ts), args[0])
	call(ts, need(ts), http.MethodPut, "/2020-05-31/distribution/"+args[0]+"/config", doc, map[string]string{"If-Match": etag})
}

// tagged wants exactly these tags on a function: tagged NAME [KEY=VALUE]…
func tagged(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: tagged FUNCTION [KEY=VALUE]…")
	}
	res := call(ts, need(ts), http.MethodGet, "/2017-03-31/tags/arn:aws:lambda:us-east-1:"+scriptAccount+":function:"+args[0], nil, nil)
	var answer struct{ Tags map[string]string }
	ts.Check(json.Unmarshal(res.body, &answer))
	var got []string
	for _, key := range slices.Sorted(maps.Keys(answer.Tags)) {
		got = append(got, key+"="+answer.Tags[key])
	}
	if fmt.Sprint(got) != fmt.Sprint(args[1:]) {
		ts.Fatalf("%s is tagged %v, want %v", args[0], got, args[1:])
	}
}

// published wants a number of versions of a function: published NAME N
func published(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: published FUNCTION N")
	}
	res := call(ts, need(ts), http.MethodGet, "/2015-03-31/functions/"+args[0]+"/versions", nil, nil)
	var answer struct{ Versions []struct{ Version string } }
	ts.Check(json.Unmarshal(res.body, &answer))
	if got := strconv.Itoa(len(answer.Versions) - 1); got != args[1] { // the first is $LATEST
		ts.Fatalf("%s has %s versions, want %s", args[0], got, args[1])
	}
}

// slots wants a distribution to hold exactly this, and nothing in any other slot.
func slots(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: slots DISTRIBUTION ['PATH TRIGGER FUNCTION:VERSION [body]']…")
	}
	doc, _ := config(ts, need(ts), args[0])
	var got []string
	for _, b := range behaviors(ts, doc) {
		for _, a := range b.Associations {
			function := strings.TrimPrefix(a.LambdaFunctionARN, "arn:aws:lambda:us-east-1:"+scriptAccount+":function:")
			line := b.PathPattern + " " + a.EventType + " " + function
			if a.IncludeBody {
				line += " body"
			}
			got = append(got, line)
		}
	}
	want := slices.Sorted(slices.Values(args[1:]))
	if slices.Sort(got); !slices.Equal(got, want) {
		ts.Fatalf("%s holds\n  %s\nwant\n  %s", args[0], strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// contents lists what is in a folder, for scripts that want nothing written.
func contents(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: contents FOLDER [NAME]…")
	}
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if want := slices.Sorted(slices.Values(args[1:])); !slices.Equal(got, want) { // ReadDir sorts, too
		ts.Fatalf("%s has %v, want %v", args[0], got, want)
	}
}
