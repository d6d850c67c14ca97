// Package rig lets suites try the real program at every point of a run: it
// builds the binary once, serves a local AWS, and gives each test an account of
// its own in it, whose calls it counts, breaks and holds, whose clock it moves,
// and which it brings back to where it was.
//
// Many accounts share one server, so that points run side by side. A point
// costs what its processes cost, which is why the state before it is saved once
// and restored:
//
//	aws := rig.Serve(t)                  // TestMain is rig.Main
//	a := aws.Account(t, "E1AAAAAAAAAAAA")
//	a.Write("edgedeploy.yaml", spec)
//	a.Must("apply", "--yes")
//	a.Save("before")
//	for n := 1; ; n++ {
//		a.Restore("before")
//		if _, killed := a.KillAt(n, rig.BeforeEffect, "apply", "--yes"); !killed {
//			break
//		}
//		a.Advance(3 * time.Minute) // the lock of the dead run
//		a.Must("apply", "--yes")
//	}
//
// It owns processes and their clean-up. What must hold is for the suites to
// say. It is for the tests below integration and ships in no binary.
package rig
