package kv_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv/kvtest"
)

func TestMemorySharesNoMemoryWithItsCallers(t *testing.T) {
	t.Parallel()
	kvtest.Check(t, func(*testing.T) kv.Store { return &kv.Memory{} })
}

func TestAnUpdateThatFailsLeavesNoTrace(t *testing.T) {
	t.Parallel()
	var m kv.Memory
	err := m.Update(func(tx kv.Tx) error {
		return errors.Join(tx.Put("t", "kept", []byte("1")), tx.Put("t", "changed", []byte("1")))
	})
	if err != nil {
		t.Fatal(err)
	}
	abandoned := errors.New("abandoned")
	err = m.Update(func(tx kv.Tx) error {
		return errors.Join(tx.Delete("t", "kept"), tx.Put("t", "changed", []byte("2")), tx.Put("t", "new", nil), tx.Put("u", "new", nil), abandoned)
	})
	if !errors.Is(err, abandoned) {
		t.Fatal(err)
	}
	var got []string
	err = m.View(func(tx kv.Tx) error {
		for _, table := range []string{"t", "u"} {
			err := tx.Scan(table, "", func(key string, value []byte) error {
				got = append(got, table+"/"+key+"="+string(value))
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"t/changed=1", "t/kept=1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAScanGivesTheKeysBelowThePrefixInOrderUntilAnError(t *testing.T) {
	t.Parallel()
	var m kv.Memory
	err := m.Update(func(tx kv.Tx) error {
		for _, key := range []string{"b/2", "a", "b/10", "c", "b"} {
			if err := tx.Put("t", key, nil); err != nil {
				return err
			}
		}
		return tx.Delete("t", "absent")
	})
	if err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	for _, tc := range []struct {
		prefix, after, last string
		want                []string
		err                 error
	}{
		{"", "", "", []string{"a", "b", "b/10", "b/2", "c"}, nil},
		{"b/", "", "", []string{"b/10", "b/2"}, nil},
		{"d", "", "", nil, nil},
		{"", "", "b/10", []string{"a", "b", "b/10"}, enough},
		{"", "b", "", []string{"b/10", "b/2", "c"}, nil},
		{"", "b/1", "", []string{"b/10", "b/2", "c"}, nil},
		{"b/", "a", "", []string{"b/10", "b/2"}, nil},
		{"b/", "b/10", "", []string{"b/2"}, nil},
		{"b/", "b/2", "", nil, nil},
		{"b/", "z", "", nil, nil},
	} {
		var got []string
		err := m.View(func(tx kv.Tx) error {
			return tx.ScanAfter("t", tc.prefix, tc.after, func(key string, _ []byte) error {
				if got = append(got, key); key == tc.last {
					return enough
				}
				return nil
			})
		})
		if !slices.Equal(got, tc.want) || !errors.Is(err, tc.err) {
			t.Errorf("below %q after %q until %q: got %q and %v, want %q and %v", tc.prefix, tc.after, tc.last, got, err, tc.want, tc.err)
		}
	}
}
