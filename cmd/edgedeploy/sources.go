package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/edgedeploy/edgedeploy/internal/fetch"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/handlers/sources"
	"github.com/edgedeploy/edgedeploy/internal/start/connect"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

// fetches is how many sources are fetched at a time: enough to hide the latency
// of one server, few enough to be polite to it.
const fetches = 4

// pinned names a fetched source. Two digests for one address are two sources,
// of which at most one can be had.
type pinned struct{ url, sha256 string }

// sourceOf gives the key of a function's source, what stands there, and whether
// it is an address.
func sourceOf(f stackspec.Function) (key, text string, remote bool) {
	key, text = "wasm", f.Wasm
	switch {
	case f.Entry != "":
		key, text = "entry", f.Entry
	case f.Bundle != "":
		key, text = "bundle", f.Bundle
	}
	return key, text, f.SHA256 != ""
}

// fetchSources gets what the spec names by address, each once, and keeps it in
// s.fetched. It sends no request when there is nothing to get, or when the cache has
// it all.
func (a *app) fetchSources(ctx context.Context, s *spec) error {
	wanted := map[pinned]sources.Source{}
	for _, f := range s.Stack.Functions {
		key, url, remote := sourceOf(f)
		if !remote {
			continue
		}
		most := int64(bundle.MaxModule)
		if key == "bundle" {
			most = bundle.MaxZip
		}
		wanted[pinned{url, f.SHA256}] = sources.Source{URL: url, SHA256: f.SHA256, MaxBytes: most}
	}
	if len(wanted) == 0 {
		return nil
	}
	var mu sync.Mutex // of everything below
	warnings, failed := map[string]bool{}, map[pinned]error{}
	store := &sources.Store{
		Dir: a.sourcesDir(), Offline: a.offline, AllowHTTP: connect.Loopback,
		Warn: func(text string) { mu.Lock(); defer mu.Unlock(); warnings[text] = true },
	}
	s.fetched = map[pinned][]byte{}
	var group errgroup.Group // all are tried, so that all problems are told at once
	group.SetLimit(fetches)
	for id, src := range wanted {
		group.Go(func() error {
			body, err := store.Get(ctx, src)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed[id] = err
				return nil
			}
			s.fetched[id] = body
			return nil
		})
	}
	_ = group.Wait() // the errors are in failed
	for _, text := range slices.Sorted(maps.Keys(warnings)) {
		a.warn(text)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("fetch the sources: %w", context.Cause(ctx))
	}
	return s.sourceProblems(failed)
}

// sourcesDir is where fetched sources are kept; "" is nowhere.
func (a *app) sourcesDir() string {
	if a.cacheDir != "" {
		return filepath.Join(a.cacheDir, "sources")
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		a.warn(fmt.Sprintf("sources are not kept, because there is no folder for it (%v): --cache-dir names one", err))
		return ""
	}
	return filepath.Join(dir, "edgedeploy", "sources")
}

// sourceProblems says in which lines of the spec the failed sources stand.
func (s *spec) sourceProblems(failed map[pinned]error) error {
	var problems []stackspec.Problem
	invalid := true
	for _, f := range s.Stack.Functions {
		key, url, remote := sourceOf(f)
		err := failed[pinned{url, f.SHA256}]
		if !remote || err == nil {
			continue
		}
		hint, wrong := sourceHint(err)
		if is[*sources.DigestError](err) {
			key = "sha256"
		}
		invalid = invalid && wrong
		problems = append(problems, s.problem(err.Error(), hint, false, "functions", f.Key, key))
	}
	switch {
	case len(problems) == 0:
		return nil
	case invalid:
		return &invalidError{problems: problems}
	}
	return &sourceError{problems: problems}
}

// sourceError is errShown for sources that could not be had. The spec may be
// right, so it is not an invalidError.
type sourceError struct{ problems []stackspec.Problem }

func (e *sourceError) Error() string { return "a source cannot be fetched" }

// sourceHint says what to do, and whether it is the spec that is wrong.
func sourceHint(err error) (hint string, invalid bool) {
	if status, ok := errors.AsType[*fetch.StatusError](err); ok {
		if status.Status >= 500 {
			return "the server has trouble: try again later", false
		}
		return "correct the address; where it asks for credentials, fetch the file before and name it by its path", false
	}
	switch {
	case is[*sources.DigestError](err):
		return "look at what changed there before you write the new digest into the spec", true
	case is[*sources.SizeError](err):
		return "no bundle can hold it: correct the address", true
	case is[*sources.OfflineError](err):
		return "run without --offline once, with the network, and the cache has it", false
	}
	if strings.Contains(err.Error(), "x509: ") {
		return "its certificate is not trusted here: correct the address, or name your authority's file with SSL_CERT_FILE", false
	}
	return "correct the address, or try again when the network is there; HTTPS_PROXY names a proxy", false
}
