package lambda

import "strings"

func (c *call) deleteFunction() (any, error) {
	t, err := c.target(c.params[0], c.query.Get("Qualifier"))
	if err != nil {
		return nil, err
	}
	if t.Qualifier == latest {
		return nil, invalid("$LATEST version cannot be deleted without deleting the function.")
	}
	f, err := c.function(t.Name, "")
	if err != nil {
		return nil, err
	}
	if t.Qualifier == "" {
		return nil, c.deleteAll(f)
	}
	if !c.s.patterns.digits.MatchString(t.Qualifier) {
		return nil, invalid("Deletion of aliases is not currently supported.") // LIKELY
	}
	r, ok, err := c.version(t.Name, t.Qualifier)
	if err != nil || !ok {
		return nil, err // a version that does not exist is deleted already: 204 (recorded)
	}
	return nil, c.deleteVersion(r)
}

func (c *call) deleteVersion(r record) error {
	aliases, err := c.aliases(r.Function)
	if err != nil {
		return err
	}
	var holders []string
	for _, a := range aliases {
		if _, weighted := a.Weights[r.Version]; weighted || a.FunctionVersion == r.Version {
			holders = append(holders, a.Name)
		}
	}
	if len(holders) > 0 {
		// The sentence was seen, the code is LIKELY, and so is ", " between names.
		return conflict("Unable to delete version because the following aliases reference it: [%s]", strings.Join(holders, ", "))
	}
	if c.replicated(r) {
		return replicatedError(c.arn(r.Function, r.Version))
	}
	return c.dropVersion(r)
}

// deleteAll removes a function with its versions and aliases. The numbers of its
// versions stay used: one of the same name goes on counting (LIKELY; nobody
// promises it, and nothing may lean on a version 1).
func (c *call) deleteAll(f function) error {
	name := f.Name
	records, err := c.versions(name)
	if err != nil {
		return err
	}
	for _, r := range records {
		if c.replicated(r) {
			return replicatedError(c.arn(name, r.Version)) // names the version that is in the way
		}
	}
	for _, r := range records {
		if err := c.dropVersion(r); err != nil {
			return err
		}
	}
	aliases, err := c.aliases(name)
	if err != nil {
		return err
	}
	for _, a := range aliases {
		if err := c.tx.Delete(aliasesTable, c.scope()+name+"/"+a.Name); err != nil {
			return err
		}
	}
	if err := c.write(numbersTable, name, f.LastVersion); err != nil {
		return err
	}
	return c.tx.Delete(functionsTable, c.scope()+name)
}

func replicatedError(arn string) error {
	return invalid("Lambda was unable to delete %s because it is a replicated function. Please see our documentation for Deleting Lambda@Edge Functions and Replicas.", arn)
}
