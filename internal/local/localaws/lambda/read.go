package lambda

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// getFunctionOutput is AWS's GetFunctionResponse.
type getFunctionOutput struct {
	Configuration configuration
	Code          codeLocation
	Tags          map[string]string `json:",omitempty"`
}

type codeLocation struct {
	RepositoryType, Location string

	SourceKMSKeyArn string `json:",omitempty"`
}

func (c *call) getFunction() (any, error) {
	f, r, qualifier, err := c.qualified()
	if err != nil {
		return nil, err
	}
	return getFunctionOutput{
		Configuration: c.view(r, qualifier),
		Code:          codeLocation{RepositoryType: "S3", Location: c.location(r), SourceKMSKeyArn: r.Settings.CodeKMSKey},
		Tags:          f.Tags,
	}, nil
}

func (c *call) getConfiguration() (any, error) {
	_, r, qualifier, err := c.qualified()
	if err != nil {
		return nil, err
	}
	return c.view(r, qualifier), nil
}

// codeSigning answers for a function whose code need not be signed, as every
// one here: nothing offers to say otherwise. That AWS then leaves out the ARN,
// which its model calls required, is LIKELY (Terraform counts on it).
func (c *call) codeSigning() (any, error) {
	name, err := c.whole()
	if err != nil {
		return nil, err
	}
	f, err := c.function(name, "")
	return map[string]string{"FunctionName": f.Name}, err
}

// concurrency answers that nothing is reserved; the API model's only member is
// then absent.
func (c *call) concurrency() (any, error) {
	name, err := c.whole()
	if err != nil {
		return nil, err
	}
	_, err = c.function(name, "")
	return struct{}{}, err
}

// qualified finds the version that the path and Qualifier mean, through an
// alias if need be. The qualifier comes back as it was written, for the ARN.
func (c *call) qualified() (function, record, string, error) {
	t, err := c.target(c.params[0], c.query.Get("Qualifier"))
	if err != nil {
		return function{}, record{}, "", err
	}
	f, err := c.function(t.Name, t.Qualifier)
	if err != nil {
		return function{}, record{}, "", err
	}
	version := t.Qualifier
	if version == "" {
		version = latest
	}
	var a alias
	if ok, err := c.read(aliasesTable, t.Name+"/"+t.Qualifier, &a); err != nil {
		return function{}, record{}, "", err
	} else if ok {
		version = a.FunctionVersion
	}
	r, err := c.existing(t.Name, version, t.Qualifier)
	return f, r, t.Qualifier, err
}

// existing finds a version, or answers as AWS does with the qualifier that was asked for.
func (c *call) existing(name, version, qualifier string) (record, error) {
	r, ok, err := c.version(name, version)
	if err != nil {
		return record{}, err
	}
	if !ok {
		return record{}, notFound("Function not found: %s", c.arn(name, qualifier))
	}
	return r, nil
}

type listVersionsOutput struct {
	Versions   []configuration
	NextMarker string `json:",omitempty"`
}

func (c *call) listVersions() (any, error) {
	name, err := c.whole()
	if err != nil {
		return nil, err
	}
	if _, err := c.function(name, ""); err != nil {
		return nil, err
	}
	page, next, err := pageOf(c, versionsTable, name+"/", func(_ string, raw []byte) (r record, ok bool, err error) {
		return r, true, json.Unmarshal(raw, &r)
	})
	if err != nil {
		return nil, err
	}
	out := listVersionsOutput{Versions: []configuration{}, NextMarker: next}
	for _, r := range page {
		out.Versions = append(out.Versions, c.listed(r, r.Version))
	}
	return out, nil
}

type listFunctionsOutput struct {
	Functions  []configuration
	NextMarker string `json:",omitempty"`
}

// listFunctions lists $LATEST of every function, or with FunctionVersion=ALL
// every version. MasterRegion keeps those that CloudFront has replicated from
// that region (API model: needs ALL); replicas under their own names in other
// regions are not modelled.
func (c *call) listFunctions() (any, error) {
	all := c.query.Get("FunctionVersion") == "ALL"
	var v violations
	if !all && c.query.Get("FunctionVersion") != "" {
		oneOf(&v, c.query.Get("FunctionVersion"), "functionVersion", "ALL")
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	master := c.query.Get("MasterRegion")
	if master != "" && !all {
		return nil, invalid("MasterRegion needs FunctionVersion to be ALL") // literal UNKNOWN
	}
	table, read := functionsTable, c.latestOf
	if all {
		table, read = versionsTable, func(_ string, raw []byte) (r record, ok bool, err error) {
			err = json.Unmarshal(raw, &r)
			return r, err == nil && c.masteredIn(r, master), err
		}
	}
	page, next, err := pageOf(c, table, "", read)
	if err != nil {
		return nil, err
	}
	out := listFunctionsOutput{Functions: []configuration{}, NextMarker: next}
	for _, r := range page {
		qualifier := ""
		if all {
			qualifier = r.Version
		}
		out.Functions = append(out.Functions, c.listed(r, qualifier))
	}
	return out, nil
}

// latestOf reads the $LATEST of the function with a key.
func (c *call) latestOf(name string, _ []byte) (record, bool, error) { return c.version(name, latest) }

func (c *call) masteredIn(r record, master string) bool {
	if master == "" {
		return true
	}
	return (master == "ALL" || master == c.caller.Region) && c.replicated(r)
}

func (c *call) replicated(r record) bool {
	return r.Version != latest && c.s.Replicated(c.tx, c.caller.Account, c.arn(r.Function, r.Version), c.now)
}

// maxPage is the most that one page holds, whatever MaxItems says (API model).
const maxPage = 50

// pageOf reads the page that Marker and MaxItems ask for out of a table, of what
// read keeps. The marker is the last key of the page before, so what is added or
// removed between two calls shifts nothing, and a page costs what is on it,
// whatever stands before.
func pageOf[T any](c *call, table, prefix string, read func(key string, raw []byte) (T, bool, error)) (page []T, next string, err error) {
	size, after, err := c.page()
	if err != nil {
		return nil, "", err
	}
	prefix = c.scope() + prefix
	last, more := "", false
	err = c.tx.ScanAfter(table, prefix, prefix+after, func(key string, raw []byte) error {
		v, ok, err := read(key[len(prefix):], raw)
		switch {
		case err != nil:
			return fmt.Errorf("%s %s: %w", table, key, err)
		case !ok:
			return nil
		case len(page) == size:
			more = true
			return errStop
		}
		page, last = append(page, v), key[len(prefix):]
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return nil, "", err
	}
	if more {
		next = base64.StdEncoding.EncodeToString([]byte(last))
	}
	return page, next, nil
}

func (c *call) page() (size int, after string, err error) {
	size = maxPage
	if raw := c.query.Get("MaxItems"); raw != "" {
		n, err := strconv.Atoi(raw)
		if err != nil {
			return 0, "", &apiError{Status: 400, Code: "SerializationException", Message: fmt.Sprintf("MaxItems %q is no number", raw)} // text ours
		}
		var v violations
		within(&v, &n, "maxItems", 1, 10000)
		if err := v.err(); err != nil {
			return 0, "", err
		}
		size = min(size, n)
	}
	raw, err := base64.StdEncoding.DecodeString(c.query.Get("Marker"))
	if err != nil {
		return 0, "", invalid("Invalid value for marker") // literal UNKNOWN
	}
	return size, string(raw), nil
}

func (c *call) accountSettings() (any, error) {
	var total int64
	var count int
	records, err := c.versions("")
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		total += r.CodeSize // every version counts, also where they share a zip (recorded)
		if r.Version == latest {
			count++
		}
	}
	return map[string]any{
		"AccountLimit": map[string]int64{
			"TotalCodeSize": 80530636800, "CodeSizeUnzipped": maxUnzippedBytes, "CodeSizeZipped": maxZippedBytes,
			"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000,
		},
		"AccountUsage": map[string]int64{"TotalCodeSize": total, "FunctionCount": int64(count)},
	}, nil
}
