package awscloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/edgedeploy/edgedeploy/versions"
)

// replicator is the service that copies functions to the edge.
const replicator = "replicator.lambda.amazonaws.com"

// Replicable reports whether the resource policy of a version lets CloudFront's
// replicator read it (GetPolicy). CloudFront adds that statement when it accepts
// an association (CloudFront Developer Guide, "Set up IAM permissions and roles for
// Lambda@Edge"); a PutResourcePolicy replaces all statements (Lambda API). A version
// without any policy, and one that does not exist, lets nothing read it: Lambda
// answers both alike.
func (l *Lambda) Replicable(ctx context.Context, r versions.Ref) (bool, error) {
	const operation = "GetPolicy"
	out, err := l.api.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: aws.String(r.Function), Qualifier: aws.String(strconv.Itoa(r.Number))})
	if err = wrap(err, "Lambda", operation, r.String()); errors.Is(err, versions.ErrNoVersion) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	allows, err := letsReplicate([]byte(aws.ToString(out.Policy)))
	if err != nil {
		return false, fmt.Errorf("Lambda %s %s: the policy is not understood: %w", operation, r, err)
	}
	return allows, nil
}

// letsReplicate reports whether a resource policy allows the replicator to get the
// function.
func letsReplicate(policy []byte) (bool, error) {
	var doc struct{ Statement json.RawMessage }
	if err := json.Unmarshal(policy, &doc); err != nil {
		return false, err
	}
	list, err := oneOrMore[json.RawMessage](doc.Statement)
	if err != nil {
		return false, err
	}
	for _, one := range list {
		var s struct {
			Effect            string
			Action, Principal json.RawMessage
		}
		if err := json.Unmarshal(one, &s); err != nil {
			return false, err
		}
		actions, err := oneOrMore[string](s.Action)
		if err != nil {
			return false, err
		}
		var principal struct{ Service json.RawMessage }
		_ = json.Unmarshal(s.Principal, &principal) // "*", or an account: no service
		services, err := oneOrMore[string](principal.Service)
		if err != nil {
			return false, err
		}
		gets := slices.ContainsFunc(actions, func(a string) bool {
			return a == "lambda:GetFunction" || a == "lambda:Get*" || a == "lambda:*" || a == "*"
		})
		if s.Effect == "Allow" && gets && slices.Contains(services, replicator) {
			return true, nil
		}
	}
	return false, nil
}

// oneOrMore reads what IAM writes as one value or as a list of them; none where
// there is nothing.
func oneOrMore[T any](doc json.RawMessage) ([]T, error) {
	if len(doc) == 0 || string(doc) == "null" {
		return nil, nil
	}
	var list []T
	if json.Unmarshal(doc, &list) == nil {
		return list, nil
	}
	var one T
	err := json.Unmarshal(doc, &one)
	return []T{one}, err
}
