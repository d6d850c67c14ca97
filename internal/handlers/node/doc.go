// Package node owns running a packed function in Node.js, or in Python, as
// Lambda does: it finds the program, unpacks the zip into a folder of its own,
// loads the handler once and gives it one event after the other.
//
//	zip ──► temp/task/…      (working directory, LAMBDA_TASK_ROOT)
//	        temp/runner.cjs  ◄── fd 4: one event a line
//	        temp/lambda.cjs  ──► fd 3: one outcome a line
//
// lambda.cjs is what Lambda's own runtime does between the two: which file is
// loaded in which way, which export is the handler, when an event is over.
// integration/runtimes holds it against AWS's runtime interface clients.
// runner.py is all of it for Python.
//
// What runs is foreign code. It gets no environment but PATH, TZ and what
// Lambda sets, the function's own time and memory, and no shell; when time is
// up, or the caller gives up, its whole process group is killed. That is order,
// not a sandbox: the code can still read what its user can read, and reach the
// network.
//
// The package never judges a result, and which program runs never comes from
// a spec.
package node
