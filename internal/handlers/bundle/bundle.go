package bundle

import (
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path"
	"slices"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/script"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Function says what to pack. Exactly one of Wasm, Entry and Bundle is set;
// paths are slash-separated and relative to the root given to [Build].
type Function struct {
	Name    string // the key in the spec, for messages
	Wasm    string // a module, or the directory or *_bg.wasm that wasm-bindgen wrote
	Entry   string // a script that exports handler, bundled with what it imports
	Bundle  string // a ready directory or .zip with its own JavaScript entry
	Source  []byte // what Wasm (a module) or Bundle (a zip) was fetched as; they only name it in messages then
	Handler string // the entry of Bundle, as Lambda spells it; ignored for the others
	Runtime string // nodejs22.x and so on; what scripts are written for, "" for the oldest

	// OnError is what the trampoline does when the handler fails: "fail" (also
	// "") answers with an error, "continue" passes the event on unchanged.
	// A ready bundle answers for itself, so it takes no "continue".
	OnError string

	// Config is baked into the bundle: JSON values as a YAML or JSON decoder
	// makes them. The trampoline hands it on; beside an entry of Bundle's own
	// it is config.json. Empty means none.
	Config map[string]any

	// External are packages that an entry imports and that are not bundled.
	External []string

	KeepNames  bool // keep the module's name and debug sections
	Trampoline int  // its number; 0 is the newest
}

// Bundle is what Lambda gets, and what is known about it.
type Bundle struct {
	Content    versions.ContentID
	Zip        []byte
	CodeSHA256 string // base64 of the SHA-256 of Zip, as Lambda reports it
	Handler    string // for Lambda's configuration; "" from Open for a bundle not made here
	ABI        ABI    // how events reach the handler; "" for a bundle with an entry of its own
	Trampoline int    // 0 for a bundle with an entry of its own
	Files      []File // sorted by name
	// Parts tell what of the content changed. Open does not compute them.
	Parts versions.Parts

	// Dropped are the custom sections left out of the modules, in their order,
	// those of one name counted together in a glue bundle.
	// Open cannot know them.
	Dropped []Dropped
	// LeftOut is what .edgedeployignore kept out. Open cannot know it either.
	LeftOut LeftOut

	// Inputs are the files that Build read, slash-separated, below the root, sorted.
	// Of an entry they are what script.Output tells. Open cannot know them.
	Inputs []string

	Uncompressed int64 // bytes of all files
	Warnings     []string
}

// File is one file of a bundle.
type File struct {
	Name       string // slash-separated
	Size       int64  // bytes, uncompressed
	SHA256     string // hex, of the uncompressed bytes
	Compressed int64  // bytes in the zip, without its headers
	Executable bool   // mode 0755 in the zip, else 0644
}

// Dropped is a custom section that was left out.
type Dropped struct {
	Name  string
	Bytes int // the section's header included
}

// Error says what is wrong with a bundle, where, and what may help.
type Error struct {
	Path   string // the file, entry or spec key at fault; "" when it is the bundle as a whole
	Reason string
	Hint   string // what to do about it, or ""
	Err    error  // the cause, or nil

	// Problems is what a script was refused for, with files, lines and columns.
	// Reason says the same in one line.
	Problems []script.Problem
}

func (e *Error) Error() string {
	s := e.Reason
	if e.Path != "" {
		s = e.Path + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// AWS's ceilings for any function, whatever triggers it serves: Lambda quotas,
// "Deployment package (.zip file archive) size". Both numbers were seen in
// Lambda's own refusals.
const (
	maxZipped   = 52428800  // bytes of the zip, uploaded directly
	maxUnzipped = 262144000 // bytes of all files
)

// limits are the ceilings, as a value so that tests need no huge files.
type limits struct{ zipped, unzipped int64 }

func awsLimits() limits { return limits{zipped: maxZipped, unzipped: maxUnzipped} }

// Build packs a function. It reads files below root only. The result depends
// on the bytes and names that were read, on which files of a ready bundle are
// executable, and on f, on nothing else: not on times, other modes, or the order
// of a directory.
//
// Every error about the input is an [*Error].
func Build(root *os.Root, f Function) (Bundle, error) { return build(root, f, awsLimits()) }

func build(root *os.Root, f Function, lim limits) (Bundle, error) {
	loose, err := gather(root, f, lim)
	if err != nil {
		return Bundle{}, err
	}
	return loose.Zip()
}

// draftOf gathers what a function is made of.
func draftOf(root *os.Root, f Function, lim limits) (draft, error) {
	switch {
	case f.Wasm != "" && f.Bundle != "", f.Wasm != "" && f.Entry != "", f.Entry != "" && f.Bundle != "":
		return draft{}, &Error{Path: f.Name, Reason: "has more than one of wasm, entry and bundle", Hint: "keep one of them"}
	case f.Wasm != "":
		return packWasm(root, f, lim)
	case f.Entry != "":
		return packEntry(root, f, lim)
	case f.Bundle != "":
		return packReady(root, f, lim)
	}
	return draft{}, &Error{Path: f.Name, Reason: "has none of wasm, entry and bundle"}
}

// packEntry packs a script, and warns of what it will not find.
func packEntry(root *os.Root, f Function, lim limits) (draft, error) {
	made, err := packGlue(root, f, f.Entry, lim)
	if err != nil {
		return draft{}, err
	}
	sources, err := made.sources(root, lim)
	if err != nil {
		return draft{}, err
	}
	made.warnings = append(made.warnings, variableWarnings(sources)...)
	return made, nil
}

// Open reads a bundle's zip, made here or by anybody else, with the same
// checks that Build makes, and computes its content id. Zip is the given slice.
// A bundle is recognised as ours by its trampoline's exact bytes.
//
// Every error is an [*Error].
func Open(zip []byte) (Bundle, error) { return open(zip, awsLimits()) }

func open(zip []byte, lim limits) (Bundle, error) {
	from, err := readZip(zip, lim)
	if err != nil {
		return Bundle{}, err
	}
	if err := from.files.check(lim); err != nil {
		return Bundle{}, err
	}
	b := describe(from, zip)
	if n, abi := trampolineOf(from.files); n != 0 {
		b.ABI, b.Trampoline, b.Handler = abi, n, wasmHandler
	}
	return b, nil
}

// draft is a bundle before it is zipped.
type draft struct {
	files      files
	programs   executables
	handler    string
	abi        ABI
	trampoline int
	dropped    []Dropped
	leftOut    LeftOut
	warnings   []string
	inputs     []string // that were read, in any order
}

// sorted lists the inputs, each once.
func (d draft) sorted() []string {
	names := make([]string, len(d.inputs))
	for i, name := range d.inputs {
		names[i] = path.Clean(name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// describe lists the files of a zip and names the content.
func describe(from unzipped, zip []byte) Bundle {
	sum := sha256.Sum256(zip)
	b := list(from)
	b.Zip, b.CodeSHA256 = zip, base64.StdEncoding.EncodeToString(sum[:])
	return b
}

// list lists the files and names the content.
func list(from unzipped) Bundle {
	b := Bundle{}
	for _, name := range from.files.names() {
		data := from.files[name]
		size := int64(len(data))
		b.Uncompressed += size
		b.Files = append(b.Files, File{
			Name: name, Size: size, SHA256: hexSHA256(data), Compressed: from.stored[name], Executable: from.programs[name],
		})
	}
	b.Content = contentID(b.Files)
	return b
}
