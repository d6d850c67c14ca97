package script

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/script/places"
)

// Strewn are names of files and folders that are not meant to be deployed,
// whatever is in them: version control, what desktops strew, and files that hold
// secrets.
func Strewn() []string {
	return []string{".git", ".hg", ".svn", ".DS_Store", "Thumbs.db", ".env", ".npmrc", ".aws", ".ssh"}
}

// IsKey reports whether a file holds a private key. A public one in the same
// format is what many handlers verify tokens with.
func IsKey(base string, data []byte) bool {
	switch path.Ext(base) {
	case ".p12", ".pfx":
		return true
	case ".pem", ".key", ".p8":
		return bytes.Contains(data, []byte("PRIVATE KEY-----"))
	}
	return strings.HasPrefix(base, "id_") && path.Ext(base) == "" && bytes.Contains(data, []byte("PRIVATE KEY-----"))
}

// secret reports whether a file is one that is not meant to be deployed.
func (b *bundler) secret(file string) bool {
	for segment := range strings.SplitSeq(file, "/") {
		if slices.Contains(Strewn(), segment) || strings.HasPrefix(segment, ".env.") {
			return true
		}
	}
	src, err := b.read(file)
	return err == nil && IsKey(path.Base(file), src)
}

// foreign reports whether a file is none of the source's: what a package names
// outside of all packages belongs to the project that uses it.
func foreign(by, file string) bool {
	_, of := packageOf(by)
	_, has := packageOf(file)
	return of != "" && has == ""
}

// refuses says why a file that a source makes a path of is not packed, "" if it
// is. What a script of the project reads by its full name is packed whatever it
// is, and told.
func (b *bundler) refuses(by string, u places.Use) (why string, tell bool) {
	switch {
	case foreign(by, u.Path):
		return fmt.Sprintf("names %s, which is not of its package, so it is not in the bundle", u.Path), true
	case !b.secret(u.Path):
		return "", false
	case u.Kind == places.Reads && !inPackage(by):
		return "", true
	default:
		return fmt.Sprintf("names %s, which nobody means to deploy, so it is not in the bundle", u.Path), true
	}
}

func inPackage(name string) bool {
	_, of := packageOf(name)
	return of != ""
}

// strewnByPattern reports whether a file matches a pattern by accident: hidden
// files, and those that tools keep beside a project's own.
func strewnByPattern(file string) bool {
	base := path.Base(file)
	return strings.HasPrefix(base, ".") || inPackage(file) ||
		base == "package.json" || base == "package-lock.json" || strings.HasPrefix(base, "tsconfig") && path.Ext(base) == ".json"
}
