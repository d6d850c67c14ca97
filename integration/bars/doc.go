// Package bars pins what the program costs: the AWS calls of plan and apply,
// the order in which a rollback records and writes, the size of the binary, and
// what happens when two processes want the same local AWS. It measures from
// outside, on the binary as it is released.
//
// It fails by counts and by state, never by the time of a machine: durations
// are printed for people to compare.
package bars
