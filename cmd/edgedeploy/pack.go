package main

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/internal/fetch"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/stackspec"
	"github.com/edgedeploy/edgedeploy/versions"
)

// built is a function with its bundle, which may have no zip yet.
type built struct {
	stackspec.Function
	bundle.Bundle
	loose *bundle.Loose
}

// zipped is the function with its bundle's zip.
func (b built) zipped() (built, error) {
	if b.Zip != nil {
		return b, nil
	}
	whole, err := b.loose.Zip()
	if err != nil {
		return built{}, fmt.Errorf("function %s: %w", b.Key, err)
	}
	b.Bundle = whole
	return b, nil
}

// maxLoose is how many bytes of bundles that are not zipped are kept in memory:
// zips take a third of that or less.
const maxLoose = 64 << 20

// build packs every function, and judges it against the limits of the
// triggers it serves. It contacts nothing but the sources that the spec names
// by address and the cache does not have. trampolines are the numbers that
// functions have to keep, by Lambda name.
func (a *app) build(ctx context.Context, s *spec, trampolines map[string]int) (map[string]built, error) {
	if err := a.fetchSources(ctx, s); err != nil {
		return nil, err
	}
	all := map[string]built{}
	var problems []stackspec.Problem
	loose := int64(0)
	for _, f := range s.Stack.Functions {
		b, found := s.pack(f, trampolines[f.Name])
		if loose += b.Uncompressed; found == nil && loose > maxLoose {
			zipped, err := b.zipped()
			if err != nil {
				return nil, err
			}
			b = zipped
		}
		if found != nil {
			problems = append(problems, found...)
			continue
		}
		for _, w := range b.Warnings {
			problems = append(problems, s.problem(w, "", true, "functions", f.Key))
		}
		tight, err := s.limits(b)
		if err != nil {
			return nil, err
		}
		problems = append(problems, tight...)
		all[f.Key] = b
	}
	var warnings []stackspec.Problem
	for _, p := range problems {
		if !p.Warning {
			return nil, &invalidError{problems: problems}
		}
		warnings = append(warnings, p)
	}
	if len(warnings) > 0 {
		a.say(render.Problems(warnings, a.err))
	}
	return all, nil
}

// pack makes one function's bundle, or says what keeps it from being made.
func (s *spec) pack(f stackspec.Function, trampoline int) (built, []stackspec.Problem) {
	if f.Trampoline != 0 {
		trampoline = f.Trampoline
	}
	key, text, remote := sourceOf(f)
	in := bundle.Function{
		Name: f.Key, Runtime: f.Config.Runtime, OnError: f.OnError, Config: f.Baked,
		External: f.External, KeepNames: f.KeepNames, Trampoline: trampoline,
	}
	at := path.Join(s.dir, text)
	switch {
	case remote:
		at, in.Source = fetch.Name(text, true), s.fetched[pinned{text, f.SHA256}]
	case at == "..", strings.HasPrefix(at, "../"):
		p := s.problem(fmt.Sprintf("%s is outside the project's root %s", text, s.top),
			"keep it below the root, or name a higher one with --root", false, "functions", f.Key, key)
		return built{}, []stackspec.Problem{p}
	}
	switch key {
	case "wasm":
		in.Wasm = at
	case "entry":
		in.Entry = at
	default:
		in.Bundle, in.Handler = at, f.Config.Handler
	}
	loose, err := bundle.Gather(s.root, in)
	if err != nil {
		return built{}, s.unpacked(err, f.Key, key)
	}
	return built{Function: f, Bundle: loose.Bundle(), loose: loose}, nil
}

// packed says what is known of the bundles. One whose content and configuration a
// release has already need not be zipped again: what that says of the zip is
// taken over, and borrowed tells for which functions, by key.
func packed(all map[string]built, recorded ...release.Release) (out map[string]plan.Packed, borrowed map[string]bool, err error) {
	out, borrowed = make(map[string]plan.Packed, len(all)), map[string]bool{}
	for key, b := range all {
		p := plan.Packed{Content: b.Content, Trampoline: b.Bundle.Trampoline, Parts: b.Parts}
		if b.Zip == nil {
			for _, r := range recorded {
				old, ok := r.Function(b.Name)
				if ok && old.Spec == (versions.Spec{Function: b.Name, Content: b.Content, Config: b.Config}) && old.CodeSHA256 != "" {
					p.CodeSHA256, p.ZipBytes, borrowed[key] = old.CodeSHA256, old.ZipBytes, true
					break
				}
			}
		}
		if !borrowed[key] {
			if b, err = b.zipped(); err != nil {
				return nil, nil, err
			}
			p.CodeSHA256, p.ZipBytes = b.CodeSHA256, int64(len(b.Zip))
		}
		out[key] = p
	}
	return out, borrowed, nil
}
