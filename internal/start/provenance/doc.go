// Package provenance finds out who runs a command, from which source, and with
// which version of the program.
//
//	git ──► commit, branch, what differs ──┐
//	                                       ├──► Origin ──► how it stands to the
//	pipeline's variables, without git ─────┘               live release's commit
//
// It owns what counts as a difference from a commit, and which variables of
// which services name one. It reads no environment, since what a pipeline says
// comes in through a function; it writes to no repository, connects to nothing,
// and decides nothing: deploy/plan says what an order of commits means.
package provenance
