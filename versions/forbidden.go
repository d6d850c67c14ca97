package versions

import (
	"slices"
	"strings"
)

// Remedy says what takes a forbidden configuration member away again.
type Remedy int

// The remedies. ByConfig is the Writer's UpdateConfig, ByCode its UpdateCode;
// Never means that Lambda offers none: the function must be made anew.
const (
	ByConfig Remedy = iota
	ByCode
	Never
)

// Member is a configuration member that edgedeploy never sets.
type Member struct {
	Name   string // as it stands in Config.Extra
	Remedy Remedy
}

// Forbidden lists the members that Config.Extra may name, by name. Lambda@Edge
// refuses most of them, and drops or ignores the others (CloudFront Developer
// Guide, "Restrictions on Lambda@Edge").
//
// The remedies follow the Lambda API model: the architecture, the signature and
// a customer's key for the zip belong to UpdateFunctionCode; the package type and tenancy are of neither
// update. That no update takes a durable configuration or a capacity provider
// away is LIKELY: the model can change but not empty them.
func Forbidden() []Member {
	return []Member{
		{"architecture", ByCode},
		{"capacity-provider", Never},
		{"code-key", ByCode},
		{"code-signing", ByCode},
		{"dead-letter", ByConfig},
		{"durable", Never},
		{"environment", ByConfig},
		{"ephemeral-storage", ByConfig},
		{"file-systems", ByConfig},
		{"image", Never},
		{"kms", ByConfig},
		{"layers", ByConfig},
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

// carries names the forbidden members of c that this remedy takes away. A name
// that Forbidden does not list counts as ByConfig.
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
	return ByConfig
}
