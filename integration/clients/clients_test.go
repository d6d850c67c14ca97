package clients

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/integration/program"
)

var binary string // the program

func TestMain(m *testing.M) {
	if os.Getenv("EDGEDEPLOY_TEST_CLIENTS") == "" && os.Getenv("EDGEDEPLOY_REQUIRE_CLIENTS") == "" {
		os.Exit(m.Run()) // and every test says that it is skipped
	}
	os.Exit(program.Main(m, &binary))
}

// life is what every client has to see.
const life = `account 123456789012
role life web Version,Statement
function Pending Active
versions $LATEST 1 2
missing ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:123456789012:function:life:9
policy 658327ea-f89d-4fab-a63d-7e88639e58f6
distribution InProgress Deployed
association viewer-request 1 false
refused InvalidLambdaFunctionAssociation: The function ARN must reference a specific function version. (The ARN must end with the version number.) ARN: life
stale PreconditionFailed: The request failed because it didn't meet the preconditions in one or more request-header fields.
list 1 2
tags web
invalidation InProgress
deleted NoSuchEntity: The role with name life cannot be found.
`

func TestEveryClientSeesTheSameLife(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("EDGEDEPLOY_TEST_CLIENTS")
	for name, c := range map[string]struct{ folder, program, script string }{
		"the SDK for JavaScript 3": {"js", "node", "life.mjs"},
		"boto3":                    {"python", filepath.Join(dir, "python", "bin", "python"), "life.py"},
		"the AWS CLI 2":            {"cli", "bash", "life.sh"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat(filepath.Join(dir, c.folder, "installed")); dir == "" || err != nil {
				if os.Getenv("EDGEDEPLOY_REQUIRE_CLIENTS") != "" {
					t.Fatalf("it is required: %v", err)
				}
				t.Skip("NOT RUN: there is no such client. Run integration/clients.sh, and name the folder in EDGEDEPLOY_TEST_CLIENTS.")
			}
			got := run(t, filepath.Join(dir, c.folder), c.program, c.script)
			// AWS's words are the same in all of them, their errors' names nearly.
			got = strings.Replace(got, "NoSuchEntityException: ", "NoSuchEntity: ", 1)
			if diff := cmp.Diff(life, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// run serves a local AWS, and runs a script with it.
func run(t *testing.T, folder, name, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	local, err := program.Serve(ctx, binary, t.TempDir(), "--create-delay", "300ms", "--update-delay", "300ms")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := local.Stop(); err != nil {
			t.Error(err)
		}
	}()
	home := t.TempDir()
	path, err := filepath.Abs(filepath.Join("testdata", script))
	if err != nil {
		t.Fatal(err)
	}
	if folder, err = filepath.Abs(folder); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, name, path, archive(t, home, "one"), archive(t, home, "two"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = home, &out, &errs
	cmd.Env = append(program.Environment(home, local.Endpoint), "CLIENTS="+folder, "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", "LC_ALL=C.UTF-8")
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", script, err, &out, &errs)
	}
	return out.String()
}

// archive writes the zip of a handler.
func archive(t *testing.T, dir, what string) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	f, err := w.Create("index.js")
	if err == nil {
		_, err = fmt.Fprintf(f, "exports.handler = async (event) => event.Records[0].cf.request; // %s\n", what)
	}
	if err == nil {
		err = w.Close()
	}
	path := filepath.Join(dir, what+".zip")
	if err == nil {
		err = os.WriteFile(path, out.Bytes(), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}
