package lambda

import (
	"encoding/json"
	"fmt"
)

// replicatorSid is the statement's id. That CloudFront adds a statement for the
// replicator is documented ("Adds a permission to the resource policy that gives
// the Lambda replication service permission": CloudFront Developer Guide, "Set up
// IAM permissions and roles for Lambda@Edge"); its id and form are LIKELY.
const replicatorSid = "replicator-lambda-GetFunction"

// getPolicy answers the resource policy of a version that is replicated: the only
// statement that the local AWS knows.
func (c *call) getPolicy() (any, error) {
	_, r, qualifier, err := c.qualified()
	if err != nil {
		return nil, err
	}
	allowed, err := c.replicable(r)
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, notFound("The resource you requested does not exist.")
	}
	policy, err := json.Marshal(map[string]any{
		"Version": "2012-10-17", "Id": "default",
		"Statement": []map[string]any{{
			"Sid": replicatorSid, "Effect": "Allow", "Principal": map[string]string{"Service": "replicator.lambda.amazonaws.com"},
			"Action": "lambda:GetFunction", "Resource": c.arn(r.Function, r.Version),
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("policy of %s:%s: %w", r.Function, qualifier, err)
	}
	return map[string]string{"Policy": string(policy), "RevisionId": r.Revision}, nil
}

// removePermission takes the statement away.
func (c *call) removePermission() (any, error) {
	sid := c.params[1]
	c.params = c.params[:1]
	_, r, _, err := c.qualified()
	if err != nil {
		return nil, err
	}
	allowed, err := c.replicable(r)
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, notFound("No policy is associated with the given resource.") // LIKELY
	}
	if sid != replicatorSid {
		return nil, notFound("Statement %s is not found in resource policy.", sid) // LIKELY
	}
	return nil, c.write(withdrawnTable, r.Function+"/"+r.Version, true)
}

// replicable reports whether the version carries the replicator's statement.
func (c *call) replicable(r record) (bool, error) {
	var withdrawn bool
	_, err := c.read(withdrawnTable, r.Function+"/"+r.Version, &withdrawn)
	return c.replicated(r) && !withdrawn, err
}
