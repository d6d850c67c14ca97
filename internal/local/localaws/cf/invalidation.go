package cf

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

const (
	tableInvalidations = "cf-invalidations" // account/distribution/id -> invalidation

	// Quotas per distribution (CloudFront quotas page): paths, and paths with
	// a wildcard, in invalidations that run.
	maxPaths     = 3000
	maxWildcards = 15

	completed = "Completed"

	msgNoPaths      = "Your request must contain at least one invalidation path."                 // UNKNOWN
	msgBatchExists  = "The caller reference of the invalidation has been used for another batch." // UNKNOWN
	codeBatchExists = "InvalidationBatchAlreadyExists"                                            // API model, InvalidationBatch.CallerReference; the status is LIKELY
)

// invalidation is a wish to forget cached objects. It is recorded only: the
// control plane has no cache.
type invalidation struct {
	ID              string
	Created         time.Time
	DoneAt          time.Time
	CallerReference string
	Paths           []string
	Batch           []byte // the document, verbatim
}

func (i invalidation) status(now time.Time) string {
	if now.Before(i.DoneAt) {
		return "InProgress"
	}
	return completed
}

func (i invalidation) wildcards() int {
	n := 0
	for _, path := range i.Paths {
		if strings.HasSuffix(path, "*") {
			n++
		}
	}
	return n
}

// invalidationsOf lists a distribution's invalidations, latest first.
func invalidationsOf(tx kv.Tx, account, id string) ([]invalidation, error) {
	var found []invalidation
	err := tx.Scan(tableInvalidations, distributionKey(account, id)+"/", func(key string, value []byte) error {
		var i invalidation
		if err := decode(value, &i); err != nil {
			return fmt.Errorf("invalidation %s: %w", key, err)
		}
		found = append(found, i)
		return nil
	})
	slices.SortFunc(found, func(a, b invalidation) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID))
	})
	return found, err
}

// forgetInvalidations goes with the deletion of a distribution.
func forgetInvalidations(tx kv.Tx, account, id string) error {
	found, err := invalidationsOf(tx, account, id)
	for _, i := range found {
		if err == nil {
			err = tx.Delete(tableInvalidations, distributionKey(account, id)+"/"+i.ID)
		}
	}
	return err
}

func (s *Service) invalidate(tx kv.Tx, c *call) (*reply, error) {
	batch := structure(required("Paths", quantity("Path", text())), required("CallerReference", text()))
	doc, err := readDocument(c.body, "InvalidationBatch", batch)
	if err != nil {
		return nil, err
	}
	if _, _, err := load(tx, c.account, c.params[0]); err != nil {
		return nil, err
	}
	if err := checkQuantities(doc.root, batch); err != nil {
		return nil, err
	}
	i := invalidation{
		ID: "I" + s.NewID(), Created: c.now, DoneAt: c.now.Add(s.PropagationDelay),
		CallerReference: doc.root.value("CallerReference"), Batch: doc.src,
	}
	for _, path := range doc.root.items("Paths", "Path") {
		i.Paths = append(i.Paths, path.text)
	}
	earlier, err := invalidationsOf(tx, c.account, c.params[0])
	if err != nil {
		return nil, err
	}
	for _, old := range earlier {
		if old.CallerReference != i.CallerReference {
			continue
		}
		if !slices.Equal(old.Paths, i.Paths) {
			return nil, refuse(http.StatusConflict, codeBatchExists, msgBatchExists)
		}
		return s.describeInvalidation(c, old)
	}
	if err := i.check(earlier, c.now); err != nil {
		return nil, err
	}
	if err := put(tx, tableInvalidations, distributionKey(c.account, c.params[0])+"/"+i.ID, i); err != nil {
		return nil, err
	}
	if !c.now.Before(i.DoneAt) {
		i.DoneAt = c.now.Add(1) // as with distributions: InProgress in this very answer
	}
	return s.describeInvalidation(c, i)
}

// check looks at the paths of a new invalidation and at the quotas, which
// count together with the invalidations that still run.
func (i invalidation) check(earlier []invalidation, now time.Time) error {
	if len(i.Paths) == 0 {
		return invalidArgument(msgNoPaths)
	}
	for _, path := range i.Paths {
		if !strings.HasPrefix(path, "/") || strings.Contains(strings.TrimSuffix(path, "*"), "*") {
			return invalidArgument(msgInvalidationPaths)
		}
	}
	if len(i.Paths) > maxPaths {
		return refuse(http.StatusRequestEntityTooLarge, "BatchTooLarge", msgBatchTooLarge)
	}
	paths, wildcards := len(i.Paths), i.wildcards()
	for _, old := range earlier {
		if old.status(now) != completed {
			paths += len(old.Paths)
			wildcards += old.wildcards()
		}
	}
	if paths > maxPaths || wildcards > maxWildcards {
		return refuse(http.StatusBadRequest, "TooManyInvalidationsInProgress", msgInvalidationsRunning)
	}
	return nil
}

func (s *Service) describeInvalidation(c *call, i invalidation) (*reply, error) {
	batch, err := parseDocument(i.Batch)
	if err != nil {
		return nil, fmt.Errorf("document of invalidation %s: %w", i.ID, err)
	}
	var out bytes.Buffer
	open(&out, "Invalidation")
	leaf(&out, "Id", i.ID)
	leaf(&out, "Status", i.status(c.now))
	leaf(&out, "CreateTime", timestamp(i.Created))
	out.Write(batch.lift(batch.root, namespace))
	out.WriteString("</Invalidation>")
	answer := &reply{body: out.Bytes()}
	if c.request.Method == http.MethodPost {
		answer.location = locationOf("distribution/" + c.params[0] + "/invalidation/" + i.ID)
	}
	return answer, nil
}

func (s *Service) getInvalidation(tx kv.Tx, c *call) (*reply, error) {
	if _, _, err := load(tx, c.account, c.params[0]); err != nil {
		return nil, err
	}
	found, err := invalidationsOf(tx, c.account, c.params[0])
	if err != nil {
		return nil, err
	}
	for _, i := range found {
		if i.ID == c.params[1] {
			return s.describeInvalidation(c, i)
		}
	}
	return nil, refuse(http.StatusNotFound, "NoSuchInvalidation", msgNoSuchInvalidation)
}

// listInvalidations answers latest first, as the API model says.
func (s *Service) listInvalidations(tx kv.Tx, c *call) (*reply, error) {
	if _, _, err := load(tx, c.account, c.params[0]); err != nil {
		return nil, err
	}
	query := c.request.URL.Query()
	limit, err := pageLimit(query)
	if err != nil {
		return nil, err
	}
	found, err := invalidationsOf(tx, c.account, c.params[0])
	if err != nil {
		return nil, err
	}
	p := page{marker: query.Get("Marker"), limit: limit}
	if at := slices.IndexFunc(found, func(i invalidation) bool { return i.ID == p.marker }); at >= 0 {
		found = found[at+1:]
	}
	var items bytes.Buffer
	for n, i := range found {
		if p.truncated = n == limit; p.truncated {
			break
		}
		p.ids = append(p.ids, i.ID)
		items.WriteString("<InvalidationSummary>")
		leaf(&items, "Id", i.ID)
		leaf(&items, "CreateTime", timestamp(i.Created))
		leaf(&items, "Status", i.status(c.now))
		items.WriteString("</InvalidationSummary>")
	}
	return &reply{body: p.write("InvalidationList", items.Bytes())}, nil
}
