// Package connect opens the AWS that a run is for: the real one, an endpoint, or
// the local one with what a spec takes for granted. It never decides what to do
// there, and reads no flag and no environment of its own.
package connect
