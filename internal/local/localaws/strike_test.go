package localaws_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

func TestACutAnswerIsOneThatBreaksOffInItsBody(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		arm(t, s, localaws.Fault{Operation: "CreateFunction", Kind: localaws.Cut})
		a, err := c.try("lambda", "POST", functionsPath, creation(t, "fn"))
		if !errors.Is(err, io.ErrUnexpectedEOF) || a.status != 201 || len(a.body) == 0 {
			t.Fatalf("%d %s, %v", a.status, a.body, err)
		}
		if want := a.header.Get("Content-Type"); want != "application/json" {
			t.Errorf("the head has Content-Type %q", want)
		}
		// What it broke off from is a whole answer, which is asked for again.
		whole := c.want(200, "lambda", "GET", functionsPath+"/fn/configuration", nil)
		arm(t, s, localaws.Fault{Operation: "GetFunctionConfiguration", Kind: localaws.Cut})
		a, err = c.try("lambda", "GET", functionsPath+"/fn/configuration", nil)
		if !errors.Is(err, io.ErrUnexpectedEOF) || string(a.body) != string(whole.body[:len(whole.body)/2]) {
			t.Errorf("half of %s\nis %s, %v", whole.body, a.body, err)
		}
		calls := s.Calls()
		if len(calls) != 3 || calls[0].Status != 201 || calls[0].Fault != localaws.Cut {
			t.Errorf("the log has %+v", calls)
		}
	})
}

func TestACutAnswerWithoutABodyIsLost(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		c.want(201, "lambda", "POST", functionsPath, creation(t, "fn"))
		arm(t, s, localaws.Fault{Operation: "DeleteFunction", Kind: localaws.Cut})
		if a, err := c.try("lambda", "DELETE", functionsPath+"/fn", nil); err == nil {
			t.Errorf("%d %s", a.status, a.body)
		}
		c.want(404, "lambda", "GET", functionsPath+"/fn", nil)
	})
}

func TestALateCallHappensWhenTheClientIsLongGone(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		const delay = 100 * time.Millisecond
		arm(t, s, localaws.Fault{Operation: "CreateFunction", Kind: localaws.Late, DelayMs: int(delay.Milliseconds())})
		start := time.Now()
		if a, err := c.try("lambda", "POST", functionsPath, creation(t, "fn")); err == nil {
			t.Fatalf("%d %s", a.status, a.body)
		}
		deadline := time.Now().Add(time.Minute)
		for c.send("lambda", "GET", functionsPath+"/fn", nil).status != 200 {
			if time.Now().After(deadline) {
				t.Fatal("the function was never created")
			}
			time.Sleep(10 * time.Millisecond)
		}
		if waited := time.Since(start); waited < delay {
			t.Errorf("it happened after %v", waited)
		}
	})
}

func TestALateCallIsCutAtOnceAndHappensLater(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		arm(t, s, localaws.Fault{Operation: "CreateFunction", Kind: localaws.Late, DelayMs: 600_000})
		start := time.Now()
		if a, err := c.try("lambda", "POST", functionsPath, creation(t, "fn")); err == nil {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if waited := time.Since(start); waited > 30*time.Second {
			t.Errorf("the connection was cut after %v, which is not at once", waited)
		}
		if err := s.Advance("", time.Hour); err != nil { // does not hurry what is under way
			t.Fatal(err)
		}
		c.want(404, "lambda", "GET", functionsPath+"/fn", nil)
	})
}

func TestCloseTakesBackWhatIsLate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := localaws.Open(localaws.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	arm(t, s, localaws.Fault{Operation: "CreateRole", Kind: localaws.Late, DelayMs: 600_000, Call: 1})
	arm(t, s, localaws.Fault{Operation: "CreateRole", Kind: localaws.Late, DelayMs: 200, Call: 2})
	c := inProcess(t, s)
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	for _, name := range []string{"late", "soon"} { // which may happen before the end on a busy machine
		if _, err := c.try("iam", "POST", "/", "Action=CreateRole&Version=2010-05-08&RoleName="+name+"&AssumeRolePolicyDocument="+trust); err == nil {
			t.Errorf("%s was answered", name)
		}
	}
	start := time.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if waited := time.Since(start); waited > 30*time.Second {
		t.Errorf("Close took %v", waited)
	}
	time.Sleep(250 * time.Millisecond) // a call that goes on would now meet a closed file, or panic
	again := open(t, localaws.Options{Dir: dir})
	inProcess(t, again).want(404, "iam", "POST", "/", "Action=GetRole&Version=2010-05-08&RoleName=late")
}
