package terraform

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// archive is a zip with a handler that says what.
func archive(t *testing.T, what string) string {
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
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// needed skips a test that has nothing to run with.
func needed(t *testing.T) {
	t.Helper()
	if missing != "" {
		t.Skip("NOT RUN: " + missing)
	}
}

// TestALifeCycle: create, plan without changes, update, import, destroy.
func TestALifeCycle(t *testing.T) {
	t.Parallel()
	needed(t)
	for _, with := range tools {
		t.Run(with.name, func(t *testing.T) {
			t.Parallel()
			lifeCycle(newRig(t, with, "--create-delay", "1s", "--update-delay", "1s", "--propagation-delay", "2s"))
		})
	}
}

func lifeCycle(r *rig) {
	t := r.t
	config, err := os.ReadFile(filepath.Join("testdata", "lifecycle", "main.tf"))
	if err != nil {
		t.Fatal(err)
	}
	r.write("main.tf", string(config))
	r.write("edge.zip", archive(t, "one"))
	first := []string{"-var=comment=first", "-var=memory=128"}
	second := []string{"-var=comment=second", "-var=memory=256"}
	r.init()

	r.apply("Apply complete! Resources: 6 added, 0 changed, 0 destroyed.", first...)
	r.same(first...)

	r.write("edge.zip", archive(t, "two"))
	r.apply("Apply complete! Resources: 0 added, 5 changed, 0 destroyed.", second...)
	r.same(second...)
	if got := r.associated(r.output("distribution")); got != 3 {
		t.Errorf("version 2 is associated %d times, want 3", got)
	}

	// Into an empty state. The provider cannot read where a zip came from, so
	// that it writes the function once more, and what names its version.
	imports := fmt.Sprintf(importBlocks, r.output("control"), r.output("policy"), r.output("distribution"))
	again := r.in(t.TempDir())
	again.write("main.tf", string(config)+imports)
	again.write("edge.zip", archive(t, "two"))
	again.init()
	again.apply("Apply complete! Resources: 6 imported, 0 added, 2 changed, 0 destroyed.", second...)
	again.same(second...)

	again.destroy("Destroy complete! Resources: 6 destroyed.", second...)
	r.empty()
}

const importBlocks = `
import {
  to = aws_iam_role.edge
  id = "edge"
}

import {
  to = aws_iam_role_policy.logs
  id = "edge:logs"
}

import {
  to = aws_lambda_function.edge
  id = "edge"
}

import {
  to = aws_cloudfront_origin_access_control.site
  id = %q
}

import {
  to = aws_cloudfront_cache_policy.own
  id = %q
}

import {
  to = aws_cloudfront_distribution.www
  id = %q
}
`

func (r *rig) output(name string) string {
	r.t.Helper()
	return strings.TrimSpace(r.must(r.tool.path, "output", "-raw", name))
}

// get makes a call that has to succeed, and returns the body.
func (r *rig) get(service, path string) string {
	r.t.Helper()
	a, err := r.Do(r.t.Context(), service, "GET "+path, nil)
	if err != nil || a.Status != 200 {
		r.t.Fatalf("GET %s: %d %v %s", path, a.Status, err, a.Body)
	}
	return string(a.Body)
}

// associated counts the places in a distribution that name version 2.
func (r *rig) associated(id string) int {
	return strings.Count(r.get("cloudfront", "/2020-05-31/distribution/"+id+"/config"), ":function:edge:2<")
}

// empty looks that nothing is left of what was made.
func (r *rig) empty() {
	r.t.Helper()
	for path, want := range map[string]string{
		"/2020-05-31/distribution":             "<Quantity>0</Quantity>",
		"/2020-05-31/origin-access-control":    "<Quantity>0</Quantity>",
		"/2020-05-31/cache-policy?Type=custom": "<Quantity>0</Quantity>",
	} {
		if body := r.get("cloudfront", path); !strings.Contains(body, want) {
			r.t.Errorf("%s is left: %s", path, body)
		}
	}
	if body := r.get("lambda", "/2015-03-31/functions"); !strings.Contains(body, `"Functions":[]`) {
		r.t.Errorf("functions are left: %s", body)
	}
	a, err := r.Do(r.t.Context(), "iam", "POST /", []byte("Action=GetRole&Version=2010-05-08&RoleName=edge"), "Content-Type", "application/x-www-form-urlencoded")
	if err != nil || a.Status != 404 {
		r.t.Errorf("the role is left: %d %v %s", a.Status, err, a.Body)
	}
}
