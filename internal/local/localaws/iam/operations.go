package iam

// operation is one action of the two services.
type operation struct {
	parameters []string // besides Action and Version
	writes     bool
	run        func(*request) (any, error)
}

// operations are those that the local AWS offers, by the names and with the
// parameters of the API models (iam 2010-05-08, sts 2011-06-15). A parameter of
// the model that is missing here is refused, not dropped: so are those of paging,
// since every list here fits on one of IAM's own pages.
func operations() map[string]operation {
	role := func(more ...string) []string { return append([]string{"RoleName"}, more...) }
	return map[string]operation{
		"GetCallerIdentity": {nil, false, (*request).callerIdentity},

		"CreateRole":             {role("AssumeRolePolicyDocument", "Path", "Description", "MaxSessionDuration", "Tags"), true, (*request).createRole},
		"GetRole":                {role(), false, (*request).getRole},
		"UpdateRole":             {role("Description", "MaxSessionDuration"), true, (*request).updateRole},
		"UpdateRoleDescription":  {role("Description"), true, (*request).updateDescription},
		"UpdateAssumeRolePolicy": {role("PolicyDocument"), true, (*request).updateTrust},
		"DeleteRole":             {role(), true, (*request).deleteRole},

		"TagRole":      {role("Tags"), true, (*request).tagRole},
		"UntagRole":    {role("TagKeys"), true, (*request).untagRole},
		"ListRoleTags": {role(), false, (*request).listTags},

		"PutRolePolicy":               {role("PolicyName", "PolicyDocument"), true, (*request).putPolicy},
		"GetRolePolicy":               {role("PolicyName"), false, (*request).getPolicy},
		"DeleteRolePolicy":            {role("PolicyName"), true, (*request).deletePolicy},
		"ListRolePolicies":            {role(), false, (*request).listPolicies},
		"AttachRolePolicy":            {role("PolicyArn"), true, (*request).attachPolicy},
		"DetachRolePolicy":            {role("PolicyArn"), true, (*request).detachPolicy},
		"ListAttachedRolePolicies":    {role("PathPrefix"), false, (*request).listAttached},
		"ListInstanceProfilesForRole": {role(), false, (*request).listProfiles},
	}
}

type callerIdentity struct {
	Arn     string
	UserID  string `xml:"UserId"`
	Account string
}

func (r *request) callerIdentity() (any, error) {
	return callerIdentity{Arn: "arn:aws:iam::" + r.caller.Account + ":user/local", UserID: r.caller.AccessKey, Account: r.caller.Account}, nil
}
