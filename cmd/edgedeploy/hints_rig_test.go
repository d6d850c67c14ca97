package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/integration/program"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

const hinted = `version: 1
stack: shop
defaults: { role: "arn:aws:iam::123456789012:role/edge", timeout: TIMEOUT }
functions: { a: { wasm: redirect.wasm } }
distributions:
  www: { id: E1AAAAAAAAAAAA, behaviors: { default: { viewer-request: a } } }
  shop: { id: E2AAAAAAAAAAAA, behaviors: { default: { viewer-request: a } } }
`

// hintRig is a folder with specs of one stack, one of another, and an account
// for them.
type hintRig struct {
	*guardRig
	url     string
	cached  string // the cache behaviors of E1AAAAAAAAAAAA that were removed
	account *program.Local
}

func newHintRig(t *testing.T) *hintRig {
	t.Helper()
	const account = "123456789012"
	server, url := serveAWS(t)
	if err := server.Seed(account, localaws.Seed{
		Roles: []iam.SeedRole{{ARN: "arn:aws:iam::" + account + ":role/edge"}},
		Distributions: []cf.SeedDistribution{
			{ID: "E1AAAAAAAAAAAA", PathPatterns: []string{"/img/*"}}, {ID: "E2AAAAAAAAAAAA"}, {ID: "E3AAAAAAAAAAAA"},
		},
	}); err != nil {
		t.Fatal(err)
	}
	r := &hintRig{url: url, account: &program.Local{Endpoint: url, Account: account}, guardRig: &guardRig{t: t, dir: t.TempDir(), aws: server, env: map[string]string{
		"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "x", "EDGEDEPLOY_NO_LOAD": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	}}}
	wasm, err := os.ReadFile("../../examples/redirect/redirect.wasm")
	if err != nil {
		t.Fatal(err)
	}
	r.write("redirect.wasm", string(wasm))
	for name, timeout := range map[string]string{"one.yaml": "5", "two.yaml": "4", "three.yaml": "3", "fix.yaml": "2", "next.yaml": "1"} {
		r.write(name, strings.ReplaceAll(hinted, "TIMEOUT", timeout))
	}
	r.write("wide.yaml", strings.NewReplacer("TIMEOUT", "4", "request: a } } }\n  shop", "request: a }, /img/*: { viewer-request: a } } }\n  shop").Replace(hinted))
	theirs, _, _ := strings.Cut(strings.NewReplacer("stack: shop", "stack: theirs", "TIMEOUT", "5", "E1", "E3").Replace(hinted), "  shop:")
	r.write("theirs.yaml", theirs)
	return r
}

// run runs a command line with the flag that says where the account is: hints
// have to repeat it.
func (r *hintRig) run(line string) (int, string) {
	words := strings.Fields(line)
	return r.edgedeploy(words[0], append(words[1:], "--endpoint-url", r.url)...)
}

func (r *hintRig) must(lines ...string) {
	r.t.Helper()
	for _, line := range lines {
		if code, text := r.run(line); code != 0 {
			r.t.Fatalf("%s exits with %d: %s", line, code, text)
		}
	}
}

// refuse lets the n-th call of an operation fail.
func (r *hintRig) refuse(service, operation string, n int) {
	r.t.Helper()
	r.arm(localaws.Fault{Service: service, Operation: operation, Kind: localaws.Error, Status: 400, Code: "InvalidArgument", Message: "armed", Call: n})
}

func (r *hintRig) arm(f localaws.Fault) {
	r.t.Helper()
	if err := r.aws.Arm(f); err != nil {
		r.t.Fatal(err)
	}
}

// do makes a call as another tool would.
func (r *hintRig) do(service, call string, body []byte, header ...string) program.Answer {
	r.t.Helper()
	answer, err := r.account.Do(r.t.Context(), service, call, body, header...)
	if err != nil || answer.Status/100 != 2 {
		r.t.Fatalf("%s: %d %s, %v", call, answer.Status, answer.Body, err)
	}
	return answer
}

func (r *hintRig) save(name string) {
	r.t.Helper()
	r.do("edgedeploy", "POST /_edgedeploy/save", fmt.Appendf(nil, `{"name":%q}`, name))
}

func (r *hintRig) restore(name string) {
	r.t.Helper()
	r.do("edgedeploy", "POST /_edgedeploy/restore", fmt.Appendf(nil, `{"name":%q}`, name))
}

// dies is tryToDie of a command that comes as far.
func (r *hintRig) dies(line, service, operation string, n int) {
	r.t.Helper()
	if !r.tryToDie(line, service, operation, n) {
		r.t.Fatalf("%s does not call %s so often", line, operation)
	}
}

// tryToDie runs a command that gets no answer of use from the n-th call of an
// operation on, and so leaves what a killed one leaves, its lock among it. The
// lock has expired when this returns. It is false, and nothing was run, if the
// command does not come as far.
func (r *hintRig) tryToDie(line, service, operation string, n int) bool {
	r.t.Helper()
	r.save("alive")
	r.aws.ResetCalls()
	_, _ = r.run(line)
	at := 0
	for i, c := range r.aws.Calls() {
		if c.Service == service && c.Operation == operation {
			if n--; n == 0 {
				at = i + 1
			}
		}
	}
	r.restore("alive")
	if at == 0 {
		return false
	}
	r.arm(localaws.Fault{Kind: localaws.Error, Status: 403, Code: "AccessDeniedException", Message: "gone", Call: at, Times: 10000})
	if code, text := r.run(line); code == 0 {
		r.t.Fatalf("%s came through: %s", line, text)
	}
	r.aws.Disarm()
	if err := r.aws.Advance("", 3*time.Minute); err != nil {
		r.t.Fatal(err)
	}
	return true
}

const ledgerAliases = "/2015-03-31/functions/edgedeploy-shop-releases/aliases/"

// describe lets a hand write the description of an alias of the ledger.
func (r *hintRig) describe(alias, description string) {
	r.t.Helper()
	r.do("lambda", "PUT "+ledgerAliases+alias, fmt.Appendf(nil, `{"Description":%q}`, description))
}

// edit lets a hand replace something in the configuration of a distribution.
func (r *hintRig) edit(distribution string, replace func(string) string) {
	r.t.Helper()
	path := "/2020-05-31/distribution/" + distribution + "/config"
	was := r.do("cloudfront", "GET "+path, nil)
	now := replace(string(was.Body))
	if now == string(was.Body) {
		r.t.Fatalf("nothing of %s is replaced: %s", distribution, was.Body)
	}
	r.do("cloudfront", "PUT "+path, []byte(now), "If-Match", was.Header.Get("ETag"))
}

var (
	boundARN       = regexp.MustCompile(`arn:aws:lambda:us-east-1:[0-9]+:function:([^<]+)`)
	imgPaths       = regexp.MustCompile(`(?s)<CacheBehaviors>.*</CacheBehaviors>`)
	noAssociations = regexp.MustCompile(`(?s)<LambdaFunctionAssociations>.*?</LambdaFunctionAssociations>`)
)

// standing is where a stack stands.
type standing struct {
	Bound         string // what the distributions hold, by their order
	Live, Pending int
	Undoes        int // of a rollback in flight: what it undoes
}

func (r *hintRig) standing() standing {
	r.t.Helper()
	var s standing
	for _, id := range []string{"E1AAAAAAAAAAAA", "E2AAAAAAAAAAAA"} {
		for _, m := range boundARN.FindAllStringSubmatch(string(r.do("cloudfront", "GET /2020-05-31/distribution/"+id+"/config", nil).Body), -1) {
			s.Bound += m[1] + " "
		}
		s.Bound += "| "
	}
	for name, at := range map[string]*int{"live": &s.Live, "pending": &s.Pending} {
		answer, err := r.account.Do(r.t.Context(), "lambda", "GET "+ledgerAliases+name, nil)
		if err != nil {
			r.t.Fatal(err)
		}
		var alias struct{ FunctionVersion string }
		if answer.Status == 404 {
			continue
		}
		if err := json.Unmarshal(answer.Body, &alias); err != nil {
			r.t.Fatal(err)
		}
		if _, err := fmt.Sscan(alias.FunctionVersion, at); err != nil {
			*at = 0 // $LATEST: none yet
		}
	}
	if s.Pending <= s.Live {
		s.Pending = 0
		return s
	}
	var shown struct{ Record struct{ Undone int } }
	_, doc := r.run(fmt.Sprintf("show %d --stack shop -o json", s.Pending))
	if err := json.Unmarshal([]byte(doc), &shown); err != nil {
		r.t.Fatal(err, doc)
	}
	s.Undoes = shown.Record.Undone
	return s
}

var hintedVerb = regexp.MustCompile(`^(apply|plan|rollback|resume|status|unlock|history|show)$`)

// bareFlags are the flags without a value.
var bareFlags = []string{"--adopt", "--all", "--allow-detach", "--with-policy"}

// commandsIn takes the commands out of a text: the verb, a number right behind
// it, and flags with their values.
func commandsIn(text string) []string {
	var list []string
	words := strings.Fields(text)
	for i, w := range words {
		if w != "edgedeploy" || i+1 == len(words) || !hintedVerb.MatchString(words[i+1]) {
			continue
		}
		command, rest := []string{words[i+1]}, words[i+2:]
		if len(rest) > 0 && (strings.Trim(rest[0], "0123456789") == "" || command[0] == "unlock" && !strings.HasPrefix(rest[0], "-")) {
			command, rest = append(command, rest[0]), rest[1:]
		}
		for len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
			n := min(2, len(rest))
			if slices.Contains(bareFlags, rest[0]) {
				n = 1
			}
			for _, w := range rest[:n] {
				command = append(command, strings.TrimRight(w, ";,"))
			}
			rest = rest[n:]
		}
		if line := strings.Join(command, " "); !slices.Contains(list, line) {
			list = append(list, line)
		}
	}
	return list
}

// adviceIn are the commands that a text advises to the one who ran line: those
// it names, and those that it tells by what line was.
func adviceIn(line, text string) []string {
	list := commandsIn(text)
	for word, more := range map[string]string{"the same command again": "", "with --adopt": " --adopt", "say --allow-detach": " --allow-detach"} {
		if strings.Contains(text, word) {
			list = append(list, strings.ReplaceAll(line, " --yes", "")+more)
		}
	}
	return list
}

// follow runs a command that was advised.
func (r *hintRig) follow(line string) (int, string) {
	r.t.Helper()
	if verb, _, _ := strings.Cut(line, " "); verb == "apply" || verb == "rollback" || verb == "unlock" {
		line += " --yes"
	}
	line = strings.Replace(line, "-f FILE", "-f fix.yaml", 1)          // the one to be filled in
	line = regexp.MustCompile(`-f \S*/`).ReplaceAllString(line, "-f ") // which is put into the rig's folder
	words := strings.Fields(line)
	return r.edgedeploy(words[0], words[1:]...)
}
