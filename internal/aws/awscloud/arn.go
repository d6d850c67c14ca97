package awscloud

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Region is where all of Lambda@Edge lives: functions must be in us-east-1,
// and CloudFront's API is signed for it (CloudFront Developer Guide,
// "Restrictions on Lambda@Edge").
const Region = "us-east-1"

// versionARN is a numbered version of a function in us-east-1. The name's
// grammar is the Lambda API model's; version numbers start at 1.
var versionARN = regexp.MustCompile(`^arn:aws:lambda:` + Region + `:(\d{12}):function:([a-zA-Z0-9_-]{1,64}):([1-9]\d{0,17})$`)

// bindingOf says what an association binds, as seen from an account: a
// numbered version of one of the account's functions, or an ARN to be given
// back as it stands.
func bindingOf(account string, a association) associations.Binding {
	if a.empty() {
		return associations.Binding{}
	}
	m := versionARN.FindStringSubmatch(a.arn)
	if m == nil || m[1] != account {
		return associations.Binding{ARN: a.arn, IncludeBody: a.includeBody}
	}
	number, err := strconv.Atoi(m[3])
	if err != nil { // 32-bit platforms only
		return associations.Binding{ARN: a.arn, IncludeBody: a.includeBody}
	}
	return associations.Binding{Version: versions.Ref{Function: m[2], Number: number}, IncludeBody: a.includeBody}
}

// associationOf is the inverse of bindingOf.
func associationOf(account string, b associations.Binding) (association, error) {
	switch {
	case b.Empty():
		return association{}, nil
	case b.ARN != "":
		return association{b.ARN, b.IncludeBody}, nil
	case b.Version.Pending() || b.Version.Function == "":
		return association{}, fmt.Errorf("%s has no number yet and cannot be bound", b.Version)
	}
	arn := fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s:%d", Region, account, b.Version.Function, b.Version.Number)
	return association{arn, b.IncludeBody}, nil
}

// accountOf gives the account of an ARN, "" if it has none.
func accountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return ""
	}
	return parts[4]
}

// unqualified cuts the qualifier off a function's ARN.
func unqualified(arn string) string {
	parts := strings.SplitN(arn, ":", 8)
	if len(parts) < 8 {
		return arn
	}
	return strings.Join(parts[:7], ":")
}
