package fetch

import (
	"errors"
	"strings"
	"testing"
)

// The proxy is none of the URLs that a request goes to, and has a password.
func TestAProxysPasswordIsNotShown(t *testing.T) {
	t.Parallel()
	v := &visited{}
	err := v.secretless(errors.New(`invalid proxy address "http://user:secret@proxy:9x": invalid port`))
	if text := err.Error(); strings.Contains(text, "secret") || !strings.Contains(text, "http://proxy:9x") {
		t.Errorf("got %q", text)
	}
}
