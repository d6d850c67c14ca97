package script

import (
	"slices"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/script/places"
)

// link is an import of one file by another.
type link struct {
	to, by   string // the file, absolute, and what it is called in the import
	required bool   // by a call of require
}

// leads notes where an import leads.
func (b *bundler) leads(args api.OnResolveArgs, file string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.links[args.Importer] = append(b.links[args.Importer], link{file, args.Path, args.Kind == api.ResolveJSRequireCall})
}

// esbuild bundles from a text. A package's file that requires what is not there
// is only left to fail if functions alone load that file, which may never be
// called. That is known when all files were read, in whatever order: a file that
// is loaded with the handler makes esbuild say what it lacks, in a second run.
func (b *bundler) esbuild(start string) api.BuildResult {
	b.links, b.lacks, b.loaded = map[string][]link{}, nil, nil
	before := len(b.wants)
	result := api.Build(b.options(start))
	if len(b.lacks) == 0 {
		return result
	}
	loaded := b.atLoad()
	if !slices.ContainsFunc(b.lacks, func(file string) bool { return loaded[file] }) {
		return result
	}
	b.loaded, b.wants = loaded, b.wants[:before]
	return api.Build(b.options(start))
}

// atLoad finds the files that are loaded with the handler: all that are imported,
// without what packages require in functions that run later, or try to.
func (b *bundler) atLoad() map[string]bool {
	imported := map[string]bool{}
	for _, links := range b.links {
		for _, l := range links {
			imported[l.to] = true
		}
	}
	var next []string // at first the text that esbuild starts from
	for file := range b.links {
		if !imported[file] {
			next = append(next, file)
		}
	}
	loaded := map[string]bool{}
	for len(next) > 0 {
		file := next[len(next)-1]
		next = next[:len(next)-1]
		var required func(string) places.Required
		for _, l := range b.links[file] {
			if loaded[l.to] {
				continue
			}
			if l.required {
				if required == nil {
					required = b.requirer(file)
				}
				if how := required(l.by); how == places.Called || how == places.Tried {
					continue
				}
			}
			loaded[l.to] = true
			next = append(next, l.to)
		}
	}
	return loaded
}
