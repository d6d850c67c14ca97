package render

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/versions"
)

func deployer() Deployer {
	return Deployer{
		Account: account, Stack: "storefront",
		Functions:     []string{"storefront-resize", "storefront-geo-redirect", "storefront-shared-auth", "storefront-resize"},
		Bound:         []string{"storefront-resize", "storefront-geo-redirect"},
		Distributions: []string{"E3OTHER", dist},
		Roles:         []string{"arn:aws:iam::" + account + ":role/edge-exec"},
	}
}

func TestDeployerPolicyGolden(t *testing.T) {
	t.Parallel()
	golden(t, "policy-deployer.json", string(DeployerPolicy(deployer())))
	golden(t, "policy-cleaner.json", string(CleanerPolicy(deployer())))
	byAlias := deployer()
	byAlias.ListDistributions, byAlias.ListFunctions = true, true
	golden(t, "policy-deployer-alias.json", string(DeployerPolicy(byAlias)))
	golden(t, "policy-trust.json", string(RoleTrustPolicy()))
	golden(t, "policy-logs.json", string(RoleLogsPolicy(account, []string{
		LogGroup("storefront-resize", versions.Logging{}), LogGroup("storefront-geo-redirect", versions.Logging{Group: "/edge/storefront"}),
	})))
}

func TestDeployerPolicyIsTheSameInAnyOrder(t *testing.T) {
	t.Parallel()
	turned := deployer()
	slices.Reverse(turned.Functions)
	slices.Reverse(turned.Bound)
	slices.Reverse(turned.Distributions)
	if diff := cmp.Diff(string(DeployerPolicy(deployer())), string(DeployerPolicy(turned))); diff != "" {
		t.Errorf("the order shows:\n%s", diff)
	}
}

type parsedPolicy struct {
	Version   string
	Statement []statement
}

func parsePolicy(t *testing.T, doc []byte) parsedPolicy {
	t.Helper()
	var p parsedPolicy
	if err := json.Unmarshal(doc, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// What the policy allows is what the table says that operations need, and
// every statement has its actions and its resources.
func TestBothPoliciesAllowWhatOperationsNeedAndNoMore(t *testing.T) {
	t.Parallel()
	d := deployer()
	d.ListDistributions, d.ListFunctions = true, true
	allowed, needed := map[string]bool{}, map[string]bool{}
	for _, s := range append(parsePolicy(t, DeployerPolicy(d)).Statement, parsePolicy(t, CleanerPolicy(d)).Statement...) {
		if len(s.Action) == 0 || len(s.Resource) == 0 || s.Effect != "Allow" {
			t.Errorf("statement %s is empty", s.Sid)
		}
		for _, a := range s.Action {
			allowed[s.Sid+" "+a] = true
		}
		if s.Sid != onAll && s.Sid != onAllFunctions && s.Sid != onSurvey && slices.Contains(s.Resource, "*") {
			t.Errorf("statement %s is for everything", s.Sid)
		}
	}
	for _, op := range operations() {
		for _, g := range op.grants {
			needed[g.on+" "+g.action] = true
		}
	}
	if diff := cmp.Diff(needed, allowed); diff != "" {
		t.Errorf("needed and allowed differ (-needed +allowed):\n%s", diff)
	}
}

func TestDeployerPolicyOfAPublishOnlyStackTouchesNoDistribution(t *testing.T) {
	t.Parallel()
	d := deployer()
	d.Bound, d.Distributions = nil, nil
	text := string(DeployerPolicy(d))
	for _, no := range []string{"cloudfront", "Replication", "ServiceLinkedRole"} {
		if strings.Contains(text, no) {
			t.Errorf("the policy says %s:\n%s", no, text)
		}
	}
}

func TestRolesArePassedToNobodyElse(t *testing.T) {
	t.Parallel()
	for _, s := range parsePolicy(t, DeployerPolicy(deployer())).Statement {
		if !slices.Contains(s.Action, "iam:PassRole") {
			continue
		}
		want := map[string]map[string][]string{"StringEquals": {"iam:PassedToService": {"edgelambda.amazonaws.com", "lambda.amazonaws.com"}}}
		if diff := cmp.Diff(want, s.Condition); diff != "" || len(s.Action) != 1 {
			t.Errorf("condition of %v differs (-want +got):\n%s", s.Action, diff)
		}
	}
}

func TestLogGroupIsNamedAsTheEdgeNamesIt(t *testing.T) {
	t.Parallel()
	for want, group := range map[string]string{
		"/aws/lambda/us-east-1.geo": "",
		"/edge/storefront":          "/edge/storefront",
		"/aws/lambda/other":         "/aws/lambda/other",
	} {
		if got := LogGroup("geo", versions.Logging{Group: group}); got != want {
			t.Errorf("group %q: got %q, want %q", group, got, want)
		}
	}
	if got := LogGroup("geo", versions.Logging{Group: "/aws/lambda/geo"}); got != "/aws/lambda/us-east-1.geo" {
		t.Errorf("a group named like the function's own: got %q", got)
	}
}

func TestPolicySizeCountsAsIAMDoes(t *testing.T) {
	t.Parallel()
	if got := PolicySize([]byte("{\n  \"a\": [ ]\n}\n")); got != len(`{"a":[]}`) {
		t.Errorf("got %d", got)
	}
	if size := PolicySize(DeployerPolicy(deployer())); size > MaxManagedPolicy {
		t.Errorf("the policy of three functions takes %d characters", size)
	}
}

// The table and the calls that the code makes are the same set. Every SDK call
// is made with an input struct of the operation's name.
func TestOperationsAreThoseThatTheCodeCalls(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../aws/awscloud/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources of awscloud: %v", err)
	}
	called := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, name := range inputs(t, file) {
			called[name] = true
		}
	}
	known := map[string]bool{}
	for _, op := range operations() {
		known[op.service+"."+op.name] = true
	}
	if diff := cmp.Diff(called, known); diff != "" {
		t.Errorf("calls and table differ (-called +table):\n%s", diff)
	}
}

// inputs lists the operations whose SDK input structs a file makes.
func inputs(t *testing.T, file string) []string {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		if sel, ok := lit.Type.(*ast.SelectorExpr); ok {
			pkg, _ := sel.X.(*ast.Ident)
			name, input := strings.CutSuffix(sel.Sel.Name, "Input")
			if input && pkg != nil && slices.Contains([]string{"lambda", "cloudfront", "sts"}, pkg.Name) {
				found = append(found, pkg.Name+"."+name)
			}
		}
		return true
	})
	return found
}
