#!/bin/bash
# The life of a role, a function and a distribution, with the AWS CLI 2. Prints
# what it sees; clients_test.go knows what that has to be.
set -euo pipefail
one=$1 two=$2

aws() { "$CLIENTS/aws" "$@"; }
text() { aws "$@" --output text; }
# refusal prints the code and the sentence of a call that has to fail.
refusal() {
	if aws "$@" >/dev/null 2>errors; then
		echo accepted
		return
	fi
	sed -nE 's/^.*An error occurred \(([A-Za-z0-9]+)\) when calling the [A-Za-z0-9]+ operation( \(reached max retries: 0\))?: (.*)$/\1: \3/p' errors
}

echo "account $(text sts get-caller-identity --query Account)"

cat >trust.json <<'J'
{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":["lambda.amazonaws.com","edgelambda.amazonaws.com"]}}]}
J
role=$(text iam create-role --role-name life --assume-role-policy-document file://trust.json --tags Key=team,Value=web --query Role.Arn)
echo "role $(text iam get-role --role-name life --query 'join(`" "`, [Role.RoleName, Role.Tags[0].Value, join(`","`, keys(Role.AssumeRolePolicyDocument))])')"

state=$(text lambda create-function --function-name life --role "$role" --runtime nodejs22.x --handler index.handler --zip-file "fileb://$one" --tags team=web --query State)
aws lambda wait function-active-v2 --function-name life
echo "function $state $(text lambda get-function --function-name life --query Configuration.State)"
first=$(text lambda publish-version --function-name life --query FunctionArn)
aws lambda update-function-code --function-name life --zip-file "fileb://$two" >/dev/null
aws lambda wait function-updated-v2 --function-name life
second=$(text lambda publish-version --function-name life --query FunctionArn)
echo "versions $(text lambda list-versions-by-function --function-name life --query 'join(`" "`, Versions[].Version)')"
echo "missing $(refusal lambda get-function --function-name life --qualifier 9)"

control=$(text cloudfront create-origin-access-control --origin-access-control-config Name=life,SigningProtocol=sigv4,SigningBehavior=always,OriginAccessControlOriginType=s3 --query OriginAccessControl.Id)
policy=$(text cloudfront list-cache-policies --type managed --query 'CachePolicyList.Items[?CachePolicy.CachePolicyConfig.Name==`Managed-CachingOptimized`].CachePolicy.Id')
echo "policy $policy"

# config writes a configuration with an association, or without one.
config() {
	local associations='{"Quantity":0,"Items":[]}'
	[ -z "$2" ] || associations='{"Quantity":1,"Items":[{"LambdaFunctionARN":"'$2'","EventType":"viewer-request"}]}'
	cat <<J
{"CallerReference":"life","Comment":"","Enabled":$1,"Aliases":{"Quantity":0,"Items":[]},
 "Origins":{"Quantity":1,"Items":[{"Id":"site","DomainName":"site-content.s3.us-east-1.amazonaws.com","OriginPath":"","CustomHeaders":{"Quantity":0,"Items":[]},
  "S3OriginConfig":{"OriginAccessIdentity":""},"OriginAccessControlId":"$control"}]},
 "DefaultCacheBehavior":{"TargetOriginId":"site","ViewerProtocolPolicy":"https-only","CachePolicyId":"$policy","FieldLevelEncryptionId":"","LambdaFunctionAssociations":$associations}}
J
}
echo "{\"DistributionConfig\":$(config true "$first"),\"Tags\":{\"Items\":[{\"Key\":\"team\",\"Value\":\"web\"}]}}" >with-tags.json
read -r id status arn <<<"$(text cloudfront create-distribution-with-tags --distribution-config-with-tags file://with-tags.json --query '[Distribution.Id, Distribution.Status, Distribution.ARN]')"
aws cloudfront wait distribution-deployed --id "$id"
echo "distribution $status $(text cloudfront get-distribution --id "$id" --query Distribution.Status)"

etag=$(text cloudfront get-distribution-config --id "$id" --query ETag)
held=$(aws cloudfront get-distribution-config --id "$id" --output json --query 'DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations.Items[0].[EventType, LambdaFunctionARN, to_string(IncludeBody)] | join(`" "`, @)')
held=${held//\"/}
echo "association ${held%% *} ${held##*:}"
config true life >config.json
echo "refused $(refusal cloudfront update-distribution --id "$id" --if-match "$etag" --distribution-config file://config.json)"
config true "$second" >config.json
fresh=$(text cloudfront update-distribution --id "$id" --if-match "$etag" --distribution-config file://config.json --query ETag)
echo "stale $(refusal cloudfront update-distribution --id "$id" --if-match "$etag" --distribution-config file://config.json)"
read -r count bound <<<"$(text cloudfront list-distributions --query 'DistributionList.[length(Items), Items[0].DefaultCacheBehavior.LambdaFunctionAssociations.Items[0].LambdaFunctionARN]')"
echo "list $count ${bound##*:}"
echo "tags $(text cloudfront list-tags-for-resource --resource "$arn" --query 'Tags.Items[].Value')"
read -r gone status <<<"$(text cloudfront create-invalidation --distribution-id "$id" --paths '/*' --query 'Invalidation.[Id, Status]')"
aws cloudfront wait invalidation-completed --distribution-id "$id" --id "$gone"
echo "invalidation $status"

config false '' >config.json
etag=$(text cloudfront update-distribution --id "$id" --if-match "$fresh" --distribution-config file://config.json --query ETag)
aws cloudfront wait distribution-deployed --id "$id"
aws cloudfront delete-distribution --id "$id" --if-match "$etag"
aws cloudfront delete-origin-access-control --id "$control" --if-match "$(text cloudfront get-origin-access-control --id "$control" --query ETag)"
aws lambda delete-function --function-name life >/dev/null
aws iam delete-role --role-name life
echo "deleted $(refusal iam get-role --role-name life)"
