// The life of a role, a function and a distribution, with the SDK for JavaScript 3.
// Prints what it sees; clients_test.go knows what that has to be.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
const require = createRequire(process.env.CLIENTS + '/');
const { CloudFront, waitUntilDistributionDeployed, waitUntilInvalidationCompleted } = require('@aws-sdk/client-cloudfront');
const { IAM } = require('@aws-sdk/client-iam');
const { Lambda, waitUntilFunctionActiveV2, waitUntilFunctionUpdatedV2 } = require('@aws-sdk/client-lambda');
const { STS } = require('@aws-sdk/client-sts');

const options = { maxAttempts: 1 };
const [cloudfront, iam, lambda, sts] = [new CloudFront(options), new IAM(options), new Lambda(options), new STS(options)];
const [one, two] = process.argv.slice(2).map((file) => readFileSync(file));
const wait = (client) => ({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 });
const say = (...words) => console.log(words.join(' '));
const refusal = async (call) => {
  try {
    await call();
    return 'accepted';
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};

say('account', (await sts.getCallerIdentity({})).Account);

const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['lambda.amazonaws.com', 'edgelambda.amazonaws.com'] } }] };
await iam.createRole({ RoleName: 'life', AssumeRolePolicyDocument: JSON.stringify(trust), Tags: [{ Key: 'team', Value: 'web' }] });
const { Role: role } = await iam.getRole({ RoleName: 'life' });
say('role', role.RoleName, role.Tags[0].Value, Object.keys(JSON.parse(decodeURIComponent(role.AssumeRolePolicyDocument))));

const FunctionName = 'life';
const made = await lambda.createFunction({ FunctionName, Role: role.Arn, Runtime: 'nodejs22.x', Handler: 'index.handler', Code: { ZipFile: one }, Tags: { team: 'web' } });
await waitUntilFunctionActiveV2(wait(lambda), { FunctionName });
say('function', made.State, (await lambda.getFunction({ FunctionName })).Configuration.State);
const first = await lambda.publishVersion({ FunctionName });
await lambda.updateFunctionCode({ FunctionName, ZipFile: two });
await waitUntilFunctionUpdatedV2(wait(lambda), { FunctionName });
const second = await lambda.publishVersion({ FunctionName });
say('versions', (await lambda.listVersionsByFunction({ FunctionName })).Versions.map((v) => v.Version).join(' '));
say('missing', await refusal(() => lambda.getFunction({ FunctionName, Qualifier: '9' })));

const { OriginAccessControl: control } = await cloudfront.createOriginAccessControl({
  OriginAccessControlConfig: { Name: 'life', SigningProtocol: 'sigv4', SigningBehavior: 'always', OriginAccessControlOriginType: 's3' },
});
const { CachePolicyList: policies } = await cloudfront.listCachePolicies({ Type: 'managed' });
const policy = policies.Items.find((p) => p.CachePolicy.CachePolicyConfig.Name === 'Managed-CachingOptimized').CachePolicy;
say('policy', policy.Id);

const associations = (arn) => ({ Quantity: 1, Items: [{ LambdaFunctionARN: arn, EventType: 'viewer-request' }] });
const config = {
  CallerReference: 'life', Comment: '', Enabled: true, Aliases: { Quantity: 0, Items: [] },
  Origins: { Quantity: 1, Items: [{ Id: 'site', DomainName: 'site-content.s3.us-east-1.amazonaws.com', S3OriginConfig: { OriginAccessIdentity: '' }, OriginAccessControlId: control.Id }] },
  DefaultCacheBehavior: { TargetOriginId: 'site', ViewerProtocolPolicy: 'https-only', CachePolicyId: policy.Id, LambdaFunctionAssociations: associations(first.FunctionArn) },
};
const created = await cloudfront.createDistributionWithTags({ DistributionConfigWithTags: { DistributionConfig: config, Tags: { Items: [{ Key: 'team', Value: 'web' }] } } });
const Id = created.Distribution.Id;
await waitUntilDistributionDeployed(wait(cloudfront), { Id });
say('distribution', created.Distribution.Status, (await cloudfront.getDistribution({ Id })).Distribution.Status);

const got = await cloudfront.getDistributionConfig({ Id });
const held = got.DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations.Items[0];
say('association', held.EventType, held.LambdaFunctionARN.split(':').at(-1), held.IncludeBody);
got.DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations = associations(FunctionName);
say('refused', await refusal(() => cloudfront.updateDistribution({ Id, IfMatch: got.ETag, DistributionConfig: got.DistributionConfig })));
got.DistributionConfig.DefaultCacheBehavior.LambdaFunctionAssociations = associations(second.FunctionArn);
const updated = await cloudfront.updateDistribution({ Id, IfMatch: got.ETag, DistributionConfig: got.DistributionConfig });
say('stale', await refusal(() => cloudfront.updateDistribution({ Id, IfMatch: got.ETag, DistributionConfig: got.DistributionConfig })));
const { DistributionList: list } = await cloudfront.listDistributions({});
say('list', list.Quantity, list.Items[0].DefaultCacheBehavior.LambdaFunctionAssociations.Items[0].LambdaFunctionARN.split(':').at(-1));
say('tags', (await cloudfront.listTagsForResource({ Resource: created.Distribution.ARN })).Tags.Items.map((t) => t.Value).join(' '));
const { Invalidation: gone } = await cloudfront.createInvalidation({ DistributionId: Id, InvalidationBatch: { CallerReference: 'a', Paths: { Quantity: 1, Items: ['/*'] } } });
await waitUntilInvalidationCompleted(wait(cloudfront), { DistributionId: Id, Id: gone.Id });
say('invalidation', gone.Status);

const off = { ...updated.Distribution.DistributionConfig, Enabled: false };
off.DefaultCacheBehavior.LambdaFunctionAssociations = { Quantity: 0, Items: [] };
const disabled = await cloudfront.updateDistribution({ Id, IfMatch: updated.ETag, DistributionConfig: off });
await waitUntilDistributionDeployed(wait(cloudfront), { Id });
await cloudfront.deleteDistribution({ Id, IfMatch: disabled.ETag });
await cloudfront.deleteOriginAccessControl({ Id: control.Id, IfMatch: (await cloudfront.getOriginAccessControl({ Id: control.Id })).ETag });
await lambda.deleteFunction({ FunctionName });
await iam.deleteRole({ RoleName: 'life' });
say('deleted', await refusal(() => iam.getRole({ RoleName: 'life' })));
