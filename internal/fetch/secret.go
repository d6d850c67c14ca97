package fetch

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// visited are the URLs that one request went to, and so the texts that must
// not be in its error.
type visited struct {
	urls     []*url.URL
	showPath bool // of the first URL; those of redirects are never shown
}

// secretless gives an error without the URLs it happened at: as it is where it
// cannot contain them, otherwise only its words, and not even those if they
// quote the secret parts.
func (v *visited) secretless(err error) error {
	for _, plain := range []error{context.Canceled, context.DeadlineExceeded, ErrTooLarge} {
		if errors.Is(err, plain) {
			return plain
		}
	}
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	words := userInfo.ReplaceAllString(err.Error(), "$1")
	for _, secret := range v.secrets() {
		if strings.Contains(words, secret) {
			return errors.New("the connection failed")
		}
	}
	return errors.New(words)
}

// userInfo may be a password, such as that of a proxy.
var userInfo = regexp.MustCompile(`(\w://)[^\s"'/]*@`)

func (v *visited) secrets() []string {
	var list []string
	for i, u := range v.urls {
		list = append(list, u.RawQuery, u.Fragment)
		if user := u.User.String(); user != "" {
			list = append(list, user)
		}
		if i > 0 || !v.showPath {
			list = append(list, strings.TrimPrefix(u.Path, "/"), strings.TrimPrefix(u.EscapedPath(), "/"))
		}
	}
	kept := list[:0]
	for _, s := range list {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
