// Package pipelines runs the pipelines of examples/pipelines: it reads the
// files that people copy, and runs the shell of their jobs, as they stand, in a
// repository made from examples/redirect, against a local AWS.
//
// Machines are told apart as the services do: each job has a folder of its own,
// the variables that it declares, and the artifacts of others that it asks for.
// Conditions are evaluated, not looked up. What cannot be had here is named in
// one place and stands in for exactly what it is called for:
//
//	go install   of edgedeploy: copies the program that was built from this tree
//	rustup       target add wasm32-unknown-unknown: the target is there
//	gh           api, on the comments of a pull request, with gh's own jq
//	cargo        runs the real one, once for the same sources
//	actions      checkout, setup-go, setup-node, the two about artifacts, and
//	             configure-aws-credentials
//
// A job that does anything else fails here. rustc, git, curl, node and edgedeploy
// are the real ones. Without a cargo that builds for
// wasm32-unknown-unknown the tests are skipped, and say so, unless
// EDGEDEPLOY_REQUIRE_CARGO is set: then that is a failure.
//
// gitlab-ci-local, which integration/packages.sh installs, holds the one for
// GitLab against the schema that GitLab publishes, and has to see the same jobs.
//
// It ships nothing and consists of tests.
package pipelines
