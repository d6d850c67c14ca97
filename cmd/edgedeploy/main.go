// Command edgedeploy deploys WebAssembly handlers to Lambda@Edge and
// associates them with CloudFront cache behaviours, from one declarative spec.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

func main() { os.Exit(process(time.Now)) }

// process is the program with a clock.
func process(now func() time.Time) int {
	if err := supported(runtime.GOOS); err != nil {
		fmt.Fprintf(os.Stderr, "edgedeploy: error: %v\n", err)
		return exitFailed
	}
	// A reader that goes away (apply | head) is no reason to die between two
	// writes and leave the lock behind: writing to it just fails.
	signal.Ignore(syscall.SIGPIPE)
	return Main(context.Background(), os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Now: now, Environ: os.Environ()}, os.LookupEnv)
}

// supported is an error on an operating system that no test runs on. It is said
// before anything is read: the same bundle has to come out of the same files
// everywhere, and for file modes, links and paths of Windows that is not known.
func supported(goos string) error {
	if goos == "windows" {
		return errors.New("not supported on Windows: run the program for Linux, in WSL")
	}
	return nil
}
