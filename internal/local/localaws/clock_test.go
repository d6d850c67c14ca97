package localaws_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// dated is the Date of an answer, in the time that tests begin at.
func dated(t *testing.T, header http.Header) time.Duration {
	t.Helper()
	at, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		t.Fatal(err)
	}
	return at.Sub(newClock().now())
}

func TestAClockThatIsMovedMovesEverythingThatIsDated(t *testing.T) {
	t.Parallel()
	o := localaws.Options{Now: newClock().now, Delays: localaws.Delays{FunctionCreate: time.Minute}}
	bothOf(t, o, func(t *testing.T, s *localaws.Server, c caller) {
		c.want(204, "lambda", "POST", private+"clock", `{"advanceMs":86400000}`)
		created := c.want(201, "lambda", "POST", functionsPath, creation(t, "fn"))
		if got := dated(t, created.header); got != 24*time.Hour {
			t.Errorf("the Date is %v on, want a day", got)
		}
		if got := created.object(t)["LastModified"]; got != "2026-11-02T12:00:00.000+0000" {
			t.Errorf("LastModified is %v", got)
		}
		if got := c.want(200, "lambda", "GET", functionsPath+"/fn/configuration", nil).object(t)["State"]; got != "Pending" {
			t.Errorf("the function is %v at once", got)
		}
		c.want(204, "lambda", "POST", private+"clock", `{"advanceMs":60000}`)
		if got := c.want(200, "lambda", "GET", functionsPath+"/fn/configuration", nil).object(t)["State"]; got != "Active" {
			t.Errorf("the function is %v after a minute", got)
		}
		if got := string(c.want(200, "lambda", "GET", private+"clock", nil).body); got != `{"aheadMs":86460000}` {
			t.Errorf("GET clock says %s", got)
		}
	})
}

func TestAnAccountsClockIsItsOwn(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{Now: newClock().now})
	c := inProcess(t, s)
	other := c
	other.account = "111111111111"
	c.want(201, "lambda", "POST", functionsPath, creation(t, "fn"))
	location := c.want(200, "lambda", "GET", functionsPath+"/fn", nil).object(t)["Code"].(object)["Location"].(string)
	download := func() *http.Response {
		t.Helper()
		response, err := c.client.Get(location)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response
	}

	c.want(204, "lambda", "POST", private+"clock", `{"account":"111111111111","advanceMs":3600000}`)
	other.want(204, "lambda", "POST", private+"clock", `{"advanceMs":1000}`)
	for what, got := range map[string][2]time.Duration{
		"the account that was not named": {dated(t, c.want(200, "lambda", "GET", functionsPath, nil).header), time.Second},
		"the one that was":               {dated(t, other.want(200, "lambda", "GET", functionsPath, nil).header), time.Hour + time.Second},
		"a refusal of it":                {dated(t, other.want(404, "cloudfront", "GET", "/2020-05-31/distribution/E1", nil).header), time.Hour + time.Second},
		"what is asked for":              {s.Ahead("111111111111"), time.Hour + time.Second},
		"the others":                     {s.Ahead(""), time.Second},
		"a download":                     {dated(t, download().Header), time.Second},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %v on, want %v", what, got[0], got[1])
		}
	}

	// A code location is as old as its account is.
	if status := download().StatusCode; status != 200 {
		t.Errorf("download: %d", status)
	}
	if err := s.Advance(account, time.Hour); err != nil {
		t.Fatal(err)
	}
	response := download()
	if got := dated(t, response.Header); response.StatusCode != 403 || got != time.Hour+time.Second {
		t.Errorf("an hour later: %d, dated %v on", response.StatusCode, got)
	}
}

func TestAClockOnlyMovesOnAndNotAbsurdlyFar(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{Now: newClock().now})
	c := inProcess(t, s)
	c.want(204, "lambda", "POST", private+"clock", `{"advanceMs":5}`)
	for rule, body := range map[string]string{
		"back": `{"advanceMs":-1}`, "not at all": `{"advanceMs":0}`, "nothing said": `{}`,
		"eleven years": `{"advanceMs":347000000000}`, "ten years more": `{"advanceMs":316224000000}`,
		"so far that it overflows": `{"advanceMs":9223372036854775807}`, "half a millisecond": `{"advanceMs":0.5}`,
		"no account": `{"account":"me","advanceMs":1}`, "a slip": `{"ms":1}`,
	} {
		if a := c.send("lambda", "POST", private+"clock", body); a.status != 400 {
			t.Errorf("%s: %d %s", rule, a.status, a.body)
		}
	}
	if got := s.Ahead(""); got != 5*time.Millisecond {
		t.Errorf("after refusals the clock is %v ahead", got)
	}
	if err := s.Advance("", -time.Second); err == nil {
		t.Error("Advance goes back")
	}
}

func TestAClockIsMovedWhileCallsGoOn(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{Now: newClock().now})
	c := inProcess(t, s)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := s.Advance("", time.Second); err != nil {
				t.Error(err)
			}
			if err := s.Advance(account, time.Second); err != nil {
				t.Error(err)
			}
			if _, err := c.try("lambda", "GET", functionsPath, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := s.Ahead(account); got != 16*time.Second {
		t.Errorf("the clock is %v ahead, want 16s", got)
	}
}
