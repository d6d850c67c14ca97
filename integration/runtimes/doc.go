// Package runtimes puts Lambda's own runtime interface clients beside package
// node: many small bundles, each loaded and called by both, have to end in the
// same verdict, down to the names and texts of errors.
//
// The clients are npm packages by AWS, installed by integration/packages.sh and
// named by EDGEDEPLOY_TEST_PACKAGES: version 3, which runs nodejs20.x and
// nodejs22.x, and version 4, which runs nodejs24.x. Only their native transport
// is replaced, by testdata/transport.cjs, because building it takes a compiler. The
// client for Python (PyPI awslambdaric) is as it is, and speaks to a Runtime API
// with one event.
//
// Without the packages the tests are skipped, unless EDGEDEPLOY_REQUIRE_PACKAGES
// is set.
package runtimes
