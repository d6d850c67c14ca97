package bundle

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm/wasmtest"
)

const plainEntry = "exports.handler = async (event) => event;"

func TestBuildRefusesASource(t *testing.T) {
	t.Parallel()
	good := wasmtest.Host{}.Module()
	root := tree(t, map[string]string{
		"project/h.wasm":        string(good),
		"project/cut.wasm":      string(good[:len(good)-3]),
		"project/js/index.js":   plainEntry,
		"project/up/Index.js":   plainEntry,
		"project/up/index.js":   plainEntry,
		"project/conf/index.js": plainEntry, "project/conf/config.json": "{}",
		"project/link/index.js": plainEntry,
		"project/pipe/index.js": plainEntry,
		"project/odd/index.js":  plainEntry, `project/odd/a\b`: "",
		"project/none.zip": "no zip",
		"outside.wasm":     string(good),
	})
	dir := filepath.Join(root.Name(), "project")
	for _, err := range []error{
		os.Symlink("../outside.wasm", filepath.Join(dir, "escape.wasm")),
		os.Symlink("h.wasm", filepath.Join(dir, "inside.wasm")),
		os.Symlink("index.js", filepath.Join(dir, "link", "also.js")),
		syscall.Mkfifo(filepath.Join(dir, "pipe", "p"), 0o600),
		syscall.Mkfifo(filepath.Join(dir, "pipe.wasm"), 0o600),
		os.Mkdir(filepath.Join(dir, "void"), 0o700),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	project := openRoot(t, dir)
	js := func(f Function) Function { f.Handler = "index.handler"; return f }
	tests := map[string]struct {
		f         Function
		path, say string
	}{
		"nothing to pack":                     {Function{Name: "h"}, "h", "none of wasm, entry and bundle"},
		"two things to pack":                  {Function{Name: "h", Wasm: "a", Bundle: "b"}, "h", "more than one of wasm, entry and bundle"},
		"a module that is not there":          {Function{Wasm: "no.wasm"}, "no.wasm", "no such file"},
		"a module that was cut":               {Function{Wasm: "cut.wasm"}, "cut.wasm", "is not a usable WebAssembly module: byte "},
		"a directory as module":               {Function{Wasm: "js"}, "js", "is a folder without a *_bg.wasm"},
		"a pipe as module":                    {Function{Wasm: "pipe.wasm"}, "pipe.wasm", "is not a file"},
		"a path that climbs":                  {Function{Wasm: "../outside.wasm"}, "../outside.wasm", "outside of the project"},
		"a link that climbs":                  {Function{Wasm: "escape.wasm"}, "escape.wasm", "outside of the project"},
		"an absolute path":                    {Function{Wasm: "/etc/passwd"}, "/etc/passwd", "outside of the project"},
		"another on-error":                    {Function{Name: "h", Wasm: "h.wasm", OnError: "ignore"}, "h", `on-error is "ignore"`},
		"a trampoline of the future":          {Function{Name: "h", Wasm: "h.wasm", Trampoline: 2}, "h", "trampoline 2 is not in this program"},
		"a ready bundle that is not there":    {js(Function{Bundle: "gone"}), "gone", "no such file"},
		"a ready bundle that is one file":     {js(Function{Bundle: "h.wasm"}), "h.wasm", "neither a directory nor a .zip"},
		"a ready bundle without files":        {js(Function{Name: "h", Bundle: "void"}), "h", "needs index.js"},
		"a ready bundle without its entry":    {Function{Name: "h", Bundle: "js", Handler: "main.handler"}, "h", "needs main.js, .mjs or .cjs in js"},
		"a ready bundle with a link":          {js(Function{Bundle: "link"}), "link/also.js", "symbolic link"},
		"a ready bundle with a pipe":          {js(Function{Bundle: "pipe"}), "pipe/p", "neither a file nor a directory"},
		"a ready bundle with an odd name":     {js(Function{Bundle: "odd"}), `"a\\b"`, "backslash"},
		"names that differ in case":           {js(Function{Bundle: "up"}), "index.js", "differs from Index.js only in case"},
		"a config.json that is there already": {js(Function{Bundle: "conf", Config: map[string]any{"a": 1}}), "conf/config.json", "config would overwrite it"},
		"a .zip that is none":                 {js(Function{Bundle: "none.zip"}), "none.zip", "is not a readable zip"},
		"on-error without a trampoline":       {js(Function{Name: "h", Bundle: "js", OnError: "continue"}), "h", "on-error: continue has no effect"},
		"keep-names without a module":         {js(Function{Name: "h", Bundle: "js", KeepNames: true}), "h", "keep-names has no effect"},
		"a trampoline for a ready bundle":     {js(Function{Name: "h", Bundle: "js", Trampoline: 1}), "h", "trampoline has no effect"},
		"a handler that climbs":               {Function{Name: "h", Bundle: "js", Handler: "../index.handler"}, "h", "is not a path and the name"},
		"a handler from the top":              {Function{Name: "h", Bundle: "js", Handler: "/index.handler"}, "h", "is not a path and the name"},
		"a handler without an export":         {Function{Name: "h", Bundle: "js", Handler: "index"}, "h", "is not a path and the name"},
		"a handler with code in it":           {Function{Name: "h", Bundle: "js", Handler: "index.a;b"}, "h", "is not a path and the name"},
		"a handler without a file":            {Function{Name: "h", Bundle: "js", Handler: "lib/.handler"}, "h", "names no file"},
		"a handler split at the first dot":    {Function{Name: "h", Bundle: "js", Handler: "main.v2.handler"}, "h", "needs main.js"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Build(project, tt.f)
			wantError(t, err, tt.path, tt.say)
		})
	}
	if _, err := Build(project, Function{Wasm: "inside.wasm"}); err != nil {
		t.Errorf("a link that stays inside: %v", err)
	}
}

func TestBuildRefusesConfigThatWouldNotArrive(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{"h.wasm": string(wasmtest.Host{}.Module()), "d/index.js": plainEntry})
	tests := map[string]struct {
		value any
		path  string
		say   string
	}{
		"a whole number beyond 2^53":    {uint64(1 << 53), "config.k", "the number is beyond"},
		"the same as a signed number":   {int64(1 << 53), "config.k", "beyond what JavaScript"},
		"the same below zero, in a map": {map[string]any{"m": int(-1 << 53)}, "config.k.m", "beyond what JavaScript"},
		"digits beyond 2^53":            {json.Number("9007199254740993"), "config.k", "the number is beyond"},
		"digits no float can hold":      {json.Number("1e999"), "config.k", "beyond what JavaScript"},
		"digits of another language":    {json.Number("0x10"), "config.k", "is not how JSON"},
		"infinity in a list":            {[]any{0, math.Inf(1)}, "config.k[1]", "no form in JSON"},
		"not a number":                  {math.NaN(), "config.k", "no form in JSON"},
		"a type JSON has not":           {make(chan int), "config.k", "chan int"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Build(root, Function{Wasm: "h.wasm", Config: map[string]any{"k": tt.value}})
			wantError(t, err, tt.path, tt.say)
		})
	}
	for _, largest := range []any{uint64(1<<53 - 1), json.Number("9007199254740991"), json.Number("-0.10")} {
		b, err := Build(root, Function{Bundle: "d", Handler: "index.handler", Config: map[string]any{"k": largest}})
		if err != nil {
			t.Errorf("%v: %v", largest, err)
		} else if got, want := unzip(t, b.Zip)["config.json"], fmt.Sprintf("{\"k\":%v}\n", largest); got != want {
			t.Errorf("config is %s, want %s", got, want)
		}
	}
}

func TestOpenRefusesAZip(t *testing.T) {
	t.Parallel()
	one := entry{name: "index.js", data: plainEntry}
	tests := map[string]struct {
		in        []byte
		path, say string
	}{
		"no zip":                     {[]byte("PK"), "", "not a readable zip"},
		"no files":                   {foreign(t), "", "empty"},
		"directories only":           {foreign(t, entry{name: "a/"}), "", "empty"},
		"one name twice":             {foreign(t, one, one), "index.js", "in the zip twice"},
		"names that differ in case":  {foreign(t, entry{name: "É.js"}, entry{name: "é.js"}), "é.js", "differs from É.js only in case"},
		"a file that is a directory": {foreign(t, entry{name: "a"}, entry{name: "A/b"}), "A/b", "a is a file and a directory"},
		"a name that climbs":         {foreign(t, entry{name: "a/../../b"}), `"a/../../b"`, "leaves the bundle"},
		"a directory that climbs":    {foreign(t, entry{name: "../"}), `".."`, "leaves the bundle"},
		"an absolute name":           {foreign(t, entry{name: "/etc/passwd"}), `"/etc/passwd"`, "absolute"},
		"a drive letter":             {foreign(t, entry{name: "c:x"}), `"c:x"`, "drive letter"},
		"a backslash":                {foreign(t, entry{name: `..\b`}), `"..\\b"`, "backslash"},
		"a NUL":                      {foreign(t, entry{name: "a\x00b"}), `"a\x00b"`, "control character"},
		"an escape code":             {foreign(t, entry{name: "a\x1b[31m"}), `"a\x1b[31m"`, "control character"},
		"bytes that are not UTF-8":   {foreign(t, entry{name: "a\xff"}), `"a\xff"`, "not UTF-8"},
		"a name with a detour":       {foreign(t, entry{name: "a//b"}), `"a//b"`, "shortest form"},
		"a name from here":           {foreign(t, entry{name: "./a"}), `"./a"`, "shortest form"},
		"an entry without a name":    {foreign(t, entry{name: ""}), `""`, "without a name"},
		"a name longer than a file system takes": {foreign(t, entry{name: strings.Repeat("n", 256)}),
			`"` + strings.Repeat("n", 256) + `"`, "more than 255 bytes"},
		"a link":                      {foreign(t, entry{name: "l", data: "/etc/passwd", mode: fs.ModeSymlink | 0o777}), "l", "symbolic link"},
		"a device":                    {foreign(t, entry{name: "d", mode: fs.ModeDevice | 0o600}), "d", "neither a file nor a directory"},
		"a directory in file's words": {foreign(t, entry{name: "d", mode: fs.ModeDir | 0o700}), "d", "disagree"},
		"an encrypted entry":          {foreign(t, entry{name: "e", flags: flagCrypt}), "e", "encrypted"},
		"an unknown compression":      {method(foreign(t, one), 14), "index.js", "compression method 14"},
		"a checksum that is wrong":    {flip(foreign(t, one), plainEntry), "index.js", "checksum"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(tt.in)
			wantError(t, err, tt.path, tt.say)
		})
	}
}

// method overwrites the compression method of a zip's only entry.
func method(z []byte, m byte) []byte {
	z = bytes.Clone(z)
	z[bytes.Index(z, []byte("PK\x01\x02"))+10] = m
	return z
}

// flip changes the first byte of stored data.
func flip(z []byte, data string) []byte {
	z = bytes.Clone(z)
	z[bytes.Index(z, []byte(data))] ^= 1
	return z
}

func TestAReadyZipIsJudgedLikeAnyOther(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{"b.ZIP": string(foreign(t, entry{name: "../index.js"}))})
	_, err := Build(root, Function{Bundle: "b.ZIP", Handler: "index.handler"})
	wantError(t, err, `b.ZIP: "../index.js"`, "leaves the bundle")
}

// Sizes are counted while reading: 262144001 bytes of zeros are a quarter of a
// megabyte in a zip, and a header may say anything.
func TestTooMuchUnzippedIsRefusedWhileReading(t *testing.T) {
	t.Parallel()
	bomb := zeros(t, maxUnzipped+1)
	if len(bomb) > maxUnzipped/100 {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	_, err := Open(bomb)
	wantError(t, err, "z", "exceeds 262144000 bytes unzipped")

	// The same with an entry that claims to be small.
	at := bytes.Index(bomb, []byte("PK\x01\x02"))
	copy(bomb[at+24:], []byte{1, 0, 0, 0})
	if _, err := Open(bomb); err == nil {
		t.Error("a lying header passes")
	}
}

// zeros is a zip of one file, z, with n bytes. The flushed block of a million
// zeros is made once and repeated, because compressing them all takes seconds.
func zeros(t *testing.T, n int) []byte {
	t.Helper()
	var block, out bytes.Buffer
	z, err := flate.NewWriter(&block, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	const million = 1 << 20
	write := func(w io.Writer, b []byte) {
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	write(z, make([]byte, million))
	if err := z.Flush(); err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat(block.Bytes(), n/million)
	block.Reset()
	z.Reset(&block)
	write(z, make([]byte, n%million))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	data = append(data, block.Bytes()...)
	w := zip.NewWriter(&out)
	f, err := w.CreateRaw(&zip.FileHeader{
		Name: "z", Method: zip.Deflate, CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(n),
	})
	if err != nil {
		t.Fatal(err)
	}
	write(f, data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestLimitsCountEverything(t *testing.T) {
	t.Parallel()
	six := map[string]string{"d/a": "ab", "d/index.js": "cdef"}
	root := tree(t, six)
	f := Function{Bundle: "d", Handler: "index.handler"}
	fits, err := build(root, f, limits{zipped: 1000, unzipped: 6})
	if err != nil {
		t.Fatal(err)
	}
	_, err = build(root, f, limits{zipped: 1000, unzipped: 5})
	wantError(t, err, "d/index.js", "exceeds 5 bytes unzipped")
	_, err = build(root, f, limits{zipped: int64(len(fits.Zip)) - 1, unzipped: 6})
	wantError(t, err, "", "bytes zipped")
	if _, err := open(fits.Zip, limits{zipped: int64(len(fits.Zip)), unzipped: 6}); err != nil {
		t.Errorf("exactly at both limits: %v", err)
	}
	_, err = open(fits.Zip, limits{zipped: int64(len(fits.Zip)) - 1, unzipped: 6})
	wantError(t, err, "", "bytes zipped")
	_, err = open(fits.Zip, limits{zipped: 1000, unzipped: 5})
	wantError(t, err, "index.js", "exceeds 5 bytes unzipped")
	// Configuration counts like any other file.
	f.Config = map[string]any{"k": 1}
	_, err = build(root, f, limits{zipped: 1000, unzipped: 7})
	wantError(t, err, "config.json", "exceeds 7 bytes unzipped")
	module := wasmtest.Host{}.Module()
	wasmRoot := tree(t, map[string]string{"h.wasm": string(module)})
	_, err = build(wasmRoot, Function{Wasm: "h.wasm"}, limits{zipped: 1000, unzipped: int64(len(module)) - 1})
	wantError(t, err, "h.wasm", "no bundle can hold")
}

func TestAReadyZipIsPackedAgain(t *testing.T) {
	t.Parallel()
	z := foreign(t, entry{name: "lib/"}, entry{name: "lib/main.cjs", data: plainEntry, mode: 0o600}, entry{name: "a.txt", data: "a"})
	root := tree(t, map[string]string{
		"b.zip": string(z), "d/lib/main.cjs": plainEntry, "d/a.txt": "a",
	})
	var got [2]Bundle
	for i, source := range []string{"./b.zip", "d/"} {
		var err error
		got[i], err = Build(root, Function{Bundle: source, Handler: "lib/main.handler", Config: map[string]any{"k": true}})
		if err != nil {
			t.Fatal(err)
		}
		got[i].Inputs = nil // they differ, and are tested elsewhere
	}
	if diff := cmp.Diff(got[0], got[1]); diff != "" {
		t.Errorf("the zip and the directory of the same files: -zip +directory\n%s", diff)
	}
	if got[0].Handler != "lib/main.handler" || got[0].Trampoline != 0 {
		t.Errorf("handler %q, trampoline %d", got[0].Handler, got[0].Trampoline)
	}
	want := map[string]string{"lib/main.cjs": plainEntry, "a.txt": "a", "config.json": "{\"k\":true}\n"}
	if diff := cmp.Diff(want, unzip(t, got[0].Zip)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
