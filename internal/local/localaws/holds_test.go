package localaws_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// held waits until n calls of the caller's account are held.
func (c caller) held(n int) []localaws.Held {
	c.t.Helper()
	var held []localaws.Held
	path := fmt.Sprintf("%sheld?account=%s&atLeast=%d&waitMs=20000", private, c.account, n)
	if err := json.Unmarshal(c.want(200, "lambda", "GET", path, nil).body, &held); err != nil {
		c.t.Fatal(err)
	}
	if len(held) != n {
		c.t.Fatalf("%d calls are held, want %d: %+v", len(held), n, held)
	}
	return held
}

// release lets the account's held calls go, and wants so many. More is JSON.
func (c caller) release(n int, more string) {
	c.t.Helper()
	got := string(c.want(200, "lambda", "POST", private+"release", `{"account":"`+c.account+`"`+more+`}`).body)
	if want := fmt.Sprintf(`{"released":%d}`, n); got != want {
		c.t.Errorf("release: %s, want %s", got, want)
	}
}

// outcome is how a call ended.
type outcome struct {
	answer
	err error
}

func (c caller) start(service, method, path string, body any) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		a, err := c.try(service, method, path, body)
		done <- outcome{a, err}
	}()
	return done
}

func TestAPauseHoldsACallUntilItIsReleased(t *testing.T) {
	t.Parallel()
	for kind, happened := range map[localaws.Kind]int{localaws.PauseBefore: 404, localaws.PauseAfter: 200} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			bothOf(t, localaws.Options{Now: newClock().now}, func(t *testing.T, s *localaws.Server, c caller) {
				arm(t, s, localaws.Fault{Operation: "CreateFunction", Kind: kind})
				call := c.start("lambda", "POST", functionsPath, creation(t, "fn"))
				if held := c.held(1)[0]; held.ID == 0 || held.Fault != kind || held.Operation != "CreateFunction" || held.Resource != "fn" || held.Account != account {
					t.Errorf("held: %+v", held)
				}
				c.want(happened, "lambda", "GET", functionsPath+"/fn", nil)
				if err := s.Advance(account, 3*time.Minute); err != nil {
					t.Fatal(err)
				}
				select {
				case a := <-call:
					t.Errorf("answered before it was released: %+v", a)
				case <-time.After(20 * time.Millisecond):
				}
				c.release(1, "")
				a := <-call
				if a.err != nil || a.status != 201 || a.object(t)["FunctionName"] != "fn" {
					t.Errorf("%d %s, %v", a.status, a.body, a.err)
				}
				if got := dated(t, a.header); got != 3*time.Minute {
					t.Errorf("the answer is dated %v on, want 3m, which it was sent at", got)
				}
				c.held(0)
				c.want(200, "lambda", "GET", functionsPath+"/fn", nil)
			})
		})
	}
}

func TestAHeldCallCanBeDropped(t *testing.T) {
	t.Parallel()
	for kind, happened := range map[localaws.Kind]int{localaws.PauseBefore: 404, localaws.PauseAfter: 200} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, s *localaws.Server, c caller) {
				arm(t, s, localaws.Fault{Operation: "CreateFunction", Kind: kind})
				call := c.start("lambda", "POST", functionsPath, creation(t, "fn"))
				c.held(1)
				c.release(1, `,"drop":true`)
				if a := <-call; a.err == nil {
					t.Errorf("answered: %d %s", a.status, a.body)
				}
				c.want(happened, "lambda", "GET", functionsPath+"/fn", nil)
			})
		})
	}
}

// TestAHeldCallHappensForAClientThatDied, as in AWS, unless it is dropped.
func TestAHeldCallHappensForAClientThatDied(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		arm(t, s, localaws.Fault{Operation: "CreateFunction", Kind: localaws.PauseBefore, Times: 2})
		dying := c
		dying.client = &http.Client{Transport: c.client.Transport, Timeout: 200 * time.Millisecond}
		for _, step := range []struct {
			name, more string
			status     int
		}{{"dropped", `,"drop":true`, 404}, {"released", "", 200}} {
			call := dying.start("lambda", "POST", functionsPath, creation(t, step.name))
			c.held(1)
			if a := <-call; a.err == nil {
				t.Fatalf("answered: %d %s", a.status, a.body)
			}
			c.held(1)
			c.release(1, step.more)
			c.want(step.status, "lambda", "GET", functionsPath+"/"+step.name, nil)
		}
	})
}

func TestHeldCallsAreReleasedByAccountAndOneByOne(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		arm(t, s, localaws.Fault{Kind: localaws.PauseBefore, Operation: "ListFunctions", Times: 3})
		other := c
		other.account = "111111111111"
		first := c.start("lambda", "GET", functionsPath, nil)
		c.held(1)
		second := c.start("lambda", "GET", functionsPath, nil)
		others := other.start("lambda", "GET", functionsPath, nil)
		other.held(1)
		list := c.held(2)
		c.release(1, fmt.Sprintf(`,"id":%d`, list[1].ID))
		if a := <-second; a.err != nil || a.status != 200 {
			t.Errorf("the second: %+v", a)
		}
		if left := c.held(1); left[0].ID != list[0].ID {
			t.Errorf("held: %+v, want the first, %d", left, list[0].ID)
		}
		c.release(0, fmt.Sprintf(`,"id":%d`, list[1].ID))
		c.release(1, "")
		if a := <-first; a.err != nil || a.status != 200 {
			t.Errorf("the first: %+v", a)
		}
		other.held(1)
		if n := s.Release(localaws.Release{}); n != 1 {
			t.Errorf("%d were released, want the other account's", n)
		}
		<-others
	})
}

func TestAPauseThatIsNotReleasedEnds(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		arm(t, s, localaws.Fault{Kind: localaws.PauseBefore, DelayMs: 100})
		start := time.Now()
		c.want(200, "lambda", "GET", functionsPath, nil)
		if waited := time.Since(start); waited < 100*time.Millisecond || waited > 30*time.Second {
			t.Errorf("it was held for %v", waited)
		}
		c.held(0)
	})
}

func TestWaitingForHeldCallsEnds(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{})
	c := inProcess(t, s)
	start := time.Now()
	if got := string(c.want(200, "lambda", "GET", private+"held?atLeast=1&waitMs=100", nil).body); got != "[]" {
		t.Errorf("held: %s", got)
	}
	if waited := time.Since(start); waited < 100*time.Millisecond || waited > 30*time.Second {
		t.Errorf("it waited %v", waited)
	}
	for _, query := range []string{"waitMs=-1", "waitMs=60001", "waitMs=x", "atLeast=all"} {
		if a := c.send("lambda", "GET", private+"held?"+query, nil); a.status != 400 {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	if a := c.send("lambda", "POST", private+"release", `{"call":1}`); a.status != 400 {
		t.Errorf("an unknown member: %d %s", a.status, a.body)
	}
}

// TestAServerThatEndsHoldsNothing: neither held calls nor those who wait for
// them keep Serve from ending well.
func TestAServerThatEndsHoldsNothing(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l) }()
	c := caller{t: t, client: &http.Client{Transport: &http.Transport{}}, base: "http://" + l.Addr().String(), account: account, region: "us-east-1"}
	t.Cleanup(c.client.CloseIdleConnections)
	arm(t, s, localaws.Fault{Kind: localaws.PauseBefore, Operation: "CreateFunction"})
	arm(t, s, localaws.Fault{Kind: localaws.Delay, DelayMs: 60_000, Operation: "ListFunctions"})
	calls := []<-chan outcome{c.start("lambda", "POST", functionsPath, creation(t, "fn")), c.start("lambda", "GET", functionsPath, nil)}
	c.held(1)
	waiting := c.start("lambda", "GET", private+"held?atLeast=9&waitMs=60000", nil)
	time.Sleep(50 * time.Millisecond) // until both have arrived
	start := time.Now()
	cancel()
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
	if waited := time.Since(start); waited > 30*time.Second {
		t.Errorf("serving went on for %v", waited)
	}
	for _, call := range calls {
		if a := <-call; a.err == nil {
			t.Errorf("answered: %d %s", a.status, a.body)
		}
	}
	if a := <-waiting; a.err != nil || a.status != 200 {
		t.Errorf("waiting: %+v", a)
	}
	inProcess(t, s).want(404, "lambda", "GET", functionsPath+"/fn", nil)
}
