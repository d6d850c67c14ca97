package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// site serves the files of a folder to a script, over TLS.
type site struct {
	mu    sync.Mutex
	dir   string
	asked int
	// fail is how many of the next answers are 503.
	fail int
}

// serveFiles is files FOLDER: serves it over https, sets FILES_URL, and makes
// programs trust it. files asked N wants that many requests since the last
// such line, files reached N waits for them; files fail N lets the next N fail.
func serveFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: files FOLDER, files asked N, files reached N, files fail N")
	}
	if len(args) == 2 {
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		s := state(ts).site
		if args[0] == "reached" {
			s.reached(ts, n)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		switch args[0] {
		case "asked":
			if s.asked != n {
				ts.Fatalf("%d requests, want %d", s.asked, n)
			}
			s.asked = 0
		case "fail":
			s.fail = n
		default:
			ts.Fatalf("files has no %s", args[0])
		}
		return
	}
	s := &site{dir: ts.MkAbs(args[0])}
	server := httptest.NewTLSServer(s)
	ts.Defer(server.Close)
	state(ts).site = s
	ca := filepath.Join(ts.Getenv("WORK"), "ca.pem")
	ts.Check(os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	ts.Setenv("SSL_CERT_FILE", ca) // which Go reads on Linux
	ts.Setenv("FILES_URL", server.URL)
	plain := httptest.NewServer(s)
	ts.Defer(plain.Close)
	ts.Setenv("PLAIN_URL", plain.URL)
}

// reached waits until a program in the background has asked so often.
func (s *site) reached(ts *testscript.TestScript, n int) {
	if running := ts.BackgroundCmds(); len(running) > 0 {
		state(ts).background = running[len(running)-1]
	}
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		asked := s.asked
		s.mu.Unlock()
		switch {
		case asked >= n:
			return
		case time.Since(begin) > reachedFor:
			ts.Fatalf("%d requests within %v, want %d", asked, reachedFor, n)
		}
	}
}

// ServeHTTP answers /to?URL with a redirect, /hang not at all, and everything
// else with a file.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked++
	fail := s.fail > 0
	if fail {
		s.fail--
	}
	s.mu.Unlock()
	switch {
	case fail:
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.URL.Path == "/hang":
		<-r.Context().Done()
	case r.URL.Path == "/to":
		http.Redirect(w, r, r.URL.RawQuery, http.StatusFound)
	default:
		http.FileServer(http.Dir(s.dir)).ServeHTTP(w, r)
	}
}

// digest is digest NAME FILE: sets a variable to a file's SHA-256.
func digest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: digest NAME FILE")
	}
	sum := sha256.Sum256([]byte(ts.ReadFile(args[1])))
	ts.Setenv(args[0], hex.EncodeToString(sum[:]))
}

// expand is expand FILE: puts variables of the script into a file, where it
// says @NAME@.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: expand FILE")
	}
	parts := strings.Split(ts.ReadFile(args[0]), "@")
	for i := 1; i < len(parts); i += 2 {
		parts[i] = ts.Getenv(parts[i])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(parts, "")), 0o600))
}
