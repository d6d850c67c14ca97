// Command bench measures what each way of running a handler at the edge costs:
// the same handler, given the same events, in plain JavaScript and through
// every interface, in one run.
//
//	make bench-handlers
//
// It packs the handlers with the product's own code, runs each in processes of
// its own under every Node.js of EDGEDEPLOY_TEST_NODES, in turns, so that a
// machine that is slow for a while is slow for all, and prints one table per
// Node.js. Figures are compared within a run only. It never fails because of a
// time; it fails when two ways do not return the same.
package main
