package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// MaxManagedPolicy is how many characters, white space not counted, IAM takes
// in one managed policy (IAM User Guide, "IAM and AWS STS quotas").
const MaxManagedPolicy = 6144

// Deployer is what a deployer's policy is made for.
type Deployer struct {
	Account string // twelve digits
	Stack   string
	// Functions are the Lambda names of the stack's functions; Bound are those
	// of them that the stack binds to distributions.
	Functions, Bound []string
	Distributions    []string // ids
	Roles            []string // ARNs of the functions' execution roles
	// ListDistributions is needed where a distribution is named by its alias,
	// and where a stack has so many that they are read by listing. ListFunctions
	// is where it has so many functions. Who lacks one of them where only the
	// number asks for it pays single reads.
	ListDistributions, ListFunctions bool
}

// DeployerPolicy gives the least that a person or a pipeline needs to plan,
// apply and roll back this very stack, and to read its status and history.
// Equal values give equal bytes, whatever the order of their lists.
//
// The actions of associating are confirmed by the CloudFront Developer Guide
// ("Set up IAM permissions and roles for Lambda@Edge"), those of publishing by
// the operations' own names in the Lambda API. LIKELY, not confirmed: that
// iam:PassRole is asked for with lambda.amazonaws.com when a function is made,
// and perhaps with edgelambda.amazonaws.com when it is associated (both are
// allowed here); that reading tags through GetFunction needs lambda:ListTags
// on the function.
func DeployerPolicy(d Deployer) []byte { return policyFor(d, false) }

// CleanerPolicy gives what prune and destroy need besides: they list all
// distributions and functions of the account, and delete functions of the stack,
// also those that left the spec, as far as their names begin with the stack's. It is
// apart because who deploys need not be able to delete.
func CleanerPolicy(d Deployer) []byte { return policyFor(d, true) }

func policyFor(d Deployer, cleans bool) []byte {
	var statements []statement
	for _, t := range targets() {
		if t.cleans != cleans {
			continue
		}
		s := statement{Sid: t.sid, Effect: "Allow", Resource: t.resources(d)}
		if t.passed {
			s.Condition = map[string]map[string][]string{
				"StringEquals": {"iam:PassedToService": executionPrincipals()},
			}
		}
		if len(s.Resource) == 0 {
			continue
		}
		for _, op := range operations() {
			for _, g := range op.grants {
				if g.on == t.sid && !slices.Contains(s.Action, g.action) {
					s.Action = append(s.Action, g.action)
				}
			}
		}
		slices.Sort(s.Action)
		statements = append(statements, s)
	}
	return policy(statements)
}

// RoleTrustPolicy gives the trust policy of an execution role: Lambda@Edge
// needs both principals (CloudFront Developer Guide, "Set up IAM permissions
// and roles for Lambda@Edge", "Function execution role").
func RoleTrustPolicy() []byte {
	return policy([]statement{{
		Effect: "Allow", Action: []string{"sts:AssumeRole"},
		Principal: map[string][]string{"Service": executionPrincipals()},
	}})
}

func executionPrincipals() []string {
	return []string{"edgelambda.amazonaws.com", "lambda.amazonaws.com"}
}

// RoleLogsPolicy lets an execution role write the log groups in every region:
// a function logs where it runs, not where it was made (CloudFront Developer
// Guide, "Edge function logs"). LogGroup says what a function's group is called.
func RoleLogsPolicy(account string, groups []string) []byte {
	var resources []string
	for _, g := range sorted(groups) {
		arn := fmt.Sprintf("arn:aws:logs:*:%s:log-group:%s", account, g)
		resources = append(resources, arn, arn+":*")
	}
	return policy([]statement{{
		Sid: "WriteLogs", Effect: "Allow",
		Action:   []string{"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"},
		Resource: resources,
	}})
}

// LogGroup names the log group that a function writes to, the same in every
// region. The region in the name is where the function was made; a group of
// another name gets no prefix, one that is named like the function's own does
// (CloudFront Developer Guide, "Edge function logs").
func LogGroup(function string, l versions.Logging) string {
	if l.Group != "" && l.Group != "/aws/lambda/"+function {
		return l.Group
	}
	return "/aws/lambda/us-east-1." + function
}

// PolicySize counts a policy as IAM does: without white space.
func PolicySize(doc []byte) int {
	n := 0
	for _, r := range string(doc) {
		if r != ' ' && r != '\n' {
			n++
		}
	}
	return n
}

// statement is one statement of an IAM policy, in the order people write it.
type statement struct {
	Sid       string                         `json:"Sid,omitempty"`
	Effect    string                         `json:"Effect"`
	Principal map[string][]string            `json:"Principal,omitempty"`
	Action    []string                       `json:"Action"`
	Resource  []string                       `json:"Resource,omitempty"`
	Condition map[string]map[string][]string `json:"Condition,omitempty"`
}

func policy(statements []statement) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(struct {
		Version   string      `json:"Version"`
		Statement []statement `json:"Statement"`
	}{"2012-10-17", statements})
	if err != nil {
		panic("render: a policy is not JSON: " + err.Error()) // strings, lists and maps of them always are
	}
	return b.Bytes()
}

// The targets of a deployer's policy, by the name of their statement.
const (
	onFunctions     = "Functions"
	onLedger        = "Releases"
	onBound         = "Replicate"
	onRoles         = "PassRole"
	onServiceRoles  = "ServiceLinkedRoles"
	onDistributions = "Distributions"
	onAll           = "ListDistributions"
	onAllFunctions  = "ListFunctions"
	onCleaned       = "CleanFunctions"
	onCleanedLedger = "CleanReleases"
	onSurvey        = "Survey"
)

type target struct {
	sid       string
	passed    bool // only to the services that run functions
	cleans    bool // of the cleaner's policy, not of the deployer's
	resources func(Deployer) []string
}

// targets says what each statement is about, in the order of the policy.
func targets() []target {
	return []target{
		{sid: onFunctions, resources: func(d Deployer) []string { return functionARNs(d.Account, d.Functions, "", ":*") }},
		{sid: onBound, resources: func(d Deployer) []string { return functionARNs(d.Account, d.Bound, ":*") }},
		{sid: onLedger, resources: func(d Deployer) []string {
			return functionARNs(d.Account, []string{release.LedgerFunction(d.Stack)}, "", ":*")
		}},
		{sid: onRoles, passed: true, resources: func(d Deployer) []string { return sorted(d.Roles) }},
		{sid: onServiceRoles, resources: serviceRoleARNs},
		{sid: onDistributions, resources: distributionARNs},
		{sid: onAll, resources: func(d Deployer) []string { return everything(d.ListDistributions) }},
		{sid: onAllFunctions, resources: func(d Deployer) []string { return everything(d.ListFunctions) }},
		{sid: onCleaned, cleans: true, resources: func(d Deployer) []string {
			return functionARNs(d.Account, append(slices.Clone(d.Functions), d.Stack+"-*"), "", ":*")
		}},
		{sid: onCleanedLedger, cleans: true, resources: func(d Deployer) []string {
			return functionARNs(d.Account, []string{release.LedgerFunction(d.Stack)}, "")
		}},
		{sid: onSurvey, cleans: true, resources: func(Deployer) []string { return everything(true) }},
	}
}

// everything is what listing needs, which has no resource to name: it is allowed
// for all or none.
func everything(needed bool) []string {
	if !needed {
		return nil
	}
	return []string{"*"}
}

func functionARNs(account string, names []string, suffixes ...string) []string {
	var arns []string
	for _, n := range sorted(names) {
		for _, s := range suffixes {
			arns = append(arns, fmt.Sprintf("arn:aws:lambda:us-east-1:%s:function:%s%s", account, n, s))
		}
	}
	return arns
}

// serviceRoleARNs are the two roles that CloudFront makes with the deployer's
// permission when a distribution first gets a function; only a stack that
// binds something needs them.
func serviceRoleARNs(d Deployer) []string {
	if len(d.Bound) == 0 {
		return nil
	}
	return []string{
		fmt.Sprintf("arn:aws:iam::%s:role/aws-service-role/logger.cloudfront.amazonaws.com/AWSServiceRoleForCloudFrontLogger", d.Account),
		fmt.Sprintf("arn:aws:iam::%s:role/aws-service-role/replicator.lambda.amazonaws.com/AWSServiceRoleForLambdaReplicator", d.Account),
	}
}

func distributionARNs(d Deployer) []string {
	var arns []string
	for _, id := range sorted(d.Distributions) {
		arns = append(arns, fmt.Sprintf("arn:aws:cloudfront::%s:distribution/%s", d.Account, id))
	}
	return arns
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}
