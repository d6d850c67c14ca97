// Package program lets suites use the program as people do: it builds the
// binary, starts it as a server of the local AWS, talks to that without any
// code of the product's, and stops it.
//
// It owns processes and their clean-up, and asserts nothing. It is for the
// tests below integration and ships in no binary.
package program
