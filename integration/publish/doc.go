// Package publish drives the publish protocol of versions through the AWS SDK
// against the local AWS: what the protocol's own tests say of a Lambda in
// memory has to hold of one that speaks HTTP, with the SDK's retries between.
//
// It ships nothing and consists of tests.
package publish
