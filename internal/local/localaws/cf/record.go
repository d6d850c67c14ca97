package cf

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

const (
	tableDistributions = "cf-distributions" // account/id -> record
	tableConfigs       = "cf-configs"       // account/id -> the document, verbatim
	tableSummaries     = "cf-summaries"     // account/id -> what a list shows of the document
)

// record is what is kept of a distribution besides its document. The members
// after DeployAt repeat the document, so that looking for one of them does not
// mean to parse them all.
type record struct {
	ID       string
	ETag     string
	Modified time.Time
	DeployAt time.Time // when the last write has reached every edge
	Tags     []tag

	CallerReference string
	Aliases         []string
	Functions       []string // version ARNs that it is associated with
	Enabled         bool
	Staging         bool
	PolicyID        string
}

func distributionKey(account, id string) string { return account + "/" + id }

// arn is the distribution's resource name.
func (rec record) arn(account string) string {
	return "arn:aws:cloudfront::" + account + ":distribution/" + rec.ID
}

// status tells whether the last write has reached every edge.
func (rec record) status(now time.Time) string {
	if now.Before(rec.DeployAt) {
		return "InProgress"
	}
	return "Deployed"
}

// fresh is the record as the write that changed it answers: InProgress always.
// Without a delay it is Deployed at the next call, not in this answer.
func (rec record) fresh(now time.Time) record {
	if !now.Before(rec.DeployAt) {
		rec.DeployAt = now.Add(1)
	}
	return rec
}

// domain is the distribution's own name on the net. It is made from account
// and id, so that a distribution that is created again keeps its name.
func domain(account, id string) string {
	sum := sha256.Sum256([]byte(distributionKey(account, id)))
	return "d" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:13]) + ".cloudfront.net"
}

func readRecord(key string, stored []byte) (rec record, err error) {
	if err := decode(stored, &rec); err != nil {
		return record{}, fmt.Errorf("distribution %s: %w", key, err)
	}
	return rec, nil
}

// load reads a distribution and its document.
func load(tx kv.Tx, account, id string) (record, *document, error) {
	key := distributionKey(account, id)
	stored := tx.Get(tableDistributions, key)
	if stored == nil {
		return record{}, nil, noSuchDistribution()
	}
	rec, err := readRecord(key, stored)
	if err != nil {
		return record{}, nil, err
	}
	doc, err := parseDocument(tx.Get(tableConfigs, key))
	if err != nil {
		return record{}, nil, fmt.Errorf("document of distribution %s: %w", key, err)
	}
	return rec, doc, nil
}

// save writes a distribution with a new document, and keeps the replica set
// in step with its associations.
func (s *Service) save(tx kv.Tx, c *call, rec record, config []byte) (record, *document, error) {
	doc, err := parseDocument(config)
	if err != nil {
		return record{}, nil, fmt.Errorf("document to store for distribution %s: %w", rec.ID, err)
	}
	before := rec.Functions
	rec.describe(doc)
	if err := s.replicate(tx, c, rec.ID, before, rec.Functions); err != nil {
		return record{}, nil, err
	}
	key := distributionKey(c.account, rec.ID)
	if err := tx.Put(tableConfigs, key, config); err != nil {
		return record{}, nil, err
	}
	if err := put(tx, tableSummaries, key, summary{rec.ETag, s.summary(doc)}); err != nil {
		return record{}, nil, err
	}
	return rec, doc, put(tx, tableDistributions, key, rec)
}

// touch gives the record what every accepted write brings: a new ETag, also
// when the document is the same as before (UNKNOWN what CloudFront does
// then), and a fresh propagation.
func (s *Service) touch(rec record, now time.Time) record {
	rec.ETag = "E" + s.NewID()
	rec.Modified = now
	rec.DeployAt = now.Add(s.PropagationDelay)
	return rec
}

// describe takes over what the record repeats of the document.
func (rec *record) describe(doc *document) {
	root := doc.root
	rec.CallerReference = root.value("CallerReference")
	rec.Enabled = root.flag("Enabled")
	rec.Staging = root.flag("Staging")
	rec.PolicyID = root.value("ContinuousDeploymentPolicyId")
	rec.Aliases = nil
	for _, alias := range root.items("Aliases", "CNAME") {
		rec.Aliases = append(rec.Aliases, alias.text)
	}
	rec.Functions = nil
	for _, b := range behaviorsOf(root) {
		for _, a := range b.associations {
			rec.Functions = append(rec.Functions, a.arn)
		}
	}
}

// eachRecord calls f for every distribution of an account, or of all accounts
// if account is "", in the order of the keys.
func eachRecord(tx kv.Tx, account string, f func(account string, rec record) error) error {
	prefix := ""
	if account != "" {
		prefix = account + "/"
	}
	return tx.Scan(tableDistributions, prefix, func(key string, value []byte) error {
		rec, err := readRecord(key, value)
		if err != nil {
			return err
		}
		owner, _, _ := strings.Cut(key, "/")
		return f(owner, rec)
	})
}
