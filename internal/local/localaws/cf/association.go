package cf

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// behavior is what the association checks need of a cache behaviour.
type behavior struct {
	node         *node
	pattern      string // "" for the default behaviour
	associations []association
	functions    []string // event types of CloudFront Functions
	arns         []string // of those functions
}

type association struct {
	arn, event  string
	includeBody bool
}

func (a association) viewer() bool { return strings.HasPrefix(a.event, "viewer-") }

// behaviorsOf lists the behaviours of a configuration, the default one first.
func behaviorsOf(root *node) []behavior {
	nodes := root.items("CacheBehaviors", "CacheBehavior")
	if b := root.child("DefaultCacheBehavior"); b != nil {
		nodes = slices.Insert(nodes, 0, b)
	}
	var behaviors []behavior
	for _, n := range nodes {
		b := behavior{node: n, pattern: n.value("PathPattern")}
		for _, a := range n.items("LambdaFunctionAssociations", "LambdaFunctionAssociation") {
			b.associations = append(b.associations, association{
				arn: a.value("LambdaFunctionARN"), event: a.value("EventType"), includeBody: a.flag("IncludeBody"),
			})
		}
		for _, f := range n.items("FunctionAssociations", "FunctionAssociation") {
			b.functions = append(b.functions, f.value("EventType"))
			b.arns = append(b.arns, f.value("FunctionARN"))
		}
		behaviors = append(behaviors, b)
	}
	return behaviors
}

// Sentences of InvalidLambdaFunctionAssociation, as logged by people who met
// them. The order of the checks is the one in which a person fixed six of
// them in a row (LIKELY beyond those).
const (
	msgNotVersion   = "The function ARN must reference a specific function version. (The ARN must end with the version number.) ARN: %s"
	msgNotRegion    = "The function must be in region 'us-east-1'. ARN: %s"
	msgNotReadable  = "Lambda@Edge cannot retrieve the specified Lambda function. Update the IAM policy to add permission: lambda:GetFunction for resource: %s and try again."
	msgRuntime      = "The function has an invalid runtime for functions that are triggered by a CloudFront event: %s Expecting: %s Function: %s"
	msgTimeout      = "The function timeout is larger than the maximum allowed for functions that are triggered by a CloudFront event: %d Max allowed: %d Function: %s"
	msgMemory       = "The function memory size is larger than the maximum allowed size for functions that are triggered by a CloudFront event: %d Max allowed: %d Function: %s"
	msgCodeSize     = "The function code size is larger than the maximum allowed size for functions that are triggered by a CloudFront event: %d Max allowed: %d Function: %s"
	msgEnvironment  = "The function cannot have environment variables. Function: %s"
	msgVPC          = "The function cannot have a VPC configuration. Function:%s" // logged without the space
	msgLayer        = "The function cannot have a layer. Function: %s"
	msgArchitecture = "Lambda@Edge does not support functions with an architecture of %s" // how it ends was not seen
	msgRole         = "The function execution role must be assumable with edgelambda.amazonaws.com as well as lambda.amazonaws.com principals. Update the IAM role and try again. Role: %s"
	msgNotActive    = "The function must be in an Active state. The current state for function %s is %s"
	msgIncludeBody  = "The IncludeBody option can only be used with viewer-request or origin-request events."
	// The real reply goes on with the fields of an internal object; where it
	// ends was not seen.
	msgTwoFunctions = "The event type of a function association must be unique in the cache behavior. Event type %s cannot be associated with two functions: null and amazon.edge.datastore.entity.HookFunctionAssociation@3be8dab7[cacheBehaviorId=<null>,hookType=%s]"
)

// Sentences for rules that the Developer Guide states but whose replies nobody
// logged: UNKNOWN, all of them. They are ours, in CloudFront's manner.
const (
	msgMixedViewers    = "A cache behavior cannot have both Lambda@Edge functions and CloudFront Functions on its viewer events."
	msgOtherAccount    = "The function must be in the same account as the distribution. ARN: %s"
	msgImage           = "The function cannot be a container image. Function: %s"
	msgDeadLetter      = "The function cannot have a dead-letter queue. Function: %s"
	msgTracing         = "The function cannot have active X-Ray tracing. Function: %s"
	msgEphemeral       = "The function ephemeral storage is larger than the maximum allowed for functions that are triggered by a CloudFront event: %d Max allowed: 512 Function: %s"
	msgKMS             = "The function cannot be encrypted with a customer managed key. Function: %s"
	msgSmoothStreaming = "Lambda@Edge functions cannot be used in a cache behavior with Smooth Streaming."
	msgGRPC            = "Lambda@Edge functions cannot be used in a cache behavior that allows gRPC."
)

// expectedRuntimes is what the runtime error says it would like. The list of
// today is UNKNOWN; this one is the runtimes that Lambda takes (2026-01).
const expectedRuntimes = "nodejs24.x, nodejs22.x, nodejs20.x, python3.14, python3.13, python3.12, python3.11, python3.10"

const (
	edgeRegion      = "us-east-1"
	codeAssociation = "InvalidLambdaFunctionAssociation"
	// codeTwoFunctions is LIKELY: the log shows the sentence without the code.
	codeTwoFunctions = "InvalidFunctionAssociation"
	maxEphemeralMB   = 512
)

// versionARN takes apart what may stand in LambdaFunctionARN.
var versionARN = regexp.MustCompile(`^arn:(aws[a-z-]*):lambda:([a-z0-9-]+):([0-9]{12}):function:[a-zA-Z0-9_-]+:[0-9]+$`)

// checkAssociations makes the checks of every behaviour; the first one that
// fails is the answer.
func (s *Service) checkAssociations(tx kv.Tx, c *call, root *node) error {
	for _, b := range behaviorsOf(root) {
		for _, a := range b.associations {
			if err := s.checkAssociation(tx, c, a); err != nil {
				return err
			}
		}
		if err := b.checkOwner(c.account); err != nil {
			return err
		}
		if err := b.check(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) checkAssociation(tx kv.Tx, c *call, a association) error {
	parts := versionARN.FindStringSubmatch(a.arn)
	switch {
	case parts == nil:
		return invalidAssociation(msgNotVersion, a.arn)
	case parts[1] != "aws" || parts[2] != edgeRegion: // of another partition: LIKELY
		return invalidAssociation(msgNotRegion, a.arn)
	case parts[3] != c.account:
		return invalidAssociation(msgOtherAccount, a.arn)
	}
	f, ok := s.Functions.Lookup(tx, c.account, a.arn)
	if !ok {
		// LIKELY: CloudFront reads the version through GetFunction, and a
		// missing one reads like one that may not be read.
		return invalidAssociation(msgNotReadable, a.arn)
	}
	if sentence := f.unfit(limitsFor(a.viewer(), s.LegacyViewerLimits), a.arn); sentence != "" {
		return refuse(http.StatusBadRequest, codeAssociation, sentence)
	}
	if a.includeBody && !strings.HasSuffix(a.event, "-request") {
		return invalidAssociation(msgIncludeBody)
	}
	return f.checkEdgeFeatures(a.arn)
}

// unfit is the first thing about a version that the edge does not take, in
// CloudFront's words and order, or "".
func (f Function) unfit(most limits, arn string) string {
	switch {
	case f.PackageType == "Image":
		return fmt.Sprintf(msgImage, arn) // first, for an image has no runtime
	case !edgeRuntime(f.Runtime):
		return fmt.Sprintf(msgRuntime, f.Runtime, expectedRuntimes, arn)
	case f.TimeoutSeconds > most.timeoutSeconds:
		return fmt.Sprintf(msgTimeout, f.TimeoutSeconds, most.timeoutSeconds, arn)
	case f.MemoryMB > most.memoryMB:
		return fmt.Sprintf(msgMemory, f.MemoryMB, most.memoryMB, arn)
	case f.CodeSize > most.codeBytes:
		return fmt.Sprintf(msgCodeSize, f.CodeSize, most.codeBytes, arn)
	case f.HasEnvironment:
		return fmt.Sprintf(msgEnvironment, arn)
	case f.HasVPC:
		return fmt.Sprintf(msgVPC, arn)
	case f.HasLayers:
		return fmt.Sprintf(msgLayer, arn)
	case f.Architecture != "" && f.Architecture != "x86_64":
		return fmt.Sprintf(msgArchitecture, f.Architecture)
	case !slices.Contains(f.RoleTrust, "edgelambda.amazonaws.com") || !slices.Contains(f.RoleTrust, "lambda.amazonaws.com"):
		return fmt.Sprintf(msgRole, f.Role)
	case f.State != "Active":
		return fmt.Sprintf(msgNotActive, arn, f.State)
	}
	return ""
}

// checkEdgeFeatures refuses what the Developer Guide's "Restrictions on
// Lambda@Edge" lists as unsupported. Whether CloudFront refuses these at
// association time or merely does not honour them is UNKNOWN.
func (f Function) checkEdgeFeatures(arn string) error {
	switch {
	case f.HasDeadLetter:
		return invalidAssociation(msgDeadLetter, arn)
	case f.ActiveTracing:
		return invalidAssociation(msgTracing, arn)
	case f.EphemeralMB > maxEphemeralMB:
		return invalidAssociation(msgEphemeral, f.EphemeralMB, arn)
	case f.HasKMS:
		return invalidAssociation(msgKMS, arn)
	}
	return nil
}

// check makes the checks that concern a behaviour as a whole.
func (b behavior) check() error {
	taken := map[string]bool{}
	for _, event := range b.events() {
		if taken[event] {
			return refuse(http.StatusBadRequest, codeTwoFunctions, fmt.Sprintf(msgTwoFunctions, event, event))
		}
		taken[event] = true
	}
	viewer := slices.ContainsFunc(b.associations, association.viewer)
	switch {
	case viewer && len(b.functions) > 0: // CloudFront Functions know viewer events only
		return invalidAssociation(msgMixedViewers)
	case len(b.associations) > 0 && b.node.flag("SmoothStreaming"):
		return invalidAssociation(msgSmoothStreaming)
	case len(b.associations) > 0 && b.node.child("GrpcConfig").flag("Enabled"):
		return invalidAssociation(msgGRPC)
	}
	return nil
}

// checkOwner refuses CloudFront Functions of another account (Developer Guide,
// "Restrictions on all edge functions"). Which ones the own account has is not
// known here, since the local AWS does not offer to make any.
func (b behavior) checkOwner(account string) error {
	for _, arn := range b.arns {
		if !strings.HasPrefix(arn, "arn:aws:cloudfront::"+account+":") {
			return refuse(http.StatusBadRequest, codeTwoFunctions, fmt.Sprintf(msgOtherAccount, arn))
		}
	}
	return nil
}

// events lists the event types that any function of the behaviour takes.
func (b behavior) events() []string {
	events := slices.Clone(b.functions)
	for _, a := range b.associations {
		events = append(events, a.event)
	}
	return events
}

func invalidAssociation(format string, args ...any) error {
	return refuse(http.StatusBadRequest, codeAssociation, fmt.Sprintf(format, args...))
}

// edgeRuntime reports whether a runtime is of a family that runs at the edge:
// Node.js and Python, deprecated ones included, for existing versions may
// still be associated (Developer Guide, "Restrictions on Lambda@Edge").
// Python came to the edge with 3.7, Node.js left 4.3 behind in 2018.
func edgeRuntime(name string) bool {
	return runtimeName.MatchString(name) && !slices.Contains([]string{
		"nodejs", "nodejs4.3", "nodejs4.3-edge", "python2.7", "python3.6",
	}, name)
}

var runtimeName = regexp.MustCompile(`^(nodejs|python)[0-9]+\.([0-9]+|x)$`)
