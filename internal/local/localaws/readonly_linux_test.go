package localaws_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// TestReadOnlyDataCanBeRead: and what has nothing to write succeeds. Only Linux lets
// a thread give up the right to write everything, which root has.
func TestReadOnlyDataCanBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "localaws.db"), kept(t), 0o444); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(localaws.KeepAccount(dir, account), os.Chmod(filepath.Join(dir, "account"), 0o444), os.Chmod(dir, 0o555), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread ends with what it gave up
		if err := syscall.Setfsuid(65534); err != nil {
			t.Error(err)
			return
		}
		readOnly(t, dir)
	}()
	<-done
}

func readOnly(t *testing.T, dir string) {
	for p := dir; p != "/"; p = filepath.Dir(p) {
		if _, err := os.Stat(p); err != nil {
			t.Skipf("NOT RUN: %v", err)
		}
	}
	s, err := localaws.Open(localaws.Options{Dir: dir})
	if err != nil {
		t.Error(err)
		return
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := s.Seed(account, seeds(40)); err != nil {
		t.Errorf("a seed that is there already: %v", err)
	}
	if err := localaws.KeepAccount(dir, account); err != nil {
		t.Errorf("an account that is there already: %v", err)
	}
	if err := localaws.KeepAccount(dir, "999999999999"); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "account")) {
		t.Errorf("another account: %v", err)
	}
	c := inProcess(t, s)
	if a := c.send("cloudfront", "GET", "/2020-05-31/distribution", nil); a.status != 200 || !bytes.Contains(a.body, []byte("<Quantity>40<")) {
		t.Errorf("%d %s", a.status, a.body)
	}
	a := c.send("iam", "POST", "/", "Action=CreateRole&Version=2010-05-08&RoleName=new&AssumeRolePolicyDocument=%7B%7D")
	if a.status != 507 || !bytes.Contains(a.body, []byte("make it and its folder writable")) {
		t.Errorf("a write: %d %s", a.status, a.body)
	}
	err = s.Seed(account, seeds(41))
	if _, ok := errors.AsType[*localaws.StoreError](err); !ok {
		t.Errorf("a seed of something new: %v", err)
	}
}
