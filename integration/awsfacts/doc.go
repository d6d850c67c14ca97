// Package awsfacts asks an AWS about what the program leans on and AWS does
// not document, or documents only in passing: every fact that the code marks
// LIKELY or UNKNOWN and that a caller of the API can find out.
//
// In `make test` it asks the local AWS, which has to do what the code expects.
// With the build tag awsfacts it asks a real account; README.md says how, what
// that makes and what it leaves behind. It consists of tests.
package awsfacts
