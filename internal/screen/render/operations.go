package render

import "slices"

// operation is one AWS API operation that edgedeploy calls, with what it must
// be allowed to do, and where.
type operation struct {
	service, name string
	grants        []grant
}

type grant struct{ action, on string }

func on(action string, sids ...string) []grant {
	var grants []grant
	for _, s := range sids {
		grants = append(grants, grant{action, s})
	}
	return grants
}

// operations is the one table of what edgedeploy calls and what that needs. A
// test compares it with the calls that the code makes.
func operations() []operation {
	list := []operation{
		{service: "sts", name: "GetCallerIdentity"}, // needs no permission (STS API Reference)
		{service: "cloudfront", name: "GetDistribution", grants: on("cloudfront:GetDistribution", onDistributions)},
		{service: "cloudfront", name: "GetDistributionConfig", grants: on("cloudfront:GetDistributionConfig", onDistributions)},
		{service: "cloudfront", name: "ListDistributions", grants: on("cloudfront:ListDistributions", onAll, onSurvey)},
		{service: "cloudfront", name: "ListContinuousDeploymentPolicies", grants: on("cloudfront:ListContinuousDeploymentPolicies", onAll)},
		{service: "lambda", name: "ListFunctions", grants: on("lambda:ListFunctions", onAllFunctions, onSurvey)},
		// CloudFront reads and replicates the function in the caller's name,
		// version by version. The asterisks are part of the actions' names.
		{service: "cloudfront", name: "UpdateDistribution", grants: slices.Concat(
			on("cloudfront:UpdateDistribution", onDistributions),
			on("lambda:GetFunction", onBound), on("lambda:EnableReplication*", onBound), on("lambda:DisableReplication*", onBound),
			on("iam:CreateServiceLinkedRole", onServiceRoles))},
		{service: "lambda", name: "GetFunction", grants: slices.Concat(
			on("lambda:GetFunction", onFunctions, onLedger, onCleaned),
			on("lambda:ListTags", onFunctions, onLedger, onCleaned))},
		{service: "lambda", name: "CreateFunction", grants: slices.Concat(
			on("lambda:CreateFunction", onFunctions, onLedger),
			on("lambda:TagResource", onFunctions, onLedger),
			on("iam:PassRole", onRoles))},
		{service: "lambda", name: "UpdateFunctionConfiguration", grants: slices.Concat(
			on("lambda:UpdateFunctionConfiguration", onFunctions, onLedger),
			on("iam:PassRole", onRoles))},
	}
	// A dry run wakes a version that Lambda set aside.
	list = append(list, operation{"lambda", "Invoke", on("lambda:InvokeFunction", onFunctions)})
	for _, name := range []string{"UpdateFunctionCode", "PublishVersion", "TagResource", "CreateAlias"} {
		list = append(list, operation{"lambda", name, on("lambda:"+name, onFunctions, onLedger)})
	}
	for _, name := range []string{"ListVersionsByFunction", "UntagResource", "GetAlias", "UpdateAlias"} {
		list = append(list, operation{"lambda", name, on("lambda:"+name, onFunctions, onLedger, onCleaned)})
	}
	list = append(list, operation{"lambda", "GetPolicy", on("lambda:GetPolicy", onFunctions)})
	list = append(list, operation{"lambda", "GetFunctionConfiguration", on("lambda:GetFunctionConfiguration", onLedger)})
	for _, name := range []string{"ListAliases", "DeleteAlias"} {
		list = append(list, operation{"lambda", name, on("lambda:"+name, onLedger, onCleaned)})
	}
	return append(list, operation{"lambda", "DeleteFunction", on("lambda:DeleteFunction", onCleaned, onCleanedLedger)})
}
