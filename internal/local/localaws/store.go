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
type boltStore struct{ db *bolt.DB }

func (s boltStore) View(f func(kv.Tx) error) error {
	return s.db.View(func(tx *bolt.Tx) error { return f(boltTx{tx}) })
}

func (s boltStore) Update(f func(kv.Tx) error) error {
	return s.db.Update(func(tx *bolt.Tx) error { return f(boltTx{tx}) })
}

type boltTx struct{ tx *bolt.Tx }

func (t boltTx) Get(table, key string) []byte {
	b := t.tx.Bucket([]byte(table))
	if b == nil {
		return nil
	}
	return b.Get([]byte(key))
}

func (t boltTx) Put(table, key string, value []byte) error {
	b, err := t.tx.CreateBucketIfNotExists([]byte(table))
	if err != nil {
		return fmt.Errorf("table %s: %w", table, err)
	}
	if err := b.Put([]byte(key), value); err != nil {
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

func (t boltTx) Scan(table, prefix string, f func(string, []byte) error) error {
	b := t.tx.Bucket([]byte(table))
	if b == nil {
		return nil
	}
	c := b.Cursor()
	for k, v := c.Seek([]byte(prefix)); k != nil && bytes.HasPrefix(k, []byte(prefix)); k, v = c.Next() {
		if err := f(string(k), v); err != nil {
			return err
		}
	}
	return nil
}

// busy says whether err means that another process has the file.
func busy(err error) bool { return errors.Is(err, bolterrors.ErrTimeout) }
