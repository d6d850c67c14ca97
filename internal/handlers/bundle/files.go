package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/edgedeploy/edgedeploy/versions"
)

// files are the files of a bundle: bytes by slash-separated name.
type files map[string][]byte

// executables are the names of the files that may be run as programs. Of what
// else a mode says nothing is kept: Lambda's function runs as a user of its own,
// who reads what everybody may read.
type executables map[string]bool

// names returns the names sorted by their bytes.
func (fs files) names() []string { return slices.Sorted(maps.Keys(fs)) }

// contentHeader starts the text that a content id hashes, so that another way
// of naming content could never give the same id.
const contentHeader = "edgedeploy content 1\n"

// contentID names the content of a bundle: the lower-case hex SHA-256 of the
// text
//
//	edgedeploy content 1 LF
//	name NUL sha256 LF
//	name NUL sha256 " x" LF    (of an executable)
//	…
//
// with one line a file, sorted by the bytes of the name, where sha256 is the
// lower-case hex SHA-256 of the uncompressed bytes. Names hold neither NUL nor
// LF (see checkName), so two different lists never give the same text: the " x"
// stands behind the digest, because a name may end in it. Compression, file
// times and whatever else a mode says have no part in it.
//
// list must be sorted by name.
func contentID(list []File) versions.ContentID {
	h := sha256.New()
	h.Write([]byte(contentHeader))
	for _, f := range list {
		mark := ""
		if f.Executable {
			mark = " x"
		}
		fmt.Fprintf(h, "%s\x00%s%s\n", f.Name, f.SHA256, mark)
	}
	return versions.ContentID(hex.EncodeToString(h.Sum(nil)))
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// check holds for a bundle as a whole: it has files, they fit, and no two
// names meet on a file system that ignores case.
func (fs files) check(lim limits) error {
	if len(fs) == 0 {
		return &Error{Reason: "the bundle is empty"}
	}
	var total int64
	folded := map[string]string{}
	for _, name := range fs.names() {
		if err := checkName(name); err != nil {
			return err
		}
		if total += int64(len(fs[name])); total > lim.unzipped {
			return tooLarge(name, "unzipped", lim.unzipped)
		}
		if other, ok := folded[fold(name)]; ok {
			return &Error{Path: name, Reason: fmt.Sprintf("differs from %s only in case", other), Hint: "rename one of the two"}
		}
		folded[fold(name)] = name
	}
	for _, name := range fs.names() {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if file, ok := folded[fold(dir)]; ok {
				return &Error{Path: name, Reason: fmt.Sprintf("%s is a file and a directory", file)}
			}
		}
	}
	return nil
}

// fold brings names that differ only in case to one form.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }

func tooLarge(name, how string, limit int64) *Error {
	return &Error{
		Path:   name,
		Reason: fmt.Sprintf("the bundle exceeds %d bytes %s, Lambda's limit", limit, how),
		Hint:   "leave out what the handler does not need at run time",
	}
}

// maxSegment is the longest file name of the file systems that Lambda's Linux
// may unpack to (NAME_MAX).
const maxSegment = 255

// checkName accepts names that mean the same file, below the bundle's own
// directory, to every program that unpacks the zip.
func checkName(name string) error {
	if reason := nameFault(name); reason != "" {
		return &Error{Path: fmt.Sprintf("%q", name), Reason: reason, Hint: "rename the file"}
	}
	return nil
}

func nameFault(name string) string {
	switch {
	case name == "":
		return "a file without a name"
	case !utf8.ValidString(name):
		return "the name is not UTF-8"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "the name contains a control character"
	case strings.Contains(name, `\`):
		return "the name contains a backslash"
	case strings.HasPrefix(name, "/"):
		return "the name is absolute"
	case len(name) >= 2 && name[1] == ':' && isLetter(name[0]):
		return "the name starts with a drive letter"
	}
	for segment := range strings.SplitSeq(name, "/") {
		switch {
		case segment == "..":
			return "the name leaves the bundle"
		case segment == "" || segment == ".":
			return "the name is not in its shortest form"
		case len(segment) > maxSegment:
			return fmt.Sprintf("a part of the name has more than %d bytes", maxSegment)
		}
	}
	return ""
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
