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
	// Tables lists the tables that there are, in order.
	Tables() []string
}

// Memory is a Store in memory. The zero value is ready to use.
type Memory struct {
	mu     sync.RWMutex
	tables map[string]map[string][]byte
}

// View runs f over the current state.
func (m *Memory) View(f func(Tx) error) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return f(memoryTx(m.tables))
}

// Update runs f over a copy of the state, and keeps the copy if f succeeds.
func (m *Memory) Update(f func(Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := make(map[string]map[string][]byte, len(m.tables))
	for name, table := range m.tables {
		next[name] = maps.Clone(table)
	}
	if err := f(memoryTx(next)); err != nil {
		return err
	}
	m.tables = next
	return nil
}

type memoryTx map[string]map[string][]byte

func (t memoryTx) Get(table, key string) []byte { return slices.Clone(t[table][key]) }

func (t memoryTx) Put(table, key string, value []byte) error {
	if t[table] == nil {
		t[table] = map[string][]byte{}
	}
	t[table][key] = append([]byte{}, value...)
	return nil
}

func (t memoryTx) Tables() []string { return slices.Sorted(maps.Keys(t)) }

func (t memoryTx) Delete(table, key string) error {
	delete(t[table], key)
	return nil
}

func (t memoryTx) Scan(table, prefix string, f func(string, []byte) error) error {
	for _, key := range slices.Sorted(maps.Keys(t[table])) {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if err := f(key, slices.Clone(t[table][key])); err != nil {
			return err
		}
	}
	return nil
}
