package lambda

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"
)

// function is what belongs to the function rather than to one of its versions.
type function struct {
	Name        string
	Tags        map[string]string
	LastVersion int  // the highest number ever given out; numbers never repeat (LIKELY, widely known), nor after the function was deleted
	Changed     bool // an Update* happened since the last publish
}

// record is one version of a function: the mutable $LATEST or a frozen one.
type record struct {
	Function     string
	Version      string // "$LATEST" or a number
	Settings     settings
	CodeSHA256   string // base64, as AWS writes it
	CodeSize     int64
	LastModified time.Time

	// Revision is the RevisionId since the last mutation. AWS changes it once
	// more when a transition ends, so revision derives a second one from it.
	Revision   string
	Transition transition
	ReadyAt    time.Time // when the transition ends
}

// transition is what a version is going through until ReadyAt.
type transition string

const (
	settled  transition = ""       // nothing: Active from the start
	creating transition = "create" // State Pending
	waking   transition = "wake"   // State Pending, after it was Inactive
	idle     transition = "idle"   // State Inactive, until it is invoked
	updating transition = "update" // State Active, LastUpdateStatus InProgress
)

// settings is the configuration that a caller chooses.
type settings struct {
	Description, Handler, Runtime, Role string

	Timeout, MemorySize int // seconds, MB

	// Environment is nil if the caller never sent one; an empty map that was sent stays visible.
	Environment  map[string]string
	VPC          *vpcConfig
	Layers       []string
	Tracing      string
	DeadLetter   string
	KMSKey       string // of the environment
	CodeKMSKey   string // of the zip
	EphemeralMB  int
	SnapStart    string
	Logging      loggingConfig
	Architecture string
}

type vpcConfig struct {
	SubnetIds, SecurityGroupIds []string

	Ipv6AllowedForDualStack bool
}

type loggingConfig struct {
	LogFormat           string
	ApplicationLogLevel string `json:",omitempty"`
	SystemLogLevel      string `json:",omitempty"`
	LogGroup            string
}

// alias is a name for a version. Its revision is its own.
type alias struct {
	Name, FunctionVersion, Description string

	Weights  map[string]float64 // additional versions and their share of the traffic
	Revision string
}

// busy reports whether the transition is still under way. One that is Inactive is
// in none.
func (r record) busy(now time.Time) bool {
	return r.Transition != settled && r.Transition != idle && now.Before(r.ReadyAt)
}

// state is the State that AWS would report.
func (r record) state(now time.Time) string {
	switch {
	case r.Transition == idle:
		return "Inactive"
	case (r.Transition == creating || r.Transition == waking) && r.busy(now):
		return "Pending"
	}
	return "Active"
}

// revision is the RevisionId that AWS would report.
func (r record) revision(now time.Time) string {
	if r.Transition == settled || r.Transition == idle || r.busy(now) {
		return r.Revision
	}
	return successor(r.Revision)
}

// changed starts a new life of r: a new revision, and the transition that
// lasts for delay.
func (r record) changed(now time.Time, t transition, delay time.Duration) record {
	r.Revision = newUUID()
	r.LastModified = now
	r.Transition = t
	r.ReadyAt = now.Add(delay)
	return r
}

// newUUID is a random version 4 UUID.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return uuid(b)
}

// successor is the UUID that follows a revision when its transition ends,
// always the same for the same revision.
func successor(revision string) string {
	sum := sha256.Sum256([]byte("settled:" + revision))
	return uuid([16]byte(sum[:16]))
}

func uuid(b [16]byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}
