package archtest

import "time"

// House is the picture of this repository.
//
//	cmd/edgedeploy                       flags and wiring, one file per command
//	    │
//	    ├──► internal/screen    render  term
//	    ├──► internal/start     connect  provenance  planfile
//	    ├──► internal/handlers  bundle  node  result  fixture  sources  starter
//	    ├──► internal/aws       awscloud  ledger
//	    ├──► internal/local     localaws
//	    ▼
//	deploy               observe, run: the verbs that talk, over interfaces
//	    ▼
//	deploy/plan          pure: Desired, Observed, NewPlan, Simulate
//	    ▼
//	deploy/release       pure: records, holds, what going back means
//	    ▼
//	stackspec ──► associations ──► versions ──► internal/pace
//
// All arrows run down; awscloud and localaws know nothing of deploy.
// localaws shares no code with what it judges, so that a misreading of AWS has
// to be made twice to go unseen.
func House() Rules {
	return Rules{
		Module:      "github.com/edgedeploy/edgedeploy",
		May:         may(),
		TestMay:     testMay(),
		Free:        []string{"cmd", "integration"},
		OnlyTests:   []string{"internal/archtest", "internal/handlers/bundle/wasm/wasmtest", "internal/local/localaws/kv/kvtest"},
		Sole:        sole(),
		TestModules: []string{"github.com/google/go-cmp", "github.com/itchyny/gojq", "github.com/rogpeppe/go-internal", "github.com/santhosh-tekuri/jsonschema/v6", "github.com/tetratelabs/wazero", "mvdan.cc/sh/v3", "pgregory.net/rapid"},
		Bans:        bans(),
		Budget:      Budget{FileLines: 400, FunctionLines: 60, Parameters: 5, InterfaceMethods: 7},
		Patience:    30 * time.Second,
		Exceptions:  exceptions(),
	}
}

// may is the import table.
func may() map[string][]string {
	return map[string][]string{
		"internal/pace": {},

		"versions":     {"internal/pace"},
		"associations": {"versions"},
		"stackspec":    {"versions", "associations"},

		"deploy/release": {"versions", "associations"},
		"deploy/plan":    {"versions", "associations", "stackspec", "deploy/release"},
		"deploy":         {"versions", "associations", "deploy/plan", "deploy/release", "internal/pace"},

		"internal/handlers/bundle":               {"versions", "internal/handlers/bundle/script", "internal/handlers/bundle/wasm", "internal/handlers/bundle/ignore"},
		"internal/handlers/bundle/script":        {"internal/handlers/bundle/wasm", "internal/handlers/bundle/script/places"},
		"internal/handlers/bundle/script/places": {},
		"internal/handlers/bundle/ignore":        {},
		"internal/handlers/bundle/wasm":          {},
		"internal/handlers/bundle/wasm/wasmtest": {},
		"internal/aws/awscloud":                  {"versions", "associations", "internal/pace"},
		"internal/fetch":                         {},
		"internal/aws/ledger":                    {"versions", "deploy", "deploy/release", "internal/fetch", "internal/pace"},
		"internal/screen/render":                 {"versions", "associations", "stackspec", "deploy", "deploy/plan", "deploy/release", "internal/handlers/fixture", "internal/handlers/result"},
		"internal/start/connect":                 {"associations", "stackspec", "deploy", "deploy/plan", "deploy/release", "internal/aws/awscloud", "internal/aws/ledger", "internal/local/localaws", "internal/local/localaws/cf", "internal/local/localaws/iam"},
		"internal/start/planfile":                {"versions", "deploy/plan", "deploy/release", "internal/handlers/bundle"},
		"internal/start/provenance":              {"deploy", "deploy/plan", "deploy/release"},
		"internal/handlers/sources":              {"internal/fetch"},
		"internal/screen/term":                   {},
		"internal/handlers/fixture":              {},
		"internal/handlers/node":                 {},
		"internal/handlers/result":               {},

		"internal/local/localaws":           {"internal/local/localaws/cf", "internal/local/localaws/iam", "internal/local/localaws/kv", "internal/local/localaws/lambda"},
		"internal/local/localaws/cf":        {"internal/local/localaws/kv"},
		"internal/local/localaws/iam":       {"internal/local/localaws/kv"},
		"internal/local/localaws/kv":        {},
		"internal/local/localaws/kv/kvtest": {"internal/local/localaws/kv"},
		"internal/local/localaws/lambda":    {"internal/local/localaws/kv"},
		"internal/local/edge":               {"internal/local/localaws"},

		"guest":                     {},
		"internal/handlers/starter": {"guest"},

		"internal/archtest": {},
		"internal/nearest":  {},
	}
}

// testMay is what tests need besides: adapters are tested against the local
// AWS, which is no part of them.
func testMay() map[string][]string {
	return map[string][]string{
		"internal/aws/awscloud": {"internal/local/localaws"},
		"internal/aws/ledger":   {"associations", "internal/aws/awscloud", "internal/local/localaws", "internal/local/localaws/iam"},
	}
}

// sole gives each outside module of the program one home.
func sole() map[string]string {
	return map[string]string{
		"github.com/aws":                        "internal/aws/awscloud",
		"github.com/evanw/esbuild":              "internal/handlers/bundle/script",
		"github.com/goccy/go-yaml":              "stackspec",
		"github.com/hashicorp/go-retryablehttp": "internal/fetch",
		"github.com/moby/patternmatcher":        "internal/handlers/bundle/ignore",
		"github.com/spf13/cobra":                "cmd/edgedeploy",
		"github.com/spf13/pflag":                "cmd/edgedeploy",
		"go.etcd.io/bbolt":                      "internal/local/localaws",
		"golang.org/x/sync":                     "",                     // errgroup
		"golang.org/x/sys":                      "internal/screen/term", // a pseudo-terminal, in tests
		"golang.org/x/term":                     "internal/screen/term",
		"golang.org/x/tools":                    "guest", // txtar
	}
}

// bans is what keeps decisions pure and libraries silent.
func bans() []Ban {
	pure := []string{"internal/pace", "versions", "associations", "stackspec", "deploy", "deploy/plan", "deploy/release", "internal/handlers/fixture", "internal/screen/render", "internal/handlers/result"}
	wiring := []string{"cmd", "integration"}
	return []Ban{
		{
			Rule: "clock", In: pure,
			Names: []string{"time.Now", "time.Since", "time.Until"},
		},
		{
			Rule: "timers", In: []string{"internal/pace", "associations", "stackspec", "internal/screen/render"},
			Names: []string{"time.After*", "time.NewTicker", "time.NewTimer", "time.Sleep", "time.Tick"},
		},
		{
			Rule: "outside-world", In: pure,
			Imports: []string{"net", "net/http", "os", "os/exec", "syscall"},
		},
		{
			Rule: "environment", In: []string{"."}, Not: wiring,
			Names: []string{"os.Environ", "os.ExpandEnv", "os.Getenv", "os.LookupEnv"},
		},
		{
			Rule: "output", In: []string{"."}, Not: wiring,
			Imports: []string{"log", "log/slog"},
			Names:   []string{"fmt.Print*", "os.Stderr", "os.Stdout", "print", "println"},
		},
		{
			Rule: "exit", In: []string{"."}, Not: append(wiring, "internal/screen/term"), // the second interrupt ends at once
			Names: []string{"os.Exit"},
		},
		{
			Rule: "context", In: []string{"."}, Not: wiring,
			Names: []string{"context.Background", "context.TODO"},
		},
	}
}

// exceptions are accepted for the reason they give.
func exceptions() map[string]string {
	return map[string]string{
		"context internal/local/localaws/server.go context.Background": "the server lives until Close, longer than any context of its opener",
		"parameters deploy/prepare.go PrepareRollback":                 "where, in which ledger, from what, to what, and what is allowed",
		"parameters versions/await.go AwaitActive":                     "what, whose, where from, and how to wait: a struct of them would be used once",
	}
}
