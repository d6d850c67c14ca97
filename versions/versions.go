package versions

import (
	"fmt"
	"strconv"
	"strings"
)

// ContentID identifies the files of a bundle: the hex SHA-256 of the sorted
// list of names and hashes of uncompressed bytes. Another compressor or Go
// release changes the zip, never the content id.
type ContentID string

// Short is the first twelve digits, for people.
func (c ContentID) Short() string {
	if len(c) > 12 {
		return string(c[:12])
	}
	return string(c)
}

// Config is everything about a version that is configuration and not code.
// It is comparable: == is the whole comparison.
type Config struct {
	Runtime        string  `json:"runtime"`
	Handler        string  `json:"handler"`
	Role           string  `json:"role"` // ARN
	MemoryMB       int     `json:"memory"`
	TimeoutSeconds int     `json:"timeout"`
	Logging        Logging `json:"logging,omitzero"`

	// Extra names the configuration members that are set on an observed
	// version although edgedeploy never sets them (environment, layers, VPC…:
	// see Forbidden), sorted and joined by commas. It is empty in everything
	// edgedeploy wants, so a version that carries one never equals a wanted one.
	Extra string `json:"extra,omitempty"`
}

// Logging is Lambda's LoggingConfig in its one spelling, which Canonical gives:
// what is Lambda's own default is left out, whether it was written or not. The
// zero value is text, in the log group /aws/lambda/<function>; JSON without a
// level is at info.
type Logging struct {
	Format string `json:"format,omitempty"` // "json", or "" for text
	Level  string `json:"level,omitempty"`  // application log level, lower case, "" for info; only with json
	Group  string `json:"group,omitempty"`  // "" for the default group
}

// Lambda's defaults: the application log level of JSON is INFO (Lambda Developer
// Guide, "Log-level filtering"); the group is in the Lambda API model.
const (
	jsonFormat   = "json"
	defaultLevel = "info"
	groupPrefix  = "/aws/lambda/"
)

// DefaultLogGroup names the log group of a function that asks for no other.
func DefaultLogGroup(function string) string { return groupPrefix + function }

// Canonical gives the one spelling of a function's logging. Stacks and observed
// versions both have it, or == would tell apart what is the same.
func (l Logging) Canonical(function string) Logging {
	l.Format, l.Level = strings.ToLower(l.Format), strings.ToLower(l.Level)
	if l.Format != jsonFormat {
		l.Format, l.Level = "", "" // levels are JSON's only
	}
	if l.Level == defaultLevel {
		l.Level = ""
	}
	if l.Group == DefaultLogGroup(function) {
		l.Group = ""
	}
	return l
}

// Spec says which version is meant, in a way that needs no number.
type Spec struct {
	Function string    `json:"function"` // the Lambda function's name
	Content  ContentID `json:"content"`
	Config   Config    `json:"config"`
}

// Ref names a version by number. Number 0 is the version that the plan at
// hand publishes; AWS has not numbered it yet.
type Ref struct {
	Function string `json:"function"`
	Number   int    `json:"number"`
}

func (r Ref) String() string {
	if r.Number == 0 {
		return r.Function + ":new"
	}
	return r.Function + ":" + strconv.Itoa(r.Number)
}

// Pending reports whether AWS has not numbered the version yet.
func (r Ref) Pending() bool { return r.Function != "" && r.Number == 0 }

// Version is a published version as it was observed, or recorded.
type Version struct {
	Ref        Ref    `json:"ref"` // its name and number
	Spec       Spec   `json:"spec"`
	CodeSHA256 string `json:"codeSha256"` // base64, as Lambda reports it
	// Stack is the stack that published the version, from its description;
	// "" when the description is not one of ours.
	Stack string `json:"stack,omitempty"`
}

// Mark is what a version's description says: which stack published which
// content. Lambda keeps descriptions of up to 256 characters (API model).
type Mark struct {
	Stack   string
	Content ContentID
}

const markPrefix = "edgedeploy "

// Describe gives the description that edgedeploy publishes versions with.
func (m Mark) Describe() string {
	return fmt.Sprintf("%sstack=%s content=%s", markPrefix, m.Stack, m.Content)
}

// ParseMark reads a version's description. ok is false when it is not one
// that Describe wrote.
func ParseMark(description string) (m Mark, ok bool) {
	rest, ours := strings.CutPrefix(description, markPrefix)
	if !ours {
		return Mark{}, false
	}
	for _, field := range strings.Fields(rest) {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "stack":
			m.Stack = value
		case "content":
			m.Content = ContentID(value)
		}
	}
	return m, m.Stack != "" && m.Content != ""
}

// Inventory lists the observed versions of functions, by function name.
type Inventory map[string][]Version

// Reuse finds the version that already is what spec asks for: the highest
// number, if there are several. Only versions that this stack published
// count, because only their description can be trusted to name the content.
func Reuse(spec Spec, stack string, have []Version) (Version, bool) {
	var best Version
	for _, v := range have {
		if v.Spec == spec && v.Stack == stack && v.Ref.Number > best.Ref.Number {
			best = v
		}
	}
	return best, best.Ref.Number > 0
}
