package planfile

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/versions"
)

// A saved plan is a zip: plan.json, and bundles/<content id>.zip of each
// bundle that the plan publishes.
const (
	planEntry    = "plan.json"
	idEntry      = "id.txt"
	subjectEntry = "subject.txt"
	localEntry   = "local" // there if the plan is one for the local AWS: its folder
	bundleFolder = "bundles/"
)

// Plan is a plan with what running it needs.
type Plan struct {
	Plan plan.Plan
	// ID names a saved plan: the id of each run of it begins with it. "" for a
	// plan that was not saved.
	ID      string
	Subject string // the commit's first line
	Local   bool   // for the local AWS
	Data    string // the folder of the local AWS that it was made with
	// Code gives the zip of a content that the plan publishes.
	Code func(versions.ContentID) ([]byte, error)
}

// Zips gives the code of a plan whose bundles are in memory.
func Zips(zips map[versions.ContentID][]byte) func(versions.ContentID) ([]byte, error) {
	return func(id versions.ContentID) ([]byte, error) {
		zip, ok := zips[id]
		if !ok {
			return nil, fmt.Errorf("content %s is not at hand", id.Short())
		}
		return zip, nil
	}
}

// Save writes a plan so that another process can run it. The file appears
// whole or not at all. A plan that Open would refuse is not saved: the person who
// plans can still do something about it.
func Save(name string, p Plan) error {
	if err := MayReplace(name); err != nil {
		return err
	}
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	if err := errors.Join(write(w, p), w.Close()); err != nil {
		return fmt.Errorf("save the plan: %w", err)
	}
	archive, err := zip.NewReader(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err == nil {
		_, err = read(archive)
	}
	if err != nil {
		return fmt.Errorf("save the plan: apply would refuse %s: %w; apply the spec without a file", name, err)
	}
	return WriteWhole(name, buf.Bytes())
}

// MayReplace is an error if there is a file of that name which a saved plan must
// not replace: what is no saved plan, such as a spec, and what is no regular file.
func MayReplace(name string) error {
	info, err := os.Lstat(name)
	if err != nil {
		return nil // there is none; what else is wrong, writing tells
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("save the plan: %s is there already, and is no regular file: give another name", name)
	}
	const magic = "PK\x03\x04" // APPNOTE.TXT, 4.3.7
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("save the plan: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	head := make([]byte, len(magic))
	n, err := io.ReadFull(f, head)
	if n == 0 && errors.Is(err, io.EOF) || string(head[:n]) == magic {
		return nil
	}
	return fmt.Errorf("save the plan: %s is there already, and is no saved plan: give another name", name)
}

func write(w *zip.Writer, p Plan) error {
	doc, err := json.MarshalIndent(p.Plan, "", "  ")
	if err != nil {
		return err
	}
	add := func(name string, data []byte) {
		if err == nil {
			var f io.Writer
			if f, err = w.Create(name); err == nil {
				_, err = f.Write(data)
			}
		}
	}
	add(planEntry, doc)
	add(idEntry, []byte(p.ID))
	add(subjectEntry, []byte(p.Subject[:min(len(p.Subject), maxText)]))
	if p.Local {
		add(localEntry, []byte(p.Data[:min(len(p.Data), maxText)]))
	}
	for _, s := range publishes(p.Plan) {
		zipped, cerr := p.Code(s.Spec.Content)
		if cerr != nil {
			return cerr
		}
		add(bundleName(s), zipped)
	}
	return err
}

func bundleName(s plan.Publish) string { return bundleFolder + string(s.Spec.Content) + ".zip" }

// publishes gives the steps that publish, each content once.
func publishes(p plan.Plan) []plan.Publish {
	var list []plan.Publish
	seen := map[versions.ContentID]bool{}
	for s := range p.Steps() {
		if pub, ok := s.(plan.Publish); ok && !seen[pub.Spec.Content] {
			seen[pub.Spec.Content] = true
			list = append(list, pub)
		}
	}
	return list
}

// WriteWhole puts a file in place in one step.
func WriteWhole(name string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, werr := f.Write(data)
	if err := errors.Join(werr, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// Error says that a file is no plan that can be run.
type Error struct {
	file string
	err  error
}

func (e *Error) Error() string { return fmt.Sprintf("plan file %s: %v", e.file, e.err) }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.err }
