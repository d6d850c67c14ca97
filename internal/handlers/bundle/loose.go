package bundle

import (
	"os"
	"sync"
)

// Loose is a bundle that is not zipped yet. Neither its content id nor any check
// of its files needs the zip, which costs more than all the rest, and which only
// what is published, run or written down needs. It is safe for use by many
// goroutines.
type Loose struct {
	name string
	lim  limits
	most int64

	mu       sync.Mutex
	bundle   Bundle // has no Zip as long as it is loose
	files    files
	programs executables
}

// Gather is [Build] without the zip: the same checks, the same errors, and the
// same content id.
func Gather(root *os.Root, f Function) (*Loose, error) { return gather(root, f, awsLimits()) }

func gather(root *os.Root, f Function, lim limits) (*Loose, error) {
	draft, err := draftOf(root, f, lim)
	if err != nil {
		return nil, err
	}
	if err := draft.files.check(lim); err != nil {
		return nil, err
	}
	b := list(unzipped{files: draft.files, programs: draft.programs})
	b.Handler, b.ABI, b.Trampoline = draft.handler, draft.abi, draft.trampoline
	b.Dropped, b.LeftOut, b.Warnings = draft.dropped, draft.leftOut, draft.warnings
	b.Inputs, b.Parts = draft.sorted(), draft.contents(f)
	l := &Loose{name: f.Name, lim: lim, most: mostZipped(b), bundle: b, files: draft.files, programs: draft.programs}
	if l.most > lim.zipped { // only the zip tells whether it is too large
		_, err = l.Zip()
	}
	return l, err
}

// Bundle tells what is known: all of it once it was zipped, and without Zip,
// CodeSHA256 and what its files take compressed before.
func (l *Loose) Bundle() Bundle {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bundle
}

// Zip zips the files, once, and lets go of them.
func (l *Loose) Zip() (Bundle, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bundle.Zip != nil {
		return l.bundle, nil
	}
	zip, stored, err := writeZip(l.files, l.programs)
	if err != nil {
		return Bundle{}, &Error{Path: l.name, Reason: "cannot be zipped", Err: err}
	}
	if int64(len(zip)) > l.lim.zipped {
		return Bundle{}, tooLarge(l.name, "zipped", l.lim.zipped)
	}
	whole := describe(unzipped{l.files, l.programs, stored}, zip)
	l.bundle.Zip, l.bundle.CodeSHA256, l.bundle.Files = whole.Zip, whole.CodeSHA256, whole.Files
	l.files, l.programs = nil, nil
	return l.bundle, nil
}

// Most is how many bytes the zip can have at most: what is under a limit by
// this number needs no zip to be known to be.
func (l *Loose) Most() int64 { return l.most }

// mostZipped bounds a zip. Deflate adds five bytes to each block that does not
// become smaller, which are of 64 KB less one (RFC 1951, 3.2.4) or, as Go makes
// them, of more than 16 KB; the rest are the zip's records (APPNOTE, 4.3).
func mostZipped(b Bundle) int64 {
	const (
		record = 30 + 46 + 24 // of a file: local header, central header, data descriptor
		block  = 8 << 10
		end    = 22
	)
	most := int64(end)
	for _, f := range b.Files {
		most += f.Size + 5*(f.Size/block+2) + record + 2*int64(len(f.Name))
	}
	return most
}
