//go:build !wasip1

package host

import "unsafe"

func intern(s string) uint32               { return current.intern(s) }
func get(field uint32) int32               { return deliver(current.get(field)) }
func set(field uint32, value string)       { current.set(field, value) }
func headerValue(of, name, i uint32) int32 { return deliver(current.header(of, name, i)) }
func headerCount(of uint32) uint32         { return uint32(len(current.list(of))) }
func headerAt(of, i uint32) int32          { return deliver(current.headerAt(of, i)) }
func putHeader(of, name uint32, v string)  { current.change(of, name, v, false) }
func appendHeader(of, name uint32, v string) {
	current.change(of, name, v, true)
}
func removeHeader(of, name uint32)     { current.removeHeader(of, name) }
func respond(status uint32)            { current.respond(status) }
func body() int32                      { return deliver(current.body()) }
func setBody(form uint32, body string) { current.setBody(form, body) }
func config(key string) int32          { return deliver(current.config(key)) }
func log(level uint32, message string) { current.log(level, message) }
func now() float64                     { return float64(current.Now().UnixMilli()) }

func bodyTruncated() uint32 {
	if current.truncated() {
		return 1
	}
	return 0
}

func random(ptr unsafe.Pointer, n uint32) { current.random(unsafe.Slice((*byte)(ptr), n)) }

// deliver does what the host does: it asks for room and writes there.
func deliver(value string, there bool) int32 {
	switch {
	case !there:
		return -1
	case value == "":
		return 0
	}
	copy(unsafe.Slice((*byte)(Buffer(uint32(len(value)))), len(value)), value)
	return int32(len(value))
}

// Exit ends the instance.
func Exit() { refuse("the module ended itself") }

// Refused says whether a recovered panic is a host function's refusal: such a
// panic has to go on, because on a real host nobody could have recovered it.
func Refused(recovered any) bool {
	_, ok := recovered.(*Refusal)
	return ok
}
