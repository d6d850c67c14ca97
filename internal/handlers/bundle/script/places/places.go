package places

import (
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// Kind is what a script does with a path.
type Kind int

const (
	Names Kind = iota // it has it, for whatever
	Reads             // it gives it to a function that reads a file
	Lists             // … that reads a folder
	Runs              // … to a worker
)

// Use is a path that a script makes of its own place.
type Use struct {
	Kind         Kind
	Path         string // slash-separated, below the root; "" if it cannot be told, or lies outside
	Pattern      string // as [path.Match] reads it, where parts of the path cannot be told
	Known        bool   // what the path is, be it outside
	Line, Column int    // from 1
	// Spared is that the script goes on without the file: it reads it within try,
	// or asks of files whether they are there.
	Spared bool

	// From and To are the bytes of the text, in its quotes, that the path ends
	// with; both are 0 if it ends with none.
	From, To int

	at  int
	own bool
}

// Word is an identifier that means the script's place.
type Word struct {
	From, To int
	Name     string // __dirname, __filename or fetch
	Short    bool   // it stands for a member of the same name: { __dirname }
}

// Found is what there is in a script.
type Found struct {
	Uses  []Use
	Words []Word // in their order
	// Wasm are the texts, and ends of texts, that name a .wasm file, without
	// what is imported.
	Wasm []string
}

// given are the names that Node.js gives.
var given = []string{"__dirname", "__filename", "fetch"}

// root stands before the script's name, so that what leaves the root is seen.
const root = "~/"

// Read reads a script. file is its name, slash-separated, below the root.
func Read(script, file string) Found {
	r := newReader(lex(script, file), root+file, map[string]value{
		"__dirname":  {known: true, own: true, text: path.Dir(root + file)},
		"__filename": {known: true, own: true, text: root + file},
	})
	for range 2 { // a variable may be made of one that stands below
		r.bind()
	}
	declared := map[string]bool{}
	for _, name := range given {
		declared[name] = r.declares(name)
	}
	var out Found
	r.each(func(r *reader) {
		out.Words = append(out.Words, r.words(declared)...)
		out.Wasm = append(out.Wasm, r.wasm()...)
		out.Uses = append(out.Uses, r.uses()...)
	})
	if r.asks() {
		for i := range out.Uses {
			out.Uses[i].Spared = true
		}
	}
	threads := strings.Contains(script, "worker_threads")
	out.Uses = slices.DeleteFunc(out.Uses, func(u Use) bool { return u.Kind == Runs && !u.own && !threads })
	slices.SortStableFunc(out.Words, func(a, b Word) int { return a.From - b.From })
	for i := range out.Uses {
		u := &out.Uses[i]
		u.Line, u.Column = position(script, u.at)
	}
	return out
}

// Meta reports whether a script asks for import.meta, not only in a text.
func Meta(script, file string) bool {
	found := false
	newReader(lex(script, file), root, nil).each(func(r *reader) {
		for i := range r.tokens {
			found = found || r.is(i, "import") && r.is(i+1, ".") && r.is(i+2, "meta")
		}
	})
	return found
}

// position gives the line and the column of a byte, from 1.
func position(script string, at int) (line, column int) {
	before := script[:at]
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}

// each calls f for the script, and for every placeholder of a template.
func (r *reader) each(f func(*reader)) {
	f(r)
	for i := range r.tokens {
		for _, inner := range r.holes[i] {
			if inner != nil {
				inner.each(f)
			}
		}
	}
}

// bind notes what variables are known to hold.
func (r *reader) bind() {
	bound := map[string]value{}
	for i, t := range r.tokens {
		if t.kind != word || r.is(i-1, ".") {
			continue
		}
		at := i + 1
		if r.is(at, ":") && r.at(at+1).kind == word && !r.is(i-1, "?") {
			_, at = r.chain(at + 1) // a type
		}
		if !r.is(at, "=") || r.is(at+1, "=") {
			continue
		}
		v := r.whole(at + 1)
		if r.is(at+1, "{") {
			r.bindMembers(t.value, at+1, bound)
		}
		if old, ok := bound[t.value]; ok && (old.text != v.text || !v.known) {
			v = unknown(v.own || old.own)
		}
		bound[t.value] = v
	}
	maps.Copy(r.names, bound)
	r.count()
}

// bindMembers notes what the members of an object are known to hold.
func (r *reader) bindMembers(name string, brace int, bound map[string]value) {
	for i := brace + 1; i < r.closing(brace); i++ {
		if t := r.tokens[i]; t.opener == brace && t.kind == word && r.is(i+1, ":") && (r.is(i-1, "{") || r.is(i-1, ",")) {
			bound[name+"."+t.value] = r.whole(i + 2)
		}
		if t := r.tokens[i]; t.kind == sign && strings.Contains("([{", t.value) {
			i = r.close[i]
		}
	}
}

// whole evaluates an expression that has to end where a statement may.
func (r *reader) whole(i int) value {
	v, next := r.expression(i, 0)
	if t := r.at(next); next >= len(r.tokens) || t.kind == word && t.value != "in" && t.value != "instanceof" ||
		t.kind == sign && strings.Contains(";,)}]", t.value) {
		return v
	}
	end := next
	for end < len(r.tokens) && !(r.tokens[end].opener == r.at(i).opener && (r.is(end, ";") || r.is(end, ","))) && end < i+200 {
		end++
	}
	return unknown(v.own || r.ownWithin(i, end))
}

// words finds the identifiers that mean the script's place.
func (r *reader) words(declared map[string]bool) []Word {
	var found []Word
	for i, t := range r.tokens {
		if t.kind != word || r.is(i-1, ".") || declared[t.value] {
			continue
		}
		if slices.Contains(given, t.value) && r.ambient(i) {
			continue
		}
		w := Word{From: t.from, To: t.to, Name: t.value}
		switch t.value {
		case "__dirname", "__filename":
			inBraces := t.opener >= 0 && r.is(t.opener, "{") && (r.is(i-1, "{") || r.is(i-1, ","))
			if inBraces && r.is(i+1, ":") {
				continue // the name of a member
			}
			w.Short = inBraces && (r.is(i+1, ",") || r.is(i+1, "}"))
			found = append(found, w)
		case "fetch":
			if r.is(i+1, "(") && !r.is(r.closing(i+1)+1, "{") && !r.typed(i) {
				found = append(found, w)
			}
		}
	}
	return found
}

// typed reports whether a name is that of a method, behind whose parameters stands
// TypeScript's type of what it returns. A colon behind a call ends the middle of a
// condition, or a case: something stands before such a call.
func (r *reader) typed(i int) bool {
	if !r.is(r.closing(i+1)+1, ":") {
		return false
	}
	at := i - 1
	star := r.is(at, "*") // a generator, or a product
	if star {
		at--
	}
	switch last := r.at(at); {
	case last.kind == sign && !star && (last.value == ")" || last.value == "]"):
		return true
	case last.kind == sign:
		return slices.Contains([]string{"{", ",", ";", "}"}, last.value)
	case last.kind == word && star:
		return slices.Contains(modifiers, last.value)
	case last.kind == word:
		return !slices.Contains(before, last.value)
	}
	return !star // the value of a member, with no semicolon behind it
}

// modifiers are the words that stand before the star of a generator.
var modifiers = []string{"async", "static", "public", "private", "protected", "override", "declare"}

// wasm finds texts that end with the name of a module.
func (r *reader) wasm() []string {
	var found []string
	for i, t := range r.tokens {
		name := t.value
		if t.kind == mold {
			name = strings.TrimPrefix(t.pieces[len(t.pieces)-1].text, "/")
		} else if t.kind != text {
			continue
		}
		imported := r.is(i-1, "from") || r.is(i-1, "import") ||
			r.is(i-1, "(") && (r.is(i-2, "import") || r.is(i-2, "require") || r.is(i-2, "resolve") && r.is(i-4, "require"))
		if strings.HasSuffix(name, ".wasm") && !strings.ContainsAny(name, "\n\\") && !imported {
			found = append(found, name)
		}
	}
	return found
}

// readers are the functions that read what their first argument names.
var readers = map[string]Kind{
	"readFileSync": Reads, "readFile": Reads, "createReadStream": Reads, "openSync": Reads, "open": Reads, "openAsBlob": Reads,
	"readdirSync": Lists, "readdir": Lists, "opendirSync": Lists, "opendir": Lists,
}

func (r *reader) uses() []Use {
	var found []Use
	named := map[string]bool{}
	for i, t := range r.tokens {
		if k, at := r.reads(i); at > 0 {
			args, _ := r.arguments(at, 0)
			if k == Runs && r.saysEval(at) {
				continue
			}
			if len(args) > 0 && (args[0].own || k == Runs) {
				u := r.use(k, args[0], t)
				u.Spared = r.tried(t) >= 0 || r.is(r.closing(at)+1, ".") && r.is(r.closing(at)+2, "catch")
				found = append(found, u)
			}
			continue
		}
		if t.kind != mold && t.kind != word && !r.is(i, "(") || r.is(i-1, ".") {
			continue
		}
		if t.kind == word && t.value != "new" && t.value != "import" && !r.names[t.value].own && !r.is(i+1, "(") && !r.is(i+1, ".") {
			continue
		}
		if v, _ := r.expression(i, 0); v.own && v.known && path.Clean(v.text) != r.file && !named[v.text] {
			named[v.text] = true
			found = append(found, r.use(Names, v, t))
		}
	}
	return found
}

// reads says what a call at a token does with its first argument, and where
// its parenthesis stands.
func (r *reader) reads(i int) (Kind, int) {
	t := r.at(i)
	if t.kind != word {
		return 0, 0
	}
	at := i + 1
	if r.is(at, ")") && r.is(at+1, "(") {
		at++ // (0, fs_1.readFileSync)(…)
	}
	if !r.is(at, "(") || r.is(i-1, "function") {
		return 0, 0
	}
	if t.value == "Worker" {
		begin := i
		for r.is(begin-1, ".") {
			begin -= 2
		}
		if r.is(begin-1, "new") {
			return Runs, at
		}
		return 0, 0
	}
	if k, ok := readers[t.value]; ok {
		return k, at
	}
	return 0, 0
}

// asks reports whether a script asks of files whether they are there.
func (r *reader) asks() bool {
	found := false
	r.each(func(r *reader) {
		for i := range r.tokens {
			found = found || slices.Contains(askers, r.tokens[i].value) && r.tokens[i].kind == word && (r.is(i+1, "(") || r.is(i+1, ")") && r.is(i+2, "("))
		}
	})
	return found
}

// askers are the functions that tell of a file.
var askers = []string{"existsSync", "exists", "accessSync", "access", "statSync", "stat", "lstatSync", "lstat"}

// saysEval reports whether a worker gets its code as a text.
func (r *reader) saysEval(at int) bool {
	for i := at; i < r.closing(at); i++ {
		if r.is(i, "eval") && r.is(i+1, ":") {
			return true
		}
	}
	return false
}

func (r *reader) use(k Kind, v value, at token) Use {
	u := Use{Kind: k, Known: v.known && v.own, at: at.from, own: v.own}
	if rest, ok := strings.CutPrefix(v.text, root); ok && v.own && !u.Known {
		u.Pattern = pattern(rest)
	}
	if u.Known {
		if rest, ok := strings.CutPrefix(path.Clean(v.text)+"/", root); ok {
			u.Path = path.Clean(rest)
		}
		if v.last != nil {
			u.From, u.To = v.last.from, v.last.to
		}
	}
	return u
}

// pattern makes a pattern of a path with holes; "" if it would be too wide: if
// the kind of the files is not known, nor any folder.
func pattern(p string) string {
	folder, base := path.Split(path.Clean(p))
	if i := strings.LastIndexByte(base, '.'); i < 0 || strings.Contains(base[i:], hole) || strings.HasPrefix(folder, hole) {
		return ""
	}
	p = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, hole, "*").Replace(folder + base)
	for strings.Contains(p, "**") {
		p = strings.ReplaceAll(p, "**", "*")
	}
	return p
}
