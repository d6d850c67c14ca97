// Package terraform drives the local AWS, served by the real program, with
// Terraform and OpenTofu and the AWS provider as they are: create, a plan
// without changes, update, import, destroy. The HCL of docs/terraform.md is run
// word for word, beside edgedeploy.
//
// The executables are terraform and tofu in PATH, or those that
// EDGEDEPLOY_TEST_TERRAFORM names, separated as PATH is. The provider comes from
// a folder that is laid out as Terraform's filesystem mirrors are, as
// HOST/hashicorp/aws/VERSION/…: the one that EDGEDEPLOY_TEST_TERRAFORM_MIRROR
// names, or one of those that Terraform itself looks into. Nothing is
// downloaded. What is not found skips the tests, which say so, unless
// EDGEDEPLOY_REQUIRE_TERRAFORM is set: then that is a failure.
//
// It ships nothing and consists of tests.
package terraform
