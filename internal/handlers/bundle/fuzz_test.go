package bundle

import (
	"errors"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm/wasmtest"
)

// Whatever comes in: no panic and no error of another kind; and what opens has
// the same content when its files are packed by us.
func FuzzOpen(f *testing.F) {
	script, _ := trampoline(1, Host, []string{"host"})
	ours, _, err := writeZip(files{entryFile: script, manifestFile: []byte("{}"), moduleFile: wasmtest.Host{}.Module()}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ours)
	small, _, err := writeZip(files{"a": []byte("a"), "ü/b": nil}, executables{"a": true})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Add([]byte("PK\x05\x06" + string(make([]byte, 18))))
	lim := limits{zipped: 1 << 20, unzipped: 1 << 20}
	f.Fuzz(func(t *testing.T, in []byte) {
		b, err := open(in, lim)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatalf("%v is no *Error", err)
			}
			return
		}
		if b.Uncompressed > lim.unzipped {
			t.Fatalf("%d bytes pass a limit of %d", b.Uncompressed, lim.unzipped)
		}
		from, err := readZip(in, lim)
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := writeZip(from.files, from.programs)
		if err != nil {
			t.Fatal(err)
		}
		packed, err := Open(again)
		if err != nil {
			t.Fatal(err)
		}
		if packed.Content != b.Content {
			t.Fatalf("packed %s, opened %s", packed.Content, b.Content)
		}
	})
}
