package lambda

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// aliasOutput is AWS's AliasConfiguration.
type aliasOutput struct {
	AliasArn, Name, FunctionVersion, Description string

	RoutingConfig *routing `json:",omitempty"`
	RevisionId    string
}

func (c *call) viewAlias(function string, a alias) aliasOutput {
	out := aliasOutput{
		AliasArn: c.arn(function, a.Name), Name: a.Name, FunctionVersion: a.FunctionVersion,
		Description: a.Description, RevisionId: a.Revision,
	}
	if len(a.Weights) > 0 {
		out.RoutingConfig = &routing{a.Weights}
	}
	return out
}

func (c *call) createAlias() (any, error) {
	in, err := c.aliasInput()
	if err != nil {
		return nil, err
	}
	var v violations
	if in.Name == nil {
		v.missing("name")
	} else {
		c.checkAliasName(&v, *in.Name)
	}
	if in.FunctionVersion == nil {
		v.missing("functionVersion")
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	f, err := c.aliased(*in.FunctionVersion) // a missing function is answered with the version (recorded)
	if err != nil {
		return nil, err
	}
	a := alias{Name: *in.Name, FunctionVersion: *in.FunctionVersion, Revision: newUUID()}
	set(&a.Description, in.Description)
	if in.RoutingConfig != nil {
		a.Weights = in.RoutingConfig.AdditionalVersionWeights
	}
	if err := c.checkAlias(f, a); err != nil {
		return nil, err
	}
	var known alias
	if ok, err := c.read(aliasesTable, f.Name+"/"+a.Name, &known); err != nil {
		return nil, err
	} else if ok {
		return nil, conflict("Alias already exists: %s", c.arn(f.Name, a.Name))
	}
	return c.viewAlias(f.Name, a), c.write(aliasesTable, f.Name+"/"+a.Name, a)
}

func (c *call) updateAlias() (any, error) {
	in, err := c.aliasInput()
	if err != nil {
		return nil, err
	}
	f, a, ok, err := c.findAlias()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, notFound("Alias not found: %s", c.arn(f.Name, c.params[1]))
	}
	if in.RevisionId != nil && *in.RevisionId != "" && *in.RevisionId != a.Revision {
		return nil, stale()
	}
	set(&a.FunctionVersion, in.FunctionVersion)
	set(&a.Description, in.Description)
	if in.RoutingConfig != nil {
		a.Weights = in.RoutingConfig.AdditionalVersionWeights
	}
	if err := c.checkAlias(f, a); err != nil {
		return nil, err
	}
	a.Revision = newUUID() // also where nothing changed
	return c.viewAlias(f.Name, a), c.write(aliasesTable, f.Name+"/"+a.Name, a)
}

func (c *call) getAlias() (any, error) {
	f, a, ok, err := c.findAlias()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, notFound("Cannot find alias arn: %s", c.arn(f.Name, c.params[1]))
	}
	return c.viewAlias(f.Name, a), nil
}

// deleteAlias answers 204 for an alias that does not exist, too (recorded).
func (c *call) deleteAlias() (any, error) {
	f, a, ok, err := c.findAlias()
	if err != nil || !ok {
		return nil, err
	}
	return nil, c.tx.Delete(aliasesTable, c.scope()+f.Name+"/"+a.Name)
}

type listAliasesOutput struct {
	Aliases    []aliasOutput
	NextMarker string `json:",omitempty"`
}

func (c *call) listAliases() (any, error) {
	var v violations
	filter := c.query.Get("FunctionVersion")
	if filter != "" {
		c.checkVersion(&v, filter)
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	f, err := c.aliased("")
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(c, aliasesTable, f.Name+"/", func(_ string, raw []byte) (a alias, ok bool, err error) {
		err = json.Unmarshal(raw, &a)
		return a, err == nil && (filter == "" || a.FunctionVersion == filter), err
	})
	if err != nil {
		return nil, err
	}
	out := listAliasesOutput{Aliases: []aliasOutput{}, NextMarker: next}
	for _, a := range page {
		out.Aliases = append(out.Aliases, c.viewAlias(f.Name, a))
	}
	return out, nil
}

// aliasInput reads the body and checks what the front end checks.
func (c *call) aliasInput() (aliasInput, error) {
	var in aliasInput
	if err := c.decode(&in); err != nil {
		return in, err
	}
	var v violations
	if in.Description != nil {
		longest(&v, *in.Description, "description", maxDescription)
	}
	if in.FunctionVersion != nil {
		c.checkVersion(&v, *in.FunctionVersion)
	}
	return in, v.err()
}

func (c *call) checkVersion(v *violations, version string) {
	if !c.s.patterns.version.MatchString(version) {
		v.add(version, "functionVersion", "Member must satisfy regular expression pattern: "+versionPattern)
	}
}

func (c *call) checkAliasName(v *violations, name string) {
	longest(v, name, "name", maxQualifier)
	if !c.s.patterns.alias.MatchString(name) || c.s.patterns.digits.MatchString(name) {
		v.add(name, "name", "Member must satisfy regular expression pattern: "+aliasPattern)
	}
}

// aliased is the function in the path; the qualifier shapes the answer if
// there is none.
func (c *call) aliased(qualifier string) (function, error) {
	name, err := c.whole()
	if err != nil {
		return function{}, err
	}
	return c.function(name, qualifier)
}

func (c *call) findAlias() (function, alias, bool, error) {
	f, err := c.aliased("")
	if err != nil {
		return function{}, alias{}, false, err
	}
	var v violations
	c.checkAliasName(&v, c.params[1])
	if err := v.err(); err != nil {
		return function{}, alias{}, false, err
	}
	var a alias
	ok, err := c.read(aliasesTable, f.Name+"/"+c.params[1], &a)
	return f, a, ok, err
}

// checkAlias applies the rules between an alias and its versions. Whether AWS
// lets an alias name a Pending version is UNKNOWN; here it may.
func (c *call) checkAlias(f function, a alias) error {
	if _, err := c.existing(f.Name, a.FunctionVersion, a.FunctionVersion); err != nil {
		return err
	}
	if len(a.Weights) > 1 {
		return invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
	}
	for version, weight := range a.Weights {
		const member = "routingConfig.additionalVersionWeights"
		shown := fmt.Sprintf("{%s=%s}", version, decimal(weight))
		var v violations
		if !c.s.patterns.digits.MatchString(version) {
			v.add(shown, member, "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+, Member must not be null]")
		}
		if weight < 0 || weight > 1 {
			v.add(shown, member, "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]")
		}
		if err := v.err(); err != nil {
			return err
		}
		if version == a.FunctionVersion {
			return invalid("Invalid function version %s. Function version %s is already included in routing configuration.", version, version)
		}
		if a.FunctionVersion == latest {
			return &apiError{
				Status: http.StatusBadRequest, Code: "InvalidParameterValueException", Bare: true, // recorded without a Type
				Message: "$LATEST is not supported for an alias pointing to more than 1 version",
			}
		}
		if _, err := c.existing(f.Name, version, version); err != nil {
			return err
		}
	}
	return nil
}

// decimal writes a number as AWS's sentences do, 2 as 2.0.
func decimal(f float64) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
