// Package awscli drives the local AWS, served by the real program, with the
// AWS CLI: a client that nobody here wrote, and that decodes every answer by
// AWS's own API models. Then edgedeploy deploys beside what the CLI made.
//
// The executable is `aws` in PATH, or what EDGEDEPLOY_TEST_AWS names. Without
// one that runs the tests are skipped, and say so, unless
// EDGEDEPLOY_REQUIRE_AWSCLI is set: then that is a failure.
//
// It ships nothing and consists of tests.
package awscli
