package localaws_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

// kept is a data file with roles and distributions in it.
func kept(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	s, err := localaws.Open(localaws.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Seed(account, seeds(40))
	if err = errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "localaws.db"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func seeds(n int) localaws.Seed {
	seed := localaws.Seed{Roles: []iam.SeedRole{{ARN: role}}}
	for i := range n {
		seed.Distributions = append(seed.Distributions, cf.SeedDistribution{ID: fmt.Sprintf("E%013d", i), PathPatterns: []string{"/a/*", "/b/*"}})
	}
	return seed
}

// uses opens a file and makes a few calls. It fails the test if anything panics,
// and returns the errors and the answers that were no success.
func uses(t interface {
	Helper()
	Fatalf(string, ...any)
}, c caller, dir string) []string {
	t.Helper()
	s, err := localaws.Open(localaws.Options{Dir: dir})
	if err != nil {
		return []string{err.Error()}
	}
	defer func() { _ = s.Close() }() // a damaged file may refuse that, too
	c.client.Transport = s.Transport()
	var said []string
	for _, call := range [][3]string{
		{"cloudfront", "GET", "/2020-05-31/distribution"},
		{"lambda", "GET", "/2015-03-31/functions?FunctionVersion=ALL"},
		{"iam", "POST", "Action=CreateRole&Version=2010-05-08&RoleName=new&AssumeRolePolicyDocument=%7B%7D"},
		{"iam", "POST", "Action=GetRole&Version=2010-05-08&RoleName=edge-exec"},
	} {
		path, body := call[2], ""
		if call[1] == "POST" {
			path, body = "/", call[2]
		}
		a, err := c.try(call[0], call[1], path, body)
		switch {
		case err != nil:
			t.Fatalf("%v: %v", call, err)
		case a.status == 507:
			said = append(said, string(a.body))
		}
	}
	return said
}

func TestADamagedFileIsOneSentence(t *testing.T) {
	t.Parallel()
	whole := kept(t)
	page := os.Getpagesize()
	broken := func(from, to int) []byte {
		raw := bytes.Clone(whole)
		for i := from; i < min(to, len(raw)); i++ {
			raw[i] ^= 0xa5
		}
		return raw
	}
	for rule, raw := range map[string][]byte{
		"text":              []byte("this is no database\n"),
		"a lot of text":     bytes.Repeat([]byte("this is no database\n"), 5000),
		"zeros":             make([]byte, len(whole)),
		"cut to a byte":     whole[:1],
		"cut to two pages":  whole[:2*page],
		"cut to four pages": whole[:4*page],
		"cut in the middle": whole[:len(whole)/2],
		"without its heads": broken(0, 2*page),
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "localaws.db")
			if err := os.WriteFile(file, raw, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := localaws.Open(localaws.Options{Dir: dir})
			failure, ok := errors.AsType[*localaws.StoreError](err)
			if !ok || failure.File != file {
				t.Fatalf("opening it says %v", err)
			}
			if text := err.Error(); !strings.Contains(text, file) || !strings.Contains(text, "remove the file to begin anew") || strings.Contains(text, "\n") || strings.Count(text, file) != 1 {
				t.Errorf("it is told as %q", text)
			}
			if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, raw) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}

func TestDamageAnywhereIsNoPanic(t *testing.T) {
	t.Parallel()
	whole := kept(t)
	dir := t.TempDir()
	c := inProcess(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		raw := bytes.Clone(whole)
		for range rapid.IntRange(1, 4).Draw(t, "places") {
			at := rapid.IntRange(0, len(raw)-1).Draw(t, "at")
			fill := rapid.Byte().Draw(t, "fill")
			for i := at; i < min(at+rapid.IntRange(1, 64).Draw(t, "bytes"), len(raw)); i++ {
				raw[i] = fill
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "localaws.db"), raw, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, text := range uses(t, c, dir) {
			if !strings.Contains(text, "localaws") && !strings.Contains(text, "distribution") && !strings.Contains(text, "iam.") {
				t.Errorf("damage is told as %q", text)
			}
		}
	})
}

func TestAFullDiskIsOneSentence(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("NOT RUN: no small file system can be mounted: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("%v %s", err, out)
		}
	})
	s := open(t, localaws.Options{Dir: dir})
	c := inProcess(t, s)
	role := func(n int) answer {
		return c.send("iam", "POST", "/", fmt.Sprintf("Action=CreateRole&Version=2010-05-08&RoleName=r%d&Description=%s&AssumeRolePolicyDocument=%%7B%%7D", n, strings.Repeat("x", 20000)))
	}
	made := 0
	for ; made < 100; made++ {
		a := role(made)
		if a.status == 200 {
			continue
		}
		if text := string(a.body); a.status != 507 || !strings.Contains(text, "no space left on device; make room on the disk and try again") {
			t.Errorf("%d %s", a.status, text)
		}
		break
	}
	if made == 100 || made == 0 {
		t.Fatalf("%d roles fit", made)
	}
	// What was kept before is there.
	if a := c.send("iam", "POST", "/", fmt.Sprintf("Action=GetRole&Version=2010-05-08&RoleName=r%d", made-1)); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := c.send("iam", "POST", "/", fmt.Sprintf("Action=GetRole&Version=2010-05-08&RoleName=r%d", made)); a.status != 404 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
