package bundle

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// dist is a ready bundle with what builds leave behind.
func dist(ignore string) map[string]string {
	files := map[string]string{
		"dist/index.js":                      "exports.handler = async (event) => event;",
		"dist/index.js.map":                  strings.Repeat("m", 1000),
		"dist/lib/a.js":                      "a",
		"dist/lib/a.test.js":                 "t",
		"dist/node_modules/x/x.js":           "x",
		"dist/node_modules/x/README.md":      "r",
		"dist/node_modules/y/y.js":           "y",
		"dist/node_modules/y/test/fixture.b": strings.Repeat("f", 500),
	}
	if ignore != "" {
		files["dist/.edgedeployignore"] = ignore
	}
	return files
}

func ready(t *testing.T, root *os.Root) (Bundle, error) {
	t.Helper()
	return Build(root, Function{Name: "f", Bundle: "dist", Handler: "index.handler"})
}

func namesOf(b Bundle) []string {
	var list []string
	for _, f := range b.Files {
		list = append(list, f.Name)
	}
	return list
}

func TestIgnoredFilesStayOutAndAreCounted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		ignore string
		want   string
		out    LeftOut
	}{
		"no patterns": {"# none\n", "index.js index.js.map lib/a.js lib/a.test.js node_modules/x/README.md node_modules/x/x.js node_modules/y/test/fixture.b node_modules/y/y.js", LeftOut{}},
		"one file":    {"*.map\n", "index.js lib/a.js lib/a.test.js node_modules/x/README.md node_modules/x/x.js node_modules/y/test/fixture.b node_modules/y/y.js", LeftOut{1, 1000}},
		"folders and an exception": {"**/*.map\nnode_modules\n!node_modules/x/*.js\n**/*.test.js\n",
			"index.js lib/a.js node_modules/x/x.js", LeftOut{5, 1000 + 1 + 1 + 1 + 500}},
		"everything but": {"**\n!index.js\n!lib\n", "index.js lib/a.js lib/a.test.js", LeftOut{5, 1000 + 1 + 1 + 1 + 500}},
		"order counts":   {"!lib/a.js\nlib\n**/*.map\n**/y\n", "index.js node_modules/x/README.md node_modules/x/x.js", LeftOut{5, 1000 + 1 + 1 + 1 + 500}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := ready(t, tree(t, dist(tt.ignore)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Fields(tt.want), namesOf(b)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if b.LeftOut != tt.out {
				t.Errorf("left out %+v, want %+v", b.LeftOut, tt.out)
			}
		})
	}
}

// Whatever the patterns: leaving files out, and their not being there, is one
// content and one zip, in which there is no ignore file.
func TestAnIgnoredFileIsAsGoodAsNone(t *testing.T) {
	t.Parallel()
	all := dist("")
	delete(all, "dist/index.js")
	rapid.Check(t, func(rt *rapid.T) {
		pattern := rapid.SampledFrom([]string{"*.map", "lib", "**/*.js", "node_modules/*", "node_modules/x", "**/README.md", "lib/a.*", "**/test", "*", "# x"})
		var ignore strings.Builder
		for range rapid.IntRange(1, 5).Draw(rt, "patterns") {
			ignore.WriteString(rapid.SampledFrom([]string{"", "!"}).Draw(rt, "sign") + pattern.Draw(rt, "pattern") + "\n")
		}
		with, err := ready(t, tree(t, dist(ignore.String()+"!index.js\n")))
		if err != nil {
			rt.Fatal(err)
		}
		bare := map[string]string{}
		for _, name := range namesOf(with) {
			bare["dist/"+name] = dist("")["dist/"+name]
		}
		without, err := ready(t, tree(t, bare))
		if err != nil {
			rt.Fatal(err)
		}
		if with.Content != without.Content || string(with.Zip) != string(without.Zip) || slices.Contains(namesOf(with), ".edgedeployignore") {
			rt.Fatalf("%v and %v differ, by\n%s", namesOf(with), namesOf(without), ignore.String())
		}
		var bytes int64
		for name := range maps.Keys(dist("")) {
			if bare[name] == "" {
				bytes += int64(len(dist("")[name]))
			}
		}
		if n := len(dist("")) - len(bare); with.LeftOut != (LeftOut{n, bytes}) {
			rt.Fatalf("left out %+v, want %d files of %d bytes", with.LeftOut, n, bytes)
		}
	})
}

func TestWhatIsIgnoredMayBeAnything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	top := filepath.Join(dir, "dist")
	for name, text := range map[string]string{"index.js": "exports.handler = async () => 1;", ".edgedeployignore": "node_modules/.bin\n*.sock\nbad*\n"} {
		if err := os.MkdirAll(filepath.Join(top, "node_modules", ".bin"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(top, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{
		os.Symlink("/etc/passwd", filepath.Join(top, "node_modules", ".bin", "tsc")),
		os.Symlink("..", filepath.Join(top, "node_modules", ".bin", "loop")),
		syscall.Mkfifo(filepath.Join(top, "x.sock"), 0o600),
		os.WriteFile(filepath.Join(top, "bad\\name"), nil, 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := ready(t, openRoot(t, dir))
	if err != nil || len(b.Files) != 1 || b.LeftOut.Files != 4 {
		t.Errorf("%v, %v, %+v", namesOf(b), err, b.LeftOut)
	}
	if err := os.Remove(filepath.Join(top, ".edgedeployignore")); err != nil {
		t.Fatal(err)
	}
	if _, err := ready(t, openRoot(t, dir)); err == nil {
		t.Error("without the ignore file it is packed")
	}
}

func TestAnIgnoredFolderNeedNotBeReadable(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	root := tree(t, dist("lib\n!lib/a.js\n"))
	lib := filepath.Join(root.Name(), "dist", "lib")
	if err := os.Chmod(lib, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(lib, 0o700) }) // for the cleaner
	b, err := ready(t, root)
	if err != nil || slices.ContainsFunc(namesOf(b), func(name string) bool { return strings.HasPrefix(name, "lib/") }) {
		t.Errorf("%v, %v", namesOf(b), err)
	}
}

func TestAnIgnoreFileThatIsWrongIsNamedWithItsLine(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ ignore, path, says, hint string }{
		"a pattern":      {"*.map\n\n[a\n", "dist/.edgedeployignore:3", `"[a" is not a pattern`, "]"},
		"too large":      {strings.Repeat("#\n", 40_000), "dist/.edgedeployignore", "more than 65536 bytes", "fewer"},
		"the handler":    {"**/*.map\n*.js\n", "f", "index.js is the handler's file, and dist/.edgedeployignore:2 leaves it out", "!index.js"},
		"everything":     {"**\n", "f", "dist/.edgedeployignore:1 leaves it out", "!index.js"},
		"all but others": {"*\n!lib\n", "f", "dist/.edgedeployignore:1 leaves it out", "!index.js"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ready(t, tree(t, dist(tt.ignore)))
			if e := wantError(t, err, tt.path, tt.says); !strings.Contains(e.Hint, tt.hint) {
				t.Errorf("hint %q", e.Hint)
			}
		})
	}
	t.Run("a link", func(t *testing.T) {
		t.Parallel()
		root := tree(t, dist(""))
		if err := os.Symlink("index.js", filepath.Join(root.Name(), "dist", ".edgedeployignore")); err != nil {
			t.Fatal(err)
		}
		_, err := ready(t, root)
		wantError(t, err, "dist/.edgedeployignore", "is not a plain file")
	})
}

// Only the one at the top is read; further down it is a file like any other, as
// Docker has it.
func TestIgnoreFilesFurtherDownAreFiles(t *testing.T) {
	t.Parallel()
	files := dist("")
	files["dist/lib/.edgedeployignore"] = "a.js\n"
	b, err := ready(t, tree(t, files))
	if err != nil || b.LeftOut.Files != 0 || !slices.Contains(namesOf(b), "lib/.edgedeployignore") || !slices.Contains(namesOf(b), "lib/a.js") {
		t.Errorf("%v, %v", namesOf(b), err)
	}
}

func TestLitterIsPackedAndWarnedAbout(t *testing.T) {
	t.Parallel()
	files := dist("**/Thumbs.db\n")
	maps.Copy(files, map[string]string{
		"dist/.git/config": "c", "dist/.git/HEAD": "h", "dist/lib/.DS_Store": "d", "dist/lib/b/.DS_Store": "d",
		"dist/Thumbs.db": "t", "dist/lib/x.env": "fine", "dist/git/.gitignore": "fine",
		"dist/public.pem": "-----BEGIN PUBLIC KEY-----", "dist/own.pem": "-----BEGIN EC PRIVATE KEY-----", "dist/keys/id_ed25519": "-----BEGIN OPENSSH PRIVATE KEY-----",
		"dist/jose.js": "'-----BEGIN PRIVATE KEY-----'", "dist/id_map": "fine",
	})
	b, err := ready(t, tree(t, files))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"dist/.git is packed, too: the line **/.git in dist/.edgedeployignore leaves it out",
		"dist/keys/id_ed25519 is packed, too: the line **/id_ed25519 in dist/.edgedeployignore leaves it out",
		"dist/lib/.DS_Store is packed, too: the line **/.DS_Store in dist/.edgedeployignore leaves it out",
		"dist/own.pem is packed, too: the line **/own.pem in dist/.edgedeployignore leaves it out",
	}
	if diff := cmp.Diff(want, b.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if !slices.Contains(namesOf(b), path.Join(".git", "HEAD")) {
		t.Error(".git is left out although nobody said so")
	}
}

func TestAZipIsTakenWithItsIgnoreFile(t *testing.T) {
	t.Parallel()
	zip := foreign(t, entry{name: "index.js", data: "exports.handler = async () => 1;"}, entry{name: ".edgedeployignore", data: "[\nindex.js"}, entry{name: ".git/x", data: "x"})
	b, err := Build(tree(t, nil), Function{Name: "f", Bundle: "https://example.com/x.zip", Source: zip, Handler: "index.handler"})
	if err != nil || len(b.Files) != 3 {
		t.Errorf("%v, %v", namesOf(b), err)
	}
	if diff := cmp.Diff([]string{"https://example.com/x.zip: .git is in the zip, and is deployed with it: make the zip without it"}, b.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}
