package stackspec

import (
	"regexp"
	"strings"
)

// A source is a path, or an address that wasm: and bundle: are fetched from:
// https, or http on this machine (where tests and artifact servers of one's own
// are). It has no user and no fragment: a spec is read by many, and what
// is never sent must not look as if it counted.
const (
	addressPath   = `(/([^\x00-\x20\x7f-\x9f#\\%]|%[0-9A-Fa-f]{2})*)`
	secureAddress = `https://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?` + addressPath
	localAddress  = `http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?` + addressPath
	// plainPath is anything without :/ in it, so that no address is a path.
	plainPath = `([^\x00-\x1f\x7f-\x9f:]|:+[^\x00-\x1f\x7f-\x9f:/])*:*`

	// anAddress tells addresses, right and wrong ones, from paths.
	anAddress = `^[A-Za-z][A-Za-z0-9+.-]*://`
)

// source is a file or folder below the project, or an address.
func source() *typ {
	t := filePath("path or URL")
	t.form.pattern = `^(` + secureAddress + `|` + localAddress + `|` + plainPath + `)$`
	t.form.never = `^/|^[A-Za-z]:|\\|\$\{`
	t.form.max = 2048
	t.form.says = "a path or an https address"
	t.form.hint = "an address is https://, a host, a path and perhaps a query, with what is not ASCII percent-encoded"
	t.form.tell = sourceMistake
	return t
}

// sourceMistake says what is wrong with a path or an address.
func sourceMistake(s string) (message, hint string) {
	scheme, rest, address := strings.Cut(s, "://")
	if !address || strings.Contains(s, "${") {
		return pathMistake(s)
	}
	host := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		host = rest[:end]
	}
	switch {
	case strings.EqualFold(scheme, "http") && !onLoopback(host):
		return "plain http is for this machine only: what comes over it may be anybody's", "write https://, or a host of localhost, 127.0.0.1 or [::1]"
	case scheme != "https" && scheme != "http":
		return "this is neither a path nor an https address", "write https:// in lower case, or fetch the file before and name it relative to the spec"
	case strings.Contains(host, "@"):
		return "there is a user in the address, and credentials are never sent", "take the source from where it can be read without"
	case strings.Contains(s, "#"):
		return "there is a fragment in the address, and no server ever sees one", "leave out # and what follows it"
	case host == rest:
		return "the address ends with its host: it names no file", "add the path of the file"
	}
	return "", ""
}

// onLoopback reports whether a host, perhaps with a port, is this machine.
func onLoopback(host string) bool {
	return regexp.MustCompile(`^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]*)?$`).MatchString(host)
}

// digest names the bytes of a fetched source.
func digest() *typ {
	return &typ{shape: aString, label: "64 hex digits", noVariables: true, form: form{
		pattern: `^[0-9a-f]{64}$`,
		says:    "a SHA-256: 64 of 0-9 and a-f",
		hint:    "`sha256sum FILE` prints it",
		tell: func(s string) (string, string) {
			switch {
			case strings.Contains(s, "${"):
				return "variables are not substituted in digests", "write the digest out: it says which bytes were reviewed"
			case len(s) == 64 && strings.Trim(s, "0123456789abcdefABCDEF") == "":
				if s != strings.ToLower(s) {
					return "a SHA-256 is written in lower case", "write " + strings.ToLower(s)
				}
			case strings.HasPrefix(s, "sha256-"), strings.HasPrefix(s, "sha256:"):
				return "a SHA-256 is written without a prefix, in hex", "`sha256sum FILE` prints it"
			}
			return "", ""
		},
	}}
}

// pinned is the rule that an address needs its digest, and nothing else has one.
func pinned() *pin {
	return &pin{
		sources: []string{"wasm", "bundle"}, address: anAddress, key: "sha256",
		missing:  need{says: "an address needs the SHA-256 of what it leads to", hint: "add sha256: and what `sha256sum` prints for the file that you reviewed"},
		needless: need{says: "sha256 goes with an https address only", hint: "leave it out: a file of the project is what it is"},
	}
}

// pin is a key that must stand beside an address, and beside nothing else.
type pin struct {
	sources           []string // the keys that may hold an address
	address           string   // the pattern that tells one
	key               string
	missing, needless need
}

// pin checks the pin of an object, once its values are checked.
func (c *checker) pin(n *node, t *typ, path []string) {
	if t.pin == nil {
		return
	}
	remote, there := false, n.entry(t.pin.key)
	for _, key := range t.pin.sources {
		e := n.entry(key)
		if e == nil {
			continue
		}
		if e.value.bad {
			return
		}
		if remote = c.matches(t.pin.address, e.value.value); remote && there == nil {
			c.problem(e.key, below(path, key), Problem{Message: t.pin.missing.says, Hint: t.pin.missing.hint})
		}
	}
	if !remote && there != nil {
		c.problem(there.key, below(path, t.pin.key), Problem{Message: t.pin.needless.says, Hint: t.pin.needless.hint})
	}
}

// schema gives the keywords that say the same.
func (p *pin) schema() members {
	var some []members
	for _, key := range p.sources {
		some = append(some, members{
			{"required", []string{key}},
			{"properties", members{{key, members{{"pattern", p.address}}}}},
		})
	}
	return members{
		{"if", members{{"anyOf", some}}},
		{"then", members{{"required", []string{p.key}}}},
		{"else", members{{"not", members{{"required", []string{p.key}}}}}},
	}
}

// hidden replaces what may be a permission in the addresses of a text, users
// and queries, character for character.
func hidden(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	secret := regexp.MustCompile(`(://)([^\s"'/?#]*@)|(://[^\s"'?]*\?)([^\s"']*)`)
	return secret.ReplaceAllStringFunc(s, func(found string) string {
		m := secret.FindStringSubmatch(found)
		return m[1] + m[3] + strings.Repeat("*", len([]rune(m[2]+m[4])))
	})
}
