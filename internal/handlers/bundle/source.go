package bundle

import (
	"fmt"
	"os"
)

// The most bytes that a fetched Source can have: a module is in the bundle as
// it is, a zip is uploaded as it is.
const (
	MaxModule = maxUnzipped
	MaxZip    = maxZipped
)

// module gives the bytes of Wasm, wherever they come from.
func (f Function) module(root *os.Root, lim limits) ([]byte, error) {
	switch {
	case f.Source == nil:
		return readFile(root, f.Wasm, lim.unzipped)
	case int64(len(f.Source)) > lim.unzipped:
		return nil, &Error{Path: f.Wasm, Reason: fmt.Sprintf("is larger than %d bytes, which no bundle can hold", lim.unzipped)}
	}
	return f.Source, nil
}
