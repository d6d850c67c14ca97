// Command edgedeploy deploys WebAssembly handlers to Lambda@Edge and
// associates them with CloudFront cache behaviours, from one declarative spec.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() { os.Exit(process(time.Now)) }

// process is the program with a clock.
func process(now func() time.Time) int {
	// A reader that goes away (apply | head) is no reason to die between two
	// writes and leave the lock behind: writing to it just fails.
	signal.Ignore(syscall.SIGPIPE)
	return Main(context.Background(), os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Now: now}, os.LookupEnv)
}
