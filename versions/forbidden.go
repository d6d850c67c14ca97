package versions

import (
	"slices"
	"strings"
)

// Remedy says what takes a forbidden configuration member away again.
type Remedy int

// The remedies. ByConfig is the Writer's UpdateConfig, ByCode its UpdateCode;
// Never means that Lambda offers none: the function must be made anew. Unknown is
// that of a member that Forbidden does not list: nothing is known of it but its name.
const (
	ByConfig Remedy = iota
	ByCode
	Never
	Unknown
)

// Member is a configuration member that edgedeploy never sets.
type Member struct {
	Name   string // as it stands in Config.Extra
	Remedy Remedy
}

// Forbidden lists the members that Config.Extra may name, by name, besides those
// that this program does not know, which go by AWS's own names. Lambda@Edge
// refuses most of them, and drops or ignores the others (CloudFront Developer
// Guide, "Restrictions on Lambda@Edge").
//
// The remedies follow the Lambda API model of 2026-11-20: the architecture, the
// signature and a customer's key for the zip belong to UpdateFunctionCode; the
// package type and tenancy are of neither update. That a zip in the request
// replaces code that Lambda refers to in a bucket is LIKELY, and so is that no
// update takes a durable configuration, a capacity provider, an accelerator or a
// customer's runtime away: the model can change but not empty them.
func Forbidden() []Member {
	return []Member{
		{"accelerator", Never},
		{"architecture", ByCode},
		{"capacity-provider", Never},
		{"code-key", ByCode},
		{"code-reference", ByCode},
		{"code-signing", ByCode},
		{"dead-letter", ByConfig},
		{"durable", Never},
		{"environment", ByConfig},
		{"ephemeral-storage", ByConfig},
		{"file-systems", ByConfig},
		{"image", Never},
		{"kms", ByConfig},
		{"layers", ByConfig},
		{"runtime-config", Never},
		{"snapstart", ByConfig},
		{"system-log-level", ByConfig},
		{"tenancy", Never},
		{"tracing", ByConfig},
		{"vpc", ByConfig},
	}
}

// ExtraNames gives the names that Extra joins.
func (c Config) ExtraNames() []string {
	if c.Extra == "" {
		return nil
	}
	return strings.Split(c.Extra, ",")
}

// Unknown names the members of c that this program does not know.
func (c Config) Unknown() []string { return c.carries(Unknown) }

// Known gives c without the members that this program does not know. It is for
// versions that a release recorded, which Lambda changes no more: a member that
// was not there when they were recorded is another way to describe them.
func (c Config) Known() Config { return c.without(Unknown) }

// Known gives the spec without the members of its configuration that this program
// does not know; see Config.Known.
func (s Spec) Known() Spec {
	s.Config = s.Config.Known()
	return s
}

// carries names the members of c that this remedy takes away.
func (c Config) carries(r Remedy) []string {
	return slices.DeleteFunc(c.ExtraNames(), func(name string) bool { return remedy(name) != r })
}

// without gives c as it is once the remedy was applied.
func (c Config) without(r Remedy) Config {
	names := slices.DeleteFunc(c.ExtraNames(), func(name string) bool { return remedy(name) == r })
	c.Extra = strings.Join(names, ",")
	return c
}

func remedy(name string) Remedy {
	for _, m := range Forbidden() {
		if m.Name == name {
			return m.Remedy
		}
	}
	return Unknown
}
