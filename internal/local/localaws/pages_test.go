package localaws

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

const owner = "123456789012"

// counted is a store that counts what its readers see.
type counted struct {
	kv.Store
	seen *int
}

func (c counted) View(f func(kv.Tx) error) error {
	return c.Store.View(func(tx kv.Tx) error { return f(countedTx{tx, c.seen}) })
}

type countedTx struct {
	kv.Tx
	seen *int
}

func (c countedTx) Get(table, key string) []byte {
	*c.seen++
	return c.Tx.Get(table, key)
}

func (c countedTx) Scan(table, prefix string, f func(string, []byte) error) error {
	return c.ScanAfter(table, prefix, "", f)
}

func (c countedTx) ScanAfter(table, prefix, after string, f func(string, []byte) error) error {
	return c.Tx.ScanAfter(table, prefix, after, func(key string, value []byte) error {
		*c.seen++
		return f(key, value)
	})
}

// full is a server with n versions of a function, n functions, n aliases and n
// distributions. They are written below the API, which would take minutes.
func full(t testing.TB, dir string, n int) *Server {
	t.Helper()
	s, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	err = s.Seed(owner, Seed{Roles: []iam.SeedRole{{ARN: "arn:aws:iam::" + owner + ":role/edge"}}, Distributions: []cf.SeedDistribution{{ID: "E"}}})
	if err != nil {
		t.Fatal(err)
	}
	err = s.store.Update(func(tx kv.Tx) error {
		record, config, summary := tx.Get("cf-distributions", owner+"/E"), tx.Get("cf-configs", owner+"/E"), tx.Get("cf-summaries", owner+"/E")
		for i := range n {
			id, number := fmt.Sprintf("E%08d", i), fmt.Sprintf("%010d", i+1)
			version := fmt.Sprintf(`{"Function":"f","Version":"%d","CodeSHA256":"","Settings":{"Architecture":"x86_64"}}`, i+1)
			scope := owner + "/us-east-1/"
			for _, e := range [][3]string{
				{"cf-distributions", owner + "/" + id, strings.Replace(string(record), `"ID":"E"`, `"ID":"`+id+`"`, 1)},
				{"cf-configs", owner + "/" + id, string(config)},
				{"cf-summaries", owner + "/" + id, string(summary)},
				{"lambda.versions", scope + "f/" + number, version},
				{"lambda.aliases", scope + "f/a" + number, `{"Name":"a` + number + `","FunctionVersion":"1"}`},
				{"lambda.functions", scope + "g" + number, `{"Name":"g` + number + `"}`},
				{"lambda.versions", scope + "g" + number + "/$LATEST", strings.Replace(version, `"f"`, `"g`+number+`"`, 1)},
			} {
				if err := tx.Put(e[0], e[1], []byte(e[2])); err != nil {
					return err
				}
			}
		}
		return tx.Put("lambda.functions", owner+"/us-east-1/f", []byte(`{"Name":"f"}`))
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask makes a call in this process, and returns the answer's text.
func ask(t testing.TB, s *Server, service, path string) string {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+owner+"/20261101/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
	response, err := s.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var text strings.Builder
	if err := response.Write(&text); err != nil || response.StatusCode != 200 {
		t.Fatalf("%s: %v %s", path, err, text.String())
	}
	return text.String()
}

// last are pages that have nearly everything before them. Markers of Lambda are
// the key before, in base 64.
func last(n int) map[string][2]string {
	b64 := func(key string) string {
		return "&Marker=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(key)))
	}
	number := fmt.Sprintf("%010d", n-60)
	return map[string][2]string{
		"ListVersionsByFunction": {"lambda", "/2015-03-31/functions/f/versions?MaxItems=50" + b64(number)},
		"ListAliases":            {"lambda", "/2015-03-31/functions/f/aliases?MaxItems=50" + b64("a"+number)},
		"ListFunctions":          {"lambda", "/2015-03-31/functions?MaxItems=50" + b64("g"+number)},
		"ListFunctions, ALL":     {"lambda", "/2015-03-31/functions?FunctionVersion=ALL&MaxItems=50" + b64("g"+number+"/$LATEST")},
		"ListDistributions":      {"cloudfront", fmt.Sprintf("/2020-05-31/distribution?MaxItems=50&Marker=E%08d", n-60)},
	}
}

func TestAPageCostsWhatIsOnIt(t *testing.T) {
	t.Parallel()
	const n = 2000
	s := full(t, "", n)
	seen := 0
	s.store = counted{s.store, &seen}
	s.compose(nil)
	for operation, call := range last(n) {
		seen = 0
		text := ask(t, s, call[0], call[1])
		if items := strings.Count(text, `"FunctionArn"`) + strings.Count(text, `"AliasArn"`) + strings.Count(text, "<DistributionSummary>"); items != 50 {
			t.Errorf("%s: %d items", operation, items)
		}
		if at := strconv.Itoa(n - 11); !strings.Contains(text, at) {
			t.Errorf("%s: the page does not begin after its marker: no %s on it", operation, at)
		}
		if seen > 110 { // 50 items of two entries each, one more, and the function
			t.Errorf("%s looked at %d entries for a page of 50", operation, seen)
		}
	}
}

func BenchmarkAPageWithMuchBeforeIt(b *testing.B) {
	const n = 20000
	s := full(b, b.TempDir(), n)
	for operation, call := range last(n) {
		b.Run(operation, func(b *testing.B) {
			for b.Loop() {
				ask(b, s, call[0], call[1])
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "ms/page")
		})
	}
}

func TestTwoHundredClientsAtOnceAreServed(t *testing.T) {
	t.Parallel()
	s := full(t, t.TempDir(), 10)
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 200}}
	defer client.CloseIdleConnections()
	ready := make(chan struct{})
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			<-ready
			call := func(service, method, path, body string) {
				r, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+owner+"/20261101/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
				response, err := client.Do(r)
				if err != nil {
					t.Errorf("client %d: %v", i, err)
					return
				}
				defer response.Body.Close()
				if response.StatusCode != 200 {
					t.Errorf("client %d: %s %s: %s", i, method, path, response.Status)
				}
			}
			call("cloudfront", "GET", "/2020-05-31/distribution", "")
			call("iam", "POST", "/", fmt.Sprintf("Action=CreateRole&Version=2010-05-08&RoleName=r%d&AssumeRolePolicyDocument=%%7B%%7D", i))
			call("iam", "POST", "/", fmt.Sprintf("Action=GetRole&Version=2010-05-08&RoleName=r%d", i))
			call("lambda", "GET", "/2015-03-31/functions/f/versions", "")
		})
	}
	close(ready)
	group.Wait()
}
