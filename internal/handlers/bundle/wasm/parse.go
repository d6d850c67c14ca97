package wasm

import (
	"bytes"
	"fmt"
)

// section numbers of the binary format.
const (
	secCustom    = 0
	secType      = 1
	secImport    = 2
	secFunction  = 3
	secTable     = 4
	secMemory    = 5
	secGlobal    = 6
	secExport    = 7
	secStart     = 8
	secElement   = 9
	secCode      = 10
	secData      = 11
	secDataCount = 12
	secTag       = 13
)

// place returns the name of a section and its place in the required order;
// both are zero for a section nobody has defined. The order is not that of the
// numbers: data count stands before code, and tags before globals.
func place(id byte) (string, int) {
	switch id {
	case secType:
		return "type", 1
	case secImport:
		return "import", 2
	case secFunction:
		return "function", 3
	case secTable:
		return "table", 4
	case secMemory:
		return "memory", 5
	case secTag:
		return "tag", 6
	case secGlobal:
		return "global", 7
	case secExport:
		return "export", 8
	case secStart:
		return "start", 9
	case secElement:
		return "element", 10
	case secDataCount:
		return "data count", 11
	case secCode:
		return "code", 12
	case secData:
		return "data", 13
	}
	return "", 0
}

const headerSize = 8 // magic and version

// Parse reads a module. The result shares no memory with b.
// Every error is an [*Error].
func Parse(b []byte) (Module, error) {
	if err := header(b); err != nil {
		return Module{}, err
	}
	p := parser{reader: reader{data: b, pos: headerSize}}
	last := 0
	for p.err == nil && p.pos < len(b) {
		start := p.pos
		id := p.byte()
		size := p.count("bytes of a section")
		if p.err != nil {
			break
		}
		end := p.pos + size
		p.data = b[:end]
		if id == secCustom {
			p.section = "custom"
			p.module.Customs = append(p.module.Customs, Custom{Name: p.name(), Offset: start, Size: end - start})
			p.pos = end
		} else {
			last = p.known(start, id, last)
		}
		if p.err == nil && p.pos != end {
			p.fail(p.pos, "%d bytes too many", end-p.pos)
		}
		p.data, p.section = b, ""
	}
	p.finish()
	if p.err != nil {
		return Module{}, p.err
	}
	return p.module, nil
}

// header judges the first eight bytes. What people hand in by mistake gets a
// name: the text format, a component, an empty file.
func header(b []byte) error {
	magic, version := []byte("\x00asm"), []byte{1, 0, 0, 0}
	fault := func(at int, format string, args ...any) error {
		return &Error{Offset: at, Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case len(b) == 0:
		return fault(0, "the file is empty")
	case bytes.HasPrefix(bytes.TrimSpace(b[:min(len(b), 64)]), []byte("(module")):
		return fault(0, "this is WebAssembly text, not a binary module; assemble it first (wat2wasm)")
	case !bytes.HasPrefix(b, magic[:min(len(b), 4)]):
		return fault(0, "not a WebAssembly module: it starts with %q, want %q", b[:min(len(b), 4)], magic)
	case len(b) < headerSize:
		return fault(len(b), "ends in the middle of the header")
	case b[6] == 1: // the layer field of the component model: 0 is a module, 1 a component
		return fault(4, "this is a component (component model, WASI 0.2), not a core module")
	case !bytes.Equal(b[4:8], version):
		return fault(4, "binary format version % x, want % x", b[4:8], version)
	}
	return nil
}

// parser holds the index spaces while the sections go by. Counts that are
// only announced (tables, globals, tags) serve to bound the export indices;
// their contents are left to the engine.
type parser struct {
	reader
	module  Module
	types   []FuncType
	funcs   []uint32 // type index per function, imported ones first
	defined int      // functions that the code section must bring
	bodies  int
	tables  int
	globals int
	tags    int
	start   int64 // function index, valid if module.Start
	startAt int
	exports []int // offset of each export, for messages
}

// known reads one non-custom section and returns its place in the order.
func (p *parser) known(start int, id byte, last int) int {
	name, at := place(id)
	if at == 0 {
		p.fail(start, "section number %d is unknown", id)
		return last
	}
	if at == last {
		p.fail(start, "a second %s section", name)
	} else if at < last {
		p.fail(start, "the %s section comes too late", name)
	}
	p.section = name
	switch id {
	case secType:
		p.readTypes()
	case secImport:
		p.readImports()
	case secFunction:
		p.readFunctions()
	case secMemory:
		for range p.count("memories") {
			p.module.Memories = append(p.module.Memories, p.limits())
		}
	case secExport:
		p.readExports()
	case secStart:
		p.startAt = p.pos
		p.module.Start, p.start = true, int64(p.u32())
	case secCode:
		p.readCode()
	case secTable:
		p.tables += p.count("tables")
		p.skip()
	case secGlobal:
		p.globals += p.count("globals")
		p.skip()
	case secTag:
		p.tags += p.count("tags")
		p.skip()
	default:
		p.skip()
	}
	return at
}

// skip leaves the rest of the current section to the engine.
func (p *parser) skip() { p.pos = len(p.data) }

func (p *parser) readImports() {
	for range p.count("imports") {
		imp := Import{Module: p.name(), Name: p.name()}
		at := p.pos
		imp.Kind = Kind(p.byte())
		switch imp.Kind {
		case Func:
			imp.Type = p.function()
		case Table:
			p.valType()
			p.limits()
			p.tables++
		case Memory:
			imp.Memory = p.limits()
			p.module.Memories = append(p.module.Memories, imp.Memory)
		case Global:
			p.valType()
			if m := p.byte(); m > 1 {
				p.fail(p.pos-1, "mutability 0x%02x is unknown", m)
			}
			p.globals++
		case Tag:
			p.byte()
			p.typeIndex()
			p.tags++
		default:
			p.fail(at, "import kind %d is unknown", byte(imp.Kind))
		}
		if p.err != nil {
			return
		}
		p.module.Imports = append(p.module.Imports, imp)
	}
}

// function reads the type index of a function and enters it in the index space.
func (p *parser) function() FuncType {
	i, t := p.typeIndex()
	p.funcs = append(p.funcs, i)
	return t
}

func (p *parser) typeIndex() (uint32, FuncType) {
	at := p.pos
	i := p.u32()
	if p.err == nil && int64(i) >= int64(len(p.types)) {
		p.fail(at, "type %d of %d", i, len(p.types))
	}
	if p.err != nil {
		return 0, FuncType{}
	}
	return i, p.types[i]
}

func (p *parser) readFunctions() {
	for range p.count("functions") {
		if p.function(); p.err != nil {
			return
		}
		p.defined++
	}
}

// limits reads the bounds of a memory or table. Flag bits: 1 a maximum
// follows, 2 shared (threads), 4 64-bit (memory64).
func (p *parser) limits() Limits {
	at := p.pos
	flags := p.byte()
	if flags > 7 {
		p.fail(at, "limits of an unknown kind 0x%02x", flags)
	}
	l := Limits{Bounded: flags&1 != 0, Shared: flags&2 != 0, Is64: flags&4 != 0}
	number := func() uint64 {
		if l.Is64 {
			return p.u64()
		}
		return uint64(p.u32())
	}
	l.Min = number()
	if l.Bounded {
		l.Max = number()
		if p.err == nil && l.Max < l.Min {
			p.fail(at, "the maximum %d is below the minimum %d", l.Max, l.Min)
		}
	}
	return l
}

func (p *parser) readExports() {
	seen := map[string]bool{}
	for range p.count("exports") {
		at := p.pos
		e := Export{Name: p.name(), Kind: Kind(p.byte()), Index: p.u32()}
		if p.err != nil {
			return
		}
		if seen[e.Name] {
			p.fail(at, "two exports are named %q", e.Name)
			return
		}
		seen[e.Name] = true
		p.module.Exports = append(p.module.Exports, e)
		p.exports = append(p.exports, at)
	}
}

func (p *parser) readCode() {
	p.bodies = p.count("function bodies")
	for range p.bodies {
		if p.take(p.count("bytes of a body")); p.err != nil {
			return
		}
	}
}

// finish checks what needs the whole module: indices of exports and of the
// start function, and that every declared function has a body.
func (p *parser) finish() {
	if p.err == nil && p.defined != p.bodies {
		p.fail(len(p.data), "%d functions are declared, %d have bodies", p.defined, p.bodies)
	}
	if p.module.Start && p.start >= int64(len(p.funcs)) {
		p.section = "start"
		p.fail(p.startAt, "function %d of %d", p.start, len(p.funcs))
	}
	p.section = "export"
	for i := range p.module.Exports {
		e := &p.module.Exports[i]
		var size int
		switch e.Kind {
		case Func:
			size = len(p.funcs)
		case Table:
			size = p.tables
		case Memory:
			size = len(p.module.Memories)
		case Global:
			size = p.globals
		case Tag:
			size = p.tags
		}
		if int64(e.Index) >= int64(size) {
			p.fail(p.exports[i], "%q is %s %d of %d", e.Name, e.Kind, e.Index, size)
		}
		if p.err != nil {
			return
		}
		switch e.Kind {
		case Func:
			e.Type = p.types[p.funcs[e.Index]]
		case Memory:
			e.Memory = p.module.Memories[e.Index]
		}
	}
}

// IsComponent reports whether a file is a WebAssembly component, which has modules
// in it that an engine takes.
func IsComponent(b []byte) bool {
	return len(b) >= 8 && string(b[:4]) == "\x00asm" && b[6] == 1
}

// Transpile is what helps against a component.
const Transpile = "run `npx @bytecodealliance/jco transpile` on it and import what that writes from a script that entry: names; or build for wasm32-unknown-unknown"
