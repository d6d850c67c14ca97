package ledger

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

const recordFile = "release.json"

// Sizes that a record may have. One of a hundred functions in a hundred slots
// has about 100 KB.
const (
	maxRecordZip  = 4 << 20
	maxRecordJSON = 16 << 20
)

// RecordError says that what a version holds is not the record of a release
// of the stack: it was tampered with, or written by something else.
type RecordError struct {
	Stack    string
	Number   int
	Function string
	Reason   string
	// Live reports that the ledger's alias live names it.
	Live bool
	// Good is the release to go to instead, if Live: the one that was live when
	// the lock was given back last, or the newest before; 0 for none.
	Good int
	// Newer reports that a newer edgedeploy wrote it: it is no less good for that.
	Newer bool
}

func (e *RecordError) Error() string {
	if e.Live {
		return fmt.Sprintf("stack %s: alias live names release %d (version %d of function %s), whose record %s", e.Stack, e.Number, e.Number, e.Function, e.Reason)
	}
	return fmt.Sprintf("stack %s: the record of release %d (version %d of function %s) %s", e.Stack, e.Number, e.Number, e.Function, e.Reason)
}

// encodeRelease writes a release as it is stored: compact JSON in the order of
// the record's fields, with no member for what is empty and optional, and behind
// them the members that a newer edgedeploy added.
func encodeRelease(r release.Release) ([]byte, error) {
	r.At = r.At.UTC().Round(0) // what JSON keeps of a time
	r.Functions = orEmpty(r.Functions)
	r.Distributions = slices.Clone(orEmpty(r.Distributions))
	for i, d := range r.Distributions {
		r.Distributions[i].IDs, r.Distributions[i].Bindings = orEmpty(d.IDs), orEmpty(d.Bindings)
	}
	doc, err := compact(r)
	if err == nil {
		doc, err = withUnknown(doc, r.Unknown, members[release.Release]())
	}
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", recordFile, err)
	}
	if len(doc) >= maxRecordJSON {
		return nil, fmt.Errorf("%s would have %d bytes, and %d are the most that can be read back", recordFile, len(doc), maxRecordJSON)
	}
	return append(doc, '\n'), nil
}

// orEmpty makes a list that is not there an empty one, so that both are
// written alike.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// newerError is the reason for a record of a format that a newer edgedeploy brought.
type newerError struct{ format int }

func (e *newerError) Error() string {
	return fmt.Sprintf("has format %d, written by a newer edgedeploy; this one reads up to %d: upgrade edgedeploy", e.format, release.Schema)
}

// decodeRelease reads a record. Within a format number, members are only added,
// and a record is right without those that this program does not know: they are
// kept (release.Release.Unknown), but for members of the record's parts, which
// are left out. A format of a higher number is refused: it is not to be rolled
// back to as if it were understood.
func decodeRelease(stack string, doc []byte) (release.Release, error) {
	var head struct {
		Schema int    `json:"schema"`
		Stack  string `json:"stack"`
	}
	if err := json.Unmarshal(doc, &head); err != nil {
		return release.Release{}, fmt.Errorf("is not a JSON record: %w", err)
	}
	switch {
	case head.Schema > release.Schema:
		return release.Release{}, &newerError{head.Schema}
	case head.Schema < 1:
		return release.Release{}, fmt.Errorf("has no format number")
	case head.Stack != stack:
		return release.Release{}, fmt.Errorf("is one of stack %q", cut(oneLine(head.Stack), maxDescription))
	}
	var r release.Release
	err := json.Unmarshal(doc, &r)
	if err == nil {
		r.Unknown, err = unknownMembers(doc, members[release.Release]())
	}
	if err != nil {
		return release.Release{}, fmt.Errorf("is not a record of format %d: %w", head.Schema, err)
	}
	if r.RunID == "" || r.Kind == "" {
		return release.Release{}, fmt.Errorf("does not say which run made it, or how")
	}
	if min(r.Parent, r.Returns, r.Back, r.Undone, r.Target) < 0 {
		return release.Release{}, fmt.Errorf("names a release by a negative number")
	}
	return r, nil
}

// packFile makes a zip of one file: the same bytes for the same contents.
func packFile(name string, contents []byte) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestCompression)
	})
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	h.SetMode(0o644) // Lambda needs to be able to read it
	f, err := w.CreateHeader(h)
	if err != nil {
		return nil, fmt.Errorf("zip %s: %w", name, err)
	}
	if _, err := f.Write(contents); err != nil {
		return nil, fmt.Errorf("zip %s: %w", name, err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("zip %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// unpackRecord takes the record out of the zip of a release, which holds that
// one file and nothing else. The size that the zip claims is not believed.
func unpackRecord(zipped []byte) ([]byte, error) {
	r, err := zip.NewReader(bytes.NewReader(zipped), int64(len(zipped)))
	if err != nil {
		return nil, fmt.Errorf("is not a zip: %w", err)
	}
	if len(r.File) != 1 || r.File[0].Name != recordFile || !r.File[0].Mode().IsRegular() {
		return nil, fmt.Errorf("is not a zip of %s alone", recordFile)
	}
	f, err := r.File[0].Open()
	if err != nil {
		return nil, fmt.Errorf("cannot be unzipped: %w", err)
	}
	doc, err := io.ReadAll(io.LimitReader(f, maxRecordJSON+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("cannot be unzipped: %w", err)
	}
	if len(doc) > maxRecordJSON {
		return nil, fmt.Errorf("has more than %d bytes", maxRecordJSON)
	}
	return doc, nil
}

// codeSHA256 names a zip as Lambda does: CodeSha256 is the base64 SHA-256 of
// its bytes (Lambda API, FunctionConfiguration).
func codeSHA256(zipped []byte) string {
	sum := sha256.Sum256(zipped)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// packRelease makes the zip of a release.
func packRelease(r release.Release) ([]byte, error) {
	doc, err := encodeRelease(r)
	if err != nil {
		return nil, err
	}
	zipped, err := packFile(recordFile, doc)
	if err == nil && len(zipped) > maxRecordZip {
		return nil, fmt.Errorf("the zip of %s would have %d bytes, and %d are the most that can be read back", recordFile, len(zipped), maxRecordZip)
	}
	return zipped, err
}

// openRelease reads and verifies the zip of a release. Its errors continue a
// sentence that begins with the record.
func openRelease(stack string, number int, zipped []byte, sha256 string) (release.Release, error) {
	if got := codeSHA256(zipped); got != sha256 {
		return release.Release{}, fmt.Errorf("hashes to %s, and Lambda says %s", got, sha256)
	}
	doc, err := unpackRecord(zipped)
	if err != nil {
		return release.Release{}, err
	}
	r, err := decodeRelease(stack, doc)
	if err != nil {
		return release.Release{}, err
	}
	return r.Numbered(number), nil
}

// genesis is the code of a ledger function that has no release yet. A release
// replaces it by its record, which Lambda could run even less.
const genesis = `"use strict";
// This function keeps the releases of an edgedeploy stack in its published
// versions. It is never invoked and must not be deleted: with it goes the
// stack's history, and with that the way back.
exports.handler = async () => {
  throw new Error("this function stores the releases of an edgedeploy stack; it does not run");
};
`

func packGenesis() ([]byte, error) { return packFile("index.js", []byte(genesis)) }
