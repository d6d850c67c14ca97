package lambda

import (
	"fmt"
	"maps"
	"strings"
)

// Limits of tags. The API model leaves keys and values open; the lengths are
// those of the Lambda developer guide ("Use tags on Lambda functions").
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

func (c *call) listTags() (any, error) {
	f, err := c.tagged()
	if err != nil {
		return nil, err
	}
	tags := f.Tags
	if tags == nil {
		tags = map[string]string{}
	}
	return map[string]any{"Tags": tags}, nil
}

func (c *call) tagResource() (any, error) {
	var in tagsInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	var v violations
	if in.Tags == nil {
		v.missing("tags")
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	f, err := c.tagged()
	if err != nil {
		return nil, err
	}
	r, err := c.existing(f.Name, latest, "")
	if err != nil {
		return nil, err
	}
	if err := c.idle(r); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags, f.Tags); err != nil {
		return nil, err
	}
	merged := maps.Clone(f.Tags)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, in.Tags)
	f.Tags = merged
	return nil, c.putFunction(f)
}

// untagResource removes keys; an absent one is no error (recorded).
func (c *call) untagResource() (any, error) {
	keys := c.query["tagKeys"]
	var v violations
	if len(keys) == 0 {
		v.missing("tagKeys")
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	f, err := c.tagged()
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		delete(f.Tags, key)
	}
	return nil, c.putFunction(f)
}

// tagged finds the function whose ARN stands in the path. Tags belong to
// functions, not to versions.
func (c *call) tagged() (function, error) {
	arn := c.params[0]
	if !c.s.patterns.taggable.MatchString(arn) {
		var v violations
		v.add(arn, "resource", "Member must satisfy regular expression pattern: "+taggablePattern)
		return function{}, v.err()
	}
	if !strings.Contains(arn, ":function:") {
		return function{}, notOffered("tags on %s", arn)
	}
	t, err := c.locate(arn)
	if err != nil {
		return function{}, err
	}
	if t.Qualifier != "" {
		return function{}, invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
	}
	return c.function(t.Name, "")
}

// checkTags judges tags that are to be added to those that are there.
func checkTags(add, have map[string]string) error {
	var v violations
	for key, value := range add {
		if key == "" {
			v.add(key, "tags", "Map keys must satisfy constraint: [Member must have length greater than or equal to 1]") // LIKELY
		}
		if len([]rune(key)) > maxTagKey {
			v.add(key, "tags", fmt.Sprintf("Map keys must satisfy constraint: [Member must have length less than or equal to %d]", maxTagKey)) // LIKELY
		}
		if len([]rune(value)) > maxTagValue {
			v.add(value, "tags", fmt.Sprintf("Map value must satisfy constraint: [Member must have length less than or equal to %d]", maxTagValue)) // LIKELY
		}
	}
	if err := v.err(); err != nil {
		return err
	}
	for key := range add {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return invalid("Aws: prefixed tag key names are not allowed for external use.") // rule KNOWN (developer guide), sentence LIKELY
		}
	}
	all := maps.Clone(add)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, have)
	if len(all) > maxTags {
		return invalid("Number of tags exceeds resource tag limit.")
	}
	return nil
}
