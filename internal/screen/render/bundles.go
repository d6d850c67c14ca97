package render

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
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
	ABI          string             `json:"abi,omitempty"` // "" for a bundle with an entry of its own
	Trampoline   int                `json:"trampoline,omitempty"`
	Files        []BundleFile       `json:"files"`
	Dropped      []BundleFile       `json:"dropped,omitempty"` // custom sections
	LeftOut      *LeftOut           `json:"leftOut,omitempty"` // what .edgedeployignore kept out
	Room         *Room              `json:"viewer,omitempty"`  // the limits of the viewer triggers that it serves
}

// LeftOut is what .edgedeployignore kept out of a bundle.
type LeftOut struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

// Room is how much the viewer triggers that a bundle serves let its zip have.
type Room struct {
	Triggers []associations.Trigger `json:"triggers"`
	Max      int64                  `json:"max"` // bytes, as documented or as limits: says
	// Former is the limit of earlier years where CloudFront may still have it;
	// equal to Max where limits: says what holds.
	Former int64 `json:"formerMax"`
}

// BundleFile is a file of a bundle, or a section left out of one.
type BundleFile struct {
	Name       string `json:"name"`
	Size       int64  `json:"size"`                 // bytes, uncompressed
	Compressed int64  `json:"compressed,omitempty"` // bytes in the zip
	Executable bool   `json:"executable,omitempty"`
}

// Bundles writes what was packed: for each function the zip's size, its
// content id, its files with their share of the zip, what was left out, and
// how much room the viewer triggers leave.
func Bundles(list []Bundle, s Style) string {
	out := &page{style: s}
	for i, b := range list {
		if i > 0 {
			out.blank()
		}
		out.line(0, span{b.Function, bold}, plain(fmt.Sprintf("   %s   content %s", Bytes(b.ZipBytes), b.Content)))
		out.line(2, plain(b.File))
		if b.ABI != "" {
			out.line(2, plain(fmt.Sprintf("interface %s, trampoline %d", b.ABI, b.Trampoline)))
		}
		bundleFiles(out, b)
		for _, d := range b.Dropped {
			out.line(4, plain(fmt.Sprintf("dropped section %s, %s", strconv.Quote(d.Name), Bytes(d.Size))))
		}
		if l := b.LeftOut; l != nil {
			out.line(4, plain(l.words()))
		}
		if r := b.Room; r != nil {
			out.prose(4, "", r.words(b.ZipBytes))
		}
	}
	if len(list) == 0 {
		out.line(0, plain("The spec has no functions."))
	}
	return out.String()
}

// Of a bundle with more files than mostFiles only the shownFiles largest are
// told by name; the JSON document has them all.
const (
	mostFiles  = 40
	shownFiles = 30
)

// bundleFiles writes the table of a bundle's files and, as their total, the
// zip, which has its own headers besides.
func bundleFiles(out *page, b Bundle) {
	if len(b.Files) == 0 {
		return
	}
	rows := slices.Clone(b.Files)
	if len(rows) > mostFiles {
		slices.SortStableFunc(rows, func(a, b BundleFile) int { return cmp.Compare(b.Compressed, a.Compressed) })
		more := BundleFile{Name: fmt.Sprintf("%d smaller files", len(rows)-shownFiles)}
		for _, f := range rows[shownFiles:] {
			more.Size, more.Compressed = more.Size+f.Size, more.Compressed+f.Compressed
		}
		rows = append(rows[:shownFiles], more)
	}
	rows = append(rows, BundleFile{Name: "total", Size: b.Uncompressed, Compressed: b.ZipBytes})
	width := 0
	for _, f := range rows {
		width = max(width, widest(f.Name)+3)
	}
	for _, f := range rows {
		out.line(4, cell(f.Name, width), plain(fmt.Sprintf("%10s → %9s %8s", Bytes(f.Size), Bytes(f.Compressed), percent(f.Compressed, b.ZipBytes))))
	}
}

func (l LeftOut) words() string {
	files := "1 file"
	if l.Files != 1 {
		files = fmt.Sprintf("%d files", l.Files)
	}
	return "left out by .edgedeployignore: " + files + ", " + Bytes(l.Bytes)
}

// words says how much of its limits a zip takes.
func (r Room) words(zip int64) string {
	names := make([]string, len(r.Triggers))
	for i, t := range r.Triggers {
		names[i] = string(t)
	}
	text := fmt.Sprintf("%s: %s of the %s allowed", strings.Join(names, ", "), percent(zip, r.Max), Bytes(r.Max))
	if r.Former != r.Max {
		text += fmt.Sprintf(", %s of the former %s", percent(zip, r.Former), Bytes(r.Former))
	}
	return text
}

// percent writes a share with two digits that count; what is there is never 0 %.
func percent(part, whole int64) string {
	if whole <= 0 {
		return ""
	}
	p := 100 * float64(part) / float64(whole)
	switch {
	case part > 0 && p < 0.1:
		return "< 0.1 %"
	case p < 9.95:
		return fmt.Sprintf("%.1f %%", p)
	}
	return fmt.Sprintf("%.0f %%", p)
}

// BundlesJSON gives the same as one document.
func BundlesJSON(list []Bundle) ([]byte, error) {
	if list == nil {
		list = []Bundle{}
	}
	doc, err := toJSON(bundlesDocument{BundlesSchema, list})
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
		var out []string
		for _, d := range f.Dropped {
			out = append(out, d.Name+" "+Bytes(d.Size))
		}
		if f.LeftOut != nil {
			out = append(out, f.LeftOut.words())
		}
		room := ""
		if f.Room != nil {
			room = f.Room.words(f.ZipBytes)
		}
		rows[i] = []string{code(f.Function), Bytes(f.ZipBytes), code(string(f.Content)), md(strings.Join(out, ", ")), md(room)}
	}
	mdTable(&b, []string{"function", "zip", "content", "dropped and left out", "viewer triggers"}, rows)
	return finish(&b)
}
