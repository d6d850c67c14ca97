package host

import "unsafe"

// Event is a number that edge_handle is given.
type Event = int32

// The events.
const (
	ViewerRequest Event = iota
	OriginRequest
	OriginResponse
	ViewerResponse
)

// What edge_handle returns.
const (
	Continue int32 = 0
	Answer   int32 = 1
	Failed   int32 = -1
)

// Of says whose headers.
type Of = uint32

// Whose headers.
const (
	Request Of = iota
	Response
	Origin
)

// Field is a number of the table of fields.
type Field = uint32

// The fields.
const (
	Method Field = iota
	URI
	Querystring
	ClientIP
	RequestID
	DistributionID
	DistributionDomain
	Status
	StatusDescription
	OriginKind
	OriginDomain
	OriginPath
	OriginProtocol
	OriginPort
	OriginReadTimeout
	OriginKeepaliveTimeout
	OriginSSLProtocols
	OriginRegion
	OriginAuthMethod
)

// Forms of a body.
const (
	Text uint32 = iota
	Bytes
)

// Level of a line in the log.
type Level = uint32

// The levels.
const (
	Debug Level = iota
	Info
	Warn
	Error
)

// room is where the host delivers; what was delivered before is overwritten.
var room []byte

// Buffer makes room for n bytes and returns its address. The host calls it, by
// way of edge_buffer, in the middle of the functions below.
func Buffer(n uint32) unsafe.Pointer {
	if n == 0 {
		return nil
	}
	if uint32(cap(room)) < n {
		room = make([]byte, n, max(n, 1024))
	}
	room = room[:n]
	return unsafe.Pointer(unsafe.SliceData(room))
}

// text copies what was delivered; n is what the host function returned.
func text(n int32) (string, bool) {
	if n <= 0 {
		return "", n == 0
	}
	return string(room[:n]), true
}

// names are the header names that the host knows by number.
var names = map[string]uint32{}

func name(s string) uint32 {
	id, ok := names[s]
	if !ok {
		id = intern(s)
		names[s] = id
	}
	return id
}

// Get returns a field of the event, and whether the event has it.
func Get(f Field) (string, bool) { return text(get(f)) }

// Set changes a field of the event.
func Set(f Field, value string) { set(f, value) }

// Header returns the i-th value of a header, and whether there is one.
func Header(of Of, header string, i uint32) (string, bool) {
	return text(headerValue(of, name(header), i))
}

// HeaderCount counts headers, repeated ones each time.
func HeaderCount(of Of) uint32 { return headerCount(of) }

// HeaderAt returns the i-th header as "name: value".
func HeaderAt(of Of, i uint32) (string, bool) { return text(headerAt(of, i)) }

// PutHeader replaces all values of a header.
func PutHeader(of Of, header, value string) { putHeader(of, name(header), value) }

// AppendHeader adds a value to a header.
func AppendHeader(of Of, header, value string) { appendHeader(of, name(header), value) }

// RemoveHeader removes all values of a header.
func RemoveHeader(of Of, header string) { removeHeader(of, name(header)) }

// Respond begins a response.
func Respond(status uint32) { respond(status) }

// Body returns the request's body, and whether the event has one. The bytes are
// the caller's: a body may have a megabyte, and is not copied.
func Body() ([]byte, bool) {
	n := body()
	if n <= 0 {
		return nil, n == 0
	}
	delivered := room[:n]
	room = nil
	return delivered, true
}

// BodyTruncated says that CloudFront cut the body off.
func BodyTruncated() bool { return bodyTruncated() != 0 }

// SetBody sets the body of the request, or of the response once there is one.
func SetBody(form uint32, body string) { setBody(form, body) }

// SetBodyBytes is SetBody in the form of bytes, without a copy.
func SetBodyBytes(body []byte) { setBody(Bytes, unsafe.String(unsafe.SliceData(body), len(body))) }

// Config returns a value of the function's configuration.
func Config(key string) (string, bool) { return text(config(key)) }

// Log writes to the function's log.
func Log(level Level, message string) { log(level, message) }

// Now returns milliseconds since 1970.
func Now() float64 { return now() }

// Random fills b with random bytes fit for cryptography.
func Random(b []byte) {
	if len(b) > 0 {
		random(unsafe.Pointer(unsafe.SliceData(b)), uint32(len(b)))
	}
}
