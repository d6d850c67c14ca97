// Package node owns running a packed function in Node.js as Lambda does: it
// finds the program, unpacks the zip into a folder of its own, loads the
// handler once and gives it one event after the other.
//
//	zip ──► temp/task/…      (working directory)
//	        temp/runner.cjs  ◄── stdin: one event a line
//	                         ──► fd 3: one outcome a line
//
// What runs is foreign code. It gets an empty environment but for PATH and TZ,
// the function's own time and memory, and no shell; when time is up, or the
// caller gives up, its whole process group is killed. That is order, not a
// sandbox: the code can still read what its user can read, and reach the
// network.
//
// The package never judges a result, and which program runs never comes from
// a spec.
package node
