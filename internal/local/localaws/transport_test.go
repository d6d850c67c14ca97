package localaws_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

func TestAnyHostReachesTheServiceThatIsSignedForOrWhosePathIsUsed(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{})
	client := &http.Client{Transport: s.Transport()}
	for rule, c := range map[string]struct {
		url, service, want string
	}{
		"signed for lambda":       {"https://lambda.us-east-1.amazonaws.com/2015-03-31/functions", "lambda", `{"Functions":`},
		"signed for cloudfront":   {"https://cloudfront.amazonaws.com/2020-05-31/distribution", "cloudfront", `DistributionList`},
		"signed, on any host":     {"http://whatever.invalid:81/2020-05-31/distribution", "cloudfront", `DistributionList`},
		"lambda's path":           {"https://example.com/2015-03-31/functions", "", `{"Functions":`},
		"cloudfront's path":       {"https://example.com/2020-05-31/distribution", "", `DistributionList`},
		"the scope, not the path": {"https://example.com/2020-05-31/distribution", "lambda", "the local AWS does not offer the operation"},
	} {
		r, err := http.NewRequest("GET", c.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.service != "" {
			r.Header.Set("Authorization", authorization(account, "us-east-1", c.service))
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil || !strings.Contains(string(body), c.want) {
			t.Errorf("%s: %v %s", rule, err, body)
		}
	}
}

// TestEveryAnswerIsDatedByTheServersClock: leases are judged by it.
func TestEveryAnswerIsDatedByTheServersClock(t *testing.T) {
	t.Parallel()
	for name, connect := range map[string]func(*testing.T, *localaws.Server) caller{
		"over a socket": overSocket, "in-process": inProcess,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			s := open(t, localaws.Options{Now: clock.now})
			c := connect(t, s)
			clock.advance(90 * time.Second)
			c.want(201, "lambda", "POST", functionsPath, creation(t, "fn"))
			location := c.want(200, "lambda", "GET", functionsPath+"/fn", nil).object(t)["Code"].(object)["Location"].(string)
			arm(t, s, localaws.Fault{Operation: "GetAccountSettings", Kind: localaws.Throttle})
			headers := map[string]http.Header{
				"a success":     c.send("lambda", "GET", functionsPath, nil).header,
				"an error":      c.send("lambda", "GET", functionsPath+"/no", nil).header,
				"a fault":       c.send("lambda", "GET", "/2016-08-19/account-settings", nil).header,
				"no content":    c.send("lambda", "DELETE", functionsPath+"/fn/aliases/none", nil).header,
				"cloudfront":    c.send("cloudfront", "GET", "/2020-05-31/distribution", nil).header,
				"a private one": c.send("lambda", "GET", private+"ping", nil).header,
			}
			response, err := c.client.Get(location)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			headers["code"] = response.Header
			for what, header := range headers {
				if got := header.Get("Date"); got != "Sun, 01 Nov 2026 12:01:30 GMT" {
					t.Errorf("%s is dated %q", what, got)
				}
				if len(header.Get("x-amzn-RequestId")) != 36 {
					t.Errorf("%s has request id %q", what, header.Get("x-amzn-RequestId"))
				}
			}
		})
	}
}

func TestACancelledCallerGetsItsOwnError(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{})
	arm(t, s, localaws.Fault{Kind: localaws.Delay, DelayMs: 60_000})
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, "GET", "http://aws.invalid"+functionsPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	start := time.Now()
	if _, err := s.Transport().RoundTrip(r); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while waiting: %v", err)
	}
	if waited := time.Since(start); waited > 30*time.Second {
		t.Errorf("the caller waited %v", waited)
	}
	if _, err := s.Transport().RoundTrip(r); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}

// TestAnAnswerLooksLikeOneFromASocket compares what Go's client sees.
func TestAnAnswerLooksLikeOneFromASocket(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{})
	socket, inside := overSocket(t, s), inProcess(t, s)
	socket.want(201, "lambda", "POST", functionsPath, creation(t, "fn"))
	location := inside.want(200, "lambda", "GET", functionsPath+"/fn", nil).object(t)["Code"].(object)["Location"].(string)
	path := location[strings.Index(location, "/_"):]
	for rule, request := range map[string][2]string{
		"an object": {"GET", functionsPath + "/fn/configuration"}, "an error": {"GET", functionsPath + "/no"},
		"no content": {"DELETE", functionsPath + "/fn/aliases/x"}, "code": {"GET", path}, "only its head": {"HEAD", path},
	} {
		type seen struct {
			status     string
			length     int64
			body, kind string
		}
		var got []seen
		for _, c := range []caller{socket, inside} {
			r, err := http.NewRequest(request[0], c.base+request[1], nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", authorization(account, "us-east-1", "lambda"))
			response, err := c.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if err := response.Body.Close(); err != nil {
				t.Error(err)
			}
			length := response.ContentLength
			if length < 0 && len(body) > 0 {
				length = int64(len(body)) // not said: what came is what there is
			}
			got = append(got, seen{response.Status, length, string(body), response.Header.Get("Content-Type")})
		}
		if got[0] != got[1] {
			t.Errorf("%s:\nsocket     %+v\nin-process %+v", rule, got[0], got[1])
		}
	}
}

func TestAVersionCanBeFetchedToRunIt(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{Dir: t.TempDir()})
	c := inProcess(t, s)
	c.want(201, "lambda", "POST", functionsPath, creation(t, "fn"))
	c.want(201, "lambda", "POST", functionsPath+"/fn/versions", nil)
	facts, zip, ok, err := s.Version(account, "arn:aws:lambda:us-east-1:123456789012:function:fn:1")
	if err != nil || !ok || facts.Handler != "index.handler" || string(zip) != string(archive(t, "fn")) {
		t.Errorf("version 1: %+v, %d bytes, %v, %v", facts, len(zip), ok, err)
	}
	if _, _, ok, err := s.Version("000000000000", "arn:aws:lambda:us-east-1:123456789012:function:fn:1"); ok || err != nil {
		t.Errorf("for another account: %v, %v", ok, err)
	}
}

func TestCloseLetsBegunCallsEnd(t *testing.T) {
	t.Parallel()
	s, err := localaws.Open(localaws.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	body, feed := io.Pipe()
	r, err := http.NewRequest("POST", "http://aws.invalid/2015-03-31/functions/fn/versions", body)
	if err != nil {
		t.Fatal(err)
	}
	statuses := make(chan int, 1)
	go func() {
		response, err := s.Transport().RoundTrip(r)
		if err != nil {
			t.Error(err)
			statuses <- 0
			return
		}
		statuses <- response.StatusCode
	}()
	if _, err := io.WriteString(feed, "{"); err != nil { // returns when the handler reads
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	select {
	case err := <-closed:
		t.Errorf("closed under a call: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if _, err := io.WriteString(feed, "}"); err != nil {
		t.Fatal(err)
	}
	if err := feed.Close(); err != nil {
		t.Fatal(err)
	}
	if status := <-statuses; status != 404 {
		t.Errorf("the call ended with %d, want 404 for a function that is not there", status)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// endless is a body that nobody should read to its end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestNoRequestIsReadForEver(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{})
	for _, kind := range []localaws.Kind{"", localaws.Delay} {
		if kind != "" {
			arm(t, s, localaws.Fault{Kind: kind, DelayMs: 1})
		}
		r, err := http.NewRequest("POST", "http://aws.invalid"+functionsPath, endless{})
		if err != nil {
			t.Fatal(err)
		}
		response, err := s.Transport().RoundTrip(r)
		switch {
		case kind == "" && (err != nil || response.StatusCode != 413):
			t.Errorf("Lambda: %v, %v", response, err)
		case kind != "" && !errors.Is(err, io.ErrUnexpectedEOF):
			t.Errorf("with a %s: %v, %v", kind, response, err)
		}
	}
}
