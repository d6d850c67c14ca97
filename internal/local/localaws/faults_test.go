package localaws_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

const functionsPath = "/2015-03-31/functions"

// both runs a test over a socket and in-process.
func both(t *testing.T, test func(t *testing.T, s *localaws.Server, c caller)) {
	t.Helper()
	bothOf(t, localaws.Options{}, test)
}

// bothOf does so with a server that is set up like this.
func bothOf(t *testing.T, o localaws.Options, test func(t *testing.T, s *localaws.Server, c caller)) {
	t.Helper()
	for name, connect := range map[string]func(*testing.T, *localaws.Server) caller{
		"over a socket": overSocket, "in-process": inProcess,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, o)
			test(t, s, connect(t, s))
		})
	}
}

func arm(t *testing.T, s *localaws.Server, f localaws.Fault) {
	t.Helper()
	if err := s.Arm(f); err != nil {
		t.Fatal(err)
	}
}

func TestADropLosesTheAnswerAndBeforeAlsoTheEffect(t *testing.T) {
	t.Parallel()
	for kind, happened := range map[localaws.Kind]bool{
		localaws.DropBefore: false, localaws.DropAfter: true, localaws.ResetBefore: false, localaws.ResetAfter: true,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, s *localaws.Server, c caller) {
				arm(t, s, localaws.Fault{Service: "lambda", Operation: "CreateFunction", Kind: kind})
				cut := io.ErrUnexpectedEOF
				switch reset := strings.HasPrefix(string(kind), "reset"); {
				case strings.HasPrefix(c.base, "http://127.0.0.1") && reset:
					cut = syscall.ECONNRESET
				case strings.HasPrefix(c.base, "http://127.0.0.1"):
					cut = io.EOF // what Go's client says when a connection ends before the answer starts
				}
				if a, err := c.try("lambda", "POST", functionsPath, creation(t, "fn")); !errors.Is(err, cut) {
					t.Fatalf("%d %s, %v", a.status, a.body, err)
				}
				status := c.send("lambda", "GET", functionsPath+"/fn", nil).status
				if want := map[bool]int{true: 200, false: 404}[happened]; status != want {
					t.Errorf("afterwards GetFunction says %d, want %d", status, want)
				}
				want := []localaws.Call{
					{Account: account, Service: "lambda", Operation: "CreateFunction", Resource: "fn", Method: "POST", Path: functionsPath, Fault: kind},
					{Account: account, Service: "lambda", Operation: "GetFunction", Resource: "fn", Method: "GET", Path: functionsPath + "/fn", Status: status},
				}
				if diff := cmp.Diff(want, s.Calls(), cmpopts.IgnoreFields(localaws.Call{}, "Start", "End")); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestAFaultHitsTheCallsItCounts(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		arm(t, s, localaws.Fault{Service: "lambda", Operation: "ListFunctions", Call: 3, Times: 2, Kind: localaws.Error, Status: 500, Code: "ServiceException", Message: "again, please"})
		var got []int
		for range 6 {
			got = append(got, c.send("lambda", "GET", functionsPath, nil).status)
			c.send("lambda", "GET", "/2016-08-19/account-settings", nil) // other calls do not count
		}
		if diff := cmp.Diff([]int{200, 200, 500, 500, 200, 200}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestTheFirstArmedFaultWinsAndAllOfThemCount(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{})
	c := inProcess(t, s)
	arm(t, s, localaws.Fault{Call: 2, Kind: localaws.Error, Status: 503, Code: "ServiceException"})
	arm(t, s, localaws.Fault{Times: 3, Kind: localaws.Throttle})
	var got []int
	for range 4 {
		got = append(got, c.send("lambda", "GET", functionsPath, nil).status)
	}
	if diff := cmp.Diff([]int{429, 503, 429, 200}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	arm(t, s, localaws.Fault{Kind: localaws.Throttle})
	s.Disarm()
	if got := c.send("lambda", "GET", functionsPath, nil).status; got != 200 {
		t.Errorf("disarmed: %d", got)
	}
}

func TestAnErrorComesInTheFormatOfItsService(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{})
	c := inProcess(t, s)
	for _, call := range []struct {
		service, method, path string
		body                  any
		want, throttled       string
		status                int
	}{
		{"lambda", "GET", functionsPath, nil, `{"Message":"why","Type":"Service"}`, `{"Reason":"CallerRateLimitExceeded","Type":"User","message":"Rate exceeded"}`, 429},
		{"cloudfront", "GET", "/2020-05-31/distribution", nil, `<ErrorResponse xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Error><Type>Receiver</Type><Code>ServiceException</Code><Message>why</Message></Error>`, `<Code>Throttling</Code><Message>Rate exceeded</Message>`, 400},
		{"sts", "POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Receiver</Type><Code>ServiceException</Code><Message>why</Message></Error>`, `<Code>Throttling</Code>`, 400},
		{"iam", "POST", "/", "Action=GetRole&RoleName=x&Version=2010-05-08", `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Receiver</Type><Code>ServiceException</Code><Message>why</Message></Error>`, `<Code>Throttling</Code>`, 400},
	} {
		arm(t, s, localaws.Fault{Service: call.service, Kind: localaws.Error, Status: 500, Code: "ServiceException", Message: "why"})
		arm(t, s, localaws.Fault{Service: call.service, Call: 2, Kind: localaws.Throttle})
		if a := c.send(call.service, call.method, call.path, call.body); a.status != 500 || !strings.HasPrefix(string(a.body), call.want) {
			t.Errorf("%s: %d %s", call.service, a.status, a.body)
		}
		if a := c.send(call.service, call.method, call.path, call.body); a.status != call.status || !strings.Contains(string(a.body), call.throttled) {
			t.Errorf("%s, throttled: %d %s", call.service, a.status, a.body)
		}
	}
}

// TestADelayedCallHappensEvenIfNobodyWaits, as in AWS: a client's timeout does
// not take back what it asked for.
func TestADelayedCallHappensEvenIfNobodyWaits(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		arm(t, s, localaws.Fault{Operation: "CreateFunction", Kind: localaws.Delay, DelayMs: 300})
		impatient := c
		impatient.client = &http.Client{Transport: c.client.Transport, Timeout: 50 * time.Millisecond}
		if a, err := impatient.try("lambda", "POST", functionsPath, creation(t, "fn")); err == nil {
			t.Fatalf("%d %s", a.status, a.body)
		}
		deadline := time.Now().Add(10 * time.Second)
		for c.send("lambda", "GET", functionsPath+"/fn", nil).status != 200 {
			if time.Now().After(deadline) {
				t.Fatal("the function was never created")
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
}

func TestCloseWaitsForNobodysDelay(t *testing.T) {
	t.Parallel()
	s, err := localaws.Open(localaws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	arm(t, s, localaws.Fault{Kind: localaws.Delay, DelayMs: 3_600_000})
	c := inProcess(t, s)
	failed := make(chan error, 1)
	go func() {
		_, err := c.try("lambda", "GET", functionsPath, nil)
		failed <- err
	}()
	time.Sleep(20 * time.Millisecond)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-failed; err == nil {
		t.Error("the call was answered")
	}
	if _, err := c.try("lambda", "GET", functionsPath, nil); err == nil {
		t.Error("a closed server answers")
	}
}

func TestDownloadsOfCodeCanFailToo(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *localaws.Server, c caller) {
		c.want(201, "lambda", "POST", functionsPath, creation(t, "fn"))
		location := c.want(200, "lambda", "GET", functionsPath+"/fn", nil).object(t)["Code"].(object)["Location"].(string)
		arm(t, s, localaws.Fault{Service: "code", Operation: "Download", Kind: localaws.Error, Status: 503, Code: "ServiceException", Message: "slow down"})
		s.ResetCalls()
		for _, want := range []int{503, 200} {
			response, err := c.client.Get(location)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != want {
				t.Errorf("download: %d, want %d", response.StatusCode, want)
			}
		}
		token := location[strings.LastIndex(location, "/")+1:]
		for _, call := range s.Calls() {
			if strings.Contains(fmt.Sprint(call), token) || call.Operation != "Download" {
				t.Errorf("the log has %+v", call)
			}
		}
	})
}

func TestAFaultThatSaysNothingIsNotArmed(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{})
	for rule, f := range map[string]localaws.Fault{
		"no kind":                {},
		"an unknown kind":        {Kind: "explode"},
		"an error without code":  {Kind: localaws.Error, Status: 500},
		"an error of success":    {Kind: localaws.Error, Status: 200, Code: "X"},
		"a delay of nothing":     {Kind: localaws.Delay},
		"late by nothing":        {Kind: localaws.Late},
		"a pause that ended":     {Kind: localaws.PauseBefore, DelayMs: -1},
		"a delay of days":        {Kind: localaws.Delay, DelayMs: 3 * 24 * 60 * 60 * 1000},
		"a call before the next": {Kind: localaws.Throttle, Call: -1},
		"no account":             {Kind: localaws.Throttle, Account: "1234"},
	} {
		if err := s.Arm(f); err == nil {
			t.Errorf("%s was armed", rule)
		}
	}
}
