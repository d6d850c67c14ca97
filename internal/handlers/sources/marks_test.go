package sources

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestMarksThatNobodyUsesArePruned(t *testing.T) {
	t.Parallel()
	m := Marks{Dir: filepath.Join(t.TempDir(), "loads")}
	hex := func(n int) string { return fmt.Sprintf("%064x", n) }
	if m.Has(hex(1)) {
		t.Error("there is a mark before there is a folder")
	}
	m.Set(hex(1), hex(2), hex(3))
	age := func(name string, by time.Duration) {
		at := time.Now().Add(-by)
		if err := os.Chtimes(filepath.Join(m.Dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	other := filepath.Join(m.Dir, "README")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	age(hex(1), keepUnused+time.Hour)
	age(hex(2), keepUnused+time.Hour)
	age("README", keepUnused+time.Hour)
	if !m.Has(hex(2)) {
		t.Error("an old mark is no mark, although it was not pruned")
	}
	m.Set(hex(4))
	if want := []string{hex(2), hex(3), hex(4), "README"}; !slices.Equal(names(t, m.Dir), want) {
		t.Errorf("left is %v, want %v", names(t, m.Dir), want)
	}
	if info, err := os.Stat(m.Dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info.Mode(), err)
	}
}

func TestMarksThatCannotBeKeptAreNone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", file} {
		m := Marks{Dir: dir}
		m.Set("a")
		if m.Has("a") {
			t.Errorf("%q keeps a mark", dir)
		}
	}
	if _, err := os.Stat("a"); !errors.Is(err, os.ErrNotExist) {
		t.Error("without a folder a mark was left here")
	}
}
