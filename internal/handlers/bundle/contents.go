package bundle

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/edgedeploy/edgedeploy/versions"
)

// contents fingerprints the parts of a bundle, so that a plan can say which of
// them changed.
func (d draft) contents(f Function) versions.Parts {
	if d.trampoline == 0 {
		parts := versions.Parts{Files: d.fingerprint(func(name string) bool { return len(f.Config) == 0 || name != configFile })}
		if len(f.Config) > 0 {
			parts.Config = d.fingerprint(func(name string) bool { return name == configFile })
		}
		return parts
	}
	// What is the trampoline's own follows from its number, and from the rest.
	own := files{manifestFile: nil, entryFile: nil, originFile: nil}
	maps.Copy(own, awaiting(d.trampoline))
	wasm := func(name string) bool { return path.Ext(name) == ".wasm" }
	parts := versions.Parts{
		Module: d.fingerprint(wasm),
		Script: d.fingerprint(func(name string) bool {
			_, trampoline := own[name]
			return !trampoline && !wasm(name)
		}),
		OnError: cmp.Or(f.OnError, "fail"), Interface: string(d.abi),
	}
	if len(f.Config) > 0 {
		config, err := encodeConfig(f.Config)
		if err != nil {
			panic("bundle: a configuration that was just packed cannot be written: " + err.Error())
		}
		parts.Config = fingerprint(config)
	}
	return parts
}

// fingerprint is that of the files of some names; "" if there are none.
func (d draft) fingerprint(of func(name string) bool) string {
	var list []byte
	for _, name := range slices.Sorted(maps.Keys(d.files)) {
		if of(name) {
			list = fmt.Appendf(list, "%q %v %x\n", name, d.programs[name], sha256.Sum256(d.files[name]))
		}
	}
	if list == nil {
		return ""
	}
	return fingerprint(list)
}

func fingerprint(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}
