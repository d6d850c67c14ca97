package bundle

import (
	"embed"
	"fmt"
)

// NewestTrampoline is the number that a new function gets.
const NewestTrampoline = 1

//go:embed assets/trampoline-*.js
var assets embed.FS

// Trampoline returns the JavaScript of the trampoline with that number, and
// whether this program has it. Every number from 1 to [NewestTrampoline] stays
// available for good, because the content id of a function depends on it.
func Trampoline(number int) ([]byte, bool) {
	if number < 1 || number > NewestTrampoline {
		return nil, false
	}
	b, err := assets.ReadFile(fmt.Sprintf("assets/trampoline-%d.js", number))
	if err != nil {
		// The program was built without one of its own files.
		panic(err)
	}
	return b, true
}

// trampolineOf returns the number of the trampoline in a bundle, 0 if its
// entry is something else.
func trampolineOf(fs files) int {
	if fs[manifestFile] == nil {
		return 0
	}
	for n := NewestTrampoline; n > 0; n-- {
		if b, _ := Trampoline(n); string(b) == string(fs[entryFile]) {
			return n
		}
	}
	return 0
}
