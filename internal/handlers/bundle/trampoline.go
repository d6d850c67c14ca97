package bundle

import (
	"bytes"
	"embed"
	"fmt"
)

// NewestTrampoline is the number that a new function gets.
const NewestTrampoline = 1

//go:embed assets
var assets embed.FS

// parts are the files of a trampoline's script, in the order in which they are
// put together. A bundle has one script and not several, because every file
// more is a read at each cold start; what two interfaces share stands in one
// file here all the same.
func parts(abi ABI) []string {
	switch abi {
	case Host:
		return []string{"module.js", "host.js"}
	case Bytes:
		return []string{"module.js", "bytes.js"}
	case Glue:
		return []string{"glue.js", "callback.js"}
	}
	return nil
}

// Trampoline returns the JavaScript of the trampoline with that number for an
// interface, and whether this program has it. Every number from 1 to
// [NewestTrampoline] stays available for good, because the content id of a
// function depends on it.
func Trampoline(number int, abi ABI) ([]byte, bool) {
	files := parts(abi)
	if number < 1 || number > NewestTrampoline || files == nil {
		return nil, false
	}
	var script bytes.Buffer
	for _, name := range files {
		script.Write(asset(number, name))
	}
	return script.Bytes(), true
}

// awaiting are the files of the trampoline with that number for a handler that
// awaits where it is loaded.
func awaiting(number int) files {
	glue, _ := Trampoline(number, Glue)
	return files{awaitFile: asset(number, "await.mjs"), glueFile: glue}
}

// asset returns a file of the trampoline with that number.
func asset(number int, name string) []byte {
	b, err := assets.ReadFile(fmt.Sprintf("assets/%d/%s", number, name))
	if err != nil {
		// The program was built without one of its own files.
		panic(err)
	}
	return b
}

// matches reports whether a bundle has these files.
func matches(fs, want files) bool {
	for name, b := range want {
		if !bytes.Equal(b, fs[name]) {
			return false
		}
	}
	return fs[entryFile] == nil // Lambda would take that one
}

// trampolineOf returns the number of the trampoline in a bundle and its
// interface; 0 if the entry is something else.
func trampolineOf(fs files) (int, ABI) {
	if fs[manifestFile] == nil {
		return 0, ""
	}
	for n := NewestTrampoline; n > 0; n-- {
		for _, abi := range append(abis(), Glue) {
			if b, _ := Trampoline(n, abi); bytes.Equal(b, fs[entryFile]) {
				return n, abi
			}
		}
		if matches(fs, awaiting(n)) {
			return n, Glue
		}
	}
	return 0, ""
}
