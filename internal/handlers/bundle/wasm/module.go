package wasm

import (
	"fmt"
	"strings"
)

// Kind is what an import or export is.
type Kind byte

// The kinds, with the numbers of the binary format.
const (
	Func   Kind = 0
	Table  Kind = 1
	Memory Kind = 2
	Global Kind = 3
	Tag    Kind = 4 // exception handling
)

func (k Kind) String() string {
	switch k {
	case Func:
		return "function"
	case Table:
		return "table"
	case Memory:
		return "memory"
	case Global:
		return "global"
	case Tag:
		return "tag"
	}
	return fmt.Sprintf("kind %d", byte(k))
}

// ValType is the type of a value, with the number of the binary format.
type ValType byte

// The types a function may take and return. Of the references that WebAssembly
// 3.0 brought (typed function references, garbage collection, exceptions) only
// the outermost byte is kept: what they refer to is for the engine to judge.
const (
	I32       ValType = 0x7f
	I64       ValType = 0x7e
	F32       ValType = 0x7d
	F64       ValType = 0x7c
	V128      ValType = 0x7b
	FuncRef   ValType = 0x70
	ExternRef ValType = 0x6f
	Ref       ValType = 0x64 // to a heap type, never null
	RefNull   ValType = 0x63 // to a heap type, or null
)

// The shorthands for nullable references to the abstract heap types of
// WebAssembly 3.0, from exnref to nullexnref.
const (
	firstAbstract ValType = 0x69
	lastAbstract  ValType = 0x74
)

func (t ValType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	case Ref:
		return "ref"
	case RefNull:
		return "ref null"
	}
	if t.abstract() {
		return fmt.Sprintf("ref 0x%02x", byte(t))
	}
	return fmt.Sprintf("type 0x%02x", byte(t))
}

func (t ValType) known() bool { return !strings.HasPrefix(t.String(), "type ") }

func (t ValType) abstract() bool { return firstAbstract <= t && t <= lastAbstract }

// since3 reports whether WebAssembly 3.0 brought the type.
func (t ValType) since3() bool {
	return t == Ref || t == RefNull || t.abstract() && t != FuncRef && t != ExternRef
}

// FuncType is the signature of a function.
type FuncType struct {
	Params, Results []ValType
}

// String writes the signature as "(i32, i32) -> i32", with "()" for none.
func (t FuncType) String() string {
	results := "()"
	if len(t.Results) == 1 {
		results = t.Results[0].String()
	} else if len(t.Results) > 1 {
		results = join(t.Results)
	}
	return join(t.Params) + " -> " + results
}

// Equal reports whether two signatures are the same.
func (t FuncType) Equal(u FuncType) bool { return t.String() == u.String() }

func join(types []ValType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.String()
	}
	return "(" + strings.Join(names, ", ") + ")"
}

// Limits are those of a memory, in its pages of 64 KiB.
type Limits struct {
	Min, Max uint64
	Bounded  bool // Max counts
	Shared   bool // between threads
	Is64     bool // addressed by i64
}

// Import is one thing a module wants from its host.
type Import struct {
	Module, Name string
	Kind         Kind
	Type         FuncType // of a function, else zero
	Memory       Limits   // of a memory, else zero
}

// String writes the import as a person would ask for it.
func (i Import) String() string { return describe(i.Module+"."+i.Name, i.Kind, i.Type) }

// Export is one thing a module offers to its host.
type Export struct {
	Name   string
	Kind   Kind
	Index  uint32
	Type   FuncType // of a function, else zero
	Memory Limits   // of a memory, else zero
}

// String writes the export with its signature.
func (e Export) String() string { return describe(e.Name, e.Kind, e.Type) }

func describe(name string, k Kind, t FuncType) string {
	if k == Func {
		return name + t.String()
	}
	return name + " (" + k.String() + ")"
}

// Custom is a custom section: bytes that engines skip.
type Custom struct {
	Name   string
	Offset int // of the section's first byte in the file
	Size   int // bytes of the whole section, its header included
}

// Module is what was read.
type Module struct {
	Imports  []Import // in the module's order
	Exports  []Export // in the module's order
	Memories []Limits // imported ones first
	Customs  []Custom // in the module's order
	Start    bool     // a start function runs when the module is instantiated
	// Since3 says that its types or imports use what WebAssembly 3.0 brought.
	Since3 bool
}

// FirstNode3 is the first Node.js that takes modules which use the types of
// WebAssembly 3.0 (tried with v20.20, v22.23 and v24.21).
const FirstNode3 = 22

// TooNew says why a Node.js of that major takes no such module; "" if it does,
// as far as can be seen here.
func (m Module) TooNew(major int) string {
	if !m.Since3 || major >= FirstNode3 {
		return ""
	}
	return fmt.Sprintf("uses types of WebAssembly 3.0 (typed references or garbage collection), which Node.js %d does not know", major)
}

// Export returns the export with that name.
func (m Module) Export(name string) (Export, bool) {
	for _, e := range m.Exports {
		if e.Name == name {
			return e, true
		}
	}
	return Export{}, false
}
