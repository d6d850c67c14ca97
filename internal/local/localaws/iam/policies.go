package iam

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// maxAttached is how many managed policies a role may have (IAM quotas page:
// 10, raisable).
const maxAttached = 10

// putPolicy keeps an inline policy. No permission is judged here, so nothing
// of the document is read but that it is JSON.
func (r *request) putPolicy() (any, error) {
	name, document := r.form.Get("PolicyName"), r.form.Get("PolicyDocument")
	_, err := r.edit(func(to *role) error {
		switch {
		case !r.s.patterns.policy.MatchString(name):
			return refuse(http.StatusBadRequest, "ValidationError", "The specified value for policyName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-")
		case !json.Valid([]byte(document)):
			return refuse(http.StatusBadRequest, "MalformedPolicyDocument", msgMalformed)
		case to.Policies == nil:
			to.Policies = map[string]string{}
		}
		to.Policies[name] = document
		return nil
	})
	return nil, err
}

type policyResult struct{ RoleName, PolicyName, PolicyDocument string }

func (r *request) getPolicy() (any, error) {
	found, err := r.role()
	if err != nil {
		return nil, err
	}
	name := r.form.Get("PolicyName")
	document, ok := found.Policies[name]
	if !ok {
		return nil, noPolicy(name)
	}
	return policyResult{found.Name, name, encoded(document)}, nil
}

func noPolicy(name string) error {
	return refuse(http.StatusNotFound, "NoSuchEntity", "The role policy with name %s cannot be found.", name)
}

func (r *request) deletePolicy() (any, error) {
	name := r.form.Get("PolicyName")
	_, err := r.edit(func(to *role) error {
		if _, ok := to.Policies[name]; !ok {
			return noPolicy(name)
		}
		delete(to.Policies, name)
		return nil
	})
	return nil, err
}

type policyNames struct {
	PolicyNames members[string]
	whole
}

func (r *request) listPolicies() (any, error) {
	found, err := r.role()
	return policyNames{PolicyNames: members[string]{slices.Sorted(maps.Keys(found.Policies))}}, err
}

// attachPolicy notes a managed policy. Which ones AWS has is not known here, so
// any ARN of one is taken; the account's own would have to exist, and none does.
func (r *request) attachPolicy() (any, error) {
	arn := r.form.Get("PolicyArn")
	_, err := r.edit(func(to *role) error {
		switch {
		case !r.s.patterns.managed.MatchString(arn):
			return refuse(http.StatusBadRequest, "ValidationError", "ARN %s is not valid.", arn)
		case !strings.Contains(arn, ":iam::aws:policy/"):
			return refuse(http.StatusNotFound, "NoSuchEntity", "Policy %s does not exist or is not attachable.", arn)
		case slices.Contains(to.Attached, arn):
			return nil // attached already: 200, and nothing changes
		case len(to.Attached) == maxAttached:
			return refuse(http.StatusConflict, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: %d", maxAttached)
		}
		to.Attached = append(to.Attached, arn)
		return nil
	})
	return nil, err
}

func (r *request) detachPolicy() (any, error) {
	arn := r.form.Get("PolicyArn")
	_, err := r.edit(func(to *role) error {
		if !slices.Contains(to.Attached, arn) {
			return refuse(http.StatusNotFound, "NoSuchEntity", "Policy %s was not found.", arn)
		}
		to.Attached = slices.DeleteFunc(to.Attached, func(a string) bool { return a == arn })
		return nil
	})
	return nil, err
}

type attachedPolicy struct{ PolicyName, PolicyArn string }

type attachedResult struct {
	AttachedPolicies members[attachedPolicy]
	whole
}

func (r *request) listAttached() (any, error) {
	found, err := r.role()
	var out attachedResult
	for _, arn := range found.Attached {
		_, path, _ := strings.Cut(arn, ":policy")
		cut := strings.LastIndex(path, "/")
		if strings.HasPrefix(path[:cut+1], r.form.Get("PathPrefix")) {
			out.AttachedPolicies.Items = append(out.AttachedPolicies.Items, attachedPolicy{path[cut+1:], arn})
		}
	}
	return out, err
}

type profilesResult struct {
	InstanceProfiles members[string]
	whole
}

// listProfiles: the local AWS has no instances, so no profile names the role.
func (r *request) listProfiles() (any, error) {
	_, err := r.role()
	return profilesResult{}, err
}
