// Package term owns what is known about the terminal, and what is done with
// it: whether there is one, how wide it is and whether it wants colour; asking
// a question; repainting a block of lines; and the two stages of an interrupt.
//
// It knows nothing of deployments, reads no environment of its own (it is
// given a way to look one up) and never changes the terminal's mode, so there
// is no mode to restore: a block that was painted ends with Painter.Close.
package term
