package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/versions"
)

// BundlesSchema is the version of the bundles document's JSON format.
const BundlesSchema = 1

// Bundle is what there is to tell of a packed function.
type Bundle struct {
	Function     string             `json:"function"`
	File         string             `json:"file"`
	Content      versions.ContentID `json:"content"`
	CodeSHA256   string             `json:"codeSha256"`
	ZipBytes     int64              `json:"zipBytes"`
	Uncompressed int64              `json:"uncompressed"`
	Trampoline   int                `json:"trampoline,omitempty"`
	Files        []BundleFile       `json:"files"`
	Dropped      []BundleFile       `json:"dropped,omitempty"` // custom sections
}

// BundleFile is a file of a bundle, or a section left out of one.
type BundleFile struct {
	Name       string `json:"name"`
	Size       int64  `json:"size"`                 // bytes, uncompressed
	Compressed int64  `json:"compressed,omitempty"` // bytes in the zip
}

// Bundles writes what was packed: for each function the zip's size, its
// content id, its files, and what was left out.
func Bundles(list []Bundle, s Style) string {
	out := &page{style: s}
	for i, b := range list {
		if i > 0 {
			out.blank()
		}
		out.line(0, span{b.Function, bold}, plain(fmt.Sprintf("   %s   content %s", Bytes(b.ZipBytes), b.Content)))
		out.line(2, plain(b.File))
		width := 0
		for _, f := range b.Files {
			width = max(width, widest(f.Name))
		}
		for _, f := range b.Files {
			out.line(4, cell(f.Name, width+3), plain(fmt.Sprintf("%10s → %s", Bytes(f.Size), Bytes(f.Compressed))))
		}
		for _, d := range b.Dropped {
			out.line(4, plain(fmt.Sprintf("dropped section %s, %s", strconv.Quote(d.Name), Bytes(d.Size))))
		}
	}
	if len(list) == 0 {
		out.line(0, plain("The spec has no functions."))
	}
	return out.String()
}

// BundlesJSON gives the same as one document.
func BundlesJSON(list []Bundle) ([]byte, error) {
	if list == nil {
		list = []Bundle{}
	}
	doc, err := toJSON(struct {
		Schema  int      `json:"schema"`
		Bundles []Bundle `json:"bundles"`
	}{BundlesSchema, list})
	if err != nil {
		return nil, fmt.Errorf("bundles as JSON: %w", err)
	}
	return doc, nil
}

// BundlesMarkdown gives the same as a table.
func BundlesMarkdown(list []Bundle) string {
	var b strings.Builder
	rows := make([][]string, len(list))
	for i, f := range list {
		var dropped []string
		for _, d := range f.Dropped {
			dropped = append(dropped, d.Name+" "+Bytes(d.Size))
		}
		rows[i] = []string{code(f.Function), Bytes(f.ZipBytes), code(string(f.Content)), md(strings.Join(dropped, ", "))}
	}
	mdTable(&b, []string{"function", "zip", "content", "dropped"}, rows)
	return finish(&b)
}
