package starter

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/guest"
)

//go:embed assets
var assets embed.FS

// Step is something to type, and what it does.
type Step struct{ Command, About string }

// Starter is the files of one, by slash-separated name, and what to do with
// them.
type Starter struct {
	Files map[string][]byte
	Next  []Step // before edgedeploy test and apply
	Built bool   // by one of them; edgedeploy bundles TypeScript itself
}

// guestDir is where a starter has its copy of the guest library.
const guestDir = "edgedeploy-guest"

type language struct {
	alias string       // the other name that people have for it
	guest func() fs.FS // nil if it needs none
	next  []Step
}

func languages() map[string]language {
	return map[string]language{
		"rust": {"rs", guest.Rust, []Step{
			{"rustup target add wasm32-unknown-unknown", "once, with rustup"},
			{"cargo build --release --target wasm32-unknown-unknown", "Debian's Rust: RUSTC=/usr/bin/rustc /usr/bin/cargo …, see Cargo.toml"},
		}},
		"go": {"golang", guest.Go, []Step{
			{"GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath \\\n    -ldflags='-s -w' -o handler.wasm .", "needs Go 1.24 or newer"},
		}},
		"typescript": {alias: "ts", next: []Step{
			{"npm install", "the compiler, for editors and npm run check"},
		}},
	}
}

// Later is what to know once all of that worked. spec is how commands name the spec,
// " -f FILE", or "".
func (s Starter) Later(spec string) string {
	change := "After a change: build, test, and write what the handler answers now as what is\nexpected:\n"
	if !s.Built {
		change = "After a change: test, and write what the handler answers now as what is\nexpected:\n"
	}
	return change + "  edgedeploy test --update" + spec + `

For a real account put your role and your distribution's id into the spec. What
the account has to allow:
  edgedeploy iam-policy` + spec + `

Pipelines that plan and apply are in github.com/edgedeploy/edgedeploy,
examples/pipelines.
`
}

// Languages are those that there is a starter for.
func Languages() []string { return []string{"rust", "go", "typescript"} }

// Alias is the other name that a language goes by: "golang" for "go".
func Alias(lang string) string { return languages()[lang].alias }

// Named finds the language that is meant by a name, an alias, or either in
// capitals; "" for none.
func Named(name string) string {
	for _, lang := range Languages() {
		if strings.EqualFold(name, lang) || strings.EqualFold(name, Alias(lang)) {
			return lang
		}
	}
	return ""
}

// For gives the starter for a language, with a stack of that name. The
// language must be a name that [Named] knows.
func For(name, stack string) (Starter, error) {
	lang := Named(name)
	l, ok := languages()[lang]
	if !ok {
		return Starter{}, fmt.Errorf("there is no starter for %q: want %s", name, strings.Join(Languages(), ", "))
	}
	s := Starter{Files: map[string][]byte{}, Next: slices.Clone(l.next), Built: l.guest != nil}
	own, err := fs.Sub(assets, path.Join("assets", lang))
	if err != nil {
		return Starter{}, err
	}
	if err := s.add(own, "", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("<stack>"), []byte(stack)) }); err != nil {
		return Starter{}, err
	}
	if l.guest != nil {
		err = s.add(l.guest(), guestDir, func(b []byte) []byte { return b })
	}
	return s, err
}

// add puts the files of a tree below dir.
func (s Starter) add(tree fs.FS, dir string, change func([]byte) []byte) error {
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		name = strings.TrimSuffix(name, ".tmpl")
		if name == "gitignore" {
			name = "." + name
		}
		s.Files[path.Join(dir, name)] = change(b)
		return nil
	})
}
