// Command edgedeploy deploys WebAssembly handlers to Lambda@Edge and
// associates them with CloudFront cache behaviours, from one declarative spec.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(Main(context.Background(), os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.LookupEnv))
}
