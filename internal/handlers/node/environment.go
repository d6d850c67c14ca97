package node

import (
	"fmt"
	"strconv"
)

// EdgeRegion is where functions run here, in their own eyes: one of the regions
// that CloudFront runs functions in, and not the one that they are published
// in, because at the edge that is the rule.
const EdgeRegion = "eu-central-1"

// edgeAccount and edgeVersion are in a function's ARN.
const (
	edgeAccount = "000000000000"
	edgeVersion = "1" // a number: CloudFront takes no $LATEST
)

// replica is a function's name at the edge. LIKELY: it is the name of the log
// group there, which everybody meets (serverless/serverless#7574); no page of
// AWS says it of the variable.
func (f Function) replica() string { return "us-east-1." + f.Name }

// arn is what a function finds in its context. LIKELY, as the name.
func (f Function) arn() string {
	return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s:%s", EdgeRegion, edgeAccount, f.replica(), edgeVersion)
}

// surroundings are what foreign code learns of this machine.
func surroundings(search string) []string { return []string{"PATH=" + search, "TZ=UTC"} }

// reserved are the variables that Lambda sets (Lambda Developer Guide, "Defined
// runtime environment variables"). A function at the edge has these and no
// others: "reserved environment variables" are supported there (CloudFront
// Developer Guide, "Restrictions on Lambda@Edge"). There are no credentials
// here, so AWS_ACCESS_KEY_ID and the like are missing.
func (f Function) reserved(task string) []string {
	return []string{
		"_HANDLER=" + f.Handler,
		"AWS_DEFAULT_REGION=" + EdgeRegion,
		"AWS_REGION=" + EdgeRegion,
		"AWS_EXECUTION_ENV=AWS_Lambda_" + f.Runtime,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_FUNCTION_NAME=" + f.replica(),
		"AWS_LAMBDA_FUNCTION_VERSION=" + edgeVersion,
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + f.replica(),
		"AWS_LAMBDA_LOG_STREAM_NAME=local",
		"LAMBDA_RUNTIME_DIR=/var/runtime",
		"LAMBDA_TASK_ROOT=" + task,
		"LANG=en_US.UTF-8",
	}
}
