package planfile

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Bounds of what is unpacked. A zip may claim little and hold much, so each
// entry is read up to what it claims, and a claim has a bound. What a bundle
// unpacks to is bounded by bundle.Open. How far anything shrinks is not: a table
// shrinks to a thousandth, and is a fair bundle.
const (
	maxPlanJSON = 16 << 20
	maxText     = 4 << 10
	maxBundle   = 50 << 20  // what Lambda takes in a direct upload
	maxBundles  = 512 << 20 // all of them
	maxEntries  = 1000
)

// ids are those that Save is given; the ledger takes no others as a run's.
var ids = regexp.MustCompile(`^[0-9a-f]{8,32}$`)

// Open reads what Save wrote, and verifies every bundle, one after the other.
// Each is read again from the file when Code asks for it.
func Open(name string) (Plan, error) {
	archive, err := zip.OpenReader(name)
	if err != nil {
		return Plan{}, &Error{name, err}
	}
	defer func() { _ = archive.Close() }() // only read
	p, err := read(&archive.Reader)
	if err != nil {
		return Plan{}, &Error{name, err}
	}
	sums := map[versions.ContentID]plan.Publish{}
	for _, s := range publishes(p.Plan) {
		sums[s.Spec.Content] = s
	}
	p.Code = func(id versions.ContentID) ([]byte, error) {
		s, ok := sums[id]
		if !ok {
			return nil, &Error{name, fmt.Errorf("content %s is not at hand", id.Short())}
		}
		again, err := zip.OpenReader(name)
		if err != nil {
			return nil, &Error{name, err}
		}
		defer func() { _ = again.Close() }() // only read
		data, err := code(&again.Reader, s)
		if err != nil {
			return nil, &Error{name, err}
		}
		return data, nil
	}
	return p, nil
}

// read reads all of a plan but the bundles, which it only verifies.
func read(archive *zip.Reader) (Plan, error) {
	entries, err := index(archive)
	if err != nil {
		return Plan{}, err
	}
	if entries[planEntry] == nil {
		return Plan{}, errors.New("it has no plan.json: it is not a file that plan --out wrote")
	}
	doc, err := unpack(entries[planEntry], maxPlanJSON)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Local: entries[localEntry] != nil}
	if p.Plan, err = plan.DecodePlan(doc); err != nil {
		return Plan{}, err
	}
	for name, text := range map[string]*string{idEntry: &p.ID, subjectEntry: &p.Subject, localEntry: &p.Data} {
		if f := entries[name]; f != nil {
			data, err := unpack(f, maxText)
			if err != nil {
				return Plan{}, err
			}
			*text = string(data)
		}
	}
	if !ids.MatchString(p.ID) {
		return Plan{}, fmt.Errorf("it has no id that a run can have: it was not written by this version of plan --out")
	}
	return p, bundles(archive, entries, p.Plan)
}

// index lists the entries by name, and refuses what cannot be a saved plan.
func index(archive *zip.Reader) (map[string]*zip.File, error) {
	if len(archive.File) > maxEntries {
		return nil, fmt.Errorf("it has %d entries, more than %d", len(archive.File), maxEntries)
	}
	entries := map[string]*zip.File{}
	for _, f := range archive.File {
		if entries[f.Name] != nil {
			return nil, fmt.Errorf("%q is in it twice", f.Name)
		}
		entries[f.Name] = f
	}
	return entries, nil
}

// bundles verifies that the file has the bundles that its plan publishes, and
// nothing that the plan has no use for.
func bundles(archive *zip.Reader, entries map[string]*zip.File, p plan.Plan) error {
	wanted := map[string]bool{planEntry: true, idEntry: true, subjectEntry: true, localEntry: true}
	total := uint64(0)
	for _, s := range publishes(p) {
		wanted[bundleName(s)] = true
		if f := entries[bundleName(s)]; f != nil {
			total += min(f.UncompressedSize64, maxBundles+1)
		}
	}
	if total > maxBundles {
		return fmt.Errorf("its bundles are larger than %d MB", maxBundles>>20)
	}
	for _, f := range archive.File {
		if !wanted[f.Name] {
			return fmt.Errorf("it has %q, which its plan does not publish", f.Name)
		}
	}
	for _, s := range publishes(p) {
		if err := verify(archive, s); err != nil {
			return err
		}
	}
	return nil
}

// verify makes sure that a bundle has the bytes and the content that its step
// publishes.
func verify(archive *zip.Reader, s plan.Publish) error {
	data, err := code(archive, s)
	if err != nil {
		return err
	}
	b, err := bundle.Open(data)
	if err != nil {
		return fmt.Errorf("the bundle of %s: %w", s.Key, err)
	}
	if b.Content != s.Spec.Content {
		return fmt.Errorf("the bundle of %s is not the one that was planned", s.Key)
	}
	return nil
}

// code reads the bundle of one step. Its bytes are those that Lambda will hash.
func code(archive *zip.Reader, s plan.Publish) ([]byte, error) {
	for _, f := range archive.File {
		if f.Name != bundleName(s) {
			continue
		}
		data, err := unpack(f, maxBundle)
		if err != nil {
			return nil, err
		}
		if sum := sha256.Sum256(data); base64.StdEncoding.EncodeToString(sum[:]) != s.CodeSHA256 {
			return nil, fmt.Errorf("the bundle of %s is not the one that was planned", s.Key)
		}
		return data, nil
	}
	return nil, fmt.Errorf("content %s is not at hand", s.Spec.Content.Short())
}

// unpack reads one entry, of at most limit bytes. What it claims is not
// believed, but bounds what is read.
func unpack(f *zip.File, limit uint64) ([]byte, error) {
	if f.UncompressedSize64 > limit {
		return nil, fmt.Errorf("%s: larger than %d KB", f.Name, limit>>10)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	defer func() { _ = r.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(r, int64(f.UncompressedSize64)+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	if uint64(len(data)) > f.UncompressedSize64 {
		return nil, fmt.Errorf("%s: it holds more than it claims", f.Name)
	}
	return data, nil
}
