package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

// The ways of which the program of another commit makes a bundle, too.
var compared = map[string]string{
	wayHost:  "examples/redirect/redirect.wasm",
	wayBytes: handlers + "/bytes/bytes.wasm",
}

// before is what a way is called as it was at a commit.
func before(name, ref string) string { return name + " at " + ref }

// against builds the program as it was at a commit, and gives the ways as it packs
// them: the same modules, with the trampoline of then.
func (b *bench) against(ctx context.Context, ref string) (_ []way, err error) {
	dir := filepath.Join(b.dir, "against")
	source, project := filepath.Join(dir, "source"), filepath.Join(dir, "project")
	for _, d := range []string{source, project} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	run := func(where, name string, args ...string) error {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Dir = where
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s %v: %w\n%s", name, args, err, out)
		}
		return nil
	}
	archive, program := filepath.Join(dir, "source.tar"), filepath.Join(dir, "edgedeploy")
	functions := map[string]any{}
	for name, module := range compared {
		data, err := os.ReadFile(filepath.Join(b.top, module))
		if err != nil {
			return nil, err
		}
		file := filepath.Base(module)
		if err := os.WriteFile(filepath.Join(project, file), data, 0o600); err != nil {
			return nil, err
		}
		functions[short(name)] = map[string]any{"wasm": file, "config": config(), "runtime": "nodejs22.x", "role": "arn:aws:iam::111122223333:role/edge"}
	}
	spec, err := json.Marshal(map[string]any{"version": 1, "stack": "bench", "functions": functions}) // YAML, too
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(project, "edgedeploy.yaml"), spec, 0o600),
		run(b.top, "git", "archive", "--format=tar", "--output="+archive, ref),
	)
	if err != nil {
		return nil, err
	}
	for _, step := range [][]string{
		{dir, "tar", "-xf", archive, "-C", source},
		{source, "go", "build", "-o", program, "./cmd/edgedeploy"},
		{project, program, "build", "--no-load", "--out", "zips"},
	} {
		if err := run(step[0], step[1], step[2:]...); err != nil {
			return nil, err
		}
	}
	var ways []way
	for name := range compared {
		zip, err := os.ReadFile(filepath.Join(project, "zips", short(name)+".zip"))
		if err != nil {
			return nil, err
		}
		ways = append(ways, way{name: before(name, ref), pack: func(*os.Root) (bundle.Bundle, error) { return bundle.Open(zip) }})
	}
	return ways, nil
}

// short is the name of a way's function.
func short(name string) string {
	if name == wayHost {
		return "host"
	}
	return "bytes"
}

// progress tells how the ways have changed since a commit.
func (b *bench) progress(rows []row, ref string) {
	found := map[string]row{}
	for i, w := range b.ways {
		found[w.name] = rows[i]
	}
	plain := rows[0]
	fmt.Printf("\nsince %s, over plain JavaScript:\n", ref)
	for _, name := range []string{wayHost, wayBytes} {
		now, then := found[name], found[before(name, ref)]
		fmt.Printf("%s: load + first call %.2f × (quartile %.2f ×), a call %.2f × of what it took\n", name,
			(now.load.Median-plain.load.Median)/(then.load.Median-plain.load.Median),
			(now.load.Quartile-plain.load.Quartile)/(then.load.Quartile-plain.load.Quartile),
			now.calls.Median/then.calls.Median)
	}
}
