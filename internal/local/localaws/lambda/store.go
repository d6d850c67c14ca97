package lambda

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Tables and their keys, all below account/region/:
//
//	lambda.functions  name                     -> function
//	lambda.versions   name/version key         -> record
//	lambda.aliases    name/alias               -> alias
//	lambda.numbers    name                     -> the last version of a function that was deleted
//	lambda.code       SHA-256                  -> the zip's bytes
//	lambda.withdrawn  name/version             -> true: its replicator statement was removed
//	lambda.coderefs   SHA-256/name/version key -> "": who needs the zip
//
// A version key sorts $LATEST first and numbers ascending, the order in which
// AWS lists versions.
const (
	functionsTable = "lambda.functions"
	versionsTable  = "lambda.versions"
	aliasesTable   = "lambda.aliases"
	withdrawnTable = "lambda.withdrawn"
	numbersTable   = "lambda.numbers"
	codeTable      = "lambda.code"
	refsTable      = "lambda.coderefs"
)

// errStop ends a Scan early without being an error.
var errStop = errors.New("lambda: enough")

func (c *call) scope() string { return c.caller.Account + "/" + c.caller.Region + "/" }

// versionKey orders versions: '$' sorts before every digit.
func versionKey(version string) string {
	n, err := strconv.Atoi(version)
	if err != nil || strconv.Itoa(n) != version {
		return version // 01 is not version 1
	}
	return fmt.Sprintf("%010d", n)
}

func (c *call) read(table, key string, into any) (bool, error) {
	raw := c.tx.Get(table, c.scope()+key)
	if raw == nil {
		return false, nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return false, fmt.Errorf("%s %s: %w", table, key, err)
	}
	return true, nil
}

func (c *call) write(table, key string, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("%s %s: %w", table, key, err)
	}
	return c.tx.Put(table, c.scope()+key, raw)
}

// function finds a function or answers as AWS does; qualifier only shapes the
// ARN in that answer.
func (c *call) function(name, qualifier string) (function, error) {
	var f function
	ok, err := c.read(functionsTable, name, &f)
	if err != nil {
		return function{}, err
	}
	if !ok {
		return function{}, notFound("Function not found: %s", c.arn(name, qualifier))
	}
	return f, nil
}

func (c *call) putFunction(f function) error { return c.write(functionsTable, f.Name, f) }

// version finds one version by $LATEST or number.
func (c *call) version(name, version string) (record, bool, error) {
	var r record
	ok, err := c.read(versionsTable, name+"/"+versionKey(version), &r)
	return r, ok, err
}

func (c *call) putVersion(r record) error {
	key := versionKey(r.Version)
	old, ok, err := c.version(r.Function, r.Version)
	if err != nil {
		return err
	}
	if ok && old.CodeSHA256 != r.CodeSHA256 {
		if err := c.releaseCode(old); err != nil {
			return err
		}
	}
	if err := c.tx.Put(refsTable, c.scope()+codeKey(r.CodeSHA256)+"/"+r.Function+"/"+key, nil); err != nil {
		return err
	}
	return c.write(versionsTable, r.Function+"/"+key, r)
}

func (c *call) dropVersion(r record) error {
	if err := c.releaseCode(r); err != nil {
		return err
	}
	return c.tx.Delete(versionsTable, c.scope()+r.Function+"/"+versionKey(r.Version))
}

// versions are all versions of a function, or of every function if name is "",
// by function and then in AWS's order.
func (c *call) versions(name string) ([]record, error) {
	prefix := c.scope()
	if name != "" {
		prefix += name + "/"
	}
	var all []record
	err := c.tx.Scan(versionsTable, prefix, func(key string, raw []byte) error {
		var r record
		if err := json.Unmarshal(raw, &r); err != nil {
			return fmt.Errorf("%s %s: %w", versionsTable, key, err)
		}
		all = append(all, r)
		return nil
	})
	return all, err
}

// aliases are all aliases of a function by name.
func (c *call) aliases(name string) ([]alias, error) {
	var all []alias
	err := c.tx.Scan(aliasesTable, c.scope()+name+"/", func(key string, raw []byte) error {
		var a alias
		if err := json.Unmarshal(raw, &a); err != nil {
			return fmt.Errorf("%s %s: %w", aliasesTable, key, err)
		}
		all = append(all, a)
		return nil
	})
	return all, err
}

// storeCode keeps a zip; putVersion of a record that names it keeps it alive.
func (c *call) storeCode(zip []byte) error {
	sum := sha256.Sum256(zip)
	return c.tx.Put(codeTable, c.scope()+hex.EncodeToString(sum[:]), zip)
}

// releaseCode drops a version's claim on its zip, and the zip with the last claim.
func (c *call) releaseCode(r record) error {
	key := codeKey(r.CodeSHA256)
	if err := c.tx.Delete(refsTable, c.scope()+key+"/"+r.Function+"/"+versionKey(r.Version)); err != nil {
		return err
	}
	err := c.tx.Scan(refsTable, c.scope()+key+"/", func(string, []byte) error { return errStop })
	if errors.Is(err, errStop) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.tx.Delete(codeTable, c.scope()+key)
}
