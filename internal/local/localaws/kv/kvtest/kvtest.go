// Package kvtest checks that a kv.Store shares no memory with its callers, as
// package kv promises. Every implementation runs it in its tests.
package kvtest

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

const table = "t"

// Check runs every rule as a subtest, each over an empty store that open
// returns.
func Check(t *testing.T, open func(t *testing.T) kv.Store) {
	for name, rule := range map[string]func(testing.TB, kv.Store){
		"what was returned survives the transaction and later writes":   survives,
		"changing what was returned to a View changes nothing":          changedInView,
		"changing what was returned to an Update changes nothing":       changedInUpdate,
		"changing what was given to Put changes nothing":                changedAfterPut,
		"a nil value is stored as an empty one, an absent key has none": empty,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			defer noFault(t)()
			rule(t, s)
		})
	}
}

// noFault turns an access to memory that is unmapped or read-only into a
// failure of the test, instead of the end of the process. The function that it
// returns has to be deferred.
func noFault(t testing.TB) func() {
	before := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(before)
		switch r := recover().(type) {
		case nil:
		case runtime.Error:
			t.Errorf("memory that the store does not give away was accessed: %v", r)
		default:
			panic(r)
		}
	}
}

// value returns the bytes of a key in a round, of a size that differs from
// round to round. Neighbouring rounds have no byte in common.
func value(round, key int) []byte {
	return bytes.Repeat([]byte{byte('a' + round%26)}, 1+(key*37+round*911)%6000)
}

func keyOf(key int) string { return fmt.Sprintf("key/%03d", key) }

// kept is a key and a value that a transaction returned.
type kept struct {
	how, key string
	value    []byte
}

// survives keeps what it read while 60 rounds of writes reuse the pages of a
// file and make it grow.
func survives(t testing.TB, s kv.Store) {
	const keys, rounds = 64, 60
	write := func(round int) {
		must(t, s.Update(func(tx kv.Tx) error {
			for key := range keys << (round / 20) { // grows twice
				if err := tx.Put(table, keyOf(key), value(round, key)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	var all []kept
	write(0)
	read := func(how string, run func(func(kv.Tx) error) error) {
		must(t, run(func(tx kv.Tx) error {
			for key := range keys {
				all = append(all, kept{how + ", Get", keyOf(key), tx.Get(table, keyOf(key))})
			}
			return tx.Scan(table, "key/", func(key string, value []byte) error {
				all = append(all, kept{how + ", Scan", key, value})
				return nil
			})
		}))
	}
	read("View", s.View)
	read("Update", s.Update)
	if want := 4 * keys; len(all) != want {
		t.Fatalf("read %d values, want %d", len(all), want)
	}
	for round := 1; round < rounds; round++ {
		write(round)
	}
	for i, k := range all {
		if want := keyOf(i % keys); k.key != want {
			t.Errorf("%s: the key %s became %q", k.how, want, k.key)
		}
		if want := value(0, i%keys); !bytes.Equal(k.value, want) {
			t.Errorf("%s: the value of %s became %.10q, %d bytes; it was %.10q, %d bytes", k.how, k.key, k.value, len(k.value), want, len(want))
		}
	}
}

// original is large, because bbolt reads a small table from a copy.
var original = strings.Repeat("original ", 1000)

// changedInView changes what a View returned, then reads again.
func changedInView(t testing.TB, s kv.Store) {
	must(t, s.Update(func(tx kv.Tx) error { return tx.Put(table, "key", []byte(original)) }))
	must(t, s.View(func(tx kv.Tx) error { return spoilAll(t, tx) }))
	must(t, s.View(func(tx kv.Tx) error { return unchanged(t, "the next View", tx) }))
}

// changedInUpdate does the same in the transaction that wrote the value, and
// in one that follows and commits.
func changedInUpdate(t testing.TB, s kv.Store) {
	must(t, s.Update(func(tx kv.Tx) error {
		if err := tx.Put(table, "key", []byte(original)); err != nil {
			return err
		}
		return spoilAll(t, tx)
	}))
	must(t, s.View(func(tx kv.Tx) error { return unchanged(t, "the View after the first Update", tx) }))
	must(t, s.Update(func(tx kv.Tx) error {
		if err := spoilAll(t, tx); err != nil {
			return err
		}
		return tx.Put(table, "other", nil) // so that the page of both is written
	}))
	must(t, s.View(func(tx kv.Tx) error { return unchanged(t, "the View after the second Update", tx) }))
}

// spoilAll changes what Get and Scan returned, and reads again after each.
func spoilAll(t testing.TB, tx kv.Tx) error {
	spoil(tx.Get(table, "key"))
	if err := unchanged(t, "after Get", tx); err != nil {
		return err
	}
	err := tx.Scan(table, "key", func(_ string, value []byte) error { spoil(value); return nil })
	if err != nil {
		return err
	}
	return unchanged(t, "after Scan", tx)
}

// changedAfterPut changes the slice that it gave to Put, during the
// transaction and after it.
func changedAfterPut(t testing.TB, s kv.Store) {
	given := []byte(original)
	must(t, s.Update(func(tx kv.Tx) error {
		if err := tx.Put(table, "key", given); err != nil {
			return err
		}
		spoil(given)
		return unchanged(t, "the same Update", tx)
	}))
	must(t, s.View(func(tx kv.Tx) error { return unchanged(t, "the View after it", tx) }))
	copy(given, original)
	must(t, s.Update(func(tx kv.Tx) error { return tx.Put(table, "key", given) }))
	spoil(given)
	must(t, s.View(func(tx kv.Tx) error { return unchanged(t, "the View after the second Put", tx) }))
}

// empty looks before and after the commit.
func empty(t testing.TB, s kv.Store) {
	look := func(when string, tx kv.Tx) {
		for _, key := range []string{"nil", "empty"} {
			if got := tx.Get(table, key); got == nil || len(got) != 0 {
				t.Errorf("%s: %s is %#v", when, key, got)
			}
		}
		if got := tx.Get(table, "absent"); got != nil {
			t.Errorf("%s: the absent key has %#v", when, got)
		}
	}
	must(t, s.Update(func(tx kv.Tx) error {
		if err := tx.Put(table, "nil", nil); err != nil {
			return err
		}
		if err := tx.Put(table, "empty", []byte{}); err != nil {
			return err
		}
		look("before the commit", tx)
		return nil
	}))
	must(t, s.View(func(tx kv.Tx) error { look("after the commit", tx); return nil }))
}

func spoil(b []byte) { copy(b, strings.Repeat("x", len(b))) }

// unchanged compares what Get and Scan say with the original.
func unchanged(t testing.TB, when string, tx kv.Tx) error {
	if got := tx.Get(table, "key"); string(got) != original {
		t.Errorf("%s: Get returns %.20q, want %.20q", when, got, original)
	}
	return tx.Scan(table, "key", func(key string, value []byte) error {
		if key != "key" || string(value) != original {
			t.Errorf("%s: Scan returns %q=%.20q, want key=%.20q", when, key, value, original)
		}
		return nil
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
