package script

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

var unresolved = regexp.MustCompile(`^Could not resolve "([^"]*)"`)

// missing says in our words why an import leads nowhere, and what helps.
func (b *bundler) missing(m api.Message, p *Problem) {
	found := unresolved.FindStringSubmatch(m.Text)
	if found == nil {
		return
	}
	name := found[1]
	p.Text = fmt.Sprintf("Could not resolve %q", name)
	switch {
	case strings.HasPrefix(name, "."), strings.HasPrefix(name, "/"):
		p.Hint = "correct the path, or build what makes the file"
		return
	case strings.HasPrefix(name, "#"):
		p.Hint = "correct the imports of package.json, or build what makes the file"
		return
	}
	pkg := packageName(name)
	folder := b.installed(path.Dir(p.File), pkg)
	switch linked := folder != ""; {
	case linked:
		b.unbuilt(folder, name, pkg, p)
	case b.plugAndPlay():
		p.Hint = pnpHint
	default:
		if folder = b.sibling(pkg); folder == "" {
			p.Hint = "run npm install (or pnpm, or yarn) where package.json is; nothing is found at run time that is not in the bundle, the AWS SDK included, unless external: names it"
			return
		}
		p.Text = fmt.Sprintf("%q is %s of this workspace, which is not linked into node_modules", name, folder)
		p.Hint = "run npm install (or pnpm, or yarn) where the workspace's package.json is"
		if file := b.absent(folder, name, pkg); file != "" {
			p.Text += fmt.Sprintf("; %s, which its package.json names, does not exist either", file)
			p.Hint += ", and then build the package"
		}
	}
}

// unbuilt says what a package lacks that is there.
func (b *bundler) unbuilt(folder, name, pkg string, p *Problem) {
	if file := b.absent(folder, name, pkg); file != "" {
		p.Text = fmt.Sprintf("%q leads to %s, which its package.json names and which does not exist", name, file)
		p.Hint = "build the package first; if it is part of this workspace, like npm run build --workspace " + pkg
		return
	}
	p.Text = fmt.Sprintf("%q is not in the package %s, which is installed", name, pkg)
	p.Hint = "import what " + path.Join(folder, "package.json") + " exports, or install another version of it"
}

const pnpHint = "Yarn Plug'n'Play keeps packages in archives, which are not read: set nodeLinker: node-modules in .yarnrc.yml, and run yarn install"

// plugAndPlay reports whether Yarn has installed without node_modules.
func (b *bundler) plugAndPlay() bool {
	for dir := path.Dir(b.entry); ; dir = path.Dir(dir) {
		if b.exists(path.Join(dir, ".pnp.cjs")) || b.exists(path.Join(dir, ".pnp.data.json")) {
			return true
		}
		if dir == "." {
			return false
		}
	}
}

func packageName(imported string) string {
	parts := strings.SplitN(imported, "/", 3)
	if strings.HasPrefix(imported, "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

// installed finds the folder of a package as Node.js does, with the link that
// it may be followed; "" if there is none below the root.
func (b *bundler) installed(dir, pkg string) string {
	for ; ; dir = path.Dir(dir) {
		folder := path.Join(dir, "node_modules", pkg)
		if b.exists(path.Join(folder, "package.json")) {
			return b.real(folder)
		}
		if dir == "." || dir == "/" {
			return ""
		}
	}
}

// about is what of a package.json says where its files are.
type about struct {
	Name       string          `json:"name"`
	Main       string          `json:"main"`
	Module     string          `json:"module"`
	Exports    json.RawMessage `json:"exports"`
	Workspaces json.RawMessage `json:"workspaces"`
}

func (b *bundler) about(folder string) (about, bool) {
	var a about
	text, err := b.read(path.Join(folder, "package.json"))
	return a, err == nil && json.Unmarshal(text, &a) == nil
}

// absent finds the file that a package's package.json names for an import, if
// it is not there.
func (b *bundler) absent(folder, imported, pkg string) string {
	a, ok := b.about(folder)
	if !ok {
		return ""
	}
	var names []string
	if a.Exports != nil {
		var exports any
		if json.Unmarshal(a.Exports, &exports) == nil {
			names = targets(exports, "."+strings.TrimPrefix(imported, pkg))
		}
	} else if imported == pkg {
		names = []string{a.Module, a.Main}
	}
	for _, name := range names {
		if file := path.Join(folder, name); name != "" && !b.exists(file) && !b.exists(file+".js") && !b.exists(path.Join(file, "index.js")) {
			return file
		}
	}
	return ""
}

// targets lists what exports name for a path, in their conditions' usual order.
func targets(exports any, wanted string) []string {
	switch e := exports.(type) {
	case string:
		return []string{e}
	case []any:
		var all []string
		for _, one := range e {
			all = append(all, targets(one, wanted)...)
		}
		return all
	case map[string]any:
		if one, ok := e[wanted]; ok {
			return targets(one, "")
		}
		var all []string
		for _, condition := range []string{"node", "import", "module", "require", "default"} {
			if one, ok := e[condition]; ok {
				all = append(all, targets(one, wanted)...)
			}
		}
		return all
	}
	return nil
}

// sibling finds the folder of a package of the workspace; "" if there is none.
func (b *bundler) sibling(pkg string) string {
	for dir := path.Dir(b.entry); ; dir = path.Dir(dir) {
		for _, pattern := range b.workspaces(dir) {
			folders, err := globBelow(b.in.Root.FS(), path.Join(dir, pattern))
			if err != nil {
				continue // not a pattern
			}
			for _, folder := range folders {
				if a, ok := b.about(folder); ok && a.Name == pkg {
					return folder
				}
			}
		}
		if dir == "." {
			return ""
		}
	}
}

var pnpmPackage = regexp.MustCompile(`(?m)^\s*-\s*["']?([^"'#\s]+)`)

// workspaces lists the patterns of a folder's workspace: of npm and Yarn in
// package.json, of pnpm in a file of its own.
func (b *bundler) workspaces(dir string) []string {
	var patterns []string
	if a, ok := b.about(dir); ok && a.Workspaces != nil {
		var nested struct{ Packages []string }
		if json.Unmarshal(a.Workspaces, &patterns) != nil && json.Unmarshal(a.Workspaces, &nested) == nil {
			patterns = nested.Packages
		}
	}
	if text, err := b.read(path.Join(dir, "pnpm-workspace.yaml")); err == nil {
		for _, found := range pnpmPackage.FindAllStringSubmatch(string(text), -1) {
			patterns = append(patterns, found[1])
		}
	}
	return slices.DeleteFunc(patterns, func(p string) bool { return strings.HasPrefix(p, "!") })
}

// globBelow finds the folders of a pattern, in which ** stands for one level
// here: that is how workspaces are laid out.
func globBelow(root fs.FS, pattern string) ([]string, error) {
	return fs.Glob(root, strings.ReplaceAll(pattern, "**", "*"))
}
