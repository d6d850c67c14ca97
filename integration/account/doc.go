// Package account measures what a look at a large account costs: the calls of
// plan and status, their time where each call takes 20 ms, and the program's
// processor time and memory.
//
// go test runs it on a small account, by the same rules. `make bench-account`
// runs it on 500 functions and 1,000 distributions, prints the table, and holds
// processor time and memory to their bars, too.
package account
