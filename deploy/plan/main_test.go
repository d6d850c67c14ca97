package plan_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets the random walks be the same in every run, unless -rapid.seed
// says otherwise: a change is judged by itself, and not by the hour. Other walks
// are taken with -rapid.seed=N -rapid.checks=20000.
func TestMain(m *testing.M) {
	flag.Parse()
	seeded := false
	flag.Visit(func(f *flag.Flag) { seeded = seeded || f.Name == "rapid.seed" || f.Name == "rapid.failfile" })
	if !seeded {
		if err := flag.Set("rapid.seed", "1"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
