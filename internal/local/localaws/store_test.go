package localaws

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv/kvtest"
)

var errAbandon = errors.New("abandon")

// contents reads a whole table below a prefix and after a key.
func contents(s kv.Store, table, prefix, after string) ([]string, error) {
	var all []string
	err := s.View(func(tx kv.Tx) error {
		return tx.ScanAfter(table, prefix, after, func(key string, value []byte) error {
			all = append(all, fmt.Sprintf("%s=%s", key, value))
			return nil
		})
	})
	return all, err
}

func TestTheFileSharesNoMemoryWithItsCallers(t *testing.T) {
	t.Parallel()
	kvtest.Check(t, func(t *testing.T) kv.Store {
		db, err := bolt.Open(filepath.Join(t.TempDir(), "db"), 0o600, &bolt.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return boltStore{db: db}
	})
}

// TestTheFileBehavesLikeTheMap: services are tested on kv.Memory and run on
// bbolt, so the two must not differ, also after a transaction that failed.
func TestTheFileBehavesLikeTheMap(t *testing.T) {
	t.Parallel()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "db"), 0o600, &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++ // each run has tables of its own
		tables := []string{fmt.Sprintf("%d.a", run), fmt.Sprintf("%d.b", run)}
		stores := []kv.Store{boltStore{db: db}, &kv.Memory{}}
		key := rapid.SampledFrom([]string{"a", "a/1", "a/2", "a/2/x", "a-b/1", "b", "$", "é"})
		for range rapid.IntRange(1, 8).Draw(t, "transactions") {
			type write struct {
				table, key, value string
				drop              bool
			}
			writes := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) write {
				return write{rapid.SampledFrom(tables).Draw(t, "table"), key.Draw(t, "key"), rapid.StringN(0, 3, -1).Draw(t, "value"), rapid.Bool().Draw(t, "drop")}
			}), 0, 5).Draw(t, "writes")
			fails := rapid.Bool().Draw(t, "fails")
			for _, s := range stores {
				err := s.Update(func(tx kv.Tx) error {
					for _, w := range writes {
						if w.drop {
							if err := tx.Delete(w.table, w.key); err != nil {
								return err
							}
						} else if err := tx.Put(w.table, w.key, []byte(w.value)); err != nil {
							return err
						}
						if got := tx.Get(w.table, w.key); string(got) != w.value && !w.drop || (got == nil) != w.drop {
							t.Fatalf("inside the transaction %s %s is %q", w.table, w.key, got)
						}
					}
					if fails {
						return errAbandon
					}
					return nil
				})
				if fails != errors.Is(err, errAbandon) || err != nil && !fails {
					t.Fatal(err)
				}
			}
			for _, table := range tables {
				for _, prefix := range []string{"", "a", "a/", "a/2", "c"} {
					for _, after := range []string{"", "a", "a/1", "b"} {
						file, err1 := contents(stores[0], table, prefix, after)
						memory, err2 := contents(stores[1], table, prefix, after)
						if diff := cmp.Diff(memory, file); diff != "" || err1 != nil || err2 != nil {
							t.Fatalf("table %s below %q after %q, %v %v (-map +file):\n%s", table, prefix, after, err1, err2, diff)
						}
					}
				}
			}
		}
	})
}

func TestAScanStopsWithTheErrorOfItsReader(t *testing.T) {
	t.Parallel()
	db, err := bolt.Open(filepath.Join(t.TempDir(), "db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for name, s := range map[string]kv.Store{"file": boltStore{db: db}, "map": &kv.Memory{}} {
		err := s.Update(func(tx kv.Tx) error {
			return errors.Join(tx.Put("t", "1", nil), tx.Put("t", "2", nil))
		})
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		err = s.View(func(tx kv.Tx) error {
			return tx.Scan("t", "", func(string, []byte) error { seen++; return errAbandon })
		})
		if !errors.Is(err, errAbandon) || seen != 1 {
			t.Errorf("%s: %v after %d", name, err, seen)
		}
	}
}
