package cf

import (
	"bytes"
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// tag is a label of a distribution.
type tag struct{ Key, Value string }

const (
	msgTooManyTags = "The number of tags exceeds the limit of 50 for a resource." // UNKNOWN
	msgSystemTag   = "Tag keys that start with aws: are reserved."                // UNKNOWN
	msgTwiceTag    = "A tag key is given twice."                                  // UNKNOWN
)

func invalidTagging(message string) error {
	return refuse(http.StatusBadRequest, "InvalidTagging", message)
}

// readTags reads a Tags element that the schema has passed.
func readTags(n *node) ([]tag, error) {
	var tags []tag
	for _, item := range n.child("Items").all("Tag") {
		t := tag{Key: item.value("Key"), Value: item.value("Value")}
		switch {
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return nil, invalidTagging(msgSystemTag)
		case slices.ContainsFunc(tags, func(other tag) bool { return other.Key == t.Key }):
			return nil, invalidTagging(msgTwiceTag)
		}
		tags = append(tags, t)
	}
	return tags, checkTagCount(tags)
}

func checkTagCount(tags []tag) error {
	if len(tags) > maxTags {
		return invalidTagging(msgTooManyTags)
	}
	return nil
}

// resource loads the distribution that the request's Resource names.
func resource(tx kv.Tx, c *call) (record, error) {
	arn := c.request.URL.Query().Get("Resource")
	id, ok := strings.CutPrefix(arn, "arn:aws:cloudfront::"+c.account+":distribution/")
	if !ok || tx.Get(tableDistributions, distributionKey(c.account, id)) == nil {
		return record{}, refuse(http.StatusNotFound, "NoSuchResource", msgNoSuchResource)
	}
	rec, _, err := load(tx, c.account, id)
	return rec, err
}

func (s *Service) tag(tx kv.Tx, c *call) (*reply, error) {
	doc, err := readDocument(c.body, "Tags", tagsShape())
	if err != nil {
		return nil, err
	}
	added, err := readTags(doc.root)
	if err != nil {
		return nil, err
	}
	return s.retag(tx, c, func(tags []tag) []tag {
		for _, t := range added {
			tags = append(slices.DeleteFunc(tags, func(old tag) bool { return old.Key == t.Key }), t)
		}
		return tags
	})
}

func (s *Service) untag(tx kv.Tx, c *call) (*reply, error) {
	doc, err := readDocument(c.body, "TagKeys", tagKeysShape())
	if err != nil {
		return nil, err
	}
	gone := map[string]bool{}
	for _, key := range doc.root.child("Items").all("Key") {
		gone[key.text] = true
	}
	return s.retag(tx, c, func(tags []tag) []tag {
		return slices.DeleteFunc(tags, func(old tag) bool { return gone[old.Key] })
	})
}

// retag changes the tags of a distribution; its ETag stays as it is.
func (s *Service) retag(tx kv.Tx, c *call, change func([]tag) []tag) (*reply, error) {
	rec, err := resource(tx, c)
	if err != nil {
		return nil, err
	}
	rec.Tags = change(rec.Tags)
	if err := checkTagCount(rec.Tags); err != nil {
		return nil, err
	}
	return &reply{}, put(tx, tableDistributions, distributionKey(c.account, rec.ID), rec)
}

func (s *Service) listTags(tx kv.Tx, c *call) (*reply, error) {
	rec, err := resource(tx, c)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	open(&out, "Tags")
	out.WriteString("<Items>")
	for _, t := range slices.SortedFunc(slices.Values(rec.Tags), func(a, b tag) int { return cmp.Compare(a.Key, b.Key) }) {
		out.WriteString("<Tag>")
		leaf(&out, "Key", t.Key)
		leaf(&out, "Value", t.Value)
		out.WriteString("</Tag>")
	}
	out.WriteString("</Items></Tags>")
	return &reply{body: out.Bytes()}, nil
}
