package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/versions"
)

// A saved plan is a zip: plan.json, and bundles/<content id>.zip of each
// bundle that the plan publishes.
const (
	planEntry    = "plan.json"
	bundleFolder = "bundles/"
	subjectEntry = "subject.txt"
	localEntry   = "local" // there if the plan is one for the local AWS

	maxPlanJSON = 16 << 20
	maxBundle   = 64 << 20 // more than Lambda takes
	maxEntries  = 1000
)

// savePlan writes a plan so that another process can run it. The file appears
// whole or not at all.
func savePlan(name string, p prepared) error {
	doc, err := render.PlanJSON(p.plan)
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	add := func(name string, data []byte) {
		if err == nil {
			var f io.Writer
			if f, err = w.Create(name); err == nil {
				_, err = f.Write(data)
			}
		}
	}
	add(planEntry, doc)
	add(subjectEntry, []byte(p.subject))
	if p.local {
		add(localEntry, nil)
	}
	for _, s := range publishes(p.plan) {
		zipped, cerr := p.code(s.Spec.Content)
		if cerr != nil {
			return cerr
		}
		add(bundleFolder+string(s.Spec.Content)+".zip", zipped)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("save the plan: %w", err)
	}
	return writeWhole(name, buf.Bytes())
}

// writeWhole puts a file in place in one step.
func writeWhole(name string, data []byte) (err error) {
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

func publishes(p plan.Plan) []plan.Publish {
	var list []plan.Publish
	for _, stage := range p.Stages {
		for _, s := range stage {
			if pub, ok := s.(plan.Publish); ok {
				list = append(list, pub)
			}
		}
	}
	return list
}

// planFileError says that a file is no plan that can be run.
type planFileError struct {
	file string
	err  error
}

func (e *planFileError) Error() string { return fmt.Sprintf("plan file %s: %v", e.file, e.err) }
func (e *planFileError) Unwrap() error { return e.err }

// openPlan reads what savePlan wrote, and verifies every bundle.
func openPlan(name string) (prepared, error) {
	fail := func(err error) (prepared, error) {
		return prepared{}, &planFileError{name, err}
	}
	archive, err := zip.OpenReader(name)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = archive.Close() }() // only read
	if len(archive.File) > maxEntries {
		return fail(fmt.Errorf("it has %d entries", len(archive.File)))
	}
	p := prepared{zips: map[versions.ContentID][]byte{}}
	var found bool
	for _, f := range archive.File {
		limit := int64(maxBundle)
		if f.Name == planEntry {
			limit = maxPlanJSON
		}
		data, err := readEntry(f, limit)
		if err != nil {
			return fail(err)
		}
		switch {
		case f.Name == planEntry:
			found = true
			if p.plan, err = plan.DecodePlan(data); err != nil {
				return fail(err)
			}
		case f.Name == subjectEntry:
			p.subject = string(data)
		case f.Name == localEntry:
			p.local = true
		case strings.HasPrefix(f.Name, bundleFolder):
			b, err := bundle.Open(data)
			if err != nil {
				return fail(fmt.Errorf("%s: %w", f.Name, err))
			}
			p.zips[b.Content] = data
		}
	}
	if !found {
		return fail(errors.New("it has no plan.json: it is not a file that plan --out wrote"))
	}
	for _, s := range publishes(p.plan) {
		zipped, err := p.code(s.Spec.Content)
		if err != nil {
			return fail(err)
		}
		if sum := sha256.Sum256(zipped); base64.StdEncoding.EncodeToString(sum[:]) != s.CodeSHA256 {
			return fail(fmt.Errorf("the bundle of %s is not the one that was planned", s.Key))
		}
	}
	return p, nil
}

func readEntry(f *zip.File, limit int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	defer func() { _ = r.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: larger than %s", f.Name, render.Bytes(limit))
	}
	return data, nil
}
