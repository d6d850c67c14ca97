package cf

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// pageSize is the most that a list answers with at once, and what it answers
// with unless asked for less. The model gives the number for
// ListDistributionsByWebACLId; for the other lists it is LIKELY.
const pageSize = 100

const msgMaxItems = "The parameter MaxItems must be a positive integer." // UNKNOWN

// errPageFull ends a scan.
var errPageFull = errors.New("page is full")

// pageLimit reads MaxItems.
func pageLimit(query url.Values) (int, error) {
	given := query.Get("MaxItems")
	if given == "" {
		return pageSize, nil
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 {
		return 0, invalidArgument(msgMaxItems)
	}
	return min(n, pageSize), nil
}

// page is one page of a list whose elements have ids.
type page struct {
	marker    string
	limit     int
	ids       []string
	truncated bool
}

// listDistributions answers with summaries in the order of their ids; the
// order of the real list is UNKNOWN.
func (s *Service) listDistributions(tx kv.Tx, c *call) (*reply, error) {
	query := c.request.URL.Query()
	limit, err := pageLimit(query)
	if err != nil {
		return nil, err
	}
	p := page{marker: query.Get("Marker"), limit: limit}
	prefix := distributionKey(c.account, "")
	var records []record
	err = tx.ScanAfter(tableDistributions, prefix, prefix+p.marker, func(key string, value []byte) error {
		rec, err := readRecord(key, value)
		if err == nil {
			err = p.add(rec.ID)
		}
		if err == nil {
			records = append(records, rec)
		}
		return err
	})
	if err != nil && !errors.Is(err, errPageFull) {
		return nil, err
	}
	var items bytes.Buffer
	for _, rec := range records {
		if err := s.summarize(&items, tx, c, rec); err != nil {
			return nil, err
		}
	}
	return &reply{body: p.write("DistributionList", items.Bytes())}, nil
}

// add takes the id of the next element into the page, if it belongs there.
func (p *page) add(id string) error {
	if id <= p.marker {
		return nil
	}
	if len(p.ids) == p.limit {
		p.truncated = true
		return errPageFull
	}
	p.ids = append(p.ids, id)
	return nil
}

// write wraps the elements of a page.
func (p *page) write(root string, items []byte) []byte {
	var out bytes.Buffer
	open(&out, root)
	leaf(&out, "Marker", p.marker)
	if p.truncated {
		leaf(&out, "NextMarker", p.ids[len(p.ids)-1])
	}
	leaf(&out, "MaxItems", strconv.Itoa(p.limit))
	leaf(&out, "IsTruncated", strconv.FormatBool(p.truncated))
	leaf(&out, "Quantity", strconv.Itoa(len(p.ids)))
	if len(p.ids) > 0 {
		out.WriteString("<Items>")
		out.Write(items)
		out.WriteString("</Items>")
	}
	out.WriteString("</" + root + ">")
	return out.Bytes()
}

// summarize writes a DistributionSummary. It has the behaviours in full, but
// neither CallerReference, DefaultRootObject, Logging nor
// ContinuousDeploymentPolicyId: a summary cannot be sent back as an update.
func (s *Service) summarize(out *bytes.Buffer, tx kv.Tx, c *call, rec record) error {
	var kept summary
	if err := decode(tx.Get(tableSummaries, distributionKey(c.account, rec.ID)), &kept); err != nil {
		return fmt.Errorf("summary of distribution %s: %w", rec.ID, err)
	}
	if kept.ETag != rec.ETag { // the document was written by a program that keeps none
		_, doc, err := load(tx, c.account, rec.ID)
		if err != nil {
			return err
		}
		kept.Config = s.summary(doc)
	}
	out.WriteString("<DistributionSummary>")
	leaf(out, "Id", rec.ID)
	leaf(out, "ARN", rec.arn(c.account))
	leaf(out, "ETag", rec.ETag)
	leaf(out, "Status", rec.status(c.now))
	leaf(out, "LastModifiedTime", timestamp(rec.Modified))
	leaf(out, "DomainName", domain(c.account, rec.ID))
	out.Write(kept.Config)
	out.WriteString("</DistributionSummary>")
	return nil
}

// summary is kept with a document.
type summary struct {
	ETag   string // of the document
	Config []byte
}

// summary is what a DistributionSummary has of the document. It is kept with it,
// because a list that parsed its documents would take most of its time for that.
func (s *Service) summary(doc *document) []byte {
	var out bytes.Buffer
	for _, name := range []string{
		"Aliases", "Origins", "OriginGroups", "DefaultCacheBehavior", "CacheBehaviors", "CustomErrorResponses",
		"Comment", "PriceClass", "Enabled", "ViewerCertificate", "Restrictions", "WebACLId", "HttpVersion",
		"IsIPV6Enabled", "Staging", "ConnectionMode", "AnycastIpListId", "ViewerMtlsConfig",
		"ConnectionFunctionAssociation",
	} {
		if n := doc.root.child(name); n != nil {
			out.Write(doc.lift(n, namespace))
		} else if m := s.config.member(name); m.echoed {
			out.WriteString(element("", name, m.fallback))
		}
	}
	return out.Bytes()
}
