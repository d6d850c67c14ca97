package cf

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

const (
	tablePolicies      = "cf-policies"       // account/id -> policy
	tablePolicyConfigs = "cf-policy-configs" // account/id -> the document, verbatim
	maxPolicies        = 20                  // Developer Guide, quotas for continuous deployment
)

// policy is what is kept of a continuous deployment policy besides its
// document.
type policy struct {
	ID       string
	ETag     string
	Modified time.Time
	Staging  string // domain name of the staging distribution
}

// policyShape is the model's ContinuousDeploymentPolicyConfig.
func policyShape() *shape {
	return structure(
		required("StagingDistributionDnsNames", quantity("DnsName", text())),
		required("Enabled", boolean()),
		optional("TrafficConfig", structure(
			optional("SingleWeightConfig", structure(
				required("Weight", number()),
				optional("SessionStickinessConfig", structure(
					required("IdleTTL", integer()), required("MaximumTTL", integer()))),
			)),
			optional("SingleHeaderConfig", structure(required("Header", text()), required("Value", text()))),
			required("Type", oneOf("SingleWeight", "SingleHeader")),
		)),
	)
}

func loadPolicy(tx kv.Tx, account, id string) (policy, *document, error) {
	key := distributionKey(account, id)
	stored := tx.Get(tablePolicies, key)
	if stored == nil {
		return policy{}, nil, refuse(http.StatusNotFound, "NoSuchContinuousDeploymentPolicy", msgNoSuchPolicy)
	}
	var p policy
	if err := decode(stored, &p); err != nil {
		return policy{}, nil, fmt.Errorf("continuous deployment policy %s: %w", key, err)
	}
	doc, err := parseDocument(tx.Get(tablePolicyConfigs, key))
	if err != nil {
		return policy{}, nil, fmt.Errorf("document of continuous deployment policy %s: %w", key, err)
	}
	return p, doc, nil
}

// savePolicy stores a policy with a new document, ETag and date.
func (s *Service) savePolicy(tx kv.Tx, c *call, p policy, doc *document) (*reply, error) {
	p.ETag, p.Modified, p.Staging = "E"+s.NewID(), c.now, stagingName(doc.root)
	key := distributionKey(c.account, p.ID)
	if err := tx.Put(tablePolicyConfigs, key, doc.src); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString(`<?xml version="1.0"?>` + "\n")
	p.write(&out, doc, ` xmlns="`+namespace+`"`)
	return &reply{etag: p.ETag, body: out.Bytes()}, put(tx, tablePolicies, key, p)
}

// write writes the ContinuousDeploymentPolicy document.
func (p policy) write(out *bytes.Buffer, doc *document, attributes string) {
	out.WriteString("<ContinuousDeploymentPolicy" + attributes + ">")
	leaf(out, "Id", p.ID)
	leaf(out, "LastModifiedTime", timestamp(p.Modified))
	out.Write(doc.lift(doc.root, namespace))
	out.WriteString("</ContinuousDeploymentPolicy>")
}

func stagingName(root *node) string {
	for _, name := range root.items("StagingDistributionDnsNames", "DnsName") {
		return name.text
	}
	return ""
}

func eachPolicy(tx kv.Tx, account string, f func(policy) error) error {
	return tx.Scan(tablePolicies, account+"/", func(key string, value []byte) error {
		var p policy
		if err := decode(value, &p); err != nil {
			return fmt.Errorf("continuous deployment policy %s: %w", key, err)
		}
		return f(p)
	})
}

// stagingPolicy finds the policy, other than except, that names a staging
// distribution; "" if there is none.
func stagingPolicy(tx kv.Tx, account, staging, except string) (id string, err error) {
	err = eachPolicy(tx, account, func(p policy) error {
		if p.Staging == staging && p.ID != except {
			id = p.ID
		}
		return nil
	})
	return id, err
}

// policyUser finds the distribution that a policy is attached to.
func policyUser(tx kv.Tx, account, id string) (user string, err error) {
	if id == "" {
		return "", nil
	}
	err = eachRecord(tx, account, func(_ string, rec record) error {
		if rec.PolicyID == id {
			user = rec.ID
		}
		return nil
	})
	return user, err
}

func (s *Service) createPolicy(tx kv.Tx, c *call) (*reply, error) {
	doc, err := readDocument(c.body, "ContinuousDeploymentPolicyConfig", policyShape())
	if err != nil {
		return nil, err
	}
	count := 0
	if err := eachPolicy(tx, c.account, func(policy) error { count++; return nil }); err != nil {
		return nil, err
	}
	if count >= maxPolicies {
		return nil, refuse(http.StatusBadRequest, "TooManyContinuousDeploymentPolicies", msgTooManyPolicies)
	}
	p := policy{ID: requestID()} // a UUID, as real ones are
	if err := checkPolicyConfig(tx, c.account, p.ID, doc.root); err != nil {
		return nil, err
	}
	answer, err := s.savePolicy(tx, c, p, doc)
	if err != nil {
		return nil, err
	}
	answer.location = locationOf("continuous-deployment-policy/" + p.ID)
	return answer, nil
}

func (s *Service) getPolicy(tx kv.Tx, c *call) (*reply, error) {
	p, doc, err := loadPolicy(tx, c.account, c.params[0])
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString(`<?xml version="1.0"?>` + "\n")
	p.write(&out, doc, ` xmlns="`+namespace+`"`)
	return &reply{etag: p.ETag, body: out.Bytes()}, nil
}

func (s *Service) getPolicyConfig(tx kv.Tx, c *call) (*reply, error) {
	p, doc, err := loadPolicy(tx, c.account, c.params[0])
	if err != nil {
		return nil, err
	}
	return &reply{etag: p.ETag, body: doc.src}, nil
}

func (s *Service) updatePolicy(tx kv.Tx, c *call) (*reply, error) {
	doc, err := readDocument(c.body, "ContinuousDeploymentPolicyConfig", policyShape())
	if err != nil {
		return nil, err
	}
	p, _, err := loadPolicy(tx, c.account, c.params[0])
	if err != nil {
		return nil, err
	}
	if err := checkIfMatch(c.request.Header.Get("If-Match"), p.ETag); err != nil {
		return nil, err
	}
	if err := checkPolicyConfig(tx, c.account, p.ID, doc.root); err != nil {
		return nil, err
	}
	return s.savePolicy(tx, c, p, doc)
}

func (s *Service) deletePolicy(tx kv.Tx, c *call) (*reply, error) {
	p, _, err := loadPolicy(tx, c.account, c.params[0])
	if err != nil {
		return nil, err
	}
	if err := checkIfMatch(c.request.Header.Get("If-Match"), p.ETag); err != nil {
		return nil, err
	}
	user, err := policyUser(tx, c.account, p.ID)
	if err != nil {
		return nil, err
	}
	if user != "" {
		return nil, refuse(http.StatusConflict, "ContinuousDeploymentPolicyInUse", msgPolicyInUse)
	}
	key := distributionKey(c.account, p.ID)
	if err := tx.Delete(tablePolicyConfigs, key); err != nil {
		return nil, err
	}
	return &reply{}, tx.Delete(tablePolicies, key)
}

// disablePolicy switches a policy off, as a promotion does.
func (s *Service) disablePolicy(tx kv.Tx, c *call, id string) error {
	p, doc, err := loadPolicy(tx, c.account, id)
	if err != nil {
		return err
	}
	off, err := parseDocument(applyEdits(doc.src, []edit{set(doc.root, policyShape(), "Enabled", "false")}))
	if err != nil {
		return fmt.Errorf("disabled continuous deployment policy %s: %w", id, err)
	}
	_, err = s.savePolicy(tx, c, p, off)
	return err
}

// listPolicies answers with a list that, unlike the others, has neither
// Marker nor IsTruncated: a NextMarker tells that there is more (API model).
func (s *Service) listPolicies(tx kv.Tx, c *call) (*reply, error) {
	query := c.request.URL.Query()
	limit, err := pageLimit(query)
	if err != nil {
		return nil, err
	}
	p := page{marker: query.Get("Marker"), limit: limit}
	err = eachPolicy(tx, c.account, func(found policy) error { return p.add(found.ID) })
	if err != nil && !errors.Is(err, errPageFull) {
		return nil, err
	}
	var out bytes.Buffer
	open(&out, "ContinuousDeploymentPolicyList")
	if p.truncated {
		leaf(&out, "NextMarker", p.ids[len(p.ids)-1])
	}
	leaf(&out, "MaxItems", strconv.Itoa(p.limit))
	leaf(&out, "Quantity", strconv.Itoa(len(p.ids)))
	out.WriteString("<Items>")
	for _, id := range p.ids {
		found, doc, err := loadPolicy(tx, c.account, id)
		if err != nil {
			return nil, err
		}
		out.WriteString("<ContinuousDeploymentPolicySummary>")
		found.write(&out, doc, "")
		out.WriteString("</ContinuousDeploymentPolicySummary>")
	}
	out.WriteString("</Items></ContinuousDeploymentPolicyList>")
	return &reply{body: out.Bytes()}, nil
}

// checkPolicy looks that the policy a distribution wants exists, belongs to
// no other one, and can serve it.
func checkPolicy(tx kv.Tx, account, id string, root *node) error {
	staging := root.flag("Staging")
	if staging && len(root.items("Aliases", "CNAME")) > 0 {
		return invalidArgument(msgStagingAliases)
	}
	wanted := root.value("ContinuousDeploymentPolicyId")
	if wanted == "" {
		return nil
	}
	if _, _, err := loadPolicy(tx, account, wanted); err != nil {
		return err
	}
	user, err := policyUser(tx, account, wanted)
	switch {
	case err != nil:
		return err
	case user != "" && user != id:
		return refuse(http.StatusConflict, "ContinuousDeploymentPolicyInUse", msgPolicyOfOther)
	case staging:
		return invalidArgument(msgStagingPolicy)
	case strings.Contains(root.value("HttpVersion"), "3"):
		return invalidArgument(msgHTTP3)
	}
	return nil
}
