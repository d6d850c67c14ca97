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
// Guide, "Restrictions on Lambda@Edge"). The architecture is part of
// UpdateFunctionCode and the package type is of neither update (Lambda API
// model).
func Forbidden() []Member {
	return []Member{
		{"arm64", ByCode},
		{"dead-letter", ByConfig},
		{"environment", ByConfig},
		{"ephemeral-storage", ByConfig},
		{"file-systems", ByConfig},
		{"image", Never},
		{"kms", ByConfig},
		{"layers", ByConfig},
		{"snapstart", ByConfig},
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

// carries says that c has a forbidden member that this remedy takes away. A
// name that Forbidden does not list counts as ByConfig.
func (c Config) carries(r Remedy) bool {
	return slices.ContainsFunc(c.ExtraNames(), func(name string) bool { return remedy(name) == r })
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
