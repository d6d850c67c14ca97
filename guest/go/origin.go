package edge

import (
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/guest/go/internal/host"
)

// OriginKind is Custom or S3.
type OriginKind string

// The kinds of origins.
const (
	Custom OriginKind = "custom"
	S3     OriginKind = "s3"
)

// Origin reads where CloudFront gets content from. Members of the other kind
// are "" or 0.
type Origin struct{}

func origin() (Origin, bool) {
	_, ok := host.Get(host.OriginKind)
	return Origin{}, ok
}

// Kind says which kind it is.
func (Origin) Kind() OriginKind { return OriginKind(field(host.OriginKind)) }

// Domain is the domain name.
func (Origin) Domain() string { return field(host.OriginDomain) }

// Path is put before the URI of every request; "" if there is none.
func (Origin) Path() string { return field(host.OriginPath) }

// Headers reads the custom headers that CloudFront adds.
func (Origin) Headers() Headers { return Headers{host.Origin} }

// Protocol of a custom origin is http or https.
func (Origin) Protocol() string { return field(host.OriginProtocol) }

// Port of a custom origin.
func (Origin) Port() int { return number(host.OriginPort) }

// ReadTimeout of a custom origin, in seconds.
func (Origin) ReadTimeout() int { return number(host.OriginReadTimeout) }

// KeepaliveTimeout of a custom origin, in seconds.
func (Origin) KeepaliveTimeout() int { return number(host.OriginKeepaliveTimeout) }

// SSLProtocols of a custom origin: TLSv1.2 and so on.
func (Origin) SSLProtocols() []string {
	all, _ := host.Get(host.OriginSSLProtocols)
	if all == "" {
		return nil
	}
	return strings.Split(all, ",")
}

// Region of an S3 origin.
func (Origin) Region() string { return field(host.OriginRegion) }

// AuthMethod of an S3 origin is none or origin-access-identity.
func (Origin) AuthMethod() string { return field(host.OriginAuthMethod) }

// number reads a field of digits, 0 if the event does not have it.
func number(f host.Field) int {
	n, err := strconv.Atoi(field(f))
	if err != nil {
		return 0 // absent: the host writes digits
	}
	return n
}

// EditOrigin changes what both kinds have. A new domain usually wants its own
// Host header too.
type EditOrigin struct{}

// SetDomain changes the domain name; a port does not belong there.
func (EditOrigin) SetDomain(domain string) { host.Set(host.OriginDomain, domain) }

// SetPath changes the path, which is empty, or starts and does not end with a
// slash.
func (EditOrigin) SetPath(path string) { host.Set(host.OriginPath, path) }

// Headers reads and changes the custom headers that CloudFront adds.
func (EditOrigin) Headers() EditHeaders { return EditHeaders{Headers{host.Origin}} }

// CustomOrigin changes a custom origin.
type CustomOrigin struct{ EditOrigin }

// SetProtocol takes http or https.
func (CustomOrigin) SetProtocol(protocol string) { host.Set(host.OriginProtocol, protocol) }

// SetPort changes the port: 80, 443, or 1024 to 65535 (Developer Guide, "Lambda@Edge
// event structure").
func (CustomOrigin) SetPort(port int) { host.Set(host.OriginPort, strconv.Itoa(port)) }

// SetReadTimeout changes how long CloudFront waits for an answer, in seconds.
func (CustomOrigin) SetReadTimeout(seconds int) {
	host.Set(host.OriginReadTimeout, strconv.Itoa(seconds))
}

// SetKeepaliveTimeout changes how long it keeps a connection, in seconds.
func (CustomOrigin) SetKeepaliveTimeout(seconds int) {
	host.Set(host.OriginKeepaliveTimeout, strconv.Itoa(seconds))
}

// SetSSLProtocols takes TLSv1.2 and so on.
func (CustomOrigin) SetSSLProtocols(versions ...string) {
	host.Set(host.OriginSSLProtocols, strings.Join(versions, ","))
}

// S3Origin changes an S3 origin.
type S3Origin struct{ EditOrigin }

// SetRegion changes the bucket's region. It is required with
// origin-access-identity.
func (S3Origin) SetRegion(region string) { host.Set(host.OriginRegion, region) }

// SetAuthMethod takes none or origin-access-identity.
func (S3Origin) SetAuthMethod(method string) { host.Set(host.OriginAuthMethod, method) }
