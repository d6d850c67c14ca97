package localaws

import (
	"fmt"
	"sync"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// Save keeps, in memory, what is in an account under a name, instead of what
// was kept under it before.
func (s *Server) Save(account, name string) error {
	var now []item
	err := s.store.View(func(tx kv.Tx) (err error) {
		now, err = items(tx, account)
		return err
	})
	if err != nil {
		return fmt.Errorf("save account %s as %q: %w", account, name, err)
	}
	s.saved.mu.Lock()
	defer s.saved.mu.Unlock()
	if s.saved.states == nil {
		s.saved.states = map[state][]item{}
	}
	s.saved.states[state{account, name}] = now
	return nil
}

// Restore brings an account back to what Save kept. Its clock goes on, and what
// is under way happens to what is there then.
func (s *Server) Restore(account, name string) error {
	s.saved.mu.Lock()
	then, ok := s.saved.states[state{account, name}]
	s.saved.mu.Unlock()
	if !ok {
		return fmt.Errorf("restore account %s: nothing was saved as %q", account, name)
	}
	err := s.store.Update(func(tx kv.Tx) error {
		now, err := items(tx, account)
		if err != nil {
			return err
		}
		for _, i := range now {
			if err := tx.Delete(i.table, i.key); err != nil {
				return err
			}
		}
		for _, i := range then {
			if err := tx.Put(i.table, i.key, i.value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("restore account %s to %q: %w", account, name, err)
	}
	return nil
}

// saved are the states that were saved.
type saved struct {
	mu     sync.Mutex
	states map[state][]item
}

// state names one; Name is the body of POST save and restore.
type state struct {
	Account string `json:"-"`
	Name    string `json:"name"`
}

// item is an entry of the store.
type item struct {
	table, key string
	value      []byte
}

// items lists what is in an account: the keys of every table begin with it.
func items(tx kv.Tx, account string) (all []item, err error) {
	for _, table := range tx.Tables() {
		err := tx.Scan(table, account, func(key string, value []byte) error {
			all = append(all, item{table, key, append([]byte{}, value...)})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
