package localaws

import (
	"bytes"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// boltStore keeps tables as buckets of one bbolt file. bbolt locks the file
// for this process, and a killed process leaves the last committed state.
//
// bbolt returns slices of its memory map. They are valid during a transaction
// only: later writes reuse the pages, and a file that grows is mapped anew.
// Every key and value is therefore copied here, on its way in and out.
type boltStore struct{ db *bolt.DB }

func (s boltStore) View(f func(kv.Tx) error) error {
	return s.db.View(func(tx *bolt.Tx) error { return f(boltTx{tx}) })
}

func (s boltStore) Update(f func(kv.Tx) error) error {
	return s.db.Update(func(tx *bolt.Tx) error { return f(boltTx{tx}) })
}

type boltTx struct{ tx *bolt.Tx }

// ownCopy returns a copy that shares no memory with b, or nil if b is nil.
// bytes.Clone allocates even for an empty b, where slices.Clone would return a
// pointer into the memory map.
func ownCopy(b []byte) []byte { return bytes.Clone(b) }

func (t boltTx) Get(table, key string) []byte {
	b := t.tx.Bucket([]byte(table))
	if b == nil {
		return nil
	}
	return ownCopy(b.Get([]byte(key)))
}

func (t boltTx) Put(table, key string, value []byte) error {
	b, err := t.tx.CreateBucketIfNotExists([]byte(table))
	if err != nil {
		return fmt.Errorf("table %s: %w", table, err)
	}
	// bbolt keeps the slice itself until the commit, so it gets one of its own.
	if err := b.Put([]byte(key), append([]byte{}, value...)); err != nil {
		return fmt.Errorf("%s %s: %w", table, key, err)
	}
	return nil
}

func (t boltTx) Delete(table, key string) error {
	b := t.tx.Bucket([]byte(table))
	if b == nil {
		return nil
	}
	if err := b.Delete([]byte(key)); err != nil {
		return fmt.Errorf("%s %s: %w", table, key, err)
	}
	return nil
}

func (t boltTx) Tables() []string {
	var tables []string
	c := t.tx.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		tables = append(tables, string(k))
	}
	return tables
}

func (t boltTx) Scan(table, prefix string, f func(string, []byte) error) error {
	b := t.tx.Bucket([]byte(table))
	if b == nil {
		return nil
	}
	c := b.Cursor()
	for k, v := c.Seek([]byte(prefix)); k != nil && bytes.HasPrefix(k, []byte(prefix)); k, v = c.Next() {
		if err := f(string(k), ownCopy(v)); err != nil {
			return err
		}
	}
	return nil
}

// busy reports whether err means that another process has the file.
func busy(err error) bool { return errors.Is(err, bolterrors.ErrTimeout) }
