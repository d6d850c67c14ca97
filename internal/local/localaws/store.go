package localaws

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"syscall"

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
//
// Of a damaged file bbolt panics, or reads where the file has ended. Both come
// out as a *StoreError.
type boltStore struct {
	db   *bolt.DB
	file string
}

// StoreError says that the data file of the local AWS cannot be read or written.
type StoreError struct {
	File string
	Err  error
}

func (e *StoreError) Error() string {
	advice := "remove the file to begin anew, without what was kept in it"
	switch {
	case errors.Is(e.Err, bolterrors.ErrDatabaseReadOnly), errors.Is(e.Err, fs.ErrPermission), errors.Is(e.Err, syscall.EROFS):
		advice = "make it and its folder writable, or use another folder"
	case errors.Is(e.Err, syscall.ENOSPC), errors.Is(e.Err, syscall.EDQUOT), errors.Is(e.Err, syscall.EFBIG):
		advice = "make room on the disk and try again"
	}
	return fmt.Sprintf("the data of the local AWS in %s: %v; %s", e.File, cause(e.Err), advice)
}

func (e *StoreError) Unwrap() error { return e.Err }

// cause is an error without the call and the path that failed.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// errDamaged is a file that bbolt does not understand.
var errDamaged = errors.New("the file is damaged")

func damaged(how any) error { return fmt.Errorf("%w (%v)", errDamaged, how) }

// damage is what the methods below panic with, and View and Update recover.
type damage struct{ cause any }

// guard turns a panic of bbolt, or a fault in its memory map, into damage.
func guard[T any](f func() T) T {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			panic(damage{p})
		}
	}()
	return f()
}

// transact runs a transaction of bbolt. What f itself panics with goes on.
func (s boltStore) transact(begin func(func(*bolt.Tx) error) error, f func(kv.Tx) error) (err error) {
	var refused error // by f, which is nothing of the store's
	inside := false
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch p := recover().(type) {
		case nil:
		case damage:
			err = &StoreError{s.file, damaged(p.cause)}
		default:
			if inside {
				panic(p)
			}
			err = &StoreError{s.file, damaged(p)}
		}
	}()
	err = begin(func(tx *bolt.Tx) error {
		inside = true
		refused = f(boltTx{tx})
		inside = false
		return refused
	})
	if err != nil && (refused == nil || errors.Is(refused, bolterrors.ErrTxNotWritable)) {
		if errors.Is(err, bolterrors.ErrTxNotWritable) {
			err = bolterrors.ErrDatabaseReadOnly
		}
		return &StoreError{s.file, err}
	}
	return err
}

func (s boltStore) View(f func(kv.Tx) error) error { return s.transact(s.db.View, f) }

// Update of a file that is read-only fails at the first write, so that what
// turns out to have nothing to write succeeds.
func (s boltStore) Update(f func(kv.Tx) error) error {
	if s.db.IsReadOnly() {
		return s.transact(s.db.View, f)
	}
	return s.transact(s.db.Update, f)
}

// whole reports whether the file has all the pages that its own head counts.
// Where some are missing, reading them would be a fault.
func (s boltStore) whole() error {
	return s.transact(s.db.View, func(tx kv.Tx) error {
		t := tx.(boltTx).tx
		info, err := os.Stat(s.file)
		if err == nil && info.Size() < t.Size() {
			err = damaged("it ends too early")
		}
		if err != nil {
			err = &StoreError{s.file, err}
		}
		return err
	})
}

type boltTx struct{ tx *bolt.Tx }

// ownCopy returns a copy that shares no memory with b, or nil if b is nil.
// bytes.Clone allocates even for an empty b, where slices.Clone would return a
// pointer into the memory map.
func ownCopy(b []byte) []byte { return bytes.Clone(b) }

func (t boltTx) Get(table, key string) []byte {
	return guard(func() []byte {
		b := t.tx.Bucket([]byte(table))
		if b == nil {
			return nil
		}
		return ownCopy(b.Get([]byte(key)))
	})
}

func (t boltTx) Put(table, key string, value []byte) error {
	if !t.tx.Writable() {
		return bolterrors.ErrTxNotWritable
	}
	return guard(func() error {
		b, err := t.tx.CreateBucketIfNotExists([]byte(table))
		if err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
		// bbolt keeps the slice itself until the commit, so it gets one of its own.
		if err := b.Put([]byte(key), append([]byte{}, value...)); err != nil {
			return fmt.Errorf("%s %s: %w", table, key, err)
		}
		return nil
	})
}

func (t boltTx) Delete(table, key string) error {
	if !t.tx.Writable() {
		return bolterrors.ErrTxNotWritable
	}
	return guard(func() error {
		b := t.tx.Bucket([]byte(table))
		if b == nil {
			return nil
		}
		if err := b.Delete([]byte(key)); err != nil {
			return fmt.Errorf("%s %s: %w", table, key, err)
		}
		return nil
	})
}

func (t boltTx) Tables() []string {
	return guard(func() []string {
		var tables []string
		c := t.tx.Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			tables = append(tables, string(k))
		}
		return tables
	})
}

// entry is a key and its value; ok is false after the last one.
type entry struct {
	key   string
	value []byte
	ok    bool
}

func (t boltTx) Scan(table, prefix string, f func(string, []byte) error) error {
	return t.ScanAfter(table, prefix, "", f)
}

func (t boltTx) ScanAfter(table, prefix, after string, f func(string, []byte) error) error {
	var c *bolt.Cursor
	read := func(step func() ([]byte, []byte)) entry {
		return guard(func() entry {
			k, v := step()
			if k == nil || !bytes.HasPrefix(k, []byte(prefix)) {
				return entry{}
			}
			return entry{string(k), ownCopy(v), true}
		})
	}
	e := read(func() ([]byte, []byte) {
		b := t.tx.Bucket([]byte(table))
		if b == nil {
			return nil, nil
		}
		c = b.Cursor()
		return c.Seek([]byte(max(prefix, after)))
	})
	if e.ok && e.key == after && after != "" {
		e = read(func() ([]byte, []byte) { return c.Next() })
	}
	for ; e.ok; e = read(func() ([]byte, []byte) { return c.Next() }) {
		if err := f(e.key, e.value); err != nil {
			return err
		}
	}
	return nil
}

// busy reports whether err means that another process has the file.
func busy(err error) bool { return errors.Is(err, bolterrors.ErrTimeout) }
