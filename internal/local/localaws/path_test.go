package localaws_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
)

// archive is a zip with one file.
func archive(t *testing.T, content string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	f, err := w.Create("index.js")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type object = map[string]any

// creation is the body of a CreateFunction that works.
func creation(t *testing.T, name string) object {
	t.Helper()
	return object{
		"FunctionName": name, "Runtime": "nodejs24.x", "Role": role, "Handler": "index.handler",
		"Code": object{"ZipFile": archive(t, name)}, "Tags": object{"team": "web"},
	}
}

func (a answer) object(t *testing.T) object {
	t.Helper()
	var o object
	if err := json.Unmarshal(a.body, &o); err != nil {
		t.Fatalf("not an object: %s", a.body)
	}
	return o
}

func (c caller) want(status int, service, method, path string, body any) answer {
	c.t.Helper()
	a := c.send(service, method, path, body)
	if a.status != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, status, a.body)
	}
	return a
}

// overSocket serves s on loopback and returns a caller that uses the socket.
func overSocket(t *testing.T, s *localaws.Server) caller {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return caller{t: t, client: client, base: "http://" + l.Addr().String(), account: account, region: "us-east-1"}
}

// TestADeployWorksOverASocketAndInProcess walks the path of a deployer: create, publish,
// name, fetch, associate, and finds the same answers either way.
func TestADeployWorksOverASocketAndInProcess(t *testing.T) {
	t.Parallel()
	for name, connect := range map[string]func(*testing.T, *localaws.Server) caller{
		"over a socket": overSocket, "in-process": inProcess,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, localaws.Options{Dir: t.TempDir()})
			walk(t, s, connect(t, s))
		})
	}
}

func walk(t *testing.T, s *localaws.Server, c caller) {
	if err := s.Seed(account, localaws.Seed{Distributions: []cf.SeedDistribution{{ID: "E2EXAMPLE1ABCD", PathPatterns: []string{"/img/*"}}}}); err != nil {
		t.Fatal(err)
	}
	const functions = "/2015-03-31/functions"
	if got := c.want(201, "lambda", "POST", functions, creation(t, "fn")).object(t)["State"]; got != "Pending" {
		t.Errorf("a new function is %v, want Pending", got)
	}
	got := c.want(200, "lambda", "GET", functions+"/fn", nil).object(t)
	config, code := got["Configuration"].(object), got["Code"].(object)
	if config["State"] != "Active" || config["LastUpdateStatus"] != "Successful" {
		t.Errorf("without delay a function is %v, %v at the next look", config["State"], config["LastUpdateStatus"])
	}
	if got["Tags"].(object)["team"] != "web" {
		t.Errorf("tags are %v", got["Tags"])
	}
	sum := sha256.Sum256(archive(t, "fn"))
	if want := base64.StdEncoding.EncodeToString(sum[:]); config["CodeSha256"] != want {
		t.Errorf("CodeSha256 is %v, want %s", config["CodeSha256"], want)
	}
	response, err := c.client.Get(code["Location"].(string))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var zipped bytes.Buffer
	if _, err := zipped.ReadFrom(response.Body); err != nil || !bytes.Equal(zipped.Bytes(), archive(t, "fn")) {
		t.Errorf("the code location gave %d bytes, %v", zipped.Len(), err)
	}

	version := c.want(201, "lambda", "POST", functions+"/fn/versions", object{"CodeSha256": config["CodeSha256"], "RevisionId": config["RevisionId"]}).object(t)
	if version["Version"] != "1" || version["State"] != "Active" {
		t.Errorf("published version %v, %v", version["Version"], version["State"])
	}
	alias := c.want(201, "lambda", "POST", functions+"/fn/aliases", object{"Name": "live", "FunctionVersion": "1", "Description": "kept"}).object(t)
	if alias["AliasArn"] != "arn:aws:lambda:us-east-1:123456789012:function:fn:live" {
		t.Errorf("alias %v", alias)
	}
	associate(t, c, version["FunctionArn"].(string))

	refused := c.want(400, "lambda", "DELETE", functions+"/fn", nil)
	if !strings.Contains(string(refused.body), "function:fn:1 because it is a replicated function") {
		t.Errorf("deleting a replicated function says %s", refused.body)
	}
	identity := c.want(200, "sts", "POST", "/", "Action=GetCallerIdentity&Version=2011-06-15")
	if !strings.Contains(string(identity.body), "<Account>123456789012</Account>") {
		t.Errorf("caller identity says %s", identity.body)
	}
	for _, call := range s.Calls() {
		if call.Operation == "" || call.Status == 0 {
			t.Errorf("the log has %+v", call)
		}
	}
}

// associate puts a version behind the default behaviour.
func associate(t *testing.T, c caller, arn string) {
	t.Helper()
	if a := tryAssociate(t, c, arn); a.status != 200 {
		t.Fatalf("update distribution: %d %s", a.status, a.body)
	}
}

func tryAssociate(t *testing.T, c caller, arn string) answer {
	t.Helper()
	const path = "/2020-05-31/distribution/E2EXAMPLE1ABCD/config"
	before := c.want(200, "cloudfront", "GET", path, nil)
	edited := strings.Replace(string(before.body), "<LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations>",
		"<LambdaFunctionAssociations><Quantity>1</Quantity><Items><LambdaFunctionAssociation><LambdaFunctionARN>"+arn+
			"</LambdaFunctionARN><EventType>viewer-request</EventType><IncludeBody>false</IncludeBody></LambdaFunctionAssociation></Items></LambdaFunctionAssociations>", 1)
	if edited == string(before.body) {
		t.Fatalf("no empty association list in %s", before.body)
	}
	r, err := http.NewRequest("PUT", c.base+path, strings.NewReader(edited))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization(c.account, "us-east-1", "cloudfront"))
	r.Header.Set("If-Match", before.header.Get("ETag"))
	response, err := c.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, body}
}
