package bundle

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"
)

// How our zips are written. Every field that a zip library might fill in from
// the machine it runs on is fixed here.
const (
	zipVersion  = 20       // 2.0: deflate and directories
	creatorUnix = 3 << 8   // so that the mode below counts
	modeRegular = 0o100644 // Lambda needs files that others may read
	modeProgram = 0o100755 // and run
	dosEpoch    = 1<<5 | 1 // 1980-01-01 00:00:00, the first time a zip can say; it has no zone
	flagUTF8    = 1 << 11  // the name is UTF-8
	flagCrypt   = 1 << 0   // the entry is encrypted
	level       = flate.BestCompression
)

// writeZip returns the zip and the compressed size of each file. The same
// files give the same bytes as long as compress/flate does not change; Go does
// not promise that it never will, which is why nothing is named by these bytes.
func writeZip(fs files, programs executables) ([]byte, map[string]int64, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	// One compressor for all files: it takes a megabyte, and Reset makes it new.
	z, err := flate.NewWriter(nil, level)
	if err != nil {
		return nil, nil, err
	}
	stored := make(map[string]int64, len(fs))
	for _, name := range fs.names() {
		data, err := deflate(z, fs[name])
		if err != nil {
			return nil, nil, fmt.Errorf("compress %s: %w", name, err)
		}
		header := &zip.FileHeader{
			Name:           name,
			CreatorVersion: creatorUnix | zipVersion,
			ReaderVersion:  zipVersion,
			Method:         zip.Deflate,
			//lint:ignore SA1019 CreateRaw writes this field as it is and does not look at Modified
			ModifiedDate:       dosEpoch,
			CRC32:              crc32.ChecksumIEEE(fs[name]),
			CompressedSize64:   uint64(len(data)),
			UncompressedSize64: uint64(len(fs[name])),
			ExternalAttrs:      modeRegular << 16,
		}
		if programs[name] {
			header.ExternalAttrs = modeProgram << 16
		}
		if strings.ContainsFunc(name, func(r rune) bool { return r >= 0x80 }) {
			header.Flags = flagUTF8
		}
		entry, err := w.CreateRaw(header)
		if err != nil {
			return nil, nil, fmt.Errorf("add %s: %w", name, err)
		}
		if _, err := entry.Write(data); err != nil {
			return nil, nil, fmt.Errorf("add %s: %w", name, err)
		}
		stored[name] = int64(len(data))
	}
	if err := w.Close(); err != nil {
		return nil, nil, err
	}
	return out.Bytes(), stored, nil
}

func deflate(z *flate.Writer, b []byte) ([]byte, error) {
	var out bytes.Buffer
	z.Reset(&out)
	if _, err := z.Write(b); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// unzipped is what a zip held.
type unzipped struct {
	files    files
	programs executables
	stored   map[string]int64 // compressed sizes
}

// mayRun reports whether a file's owner may run it, which is all that git keeps
// of a mode, too.
func mayRun(mode fs.FileMode) bool { return mode&0o100 != 0 }

// readZip reads all files of a zip from anywhere. Nothing a header says about
// size is believed: reading stops when the limit is passed.
func readZip(b []byte, lim limits) (unzipped, error) {
	if int64(len(b)) > lim.zipped {
		return unzipped{}, tooLarge("", "zipped", lim.zipped)
	}
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return unzipped{}, &Error{Reason: "is not a readable zip", Err: err}
	}
	out := unzipped{files: files{}, programs: executables{}, stored: map[string]int64{}}
	left := lim.unzipped
	for _, f := range r.File {
		dir, err := checkEntry(f)
		if err != nil {
			return unzipped{}, err
		}
		if dir {
			continue // directories have no content; the names of files imply them
		}
		if _, ok := out.files[f.Name]; ok {
			return unzipped{}, &Error{Path: f.Name, Reason: "is in the zip twice"}
		}
		data, err := readEntry(f, left)
		if err != nil {
			return unzipped{}, &Error{Path: f.Name, Reason: "cannot be unpacked", Err: err}
		}
		if left -= int64(len(data)); left < 0 {
			return unzipped{}, tooLarge(f.Name, "unzipped", lim.unzipped)
		}
		out.files[f.Name] = data
		out.stored[f.Name] = int64(f.CompressedSize64)
		if mayRun(f.Mode()) {
			out.programs[f.Name] = true
		}
	}
	return out, nil
}

// checkEntry refuses what is neither a plain file nor a directory, and says
// which of the two it is.
func checkEntry(f *zip.File) (dir bool, err error) {
	name, dir := strings.CutSuffix(f.Name, "/")
	if err := checkName(name); err != nil {
		return false, err
	}
	refuse := func(format string, args ...any) error {
		return &Error{Path: f.Name, Reason: fmt.Sprintf(format, args...)}
	}
	kind := f.Mode().Type()
	switch {
	case f.Flags&flagCrypt != 0:
		return false, refuse("is encrypted")
	case kind&fs.ModeSymlink != 0:
		return false, &Error{Path: f.Name, Reason: "is a symbolic link", Hint: "put the file itself into the bundle"}
	case kind&^fs.ModeDir != 0:
		return false, refuse("is neither a file nor a directory")
	case dir != (kind == fs.ModeDir):
		return false, refuse("its name and its mode disagree about being a directory")
	case dir && f.UncompressedSize64 != 0:
		return false, refuse("is a directory with content")
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return false, refuse("uses compression method %d; want stored or deflated", f.Method)
	}
	return dir, nil
}

// readEntry reads at most one byte more than max.
func readEntry(f *zip.File, max int64) (_ []byte, err error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	return io.ReadAll(io.LimitReader(r, max+1))
}
