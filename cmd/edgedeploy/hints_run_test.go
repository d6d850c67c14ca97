package main

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

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

// hintRig is a folder with three specs of one stack, and an account for them.
type hintRig struct {
	*guardRig
	url string
}

func newHintRig(t *testing.T) *hintRig {
	t.Helper()
	const account = "123456789012"
	server, url := serveAWS(t)
	if err := server.Seed(account, localaws.Seed{
		Roles:         []iam.SeedRole{{ARN: "arn:aws:iam::" + account + ":role/edge"}},
		Distributions: []cf.SeedDistribution{{ID: "E1AAAAAAAAAAAA"}, {ID: "E2AAAAAAAAAAAA"}},
	}); err != nil {
		t.Fatal(err)
	}
	r := &hintRig{url: url, guardRig: &guardRig{t: t, dir: t.TempDir(), aws: server, env: map[string]string{
		"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "x", "EDGEDEPLOY_NO_LOAD": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	}}}
	wasm, err := os.ReadFile("../../examples/redirect/redirect.wasm")
	if err != nil {
		t.Fatal(err)
	}
	r.write("redirect.wasm", string(wasm))
	for name, timeout := range map[string]string{"one.yaml": "5", "two.yaml": "4", "three.yaml": "3"} {
		r.write(name, strings.ReplaceAll(hinted, "TIMEOUT", timeout))
	}
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
	if err := r.aws.Arm(localaws.Fault{Service: service, Operation: operation, Kind: localaws.Error, Status: 400, Code: "InvalidArgument", Message: "armed", Call: n}); err != nil {
		r.t.Fatal(err)
	}
}

var hintedVerb = regexp.MustCompile(`^(apply|rollback|resume|status|unlock|history)$`)

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
		for len(rest) > 1 && strings.HasPrefix(rest[0], "-") {
			command, rest = append(command, rest[0], strings.TrimRight(rest[1], ";")), rest[2:]
		}
		if line := strings.Join(command, " "); !slices.Contains(list, line) {
			list = append(list, line)
		}
	}
	return list
}

// hinting is how a hint comes to be printed.
type hinting struct {
	name string
	make func(*hintRig) // all that comes before
	// run is the command that prints; code what it exits with.
	run  string
	code int
	// ends are the exit codes of the commands that are named, by their beginning.
	// The ones of a hint are exactly these.
	ends map[string]int
}

func hintings() []hinting {
	two := func(r *hintRig) { r.must("apply --yes -f one.yaml", "apply --yes -f two.yaml") }
	back := func(r *hintRig) { two(r); r.must("rollback --yes --stack shop") }
	half := func(r *hintRig) {
		r.must("apply --yes -f one.yaml")
		r.refuse("cloudfront", "UpdateDistribution", 2)
		r.run("apply --yes -f two.yaml")
	}
	halfBack := func(r *hintRig) {
		two(r)
		r.refuse("cloudfront", "UpdateDistribution", 2)
		r.run("rollback --yes -f two.yaml")
	}
	// locked lets a hand hold the lock: of a run that is alive, or by other words.
	locked := func(description string) func(*hintRig) {
		return func(r *hintRig) {
			two(r)
			body := strings.NewReader(fmt.Sprintf(`{"Description":%q}`, description))
			req, err := http.NewRequestWithContext(r.t.Context(), "PUT", r.url+"/2015-03-31/functions/edgedeploy-shop-releases/aliases/lock", body)
			if err != nil {
				r.t.Fatal(err)
			}
			req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature="+strings.Repeat("0", 64))
			answer, err := http.DefaultClient.Do(req)
			if err != nil {
				r.t.Fatal(err)
			}
			if err := answer.Body.Close(); err != nil || answer.StatusCode != 200 {
				r.t.Fatalf("the lock: %d, %v", answer.StatusCode, err)
			}
		}
	}
	alive := locked(`edgedeploy lock: {"v":1,"turn":99,"run":"r1.2","expires":4102444800,"phase":"apply","holder":"jo","live":2,"pending":2}`)
	onward := map[string]int{"apply": 0, "rollback": 0}
	return []hinting{
		{"held", back, "apply --yes -f two.yaml", 5, map[string]int{"resume 2": 0}},
		{"a held plan", back, "plan -f two.yaml", 0, map[string]int{"resume 2": 0}},
		{"back", back, "status --stack shop", 0, map[string]int{"resume 2": 0}},
		{"live", two, "apply --yes -f three.yaml", 0, map[string]int{"rollback --of 3": 0}},
		{"went back", two, "rollback --yes --stack shop", 0, map[string]int{"rollback --to 2": 0}},
		{"half", func(r *hintRig) {
			r.must("apply --yes -f one.yaml")
			r.refuse("cloudfront", "UpdateDistribution", 2)
		}, "apply --yes -f two.yaml", 1, onward},
		{"half, status", half, "status -f two.yaml", 0, onward},
		{"half, resume", half, "resume -f two.yaml", 4, onward},
		// What is held stays held: the very content that was rolled back is refused.
		{"half back", func(r *hintRig) { two(r); r.refuse("cloudfront", "UpdateDistribution", 2) },
			"rollback --yes -f two.yaml", 1, map[string]int{"rollback": 0, "apply": 5}},
		{"half back, status", halfBack, "status -f three.yaml", 0, onward},
		{"half back, resume", halfBack, "resume -f three.yaml", 4, onward},
		{"nothing to go back to", func(r *hintRig) { r.must("apply --yes -f one.yaml") },
			"rollback --yes --stack shop", 1, map[string]int{"rollback --to 0": 0, "history": 0}},
		{"no such release", two, "rollback --yes --stack shop --to 9", 1, map[string]int{"history": 0}},
		{"nothing to show", two, "show --stack shop 9", 1, map[string]int{"history": 0}},
		{"locked", alive, "apply --yes -f three.yaml", 4, map[string]int{"unlock r1.2": 0}},
		{"a live lock is not taken", alive, "unlock --yes --stack shop", 4, map[string]int{"unlock r1.2": 0}},
		{"another run's lock", alive, "unlock r7 --yes --stack shop", 4, map[string]int{"unlock r1.2": 0}},
		{"not understood", locked("frozen until Monday"), "rollback --yes --stack shop", 4, map[string]int{"unlock unknown": 0}},
		{"not understood, status", locked("frozen until Monday"), "status --stack shop", 0, map[string]int{"unlock unknown": 0}},
		{"several held", func(r *hintRig) {
			back(r)
			r.must("apply --yes -f three.yaml", "rollback --yes --stack shop")
		}, "resume --stack shop", 1, map[string]int{"resume 2": 0, "resume 4": 0}},
	}
}

// A hint is a promise. Each command that one names is run from the very state in
// which it was printed, and ends as it says.
func TestEveryHintedCommandWorksFromWhereItIsPrinted(t *testing.T) {
	for _, s := range hintings() {
		t.Run(s.name, func(t *testing.T) {
			show := func(t *testing.T) (*hintRig, []string) {
				r := newHintRig(t)
				s.make(r)
				code, text := r.run(s.run)
				if code != s.code {
					t.Fatalf("%s exits with %d, want %d: %s", s.run, code, s.code, text)
				}
				return r, commandsIn(text)
			}
			_, commands := show(t)
			if len(commands) != len(s.ends) {
				t.Fatalf("%s names %q, want %v", s.run, commands, s.ends)
			}
			for _, command := range commands {
				name, _, _ := strings.Cut(command, " -")
				t.Run(name, func(t *testing.T) {
					r, _ := show(t)
					want, known := endOf(s.ends, command)
					if !known {
						t.Fatalf("it is named, and nothing says how it ends")
					}
					// The port is another one each time.
					line := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).ReplaceAllString(command, r.url)
					if !strings.Contains(line, "--endpoint-url "+r.url) {
						t.Errorf("%s does not say which account is meant", command)
					}
					if verb, _, _ := strings.Cut(line, " "); verb == "apply" || verb == "rollback" || verb == "unlock" {
						line += " --yes"
					}
					line = regexp.MustCompile(`-f \S*/`).ReplaceAllString(line, "-f ") // which is put into the rig's folder
					words := strings.Fields(line)
					if code, text := r.edgedeploy(words[0], words[1:]...); code != want {
						t.Errorf("%s exits with %d, want %d: %s", line, code, want, text)
					}
				})
			}
		})
	}
}

func endOf(ends map[string]int, command string) (int, bool) {
	for begin, code := range ends {
		if command == begin || strings.HasPrefix(command, begin+" ") {
			return code, true
		}
	}
	return 0, false
}
