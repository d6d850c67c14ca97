package iam

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// rolesTable maps account/name to a role; names are unique whatever the path.
const rolesTable = "iam.roles"

// role is a stored execution role.
type role struct {
	Name, Path, ID, ARN   string
	Document, Description string
	MaxSession            int // seconds

	Tags     []tag             `json:",omitempty"` // by key
	Policies map[string]string `json:",omitempty"` // inline, by name
	Attached []string          `json:",omitempty"` // ARNs of managed policies

	Created     time.Time
	AssumableAt time.Time // IAM takes a while to tell the other services
}

// SeedRole is a role that should exist before anything else happens.
type SeedRole struct {
	ARN string `json:"arn"`
	// AssumableAfterMs delays the moment from which Lambda can assume the
	// role, as IAM's propagation does after CreateRole.
	AssumableAfterMs int `json:"assumableAfterMs"`
	// Trust lists the service principals; empty means what an execution role
	// for Lambda@Edge needs, lambda.amazonaws.com and edgelambda.amazonaws.com.
	Trust []string `json:"trust"`
}

// Seed creates the role if no role of that name exists; a role that does
// exist stays as it is.
func (s *Service) Seed(tx kv.Tx, account string, seed SeedRole) error {
	owner, path, name, ok := s.split(seed.ARN)
	if !ok {
		return fmt.Errorf("seed role %q: not the ARN of a role", seed.ARN)
	}
	if owner != account {
		return fmt.Errorf("seed role %s: the caller is account %s and cannot have roles of another", seed.ARN, account)
	}
	if _, ok, err := s.find(tx, account, name); err != nil || ok {
		return err
	}
	services := seed.Trust
	if len(services) == 0 {
		services = []string{"edgelambda.amazonaws.com", "lambda.amazonaws.com"}
	}
	document, err := trustPolicy(services)
	if err != nil {
		return fmt.Errorf("seed role %s: %w", seed.ARN, err)
	}
	now := s.Now(account)
	return s.put(tx, account, role{
		Name: name, Path: path, ID: newID(), ARN: seed.ARN, Document: document, MaxSession: defaultSession,
		Created: now, AssumableAt: now.Add(time.Duration(seed.AssumableAfterMs) * time.Millisecond),
	})
}

// Trusts reports whether the role exists and may be assumed by the service
// principal at the instant now.
func (s *Service) Trusts(tx kv.Tx, roleARN, service string, now time.Time) bool {
	r, ok := s.byARN(tx, roleARN)
	return ok && !now.Before(r.AssumableAt) && slices.Contains(s.Trusted(tx, roleARN), service)
}

// Trusted lists the service principals that the role's trust policy names,
// sorted; none for a role that does not exist.
func (s *Service) Trusted(tx kv.Tx, roleARN string) []string {
	r, ok := s.byARN(tx, roleARN)
	if !ok {
		return nil
	}
	services, err := trusted(r.Document)
	if err != nil {
		return nil // a document that nobody can read trusts nobody
	}
	return services
}

func (s *Service) byARN(tx kv.Tx, arn string) (role, bool) {
	account, _, name, ok := s.split(arn)
	if !ok {
		return role{}, false
	}
	r, ok, err := s.find(tx, account, name)
	return r, ok && err == nil && r.ARN == arn
}

func (s *Service) find(tx kv.Tx, account, name string) (role, bool, error) {
	raw := tx.Get(rolesTable, account+"/"+name)
	if raw == nil {
		return role{}, false, nil
	}
	var r role
	if err := json.Unmarshal(raw, &r); err != nil {
		return role{}, false, fmt.Errorf("%s %s: %w", rolesTable, name, err)
	}
	return r, true, nil
}

func (s *Service) put(tx kv.Tx, account string, r role) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("%s %s: %w", rolesTable, r.Name, err)
	}
	return tx.Put(rolesTable, account+"/"+r.Name, raw)
}

// split takes a role's ARN apart; path starts and ends with a slash.
func (s *Service) split(arn string) (account, path, name string, ok bool) {
	m := s.patterns.arn.FindStringSubmatch(arn)
	if m == nil {
		return "", "", "", false
	}
	cut := strings.LastIndex(m[2], "/")
	return m[1], m[2][:cut+1], m[2][cut+1:], true
}

// patterns are compiled once by New.
type patterns struct{ arn, name, path, tag, policy, managed *regexp.Regexp }

func compile() patterns {
	return patterns{
		arn:  regexp.MustCompile(`^arn:aws[a-zA-Z-]*:iam::(\d{12}):role(/(?:[\x21-\x2e\x30-\x7e]+/)*[\w+=,.@-]{1,64})$`),
		name: regexp.MustCompile(`^[\w+=,.@-]{1,64}$`),
		path: regexp.MustCompile(`^/(?:[\x21-\x2e\x30-\x7e]+/)*$`),
		// API model, tagKeyType, policyNameType and arnType with what the user guide says of policies.
		tag:     regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`),
		policy:  regexp.MustCompile(`^[\w+=,.@-]{1,128}$`),
		managed: regexp.MustCompile(`^arn:aws[a-zA-Z-]*:iam::(?:aws|\d{12}):policy/(?:[\x21-\x2e\x30-\x7e]+/)*[\w+=,.@-]{1,128}$`),
	}
}

// newID is a role id in AWS's form, AROA and 17 characters.
func newID() string {
	return "AROA" + rand.Text()[:17]
}
