package localaws_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// raw sends a request line and headers as they stand, which Go's client would not.
func raw(t *testing.T, address, request string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := fmt.Fprint(conn, strings.ReplaceAll(request, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

// asked is a request as it stands on the wire and the status of its answer.
// PORT stands for the server's port, SIGNED for an Authorization header.
type asked struct {
	request string
	status  int
}

// askAll sends requests to one server and looks for what no answer may have.
func askAll(t *testing.T, all map[string]asked) {
	t.Helper()
	c := overSocket(t, open(t, localaws.Options{Dir: t.TempDir()}))
	address := strings.TrimPrefix(c.base, "http://")
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("PORT", port, "SIGNED", "Authorization: "+authorization(account, "us-east-1", "lambda")+"\n")
	for rule, a := range all {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			request := fill.Replace(a.request)
			if !strings.Contains(request, "\n\n") {
				request += "\n"
			}
			response := raw(t, address, request)
			if response.StatusCode != a.status {
				t.Errorf("status %d, want %d", response.StatusCode, a.status)
			}
			for name := range response.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("the answer carries %s", name)
				}
			}
			if response.Header.Get("Date") == "" || response.Header.Get("X-Amzn-Requestid") == "" {
				t.Errorf("the answer lacks Date or request id: %v", response.Header)
			}
		})
	}
}

// TestOnlyOwnClientsAreAnswered: what a web page in the same browser can send
// is refused, and no answer ever lets a page read it.
func TestOnlyOwnClientsAreAnswered(t *testing.T) {
	t.Parallel()
	const list = "GET /2015-03-31/functions HTTP/1.1\n"
	askAll(t, map[string]asked{
		"localhost and our port":            {list + "Host: localhost:PORT\nSIGNED", 200},
		"LOCALHOST and our port":            {list + "Host: LOCALHOST:PORT\nSIGNED", 200},
		"127.0.0.1 and our port":            {list + "Host: 127.0.0.1:PORT\nSIGNED", 200},
		"[::1] and our port":                {list + "Host: [::1]:PORT\nSIGNED", 200},
		"another port":                      {list + "Host: localhost:1\nSIGNED", 403},
		"no port":                           {list + "Host: localhost\nSIGNED", 403},
		"a name that resolves to 127.0.0.1": {list + "Host: rebound.example.com:PORT\nSIGNED", 403},
		"a name that starts like localhost": {list + "Host: localhost.example.com:PORT\nSIGNED", 403},
		"another loopback address":          {list + "Host: 127.0.0.2:PORT\nSIGNED", 403},
		"an empty Host":                     {list + "Host:\nSIGNED", 403},
		"our own page":                      {list + "Host: localhost:PORT\nOrigin: http://localhost:PORT\nSec-Fetch-Site: same-origin\nSIGNED", 200},
		"another site's page":               {list + "Host: localhost:PORT\nOrigin: https://example.com\nSIGNED", 403},
		"a page on another port":            {list + "Host: localhost:PORT\nOrigin: http://localhost:3000\nSIGNED", 403},
		"a page by another name":            {list + "Host: localhost:PORT\nOrigin: http://127.0.0.1:PORT\nSIGNED", 403},
		"a page without an origin":          {list + "Host: localhost:PORT\nOrigin: null\nSIGNED", 403},
		"a cross-site fetch":                {list + "Host: localhost:PORT\nSec-Fetch-Site: cross-site\nSIGNED", 403},
		"a same-site fetch":                 {list + "Host: localhost:PORT\nSec-Fetch-Site: same-site\nSIGNED", 403},
		"a typed address":                   {list + "Host: localhost:PORT\nSec-Fetch-Site: none\nSIGNED", 200},
		"no Authorization":                  {list + "Host: localhost:PORT\n", 403},
	})
}

// TestOnlyPingAndCodeNeedNoAuthorization, and the code needs its token.
func TestOnlyPingAndCodeNeedNoAuthorization(t *testing.T) {
	t.Parallel()
	askAll(t, map[string]asked{
		"a preflight":                      {"OPTIONS /2015-03-31/functions HTTP/1.1\nHost: localhost:PORT\nOrigin: https://example.com\nAccess-Control-Request-Method: POST\n", 403},
		"the seed without Authorization":   {"POST /_edgedeploy/seed HTTP/1.1\nHost: localhost:PORT\nContent-Length: 2\n\n{}", 403},
		"the faults without Authorization": {"DELETE /_edgedeploy/faults HTTP/1.1\nHost: localhost:PORT\n", 403},
		"the calls without Authorization":  {"GET /_edgedeploy/calls HTTP/1.1\nHost: localhost:PORT\n", 403},
		"a ping":                           {"GET /_edgedeploy/ping HTTP/1.1\nHost: localhost:PORT\n", 200},
		"a ping for another site":          {"GET /_edgedeploy/ping HTTP/1.1\nHost: localhost:PORT\nSec-Fetch-Site: cross-site\n", 403},
		"a ping by another name":           {"GET /_edgedeploy/ping HTTP/1.1\nHost: example.com:PORT\n", 403},
		"a code location without a token":  {"GET /_edgedeploy/code/ HTTP/1.1\nHost: localhost:PORT\n", 403},
		"a code location that was guessed": {"GET /_edgedeploy/code/e30.e30 HTTP/1.1\nHost: localhost:PORT\n", 403},
		"a way around the code location":   {"GET /_edgedeploy/code/../../2015-03-31/functions HTTP/1.1\nHost: localhost:PORT\n", 403},
	})
}

func TestAuthorizationMustBeWellFormed(t *testing.T) {
	t.Parallel()
	s := open(t, localaws.Options{})
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	good := authorization(account, "us-east-1", "lambda")
	for rule, c := range map[string]struct {
		header string
		status int
	}{
		"as AWS's clients sign":      {good, 200},
		"without spaces":             {strings.ReplaceAll(good, ", ", ","), 200},
		"another scheme":             {"Bearer abc", 403},
		"another version":            {strings.Replace(good, "AWS4", "AWS3", 1), 403},
		"no credential":              {good[:17] + good[strings.Index(good, "SignedHeaders"):], 403},
		"no signature":               {good[:strings.Index(good, ", Signature")], 403},
		"a short signature":          {good[:len(good)-1], 403},
		"a scope of four":            {strings.Replace(good, "/us-east-1", "", 1), 403},
		"a scope that ends oddly":    {strings.Replace(good, "aws4_request", "aws4", 1), 403},
		"a date of words":            {strings.Replace(good, "20261101", "tomorrow", 1), 403},
		"the parts in a wrong place": {"AWS4-HMAC-SHA256 Signature=" + strings.Repeat("a", 64), 403},
	} {
		r, err := http.NewRequest("GET", server.URL+"/2015-03-31/functions", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", c.header)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != c.status {
			t.Errorf("%s: status %d, want %d", rule, response.StatusCode, c.status)
		}
	}
}

// TestARefusalSpeaksTheServicesLanguage, so that any client can show it.
func TestARefusalSpeaksTheServicesLanguage(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(open(t, localaws.Options{}).Handler())
	t.Cleanup(server.Close)
	for path, want := range map[string]string{
		"/2015-03-31/functions":    `{"message":"Missing Authentication Token"}`,
		"/2020-05-31/distribution": `<ErrorResponse xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Error><Type>Sender</Type><Code>MissingAuthenticationToken</Code><Message>Missing Authentication Token</Message></Error><RequestId>`,
		"/":                        `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>MissingAuthenticationToken</Code>`,
	} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		var body strings.Builder
		if _, err := bufio.NewReader(response.Body).WriteTo(&body); err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != 403 || !strings.HasPrefix(body.String(), want) {
			t.Errorf("%s: %d %s", path, response.StatusCode, &body)
		}
		if id := response.Header.Get("x-amzn-RequestId"); strings.Contains(want, "<RequestId>") && !strings.Contains(body.String(), id) {
			t.Errorf("%s: the body does not name request %s", path, id)
		}
	}
}

func TestServeWantsLoopback(t *testing.T) {
	t.Parallel()
	everywhere := func(t *testing.T) net.Listener {
		t.Helper()
		l, err := net.Listen("tcp4", "0.0.0.0:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	s := open(t, localaws.Options{Dir: t.TempDir()})
	l := everywhere(t)
	if err := s.Serve(context.Background(), l); err == nil || !strings.Contains(err.Error(), "not a loopback address") {
		t.Errorf("on all interfaces: %v", err)
	}
	if conn, err := net.Dial("tcp", strings.Replace(l.Addr().String(), "0.0.0.0", "127.0.0.1", 1)); err == nil {
		conn.Close()
		t.Error("the refused listener is still open")
	}

	dir := t.TempDir()
	anyone := open(t, localaws.Options{Dir: dir, ListenAnyone: true})
	l = everywhere(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- anyone.Serve(ctx, l) }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	signed := "Authorization: " + authorization(account, "us-east-1", "lambda") + "\n\n"
	if got := raw(t, "127.0.0.1:"+port, "GET /2015-03-31/functions HTTP/1.1\nHost: docker.internal:"+port+"\n"+signed); got.StatusCode != 200 {
		t.Errorf("anyone, by another name: %d", got.StatusCode)
	}
	if got := raw(t, "127.0.0.1:"+port, "GET /2015-03-31/functions HTTP/1.1\nHost: docker.internal:"+port+"\nOrigin: https://example.com\n"+signed); got.StatusCode != 403 {
		t.Errorf("anyone, from another site's page: %d", got.StatusCode)
	}
	if address, ok := localaws.DialRunning(dir); !ok || address != "127.0.0.1:"+port {
		t.Errorf("the address file says %q, %v", address, ok)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
