package localaws_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

const (
	account = "123456789012"
	role    = "arn:aws:iam::123456789012:role/edge-exec"
)

// clock is moved by hand.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// open makes a server with the role that the tests' functions run as.
func open(t *testing.T, o localaws.Options) *localaws.Server {
	t.Helper()
	s, err := localaws.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := s.Seed(account, localaws.Seed{Roles: []iam.SeedRole{{ARN: role}}}); err != nil {
		t.Fatal(err)
	}
	return s
}

// authorization is a header as AWS's clients send it.
func authorization(accessKey, region, service string) string {
	return "AWS4-HMAC-SHA256 Credential=" + accessKey + "/20261101/" + region + "/" + service +
		"/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + strings.Repeat("0123456789abcdef", 4)
}

// caller sends requests to a server, over a socket or in-process.
type caller struct {
	t       *testing.T
	client  *http.Client
	base    string
	account string
	region  string
}

func inProcess(t *testing.T, s *localaws.Server) caller {
	return caller{t: t, client: &http.Client{Transport: s.Transport()}, base: "https://lambda.us-east-1.amazonaws.com", account: account, region: "us-east-1"}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (c caller) send(service, method, path string, body any) answer {
	c.t.Helper()
	a, err := c.try(service, method, path, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (c caller) try(service, method, path string, body any) (answer, error) {
	c.t.Helper()
	var raw []byte
	switch b := body.(type) {
	case nil:
	case string:
		raw = []byte(b)
	default:
		var err error
		if raw, err = json.Marshal(body); err != nil {
			c.t.Fatal(err)
		}
	}
	r, err := http.NewRequest(method, c.base+path, bytes.NewReader(raw))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization(c.account, c.region, service))
	if service == "iam" || service == "sts" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := c.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, got}, err
}
