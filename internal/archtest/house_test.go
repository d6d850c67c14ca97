package archtest

import (
	"os"
	"testing"
)

// The repository is as the picture says.
func TestHouse(t *testing.T) {
	t.Parallel()
	tree, err := Load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(tree.packages()); n < 10 {
		t.Fatalf("only %d packages were found: %v", n, tree.packages())
	}
	for _, v := range tree.Check(House()) {
		t.Error(v)
	}
}
