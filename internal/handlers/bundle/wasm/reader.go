package wasm

import (
	"fmt"
	"unicode/utf8"
)

// Error says where a module stops being readable and why.
type Error struct {
	Offset  int    // bytes from the start of the file
	Section string // the section's name, "" outside of any
	Reason  string
}

func (e *Error) Error() string {
	if e.Section == "" {
		return fmt.Sprintf("byte %d: %s", e.Offset, e.Reason)
	}
	return fmt.Sprintf("byte %d, in the %s section: %s", e.Offset, e.Section, e.Reason)
}

// reader walks over a slice. The first fault is kept and everything read
// afterwards is zero, so callers look at err once per item and loops look at
// it once per turn.
type reader struct {
	data    []byte // the whole file, cut at the end of the current section
	pos     int
	section string
	err     error
}

func (r *reader) fail(at int, format string, args ...any) {
	if r.err == nil {
		r.err = &Error{Offset: at, Section: r.section, Reason: fmt.Sprintf(format, args...)}
	}
}

func (r *reader) left() int { return len(r.data) - r.pos }

func (r *reader) byte() byte {
	if r.err != nil {
		return 0
	}
	if r.left() < 1 {
		r.fail(r.pos, "ends in the middle of a value")
		return 0
	}
	b := r.data[r.pos]
	r.pos++
	return b
}

// u32 reads an unsigned LEB128 number of at most 32 bits. The specification
// allows at most five bytes, and in the fifth only the four bits that fit.
func (r *reader) u32() uint32 { return uint32(r.leb(32)) }

// u64 reads an unsigned LEB128 number of at most 64 bits (limits of 64-bit
// memories and tables).
func (r *reader) u64() uint64 { return r.leb(64) }

// heapType steps over a signed LEB128 number of at most 33 bits: the index of a
// type, or the code of an abstract one.
func (r *reader) heapType() {
	at := r.pos
	for range 5 {
		if b := r.byte(); r.err != nil || b&0x80 == 0 {
			return
		}
	}
	r.fail(at, "a heap type takes too many bytes")
}

func (r *reader) leb(bits int) uint64 {
	start := r.pos
	var n uint64
	for shift := 0; shift < bits; shift += 7 {
		b := r.byte()
		if r.err != nil {
			return 0
		}
		low := uint64(b & 0x7f)
		if room := bits - shift; room < 7 && low>>room != 0 {
			r.fail(start, "a number does not fit %d bits", bits)
			return 0
		}
		n |= low << shift
		if b&0x80 == 0 {
			return n
		}
	}
	r.fail(start, "a number of %d bits takes too many bytes", bits)
	return 0
}

// count reads the length of a vector. Every element takes at least one byte,
// so a count beyond what is left is a fault, found before anything is
// allocated for it.
func (r *reader) count(of string) int {
	at := r.pos
	n := r.u32()
	if r.err == nil && int64(n) > int64(r.left()) {
		r.fail(at, "announces %d %s in %d bytes", n, of, r.left())
		return 0
	}
	return int(n)
}

func (r *reader) take(n int) []byte {
	if r.err != nil {
		return nil
	}
	b := r.data[r.pos : r.pos+n]
	r.pos += n
	return b
}

func (r *reader) name() string {
	at := r.pos
	b := r.take(r.count("bytes of a name"))
	if !utf8.Valid(b) {
		r.fail(at, "a name is not UTF-8")
		return ""
	}
	return string(b)
}
