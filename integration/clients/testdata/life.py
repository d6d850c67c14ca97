# The life of a role, a function and a distribution, with boto3. Prints what it
# sees; clients_test.go knows what that has to be.
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

config = Config(retries={"total_max_attempts": 1})
cloudfront, iam, functions, sts = (boto3.client(name, config=config) for name in ("cloudfront", "iam", "lambda", "sts"))
one, two = (open(file, "rb").read() for file in sys.argv[1:])
fast = {"WaiterConfig": {"Delay": 1, "MaxAttempts": 60}}


def say(*words):
    print(*words)


def refusal(call, **arguments):
    try:
        call(**arguments)
        return "accepted"
    except ClientError as e:
        return f"{e.response['Error']['Code']}: {e.response['Error']['Message']}"


say("account", sts.get_caller_identity()["Account"])

trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["lambda.amazonaws.com", "edgelambda.amazonaws.com"]}}]}
iam.create_role(RoleName="life", AssumeRolePolicyDocument=json.dumps(trust), Tags=[{"Key": "team", "Value": "web"}])
role = iam.get_role(RoleName="life")["Role"]
say("role", role["RoleName"], role["Tags"][0]["Value"], ",".join(role["AssumeRolePolicyDocument"]))

name = {"FunctionName": "life"}
made = functions.create_function(Role=role["Arn"], Runtime="nodejs22.x", Handler="index.handler", Code={"ZipFile": one}, Tags={"team": "web"}, **name)
functions.get_waiter("function_active_v2").wait(**name, **fast)
say("function", made["State"], functions.get_function(**name)["Configuration"]["State"])
first = functions.publish_version(**name)
functions.update_function_code(ZipFile=two, **name)
functions.get_waiter("function_updated_v2").wait(**name, **fast)
second = functions.publish_version(**name)
say("versions", *(v["Version"] for v in functions.list_versions_by_function(**name)["Versions"]))
say("missing", refusal(functions.get_function, Qualifier="9", **name))

control = cloudfront.create_origin_access_control(
    OriginAccessControlConfig={"Name": "life", "SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"}
)["OriginAccessControl"]["Id"]
policies = cloudfront.list_cache_policies(Type="managed")["CachePolicyList"]["Items"]
policy = next(p["CachePolicy"]["Id"] for p in policies if p["CachePolicy"]["CachePolicyConfig"]["Name"] == "Managed-CachingOptimized")
say("policy", policy)


def associations(arn):
    return {"Quantity": 1, "Items": [{"LambdaFunctionARN": arn, "EventType": "viewer-request"}]}


created = cloudfront.create_distribution_with_tags(
    DistributionConfigWithTags={
        "DistributionConfig": {
            "CallerReference": "life", "Comment": "", "Enabled": True, "Aliases": {"Quantity": 0, "Items": []},
            "Origins": {"Quantity": 1, "Items": [{"Id": "site", "DomainName": "site-content.s3.us-east-1.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}, "OriginAccessControlId": control}]},
            "DefaultCacheBehavior": {"TargetOriginId": "site", "ViewerProtocolPolicy": "https-only", "CachePolicyId": policy, "LambdaFunctionAssociations": associations(first["FunctionArn"])},
        },
        "Tags": {"Items": [{"Key": "team", "Value": "web"}]},
    }
)["Distribution"]
id = {"Id": created["Id"]}
cloudfront.get_waiter("distribution_deployed").wait(**id, **fast)
say("distribution", created["Status"], cloudfront.get_distribution(**id)["Distribution"]["Status"])

got = cloudfront.get_distribution_config(**id)
etag, doc = got["ETag"], got["DistributionConfig"]
held = doc["DefaultCacheBehavior"]["LambdaFunctionAssociations"]["Items"][0]
say("association", held["EventType"], held["LambdaFunctionARN"].split(":")[-1], str(held["IncludeBody"]).lower())
doc["DefaultCacheBehavior"]["LambdaFunctionAssociations"] = associations("life")
say("refused", refusal(cloudfront.update_distribution, IfMatch=etag, DistributionConfig=doc, **id))
doc["DefaultCacheBehavior"]["LambdaFunctionAssociations"] = associations(second["FunctionArn"])
updated = cloudfront.update_distribution(IfMatch=etag, DistributionConfig=doc, **id)
say("stale", refusal(cloudfront.update_distribution, IfMatch=etag, DistributionConfig=doc, **id))
listed = cloudfront.list_distributions()["DistributionList"]
say("list", listed["Quantity"], listed["Items"][0]["DefaultCacheBehavior"]["LambdaFunctionAssociations"]["Items"][0]["LambdaFunctionARN"].split(":")[-1])
say("tags", *(t["Value"] for t in cloudfront.list_tags_for_resource(Resource=created["ARN"])["Tags"]["Items"]))
gone = cloudfront.create_invalidation(DistributionId=id["Id"], InvalidationBatch={"CallerReference": "a", "Paths": {"Quantity": 1, "Items": ["/*"]}})["Invalidation"]
cloudfront.get_waiter("invalidation_completed").wait(DistributionId=id["Id"], Id=gone["Id"], **fast)
say("invalidation", gone["Status"])

off = updated["Distribution"]["DistributionConfig"]
off["Enabled"] = False
off["DefaultCacheBehavior"]["LambdaFunctionAssociations"] = {"Quantity": 0, "Items": []}
disabled = cloudfront.update_distribution(IfMatch=updated["ETag"], DistributionConfig=off, **id)
cloudfront.get_waiter("distribution_deployed").wait(**id, **fast)
cloudfront.delete_distribution(IfMatch=disabled["ETag"], **id)
cloudfront.delete_origin_access_control(Id=control, IfMatch=cloudfront.get_origin_access_control(Id=control)["ETag"])
functions.delete_function(**name)
iam.delete_role(RoleName="life")
say("deleted", refusal(iam.get_role, RoleName="life"))
