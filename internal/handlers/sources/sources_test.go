package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// site is a server with TLS that answers with one body, and counts.
type site struct {
	*httptest.Server
	asked atomic.Int32
	body  atomic.Value
}

func newSite(t *testing.T, body string) *site {
	t.Helper()
	s := &site{}
	s.body.Store(body)
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, s.body.Load().(string))
	}))
	t.Cleanup(s.Close)
	return s
}

// store gives a store over the site, and what it warned about.
func (s *site) store(dir string) (*Store, func() []string) {
	var mu sync.Mutex
	var said []string
	return &Store{Dir: dir, Transport: s.Client().Transport, Warn: func(text string) {
			mu.Lock()
			defer mu.Unlock()
			said = append(said, text)
		}}, func() []string {
			mu.Lock()
			defer mu.Unlock()
			return said
		}
}

func (s *site) source(body string) Source {
	return Source{URL: s.URL + "/a.wasm?SECRET", SHA256: sum([]byte(body)), MaxBytes: 100}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestASourceIsFetchedOnceAndThenReadFromTheCache(t *testing.T) {
	t.Parallel()
	s := newSite(t, "module")
	dir := filepath.Join(t.TempDir(), "a", "sources")
	st, warned := s.store(dir)
	for range 3 {
		got, err := st.Get(t.Context(), s.source("module"))
		if err != nil || string(got) != "module" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	st.Offline = true
	if got, err := st.Get(t.Context(), s.source("module")); err != nil || string(got) != "module" {
		t.Errorf("offline: got %q, %v", got, err)
	}
	if n := s.asked.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
	if list := names(t, dir); len(list) != 1 || list[0] != sum([]byte("module")) {
		t.Errorf("the cache has %v", list)
	}
	if w := warned(); len(w) > 0 {
		t.Errorf("it warned %q", w)
	}
	if runtime.GOOS == "windows" {
		return // has no such modes
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700, filepath.Dir(dir): 0o700, filepath.Join(dir, sum([]byte("module"))): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
}

func TestAnotherDigestNamesBothAndWritesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, "evil")
	dir := filepath.Join(t.TempDir(), "c")
	st, _ := s.store(dir)
	_, err := st.Get(t.Context(), s.source("module"))
	e, ok := errors.AsType[*DigestError](err)
	if !ok || e.Want != sum([]byte("module")) || e.Got != sum([]byte("evil")) {
		t.Fatalf("got %v", err)
	}
	if says := err.Error(); !strings.Contains(says, e.Want) || !strings.Contains(says, e.Got) || !strings.Contains(says, s.URL+"/a.wasm has") || strings.Contains(says, "SECRET") {
		t.Errorf("it says %q", says)
	}
	if list := names(t, dir); len(list) != 0 {
		t.Errorf("the cache has %v", list)
	}
}

func TestFailuresNameTheSourceWithoutItsQuery(t *testing.T) {
	t.Parallel()
	s := newSite(t, strings.Repeat("x", 101))
	for name, tt := range map[string]struct {
		edit  func(*Store, *Source)
		says  string
		asked int32
	}{
		"too large":            {nil, "/a.wasm has more than 100 bytes", 1},
		"not there":            {func(_ *Store, src *Source) { src.URL = strings.Replace(src.URL, "/a.wasm", "/gone", 1) }, "/gone: HTTP status 404", 1},
		"offline":              {func(st *Store, _ *Source) { st.Offline = true }, "/a.wasm is not in the cache", 0},
		"offline, no cache":    {func(st *Store, _ *Source) { st.Offline, st.Dir = true, "" }, "/a.wasm and there is no cache", 0},
		"plain http elsewhere": {func(_ *Store, src *Source) { src.URL = "http://example.test/a.wasm?SECRET" }, "http://example.test/a.wasm: only https", 0},
	} {
		t.Run(name, func(t *testing.T) {
			st, _ := s.store(t.TempDir())
			src, before := s.source("module"), s.asked.Load()
			if tt.edit != nil {
				tt.edit(st, &src)
			}
			_, err := st.Get(t.Context(), src)
			if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "SECRET") {
				t.Errorf("got %v, want an error that says %q", err, tt.says)
			}
			if n := s.asked.Load() - before; n != tt.asked {
				t.Errorf("%d requests, want %d", n, tt.asked)
			}
		})
	}
}

func TestItEndsWhenItsCallerDoes(t *testing.T) {
	t.Parallel()
	s := newSite(t, "module")
	st, _ := s.store(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := st.Get(ctx, s.source("module")); !errors.Is(err, context.Canceled) || s.asked.Load() != 0 {
		t.Errorf("got %v", err)
	}
}

func TestADamagedEntryIsHealed(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(string) error{
		"another byte": func(p string) error { return os.WriteFile(p, []byte("modulf"), 0o600) },
		"cut short":    func(p string) error { return os.Truncate(p, 3) },
		"empty":        func(p string) error { return os.Truncate(p, 0) },
		"much longer":  func(p string) error { return os.WriteFile(p, make([]byte, 5000), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "module")
			dir := t.TempDir()
			st, _ := s.store(dir)
			entry := filepath.Join(dir, sum([]byte("module")))
			for range 2 {
				if _, err := st.Get(t.Context(), s.source("module")); err != nil {
					t.Fatal(err)
				}
				if err := damage(entry); err != nil {
					t.Fatal(err)
				}
			}
			got, err := st.Get(t.Context(), s.source("module"))
			if err != nil || string(got) != "module" || s.asked.Load() != 3 {
				t.Errorf("got %q, %v after %d requests", got, err, s.asked.Load())
			}
			if kept, err := os.ReadFile(entry); err != nil || string(kept) != "module" {
				t.Errorf("the cache has %q, %v", kept, err)
			}
		})
	}
}

// Whoever can write into the cache, or keeps us from it, changes no result.
func TestACacheThatCannotBeUsedCostsOnlyRequests(t *testing.T) {
	t.Parallel()
	entry := sum([]byte("module"))
	for name, spoil := range map[string]func(dir string) error{
		"a file in its place":   func(dir string) error { return os.WriteFile(dir, nil, 0o600) },
		"a folder for an entry": func(dir string) error { return os.MkdirAll(filepath.Join(dir, entry, "x"), 0o700) },
		"a link for an entry": func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o700), os.Symlink("/dev/zero", filepath.Join(dir, entry)))
		},
		"a pipe for an entry": func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o700), syscall.Mkfifo(filepath.Join(dir, entry), 0o600))
		},
		"no permission":            func(dir string) error { return os.Mkdir(dir, 0o500) },
		"no permission to make it": func(dir string) error { return os.Chmod(filepath.Dir(dir), 0o500) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(name, "no permission") && os.Geteuid() == 0 {
				t.Skip("root may do everything")
			}
			s := newSite(t, "module")
			top := t.TempDir()
			t.Cleanup(func() { _ = os.Chmod(top, 0o700) })
			dir := filepath.Join(top, "sources")
			if err := spoil(dir); err != nil {
				t.Fatal(err)
			}
			st, warned := s.store(dir)
			got, err := st.Get(t.Context(), s.source("module"))
			if err != nil || string(got) != "module" {
				t.Fatalf("got %q, %v", got, err)
			}
			if w := warned(); len(w) == 0 || !strings.Contains(w[0], dir) {
				t.Errorf("it warned %q", w)
			}
		})
	}
}

func TestADamagedEntryIsRemovedEvenOffline(t *testing.T) {
	t.Parallel()
	s := newSite(t, "module")
	dir := t.TempDir()
	src := s.source("module")
	if err := os.WriteFile(filepath.Join(dir, src.SHA256), []byte("modul"), 0o600); err != nil {
		t.Fatal(err)
	}
	st, warned := s.store(dir)
	st.Offline = true
	if _, err := st.Get(t.Context(), src); err == nil {
		t.Error("what is damaged was taken")
	}
	if _, err := os.Stat(filepath.Join(dir, src.SHA256)); !errors.Is(err, fs.ErrNotExist) || len(warned()) != 1 {
		t.Errorf("the entry: %v, warned %q", err, warned())
	}
}

func TestWhatNobodyUsesIsPruned(t *testing.T) {
	t.Parallel()
	s := newSite(t, "module")
	dir := t.TempDir()
	st, _ := s.store(dir)
	now := time.Now()
	hex := func(n int) string { return fmt.Sprintf("%064x", n) }
	age := map[string]time.Duration{
		hex(1): keepUnused - time.Hour, hex(2): keepUnused + time.Hour, sum([]byte("used")): keepUnused - time.Hour,
		tempPrefix + "A": keepTemp - time.Hour, tempPrefix + "B": keepTemp + time.Hour,
		"README": 10 * keepUnused, hex(3)[1:]: 10 * keepUnused, strings.ToUpper(hex(0xabc)): 10 * keepUnused,
	}
	for name, old := range age {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte("used"), 0o600), os.Chtimes(path, now.Add(-old), now.Add(-old))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := st.Get(t.Context(), Source{URL: s.URL, SHA256: sum([]byte("used")), MaxBytes: 100}); err != nil {
		t.Fatal(err)
	}
	if n := len(names(t, dir)); n != len(age) {
		t.Errorf("reading pruned: %v", names(t, dir))
	}
	if info, err := os.Stat(filepath.Join(dir, sum([]byte("used")))); err != nil || info.ModTime().Before(now) {
		t.Errorf("reading does not count as use: %v, %v", info.ModTime(), err)
	}
	if _, err := st.Get(t.Context(), s.source("module")); err != nil {
		t.Fatal(err)
	}
	left := strings.Join(names(t, dir), " ")
	for name := range age {
		gone := name == hex(2) || name == tempPrefix+"B"
		if strings.Contains(" "+left+" ", " "+name+" ") == gone {
			t.Errorf("%s: pruned is %v, want %v", name, !gone, gone)
		}
	}
}

// Whatever happened to the cache and whatever the server sends: what Get
// returns is what was asked for, and a cache of whole entries is left.
func TestGetReturnsWhatItsDigestSaysOrAnError(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	top := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		dir := filepath.Join(top, fmt.Sprint(n))
		st, _ := s.store(dir)
		bodies := []string{"", "a", "module", strings.Repeat("z", 100), strings.Repeat("z", 101)}
		for range rapid.IntRange(1, 5).Draw(t, "steps") {
			want := rapid.SampledFrom(bodies).Draw(t, "want")
			sent := rapid.SampledFrom(append(bodies, want, want, want)).Draw(t, "sent")
			s.body.Store(sent)
			st.Offline = rapid.IntRange(0, 3).Draw(t, "offline") == 0
			entry := filepath.Join(dir, sum([]byte(want)))
			switch rapid.IntRange(0, 4).Draw(t, "damage") {
			case 0:
				_ = os.WriteFile(entry, []byte(rapid.SampledFrom(bodies).Draw(t, "garbage")), 0o600) // no cache yet: nothing to damage
			case 1:
				_ = os.Remove(entry)
			}
			kept, _ := os.ReadFile(entry)
			cached := kept != nil && string(kept) == want && len(want) <= 100
			asked := s.asked.Load()
			got, err := st.Get(t.Context(), s.source(want))
			switch {
			case err == nil && string(got) != want:
				t.Fatalf("asked for %q, got %q", want, got)
			case cached && (err != nil || s.asked.Load() != asked):
				t.Fatalf("it was in the cache: %v after %d requests", err, s.asked.Load()-asked)
			case !cached && st.Offline && (!is[*OfflineError](err) || s.asked.Load() != asked):
				t.Fatalf("offline: %v after %d requests", err, s.asked.Load()-asked)
			case !cached && !st.Offline && len(sent) > 100 && !is[*SizeError](err),
				!cached && !st.Offline && len(sent) <= 100 && sent != want && !is[*DigestError](err),
				!cached && !st.Offline && len(sent) <= 100 && sent == want && err != nil:
				t.Fatalf("asked for %q, was sent %q: %v", want, sent, err)
			}
			if err != nil {
				continue
			}
			if kept, err := os.ReadFile(entry); err != nil || string(kept) != want {
				t.Fatalf("the cache has %q, %v", kept, err)
			}
		}
	})
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// Nobody ever sees an entry that is not whole: runs that come and go at the
// same time, one of which empties the cache, warn about nothing.
func TestNobodySeesAHalfWrittenEntry(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("module ", 100_000)
	s := newSite(t, body)
	dir := t.TempDir()
	src := s.source(body)
	src.MaxBytes = 1 << 20
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			st, warned := s.store(dir)
			for range 20 {
				if got, err := st.Get(t.Context(), src); err != nil || string(got) != body {
					t.Errorf("%d bytes, %v", len(got), err)
				}
				_ = os.Remove(filepath.Join(dir, src.SHA256)) // another may have been faster
			}
			if w := warned(); len(w) > 0 {
				t.Errorf("it warned %q", w)
			}
		})
	}
	running.Wait()
}

const raceURL = "EDGEDEPLOY_TEST_SOURCE_URL"

// Processes that share a cache, while others damage it, all get the bytes.
func TestProcessesShareACache(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("module ", 100_000)
	dir := t.TempDir()
	if url := os.Getenv(raceURL); url != "" {
		racer(t, url, os.Getenv("EDGEDEPLOY_TEST_SOURCE_DIR"), body)
		return
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	t.Cleanup(s.Close)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var racing sync.WaitGroup
	for range 4 {
		racing.Go(func() {
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestProcessesShareACache$")
			cmd.Env = append(os.Environ(), raceURL+"="+s.URL, "EDGEDEPLOY_TEST_SOURCE_DIR="+dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	racing.Wait()
	list := names(t, dir)
	if len(list) > 1 {
		t.Errorf("the cache has %v", list)
	}
}

// racer gets the source again and again; every third time it damages the entry
// in one way or another.
func racer(t *testing.T, url, dir, body string) {
	t.Helper()
	st := &Store{Dir: dir, AllowHTTP: func(host string) bool { return host == "127.0.0.1" }}
	src := Source{URL: url, SHA256: sum([]byte(body)), MaxBytes: 1 << 20}
	entry := filepath.Join(dir, src.SHA256)
	for i := range 30 {
		got, err := st.Get(t.Context(), src)
		if err != nil || string(got) != body {
			t.Fatalf("round %d: %d bytes, %v", i, len(got), err)
		}
		switch i % 9 {
		case 2:
			_ = os.Truncate(entry, 1000) // it may be gone
		case 5:
			_ = os.Remove(entry)
		case 8:
			_ = os.WriteFile(entry, []byte("garbage"), 0o600) // not atomically, as nobody should
		}
	}
}
