// Package clients drives the local AWS, served by the real program, with AWS's own
// clients: the SDK for JavaScript (version 3), boto3, and the AWS CLI (version 2).
// Each goes through the same life of a role, a function and a distribution, and
// has to see the same. integration/awscli does more, with whatever CLI there is,
// and integration/terraform with Terraform.
//
// The clients are those below the folder that EDGEDEPLOY_TEST_CLIENTS names
// (integration/clients.sh makes it). A client that is missing skips its test,
// which says so, unless EDGEDEPLOY_REQUIRE_CLIENTS is set: then that is a failure.
//
// It ships nothing and consists of tests.
package clients
