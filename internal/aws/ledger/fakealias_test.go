package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/edgedeploy/edgedeploy/versions"
)

type dated[T any] struct {
	v    T
	date time.Time
}

func (f *fake) Aliases(_ context.Context, name string) ([]versions.Alias, time.Time, error) {
	d, err := answer(f, "Aliases", func() (dated[[]versions.Alias], error) {
		fn := f.visible(name)
		if fn == nil {
			return dated[[]versions.Alias]{nil, f.date()}, versions.ErrNoVersion
		}
		var list []versions.Alias
		aliases := fn.read(f.lag)
		for _, n := range slices.Sorted(maps.Keys(aliases)) {
			list = append(list, aliases[n])
		}
		return dated[[]versions.Alias]{list, f.date()}, nil
	})
	return d.v, d.date, err
}

func (f *fake) Alias(_ context.Context, name, alias string) (versions.Alias, time.Time, error) {
	d, err := answer(f, "Alias "+alias, func() (dated[versions.Alias], error) {
		fn := f.functions[name]
		if fn == nil {
			return dated[versions.Alias]{}, versions.ErrNoVersion
		}
		a, ok := fn.read(f.lag)[alias]
		if !ok {
			return dated[versions.Alias]{}, versions.ErrNoVersion
		}
		return dated[versions.Alias]{a, f.date()}, nil
	})
	return d.v, d.date, err
}

func (f *fake) CreateAlias(_ context.Context, name string, a versions.Alias) (versions.Alias, time.Time, error) {
	return f.putAlias("CreateAlias", name, a)
}

func (f *fake) UpdateAlias(_ context.Context, name string, a versions.Alias) (versions.Alias, time.Time, error) {
	return f.putAlias("UpdateAlias", name, a)
}

func (f *fake) putAlias(op, name string, a versions.Alias) (versions.Alias, time.Time, error) {
	d, err := answer(f, op+" "+a.Name, func() (dated[versions.Alias], error) {
		none := dated[versions.Alias]{date: f.date()}
		fn := f.functions[name]
		if fn == nil {
			return none, versions.ErrNoVersion
		}
		have, there := fn.aliases[a.Name]
		known := a.Version == latest || slices.ContainsFunc(fn.versions, func(v versions.StoredVersion) bool { return strconv.Itoa(v.Number) == a.Version })
		switch {
		case utf8.RuneCountInString(a.Description) > 256:
			return none, errors.New("ValidationException: description")
		case op == "CreateAlias" && there:
			return none, versions.ErrAliasExists
		case op == "UpdateAlias" && !there, !known:
			return none, versions.ErrNoVersion
		case op == "UpdateAlias" && a.RevisionID != "" && a.RevisionID != have.RevisionID:
			return none, versions.ErrStaleRevision
		}
		return dated[versions.Alias]{fn.setAlias(a), f.date()}, nil
	})
	return d.v, d.date, err
}

func (fn *function) setAlias(a versions.Alias) versions.Alias {
	fn.aliasRevisions++ // changes no other revision
	a.RevisionID = fmt.Sprintf("alias-%d", fn.aliasRevisions)
	fn.aliases[a.Name] = a
	fn.keepPast()
	return a
}

func (fn *function) dropAlias(name string) {
	delete(fn.aliases, name)
	fn.keepPast()
}

// pastAliases are the aliases as they were from a moment on.
type pastAliases struct {
	from    time.Time
	aliases map[string]versions.Alias
}

func (fn *function) keepPast() {
	fn.past = append(fn.past, pastAliases{time.Now(), maps.Clone(fn.aliases)})
}

// read gives the aliases as they were a while ago: what a read that is behind
// answers.
func (fn *function) read(lag time.Duration) map[string]versions.Alias {
	var then map[string]versions.Alias
	for _, p := range fn.past {
		if !p.from.After(time.Now().Add(-lag)) {
			then = p.aliases
		}
	}
	return then
}

func (f *fake) DeleteAlias(_ context.Context, name, alias string) error {
	_, err := answer(f, "DeleteAlias "+alias, func() (struct{}, error) {
		f.functions[name].dropAlias(alias)
		return struct{}{}, nil
	})
	return err
}

// RoundTrip serves the presigned locations.
func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fetches = append(f.fetches, r.URL.Path)
	reply := func(status int, body []byte) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if len(parts) != 2 || r.URL.Query().Get("X-Amz-Signature") != "TOPSECRET" {
		return reply(http.StatusForbidden, nil)
	}
	number, err := strconv.Atoi(parts[1])
	if fn := f.functions[parts[0]]; err == nil && fn != nil && fn.zips[number] != nil {
		body := fn.zips[number]
		if f.tamper != nil {
			body = f.tamper(number, body)
		}
		return reply(http.StatusOK, body)
	}
	return reply(http.StatusNotFound, nil)
}
