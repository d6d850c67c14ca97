package cf

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

func (s *Service) create(tx kv.Tx, c *call) (*reply, error) {
	doc, err := readDocument(c.body, "DistributionConfig", s.config)
	if err != nil {
		return nil, err
	}
	return s.createFrom(tx, c, doc, nil)
}

func (s *Service) createWithTags(tx kv.Tx, c *call) (*reply, error) {
	outer, err := readDocument(c.body, "DistributionConfigWithTags", structure(
		required("DistributionConfig", s.config), required("Tags", tagsShape())))
	if err != nil {
		return nil, err
	}
	tags, err := readTags(outer.root.child("Tags"))
	if err != nil {
		return nil, err
	}
	doc, err := parseDocument(outer.lift(outer.root.child("DistributionConfig"), ""))
	if err != nil {
		return nil, fmt.Errorf("configuration inside DistributionConfigWithTags: %w", err)
	}
	return s.createFrom(tx, c, doc, tags)
}

// createFrom makes a distribution of a document that the schema has passed.
func (s *Service) createFrom(tx kv.Tx, c *call, doc *document, tags []tag) (*reply, error) {
	if err := checkNew(tx, c.account, doc.root.value("CallerReference")); err != nil {
		return nil, err
	}
	if err := s.checkConfig(tx, c.account, "", doc.root); err != nil {
		return nil, err
	}
	if err := s.checkAssociations(tx, c, doc.root); err != nil {
		return nil, err
	}
	rec := s.touch(record{ID: "E" + s.NewID(), Tags: tags}, c.now)
	rec, stored, err := s.save(tx, c, rec, doc.complete(s.config))
	if err != nil {
		return nil, err
	}
	answer, err := s.describe(tx, c, rec.fresh(c.now), stored)
	if err != nil {
		return nil, err
	}
	answer.location = locationOf("distribution/" + rec.ID)
	return answer, nil
}

// checkNew refuses a caller reference that has been used, whatever the rest of
// the configuration says (API model, DistributionConfig.CallerReference), and
// one distribution more than the quota.
func checkNew(tx kv.Tx, account, callerReference string) error {
	count := 0
	err := eachRecord(tx, account, func(_ string, rec record) error {
		count++
		if rec.CallerReference == callerReference {
			return refuse(http.StatusConflict, "DistributionAlreadyExists", msgAlreadyExists)
		}
		return nil
	})
	if err == nil && count >= maxDistributions {
		return refuse(http.StatusBadRequest, "TooManyDistributions", msgTooManyDistributions)
	}
	return err
}

func (s *Service) get(tx kv.Tx, c *call) (*reply, error) {
	rec, doc, err := load(tx, c.account, c.params[0])
	if err != nil {
		return nil, err
	}
	return s.describe(tx, c, rec, doc)
}

func (s *Service) getConfig(tx kv.Tx, c *call) (*reply, error) {
	rec, doc, err := load(tx, c.account, c.params[0])
	if err != nil {
		return nil, err
	}
	return &reply{etag: rec.ETag, body: doc.src}, nil
}

func (s *Service) update(tx kv.Tx, c *call) (*reply, error) {
	doc, err := readDocument(c.body, "DistributionConfig", s.config)
	if err != nil {
		return nil, err
	}
	rec, old, err := load(tx, c.account, c.params[0])
	if err != nil {
		return nil, err
	}
	if err := checkIfMatch(c.request.Header.Get("If-Match"), rec.ETag); err != nil {
		return nil, err
	}
	switch {
	case doc.root.value("CallerReference") != rec.CallerReference:
		return nil, refuse(http.StatusBadRequest, "IllegalUpdate", msgIllegalUpdate)
	case doc.root.flag("Staging") != rec.Staging:
		return nil, refuse(http.StatusBadRequest, "IllegalUpdate", msgStagingIsFixed)
	}
	if err := checkUpdateIsWhole(old.root, doc.root); err != nil {
		return nil, err
	}
	if err := s.checkDeployment(tx, c.account, rec, old, doc); err != nil {
		return nil, err
	}
	return s.replace(tx, c, rec, doc)
}

// replace gives a distribution a new configuration, if the checks that every
// change has to pass let it.
func (s *Service) replace(tx kv.Tx, c *call, rec record, doc *document) (*reply, error) {
	if err := s.checkConfig(tx, c.account, rec.ID, doc.root); err != nil {
		return nil, err
	}
	if err := s.checkAssociations(tx, c, doc.root); err != nil {
		return nil, err
	}
	rec, stored, err := s.save(tx, c, s.touch(rec, c.now), doc.complete(s.config))
	if err != nil {
		return nil, err
	}
	return s.describe(tx, c, rec.fresh(c.now), stored)
}

func (s *Service) delete(tx kv.Tx, c *call) (*reply, error) {
	rec, _, err := load(tx, c.account, c.params[0])
	if err != nil {
		return nil, err
	}
	if err := checkIfMatch(c.request.Header.Get("If-Match"), rec.ETag); err != nil {
		return nil, err
	}
	if rec.Enabled || rec.status(c.now) != "Deployed" {
		return nil, refuse(http.StatusConflict, "DistributionNotDisabled", msgNotDisabled)
	}
	policy, err := stagingPolicy(tx, c.account, domain(c.account, rec.ID), "")
	if err != nil {
		return nil, err
	}
	if policy != "" {
		return nil, refuse(http.StatusConflict, "ResourceInUse", msgResourceInUse) // LIKELY: the model has the code, not the case
	}
	if err := s.replicate(tx, c, rec.ID, rec.Functions, nil); err != nil {
		return nil, err
	}
	if err := forgetInvalidations(tx, c.account, rec.ID); err != nil {
		return nil, err
	}
	key := distributionKey(c.account, rec.ID)
	for _, table := range []string{tableConfigs, tableSummaries} {
		if err := tx.Delete(table, key); err != nil {
			return nil, err
		}
	}
	return &reply{}, tx.Delete(tableDistributions, key)
}

// describe writes the Distribution document: what CloudFront knows
// besides the configuration, and the configuration in its own bytes.
func (s *Service) describe(tx kv.Tx, c *call, rec record, doc *document) (*reply, error) {
	invalidations, err := invalidationsOf(tx, c.account, rec.ID)
	if err != nil {
		return nil, err
	}
	running := 0
	for _, i := range invalidations {
		if i.status(c.now) != completed {
			running++
		}
	}
	var out bytes.Buffer
	open(&out, "Distribution")
	leaf(&out, "Id", rec.ID)
	leaf(&out, "ARN", rec.arn(c.account))
	leaf(&out, "Status", rec.status(c.now))
	leaf(&out, "LastModifiedTime", timestamp(rec.Modified))
	leaf(&out, "InProgressInvalidationBatches", strconv.Itoa(running))
	leaf(&out, "DomainName", domain(c.account, rec.ID))
	out.WriteString(element("", "ActiveTrustedSigners", "<Enabled>false</Enabled>"+none))
	out.WriteString(element("", "ActiveTrustedKeyGroups", "<Enabled>false</Enabled>"+none))
	out.Write(doc.lift(doc.root, namespace))
	out.WriteString("</Distribution>")
	return &reply{etag: rec.ETag, body: out.Bytes()}, nil
}

func locationOf(resource string) string {
	return "https://cloudfront.amazonaws.com/" + apiVersion + "/" + resource
}

// open writes the start of a reply document.
func open(out *bytes.Buffer, root string) {
	out.WriteString(`<?xml version="1.0"?>` + "\n" + `<` + root + ` xmlns="` + namespace + `">`)
}

// leaf writes an element that holds text.
func leaf(out *bytes.Buffer, name, text string) {
	out.WriteString("<" + name + ">" + escape(text) + "</" + name + ">")
}

// timestamp writes a time as the API does.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
