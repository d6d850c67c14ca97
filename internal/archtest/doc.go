// Package archtest owns the picture of the house: which package may import
// which, which package alone may name an outside module, what pure packages
// must not touch, and how long things may get. The picture is data (Rules, in
// house.go); a test holds it against every Go file of the repository.
//
//	Go files ──Load──► Tree ──Check(Rules)──► []Violation
//
// It reads syntax trees only and runs no tool: the test cache then knows every
// file that was looked at, and a forbidden import is not hidden behind a cached
// result. It judges no types, no behaviour and nothing outside the repository.
package archtest
