package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"edgedeploy": func() { os.Exit(checked(os.Args[1:])) }})
}

// scriptDay is a day on which no runtime was old, unless a script says TODAY:
// tests must not fail because the years go by.
func scriptDay() time.Time {
	day, err := time.Parse(time.DateOnly, cmp.Or(os.Getenv("TODAY"), "2026-01-01"))
	if err != nil {
		panic(err)
	}
	return day
}

// The scripts are in integration/scripts: each is a story, and documentation.
// docs are in integration/scripts/README.md.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:   "../../integration/scripts",
		Setup: setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "bound": boundIn, "slots": slots, "serve": serve, "distribution": distribution,
			"putraw": putRaw, "getraw": getRaw, "fault": fault, "calls": calls, "foreign": foreign, "attach": attach,
			"reached": reached, "ended": ended, "raw": raw, "rewrite": rewrite, "tagged": tagged, "published": published, "contents": contents,
			"filled": filled, "cut": cut, "zipped": zipped, "unzipped": unzipped, "crlf": crlf, "setfrom": setFrom,
			"files": serveFiles, "digest": digest, "expand": expand,
			"json": jsonIs, "plain": plain, "samebut": sameBut,
		},
		Condition:           scriptCondition,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

const scriptAccount = "123456789012"

// setupScript gives a script the example's handler, one that does what events
// tell it, a Node.js, and no credentials.
func setupScript(env *testscript.Env) error {
	for name, from := range map[string]string{
		"redirect.wasm": "examples/redirect/redirect.wasm", "probe.wasm": "integration/handlers/probe/probe.wasm",
	} {
		wasm, err := os.ReadFile(filepath.Join("../..", from))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(env.WorkDir, name), wasm, 0o600); err != nil {
			return err
		}
	}
	if err := nodeForScripts(env); err != nil {
		return err
	}
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		return err
	}
	env.Setenv("EXAMPLES", examples)
	if err := goForScripts(env); err != nil {
		return err
	}
	env.Setenv("EDGEDEPLOY_ACTOR", "script")
	env.Setenv("EDGEDEPLOY_NO_LOAD", "true") // it takes a moment, and loads.txtar tells of it
	env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	env.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(env.WorkDir))
	env.Values[stateKey{}] = &scriptState{dir: filepath.Join(env.WorkDir, "aws")}
	return nil
}

// goForScripts shares what Go has built already: scripts have no home folder.
func goForScripts(env *testscript.Env) error {
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		return fmt.Errorf("go env GOCACHE: %w", err)
	}
	env.Setenv("GOCACHE", strings.TrimSpace(string(out)))
	return nil
}

// nodeForScripts names a Node.js: the last of EDGEDEPLOY_TEST_NODES, or the one
// in PATH. BIN is the folder of edgedeploy alone, for scripts that want no other.
func nodeForScripts(env *testscript.Env) error {
	bin, _, _ := strings.Cut(env.Getenv("PATH"), string(os.PathListSeparator))
	env.Setenv("BIN", bin)
	path, major, err := scriptNode()
	if err != nil {
		return fmt.Errorf("handlers are run in Node.js: %w", err)
	}
	env.Setenv("NODE", path)
	env.Setenv("EDGEDEPLOY_NODE", path)
	// The runtime that this Node.js is, and one that it is not.
	env.Setenv("EDGEDEPLOY_SAME_RUNTIME", "nodejs"+major+".x")
	env.Setenv("EDGEDEPLOY_OTHER_RUNTIME", map[bool]string{true: "nodejs24.x", false: "nodejs22.x"}[major == "22"])
	return nil
}

func scriptNode() (path, major string, err error) {
	list := strings.Split(os.Getenv("EDGEDEPLOY_TEST_NODES"), ",")
	if path = list[len(list)-1]; path == "" {
		if path, err = exec.LookPath("node"); err != nil {
			return "", "", err
		}
	}
	version, err := exec.Command(path, "--version").Output()
	major, _, _ = strings.Cut(strings.TrimPrefix(string(version), "v"), ".")
	return path, major, err
}

// scriptCondition adds [lambdanode], the scripts' Node.js is a release that Lambda
// has a runtime for, and [root].
func scriptCondition(cond string) (bool, error) {
	if cond == "root" { // may give files to another user
		return os.Getuid() == 0, nil
	}
	if cond != "lambdanode" {
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	_, major, err := scriptNode()
	return slices.Contains([]string{"20", "22", "24", "26"}, major), err
}

type stateKey struct{}

// scriptState is the server that a script may run.
type scriptState struct {
	dir        string
	server     *localaws.Server
	background *exec.Cmd // as reached saw it
	site       *site     // that files serves
}

func state(ts *testscript.TestScript) *scriptState { return ts.Value(stateKey{}).(*scriptState) }

// exits runs a program and wants an exit code: exits 4 edgedeploy apply …
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGS]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s exits with %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// serve starts the local AWS on a socket and points AWS_ENDPOINT_URL at it.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("! serve says nothing")
	}
	s := state(ts)
	server, err := localaws.Open(serveOptions(ts, args))
	ts.Check(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(ctx, l) }) // ends with the script
	ts.Defer(func() { stop(); serving.Wait(); _ = server.Close() })
	s.server = server
	ts.Check(server.Seed(scriptAccount, localaws.Seed{Roles: []iam.SeedRole{{ARN: "arn:aws:iam::" + scriptAccount + ":role/edge"}}}))
	ts.Setenv("AWS_ENDPOINT_URL", "http://"+l.Addr().String())
	ts.Setenv("AWS_ACCESS_KEY_ID", scriptAccount)
	ts.Setenv("AWS_SECRET_ACCESS_KEY", "x")
}

func need(ts *testscript.TestScript) *localaws.Server {
	s := state(ts).server
	if s == nil {
		ts.Fatalf("serve comes first")
	}
	return s
}

// distribution makes one: distribution E1 [alias=NAME]… [PATTERN]…
func distribution(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: distribution ID [alias=NAME]… [PATTERN]…")
	}
	d := cf.SeedDistribution{ID: args[0]}
	for _, a := range args[1:] {
		if name, ok := strings.CutPrefix(a, "alias="); ok {
			d.Aliases = append(d.Aliases, name)
		} else {
			d.PathPatterns = append(d.PathPatterns, a)
		}
	}
	ts.Check(need(ts).Seed(scriptAccount, localaws.Seed{Distributions: []cf.SeedDistribution{d}}))
}

// putraw stores a distribution's configuration verbatim; getraw reads it.
func putRaw(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: putraw ID FILE")
	}
	ts.Check(need(ts).PutRaw(scriptAccount, args[0], []byte(ts.ReadFile(args[1]))))
}

func getRaw(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: getraw ID FILE")
	}
	doc, _ := config(ts, need(ts), args[0])
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), doc, 0o600))
}

// fault arms one: fault cloudfront UpdateDistribution drop-after [CALL [TIMES]]
func fault(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: fault SERVICE OPERATION KIND [CALL [TIMES]]; KIND may be error=CODE, error=STATUS:CODE, delay=DURATION")
	}
	f := faultOf(ts, args[2])
	f.Service, f.Operation = args[0], args[1]
	for i, n := range []*int{&f.Call, &f.Times} {
		if len(args) > 3+i {
			v, err := strconv.Atoi(args[3+i])
			ts.Check(err)
			*n = v
		}
	}
	ts.Check(need(ts).Arm(f))
}

// calls wants a number of calls since the last time: calls cloudfront UpdateDistribution 1
func calls(ts *testscript.TestScript, neg bool, args []string) {
	server := need(ts)
	if len(args) == 1 && args[0] == "reset" {
		server.ResetCalls()
		return
	}
	if len(args) == 1 && args[0] == "none" {
		if made := server.Calls(); len(made) > 0 {
			ts.Fatalf("%d calls were made, the first is %s %s", len(made), made[0].Service, made[0].Operation)
		}
		return
	}
	if neg || len(args) != 3 {
		ts.Fatalf("usage: calls reset | calls none | calls SERVICE OPERATION N")
	}
	if n := counted(ts, args[0], args[1]); fmt.Sprint(n) != args[2] {
		ts.Fatalf("%s %s was called %d times, want %s", args[0], args[1], n, args[2])
	}
}

// bound wants something in a slot: bound E1 default viewer-request shop-auth:1
// or: bound E1 /img/* origin-response nothing. It asks the account, without
// any code of the product's: of the server, or else of the data that --local left.
func boundIn(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 || len(args) > 5 {
		ts.Fatalf("usage: bound DISTRIBUTION PATH TRIGGER FUNCTION:VERSION|nothing [body]")
	}
	server := state(ts).server
	if server == nil {
		var err error
		server, err = localaws.Open(localaws.Options{Dir: ts.MkAbs(".edgedeploy/local")})
		ts.Check(err)
		defer func() { ts.Check(server.Close()) }()
	}
	doc, _ := config(ts, server, args[0])
	got := held(ts, doc, args[1], args[2])
	want := args[3]
	if want != "nothing" {
		want = "arn:aws:lambda:us-east-1:" + scriptAccount + ":function:" + want
	}
	if len(args) == 5 {
		want += " " + args[4]
	}
	if got != want {
		ts.Fatalf("%s holds %s, want %s", strings.Join(args[:3], " "), got, want)
	}
}

type association struct {
	LambdaFunctionARN, EventType string
	IncludeBody                  bool
}

type behavior struct {
	PathPattern  string
	Associations []association `xml:"LambdaFunctionAssociations>Items>LambdaFunctionAssociation"`
}

// behaviors reads the cache behaviors of a configuration, the default one first.
func behaviors(ts *testscript.TestScript, doc []byte) []behavior {
	var c struct {
		DefaultCacheBehavior behavior
		Behaviors            []behavior `xml:"CacheBehaviors>Items>CacheBehavior"`
	}
	ts.Check(xml.Unmarshal(doc, &c))
	list := append([]behavior{c.DefaultCacheBehavior}, c.Behaviors...)
	list[0].PathPattern = "default"
	return list
}

// held reads a slot out of a configuration.
func held(ts *testscript.TestScript, doc []byte, path, trigger string) string {
	for _, b := range behaviors(ts, doc) {
		if b.PathPattern != path {
			continue
		}
		for _, a := range b.Associations {
			if a.EventType == trigger {
				if a.IncludeBody {
					return a.LambdaFunctionARN + " body"
				}
				return a.LambdaFunctionARN
			}
		}
		return "nothing"
	}
	return "no such behavior"
}

// config reads a distribution's configuration, and its ETag.
func config(ts *testscript.TestScript, server *localaws.Server, id string) ([]byte, string) {
	res := call(ts, server, http.MethodGet, "/2020-05-31/distribution/"+id+"/config", nil, nil)
	return res.body, res.header.Get("ETag")
}

type answer struct {
	body   []byte
	header http.Header
}

// call makes one call as a client that is not ours would.
func call(ts *testscript.TestScript, server *localaws.Server, method, path string, body []byte, header map[string]string) answer {
	service := "lambda"
	if strings.HasPrefix(path, "/2020-05-31/") {
		service = "cloudfront"
	}
	req, err := http.NewRequest(method, "http://"+localaws.InProcessHost+path, bytes.NewReader(body))
	ts.Check(err)
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+scriptAccount+"/20260101/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := server.Transport().RoundTrip(req)
	ts.Check(err)
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	ts.Check(err)
	if res.StatusCode/100 != 2 {
		ts.Fatalf("%s %s answers %d: %s", method, path, res.StatusCode, got)
	}
	return answer{got, res.Header}
}

// foreign makes a function of somebody else's and publishes it: foreign NAME [STACK]
// With a stack it carries that stack's tag.
func foreign(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: foreign NAME [STACK]")
	}
	tags := ""
	if len(args) > 1 {
		tags = fmt.Sprintf(`"Tags":{"edgedeploy:stack":%q},`, args[1])
	}
	body := fmt.Sprintf(`{"FunctionName":%q,"Role":"arn:aws:iam::%s:role/edge","Runtime":"nodejs22.x","Handler":"index.handler","Publish":true,%s"Code":{"ZipFile":%q}}`,
		args[0], scriptAccount, tags, smallZip)
	call(ts, need(ts), http.MethodPost, "/2015-03-31/functions", []byte(body), nil)
}

// smallZip is a zip of an empty index.js, in base64.
const smallZip = "UEsDBBQAAAAAAAAAIQAAAAAAAAAAAAAAAAAIAAAAaW5kZXguanNQSwECFAMUAAAAAAAAACEAAAAAAAAAAAAAAAAACAAAAAAAAAAAAAAAgAEAAAAAaW5kZXguanNQSwUGAAAAAAEAAQA2AAAAJgAAAAAA"

// attach puts an association into the default behaviour, as another tool
// would: attach ID TRIGGER FUNCTION:VERSION, or attach ID TRIGGER nothing
func attach(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: attach ID TRIGGER FUNCTION:VERSION|nothing")
	}
	doc, etag := config(ts, need(ts), args[0])
	at := bytes.Index(doc, []byte("<DefaultCacheBehavior>"))
	start := bytes.Index(doc[at:], []byte("<LambdaFunctionAssociations>"))
	end := bytes.Index(doc[at:], []byte("</LambdaFunctionAssociations>"))
	if at < 0 || start < 0 || end < 0 {
		ts.Fatalf("no associations in %s", doc)
	}
	start, end = at+start, at+end+len("</LambdaFunctionAssociations>")
	one := "<LambdaFunctionAssociations><Quantity>1</Quantity><Items><LambdaFunctionAssociation><LambdaFunctionARN>arn:aws:lambda:us-east-1:" +
		scriptAccount + ":function:" + args[2] + "</LambdaFunctionARN><EventType>" + args[1] +
		"</EventType><IncludeBody>false</IncludeBody></LambdaFunctionAssociation></Items></LambdaFunctionAssociations>"
	if args[2] == "nothing" {
		one = "<LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations>"
	}
	changed := bytes.Join([][]byte{doc[:start], []byte(one), doc[end:]}, nil)
	call(ts, need(ts), http.MethodPut, "/2020-05-31/distribution/"+args[0]+"/config", changed, map[string]string{"If-Match": etag})
}
