package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
)

// This file has the scripts' commands that make files, and judge them.

// filled makes a file of so many bytes: filled FILE BYTES zeros|noise|TEXT
func filled(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: filled FILE BYTES zeros|noise|TEXT")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	data := make([]byte, n)
	switch args[2] {
	case "zeros":
	case "noise": // the same at every run, and nothing that compresses
		src := rand.NewChaCha8([32]byte{1})
		_, _ = src.Read(data) // never fails
	default:
		copy(data, bytes.Repeat([]byte(args[2]), n/len(args[2])+1))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

// cut keeps the first bytes of a file: cut FROM TO BYTES
func cut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: cut FROM TO BYTES")
	}
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	data := ts.ReadFile(args[0])
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(data[:min(n, len(data))]), 0o600))
}

// zipped makes a zip: zipped FILE NAME=SOURCE…
// A name that exists in FILE already is replaced; others stay.
func zipped(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: zipped FILE NAME=SOURCE…")
	}
	entries, names := map[string][]byte{}, []string{}
	if old, err := zip.OpenReader(ts.MkAbs(args[0])); err == nil {
		for _, f := range old.File {
			r, err := f.Open()
			ts.Check(err)
			data, err := io.ReadAll(r)
			ts.Check(err)
			entries[f.Name], names = data, append(names, f.Name)
		}
		ts.Check(old.Close())
	}
	for _, arg := range args[1:] {
		name, source, _ := strings.Cut(arg, "=")
		if _, known := entries[name]; !known {
			names = append(names, name)
		}
		entries[name] = []byte(ts.ReadFile(source))
	}
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, name := range names {
		f, err := w.Create(name)
		ts.Check(err)
		_, err = f.Write(entries[name])
		ts.Check(err)
	}
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), buf.Bytes(), 0o600))
}

// unzipped writes one entry of a zip to a file: unzipped ZIP NAME FILE
func unzipped(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: unzipped ZIP NAME FILE")
	}
	archive, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer func() { _ = archive.Close() }() // only read
	for _, f := range archive.File {
		if f.Name != args[1] {
			continue
		}
		r, err := f.Open()
		ts.Check(err)
		data, err := io.ReadAll(r)
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(args[2]), data, 0o600))
		return
	}
	ts.Fatalf("%s has no %s", args[0], args[1])
}

// setFrom reads a file's first line into a variable: setfrom NAME FILE
func setFrom(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: setfrom NAME FILE")
	}
	line, _, _ := strings.Cut(ts.ReadFile(args[1]), "\n")
	ts.Setenv(args[0], line)
}

// crlf gives a file the line ends of Windows: crlf FILE
func crlf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: crlf FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(ts.ReadFile(args[0]), "\n", "\r\n")), 0o600))
}

// jsonIs wants one JSON document, and with a path a value in it:
// json stdout functions.0.qualifiedArn arn:…
func jsonIs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 && len(args) != 3 {
		ts.Fatalf("usage: json FILE [PATH VALUE]")
	}
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	d.UseNumber()
	var at any
	ts.Check(d.Decode(&at))
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		ts.Fatalf("%s is more than one JSON document", args[0])
	}
	if len(args) == 1 {
		return
	}
	for _, step := range strings.Split(args[1], ".") {
		switch v := at.(type) {
		case map[string]any:
			var ok bool
			if at, ok = v[step]; !ok {
				ts.Fatalf("%s has no %s", args[0], args[1])
			}
		case []any:
			i, err := strconv.Atoi(step)
			if step == "length" {
				at = len(v)
				continue
			}
			if err != nil || i >= len(v) {
				ts.Fatalf("%s: a list of %d has no %s", args[0], len(v), step)
			}
			at = v[i]
		default:
			ts.Fatalf("%s has no %s: %v has no members", args[0], args[1], at)
		}
	}
	if got := fmt.Sprint(at); got != args[2] {
		ts.Fatalf("%s in %s is %s, want %s", args[1], args[0], got, args[2])
	}
}

// plain wants text for pipes: no escape codes, no line end but \n, and no
// line wider than so many columns: plain FILE [COLUMNS]
func plain(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: plain FILE [COLUMNS]")
	}
	most := 1 << 20
	if len(args) == 2 {
		var err error
		most, err = strconv.Atoi(args[1])
		ts.Check(err)
	}
	for i, line := range strings.Split(ts.ReadFile(args[0]), "\n") {
		if strings.ContainsAny(line, "\x1b\r") {
			ts.Fatalf("%s:%d has control characters: %q", args[0], i+1, line)
		}
		if n := utf8.RuneCountInString(line); n > most {
			ts.Fatalf("%s:%d has %d columns: %s", args[0], i+1, n, line)
		}
	}
}

// sameBut wants two distribution configurations to have the same bytes
// outside of what is about associations: samebut A B
func sameBut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: samebut A B")
	}
	a, b := blanked(ts, []byte(ts.ReadFile(args[0]))), blanked(ts, []byte(ts.ReadFile(args[1])))
	if !bytes.Equal(a, b) {
		at := 0
		for at < min(len(a), len(b)) && a[at] == b[at] {
			at++
		}
		from := max(0, at-60)
		ts.Fatalf("they differ at byte %d: %q and %q", at, a[from:min(len(a), at+60)], b[from:min(len(b), at+60)])
	}
}

// blanked takes the LambdaFunctionAssociations elements out of a document,
// whatever their prefix.
func blanked(ts *testscript.TestScript, doc []byte) []byte {
	var out []byte
	d := xml.NewDecoder(bytes.NewReader(doc))
	kept, depth, inside := int64(0), 0, 0
	for {
		before := d.InputOffset()
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return append(out, doc[kept:]...)
		}
		ts.Check(err)
		switch t := t.(type) {
		case xml.StartElement:
			depth++
			if t.Name.Local == "LambdaFunctionAssociations" && inside == 0 {
				inside = depth
				out = append(out, doc[kept:before]...)
			}
		case xml.EndElement:
			if depth == inside {
				inside, kept = 0, d.InputOffset()
			}
			depth--
		}
	}
}
