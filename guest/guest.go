package guest

import (
	"embed"
	"io/fs"

	"golang.org/x/tools/txtar"
)

//go:embed rust/Cargo.toml rust/src
var rust embed.FS

//go:embed go.txtar
var golang []byte

// Rust is the crate edgedeploy-guest.
func Rust() fs.FS {
	sub, err := fs.Sub(rust, "rust")
	if err != nil {
		panic(err) // the name is valid
	}
	return sub
}

// Go is the module github.com/edgedeploy/edgedeploy/guest/go without its tests.
func Go() fs.FS {
	sub, err := txtar.FS(txtar.Parse(golang))
	if err != nil {
		panic(err) // the program was built with a damaged file of its own
	}
	return sub
}
