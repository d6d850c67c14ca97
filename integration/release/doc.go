// Package release holds what a release consists of to what it promises: it runs
// the steps of the action, action.yml, as they stand, with a stand-in for curl that
// has the one archive and no other address; and sees that the workflows, the action
// and .goreleaser.yaml agree, and that no input of a run gets into a script.
//
// `make release` makes the files of a release themselves.
//
// It ships nothing and consists of tests.
package release
