// Package nearest owns "did you mean": which of some known words an unknown one
// was probably meant to be. It knows nothing of what the words are for.
package nearest
