// Package kv is the small transactional store that the local AWS services
// are written against. It owns the vocabulary only: internal/local/localaws keeps
// it in a bbolt file, and Memory keeps it in a map for tests.
//
// A transaction that returns an error leaves no trace. Services never hold
// anything that matters outside of it, so that two processes that share one
// data directory see one state.
//
// Every key and value that leaves a store is a copy, and so is every value that
// enters it. A service may therefore write a value to a socket after the
// transaction has ended, or change it. Package kvtest checks a store for this.
package kv

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// Store runs transactions. Update is exclusive; View may run beside other
// Views. The functions must not keep the Tx. They may keep what it returned.
type Store interface {
	View(func(Tx) error) error
	Update(func(Tx) error) error
}

// Tx reads and writes named tables of byte strings. No slice or string that
// crosses it shares memory with the store.
type Tx interface {
	// Get returns a copy of the value, or nil if the key is absent. The copy
	// belongs to the caller, also after the transaction.
	Get(table, key string) []byte
	// Put stores a copy of the value, so that the caller may change it
	// afterwards. A nil value is stored as an empty one.
	Put(table, key string, value []byte) error
	// Delete removes the key; an absent key is no error.
	Delete(table, key string) error
	// Scan calls f in key order for every key that starts with prefix,
	// until f returns an error, which Scan returns. f must not write. The key
	// and the value are copies that belong to f, also after the transaction.
	Scan(table, prefix string, f func(key string, value []byte) error) error
	// ScanAfter is Scan for the keys that come after the key after, which need
	// not exist. It costs what it finds, whatever stands before.
	ScanAfter(table, prefix, after string, f func(key string, value []byte) error) error
	// Tables lists the tables that there are, in order.
	Tables() []string
}

// Memory is a Store in memory. The zero value is ready to use.
type Memory struct {
	mu     sync.RWMutex
	tables map[string]*table
}

// table keeps its keys in order, so that a scan costs what it finds.
type table struct {
	keys   []string // sorted
	values map[string][]byte
}

// View runs f over the current state.
func (m *Memory) View(f func(Tx) error) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return f(&memoryTx{tables: m.tables})
}

// Update runs f over the state, and takes back what it did if f fails. It costs
// what f does, however much there is.
func (m *Memory) Update(f func(Tx) error) (err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tables == nil {
		m.tables = map[string]*table{}
	}
	tx := &memoryTx{tables: m.tables}
	done := false
	defer func() {
		if !done {
			tx.undo() // also where f panics: it left no trace
		}
	}()
	err = f(tx)
	done = err == nil
	return err
}

type memoryTx struct {
	tables  map[string]*table
	before  []change
	created []string // tables
}

// change is what a key held before it was written; nil if it was absent.
type change struct {
	table, key string
	value      []byte
}

func (t *memoryTx) undo() {
	for _, c := range slices.Backward(t.before) {
		t.tables[c.table].set(c.key, c.value)
	}
	for _, name := range t.created {
		delete(t.tables, name)
	}
}

// set stores a value, or with nil removes the key.
func (t *table) set(key string, value []byte) {
	i, found := slices.BinarySearch(t.keys, key)
	switch {
	case value == nil && found:
		t.keys = slices.Delete(t.keys, i, i+1)
		delete(t.values, key)
		return
	case value == nil:
		return
	case !found:
		t.keys = slices.Insert(t.keys, i, key)
	}
	t.values[key] = value
}

func (t *memoryTx) Get(name, key string) []byte {
	if table := t.tables[name]; table != nil {
		return slices.Clone(table.values[key])
	}
	return nil
}

func (t *memoryTx) write(name, key string, value []byte) {
	if t.tables[name] == nil {
		t.tables[name] = &table{values: map[string][]byte{}}
		t.created = append(t.created, name)
	}
	t.before = append(t.before, change{name, key, t.tables[name].values[key]})
	t.tables[name].set(key, value)
}

func (t *memoryTx) Put(name, key string, value []byte) error {
	t.write(name, key, append([]byte{}, value...))
	return nil
}

func (t *memoryTx) Tables() []string { return slices.Sorted(maps.Keys(t.tables)) }

func (t *memoryTx) Delete(name, key string) error {
	if t.tables[name] != nil {
		t.write(name, key, nil)
	}
	return nil
}

func (t *memoryTx) Scan(name, prefix string, f func(string, []byte) error) error {
	return t.ScanAfter(name, prefix, "", f)
}

func (t *memoryTx) ScanAfter(name, prefix, after string, f func(string, []byte) error) error {
	table := t.tables[name]
	if table == nil {
		return nil
	}
	start, found := slices.BinarySearch(table.keys, max(prefix, after))
	if found && after >= prefix && after != "" {
		start++
	}
	for _, key := range table.keys[start:] {
		if !strings.HasPrefix(key, prefix) {
			return nil
		}
		if err := f(key, slices.Clone(table.values[key])); err != nil {
			return err
		}
	}
	return nil
}
