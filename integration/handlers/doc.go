// Package handlers runs packaged handlers in the Node.js releases of Lambda.
//
// Its tests build bundles as the program does, unpack the zips, and give the
// entry real CloudFront events: the examples with their fixtures, and probes
// that use and misuse every function at every trigger. Modules in Go are built
// here, by the go command. Nothing of Node.js is simulated; nothing of AWS is
// contacted.
//
// Handlers in JavaScript are run the same way: reproductions of every way in
// which glue code is odd, the examples, and packages of npm that nobody here
// wrote: testdata/npm has a small handler for each, and what it has to answer.
// The last need EDGEDEPLOY_TEST_PACKAGES, see integration/packages.sh,
// and the wasm-bindgen example what its build.sh makes; without these they are
// skipped, and the test log says so. CI sets EDGEDEPLOY_REQUIRE_PACKAGES and
// EDGEDEPLOY_REQUIRE_BINDGEN, which make that a failure.
//
// EDGEDEPLOY_TEST_NODES names the binaries, separated by commas; see
// integration/nodes.sh. Without it the node in PATH is used if it is recent
// enough to stand in, and the test log says so.
package handlers
