package cf_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

const (
	account = "111111111111"
	ns      = "http://cloudfront.amazonaws.com/doc/2020-05-31/"
)

// functions is a Lambda for tests: the versions there are.
type functions map[string]cf.Function

func (f functions) Lookup(_ kv.Tx, owner, arn string) (cf.Function, bool) {
	found, ok := f[arn]
	return found, ok && strings.Contains(arn, ":"+owner+":")
}

func versionARN(name string, number int) string {
	return fmt.Sprintf("arn:aws:lambda:us-east-1:%s:function:%s:%d", account, name, number)
}

// goodFunction is a version that every trigger takes.
func goodFunction(arn string) cf.Function {
	return cf.Function{
		ARN: arn, Version: "1", Runtime: "nodejs24.x", Role: "arn:aws:iam::111111111111:role/edge", State: "Active",
		Architecture: "x86_64", PackageType: "Zip", TimeoutSeconds: 5, MemoryMB: 128, CodeSize: 1000, EphemeralMB: 512,
		RoleTrust: []string{"lambda.amazonaws.com", "edgelambda.amazonaws.com"},
	}
}

// bench is a CloudFront with a clock that is moved by hand.
type bench struct {
	t         *testing.T
	service   *cf.Service
	store     *kv.Memory
	functions functions
	handler   http.Handler
	direct    bool // ask the handler without a socket in between
	dial      sync.Once
	url       string
	account   string

	mu  sync.Mutex
	now time.Time
}

func newBench(t *testing.T, adjust ...func(*cf.Config)) *bench {
	t.Helper()
	b := &bench{t: t, store: &kv.Memory{}, functions: functions{}, account: account,
		now: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)}
	for n := range 4 {
		arn := versionARN("fn", n)
		b.functions[arn] = goodFunction(arn)
	}
	config := cf.Config{Store: b.store, Functions: b.functions, Now: func(string) time.Time { return b.clock() }}
	for _, f := range adjust {
		f(&config)
	}
	b.service = cf.New(config)
	if err := cf.PutShared(b.store, account, "origin-access-control", "E1OAC"); err != nil { // complete.xml names it
		t.Fatal(err)
	}
	b.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.service.ServeHTTP(w, r.WithContext(cf.WithAccount(r.Context(), r.Header.Get("Test-Account"))))
	})
	return b
}

// do sends a request and returns the reply, whose body the caller closes.
func (b *bench) do(r *http.Request) (*http.Response, error) {
	if b.direct {
		recorder := httptest.NewRecorder()
		b.handler.ServeHTTP(recorder, r)
		return recorder.Result(), nil
	}
	b.dial.Do(func() {
		server := httptest.NewServer(b.handler)
		b.t.Cleanup(server.Close)
		b.url = server.URL
	})
	at, err := url.Parse(b.url)
	if err != nil {
		return nil, err
	}
	r.URL.Scheme, r.URL.Host = at.Scheme, at.Host
	return http.DefaultClient.Do(r)
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

// answer is a reply, read.
type answer struct {
	status                       int
	etag, location, id, mimeType string
	body                         string
}

// send makes a request; headers are pairs of name and value.
func (b *bench) send(method, path, body string, headers ...string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, "/2020-05-31/"+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Test-Account", b.account)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	reply, err := b.do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	read, err := io.ReadAll(reply.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{
		status: reply.StatusCode, etag: reply.Header.Get("ETag"), location: reply.Header.Get("Location"),
		id: reply.Header.Get("x-amzn-RequestId"), mimeType: reply.Header.Get("Content-Type"), body: string(read),
	}
}

// must fails the test unless the reply has the status.
func (b *bench) must(a answer, status int) answer {
	b.t.Helper()
	if a.status != status {
		b.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// refused checks that the reply is an error, and returns its code and message.
func (b *bench) refused(a answer) (code, message string) {
	b.t.Helper()
	var e struct {
		XMLName xml.Name
		Error   struct{ Type, Code, Message string }
	}
	if err := xml.Unmarshal([]byte(a.body), &e); err != nil || e.XMLName.Local != "ErrorResponse" {
		b.t.Fatalf("status %d is no error document: %q", a.status, a.body)
	}
	return e.Error.Code, e.Error.Message
}

// created makes a distribution and returns its id and ETag.
func (b *bench) created(config string) (id, etag string) {
	b.t.Helper()
	a := b.must(b.send("POST", "distribution", config), 201)
	return between(a.body, "<Id>", "</Id>"), a.etag
}

func (b *bench) update(id, etag, config string) answer {
	b.t.Helper()
	return b.send("PUT", "distribution/"+id+"/config", config, "If-Match", etag)
}

func (b *bench) config(id string) answer {
	b.t.Helper()
	return b.must(b.send("GET", "distribution/"+id+"/config", ""), 200)
}

func between(text, from, to string) string {
	_, rest, _ := strings.Cut(text, from)
	found, _, _ := strings.Cut(rest, to)
	return found
}

// lambda writes the associations of a behaviour: pairs of event and ARN.
func lambda(pairs ...string) string {
	if len(pairs) == 0 {
		return "<LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations>"
	}
	var items strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		items.WriteString("<LambdaFunctionAssociation><LambdaFunctionARN>" + pairs[i+1] + "</LambdaFunctionARN><EventType>" +
			pairs[i] + "</EventType></LambdaFunctionAssociation>")
	}
	return fmt.Sprintf("<LambdaFunctionAssociations><Quantity>%d</Quantity><Items>%s</Items></LambdaFunctionAssociations>",
		len(pairs)/2, items.String())
}

// What an update must not leave out, besides the associations, and what every
// behaviour needs.
const (
	timeouts   = "<OriginReadTimeout>30</OriginReadTimeout><OriginKeepaliveTimeout>5</OriginKeepaliveTimeout>"
	encryption = "<FieldLevelEncryptionId></FieldLevelEncryptionId>"
	// certificate is what aliases need.
	certificate = "<ViewerCertificate><ACMCertificateArn>arn:aws:acm:us-east-1:111111111111:certificate/c</ACMCertificateArn>" +
		"<SSLSupportMethod>sni-only</SSLSupportMethod></ViewerCertificate>"
	cached = "<CachePolicyId>658327ea-f89d-4fab-a63d-7e88639e58f6</CachePolicyId>"
)

// distribution writes a small configuration: members for the default
// behaviour, and further members of the configuration.
func distribution(reference, inDefault string, more ...string) string {
	if !strings.Contains(inDefault, "<CachePolicyId>") && !strings.Contains(inDefault, "<ForwardedValues>") {
		inDefault += cached
	}
	return `<DistributionConfig xmlns="` + ns + `"><CallerReference>` + reference + `</CallerReference>` +
		`<Origins><Quantity>1</Quantity><Items><Origin><Id>site</Id><DomainName>site.example.com</DomainName>` +
		`<CustomOriginConfig><HTTPPort>80</HTTPPort><HTTPSPort>443</HTTPSPort>` +
		`<OriginProtocolPolicy>https-only</OriginProtocolPolicy>` + timeouts + `</CustomOriginConfig></Origin></Items></Origins>` +
		`<DefaultCacheBehavior><TargetOriginId>site</TargetOriginId>` +
		`<ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy>` + inDefault + encryption + `</DefaultCacheBehavior>` +
		strings.Join(more, "") + `<Comment>test</Comment><Enabled>true</Enabled></DistributionConfig>`
}

func TestADistributionIsCreatedReadAndUpdated(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := b.must(b.send("POST", "distribution", distribution("ref", lambda())), 201)
	id := between(a.body, "<Id>", "</Id>")
	if a.location != "https://cloudfront.amazonaws.com/2020-05-31/distribution/"+id || a.etag == "" {
		t.Errorf("location %q, ETag %q", a.location, a.etag)
	}
	config := b.config(id)
	if config.etag != a.etag {
		t.Errorf("ETag of the configuration is %q, want %q", config.etag, a.etag)
	}
	changed := strings.Replace(config.body, "<Comment>test<", "<Comment>changed<", 1)
	updated := b.must(b.update(id, config.etag, changed), 200)
	if got := b.config(id); got.body != changed || got.etag != updated.etag || got.etag == a.etag {
		t.Errorf("ETag %q after %q and %q, document\n%s", got.etag, a.etag, updated.etag, got.body)
	}
	list := b.must(b.send("GET", "distribution", ""), 200)
	if between(list.body, "<Id>", "</Id>") != id || !strings.Contains(list.body, "<ETag>"+updated.etag+"</ETag>") {
		t.Errorf("list does not show the distribution: %s", list.body)
	}
}
