package policy

// row is an action that AWS checks without a call of that name, as of the day when
// its source was read.
type row struct{ sid, action, source string }

// perm is the CloudFront Developer Guide, "Set up IAM permissions and roles for
// Lambda@Edge" (copy of late 2025).
const perm = "CloudFront Developer Guide, lambda-edge-permissions (copy of late 2025): asked of who associates a version; read 2026-11-30"

// unrecorded are those actions.
func unrecorded() []row {
	return []row{
		{"Replicate", "lambda:EnableReplication*", perm},
		{"Replicate", "lambda:DisableReplication*", perm},
		{"ServiceLinkedRoles", "iam:CreateServiceLinkedRole", perm},
		{"PassRole", "iam:PassRole", "Lambda Developer Guide, \"Lambda execution role\": asked of who gives a function its role; read 2026-11-30"},
		{"Functions", "lambda:ListTags", "Lambda API model (botocore 1.44.8 of 2026-11-20), GetFunction and TagsError: without it the answer lacks the tags"},
		{"Releases", "lambda:ListTags", "as above"},
		{"CleanFunctions", "lambda:ListTags", "as above"},
	}
}
