package cf

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// Sentences about staging distributions. The rules are documented (Developer
// Guide, "Quotas and other considerations for continuous deployment"), the
// sentences are UNKNOWN and ours.
const (
	msgOnlyStaging     = "The parameter Staging must be true."
	msgCopyOfStaging   = "The distribution to copy cannot be a staging distribution."
	msgStagingAliases  = "A staging distribution cannot have alternate domain names."
	msgStagingPolicy   = "A staging distribution cannot have a continuous deployment policy."
	msgHTTP3           = "A distribution that supports HTTP/3 cannot have a continuous deployment policy."
	msgPromoteStaging  = "The parameter StagingDistributionId must name a staging distribution."
	msgPromoteNoPolicy = "The continuous deployment policy of the primary distribution does not name the staging distribution."
	msgTooManyStaging  = "Processing your request would cause you to exceed the maximum number of staging distributions allowed."
	msgPolicyOfOther   = "The continuous deployment policy is associated with another distribution."
)

const (
	maxStaging          = 20                     // Developer Guide, quotas for continuous deployment
	codeForDeployment   = "InvalidArgument"      // LIKELY: the report of the sentence shows no code
	codeTooManyStagings = "TooManyDistributions" // LIKELY: CopyDistribution has no nearer one
)

// copyDistribution makes a staging distribution out of a primary one: the
// same document, but for its identity, without aliases or policy.
func (s *Service) copyDistribution(tx kv.Tx, c *call) (*reply, error) {
	request, err := readDocument(c.body, "CopyDistributionRequest", structure(
		required("CallerReference", text()), optional("Enabled", boolean())))
	if err != nil {
		return nil, err
	}
	primary, doc, err := load(tx, c.account, c.params[0])
	if err != nil {
		return nil, err
	}
	if err := checkIfMatch(c.request.Header.Get("If-Match"), primary.ETag); err != nil {
		return nil, err
	}
	switch {
	case !parseBool(c.request.Header.Get("Staging")):
		return nil, invalidArgument(msgOnlyStaging)
	case primary.Staging:
		return nil, invalidArgument(msgCopyOfStaging)
	}
	if err := checkStagingCount(tx, c.account); err != nil {
		return nil, err
	}
	enabled := "true" // unless the request says otherwise (API model)
	if n := request.root.child("Enabled"); n != nil {
		enabled = strings.TrimSpace(n.text)
	}
	copied, err := parseDocument(applyEdits(doc.src, []edit{
		set(doc.root, s.config, "CallerReference", escape(request.root.value("CallerReference"))),
		set(doc.root, s.config, "Aliases", none),
		set(doc.root, s.config, "Enabled", enabled),
		set(doc.root, s.config, "ContinuousDeploymentPolicyId", ""),
		set(doc.root, s.config, "Staging", "true"),
	}))
	if err != nil {
		return nil, fmt.Errorf("copy of distribution %s: %w", primary.ID, err)
	}
	return s.createFrom(tx, c, copied, nil)
}

func checkStagingCount(tx kv.Tx, account string) error {
	count := 0
	err := eachRecord(tx, account, func(_ string, rec record) error {
		if rec.Staging {
			count++
		}
		return nil
	})
	if err == nil && count >= maxStaging {
		return refuse(http.StatusBadRequest, codeTooManyStagings, msgTooManyStaging)
	}
	return err
}

// promote overwrites a primary distribution with the configuration of its
// staging distribution. The primary keeps its identity, its aliases and its
// policy, and the policy is disabled (API model,
// UpdateDistributionWithStagingConfig; Enabled is overwritten like the rest).
func (s *Service) promote(tx kv.Tx, c *call) (*reply, error) {
	primary, doc, err := load(tx, c.account, c.params[0])
	if err != nil {
		return nil, err
	}
	staging, source, err := load(tx, c.account, c.request.URL.Query().Get("StagingDistributionId"))
	if err != nil {
		return nil, err
	}
	if err := checkBothMatch(c.request.Header.Get("If-Match"), primary.ETag, staging.ETag); err != nil {
		return nil, err
	}
	if !staging.Staging || primary.Staging {
		return nil, invalidArgument(msgPromoteStaging)
	}
	policy, err := stagingPolicy(tx, c.account, domain(c.account, staging.ID), "")
	if err != nil {
		return nil, err
	}
	if policy == "" || policy != primary.PolicyID {
		return nil, invalidArgument(msgPromoteNoPolicy) // UNKNOWN: documented only as the way to use it
	}
	var aliases []string
	for _, alias := range doc.root.items("Aliases", "CNAME") {
		aliases = append(aliases, "<CNAME>"+escape(alias.text)+"</CNAME>")
	}
	promoted, err := parseDocument(applyEdits(source.src, []edit{
		set(source.root, s.config, "CallerReference", escape(primary.CallerReference)),
		set(source.root, s.config, "Aliases", listContent(aliases)),
		set(source.root, s.config, "ContinuousDeploymentPolicyId", escape(policy)),
		set(source.root, s.config, "Staging", "false"),
	}))
	if err != nil {
		return nil, fmt.Errorf("promotion of distribution %s: %w", staging.ID, err)
	}
	if err := s.disablePolicy(tx, c, policy); err != nil {
		return nil, err
	}
	return s.replace(tx, c, primary, promoted)
}

// checkBothMatch reads an If-Match of two ETags, the primary's first.
func checkBothMatch(given, primary, staging string) error {
	first, second, _ := strings.Cut(given, ",")
	for _, pair := range [][2]string{{first, primary}, {second, staging}} {
		if err := checkIfMatch(strings.TrimSpace(pair[0]), pair[1]); err != nil {
			return err
		}
	}
	return nil
}

// deployable are the members that may change while a continuous deployment
// policy is attached (Developer Guide, "Understand how continuous deployment
// works"); the policy itself may come and go.
func deployable() []string {
	return []string{
		"DefaultCacheBehavior", "CacheBehaviors", "Origins", "OriginGroups", "CustomErrorResponses", "Restrictions",
		"DefaultRootObject", "Logging", "Comment", "ContinuousDeploymentPolicyId",
	}
}

// checkDeployment refuses changes that continuous deployment does not
// support, on a primary distribution that keeps its policy and on the
// staging distribution of an attached policy.
func (s *Service) checkDeployment(tx kv.Tx, account string, rec record, old, fresh *document) error {
	attached := rec.PolicyID != "" && fresh.root.value("ContinuousDeploymentPolicyId") == rec.PolicyID
	if rec.Staging {
		policy, err := stagingPolicy(tx, account, domain(account, rec.ID), "")
		if err != nil {
			return err
		}
		user, err := policyUser(tx, account, policy)
		if err != nil {
			return err
		}
		attached = user != ""
	}
	if !attached {
		return nil
	}
	before, err := parseDocument(old.complete(s.config))
	if err != nil {
		return err
	}
	after, err := parseDocument(fresh.complete(s.config))
	if err != nil {
		return err
	}
	for _, m := range s.config.members {
		if slices.Contains(deployable(), m.name) {
			continue
		}
		if meaning(before.root.child(m.name)) != meaning(after.root.child(m.name)) {
			return refuse(http.StatusBadRequest, codeForDeployment, msgNotForDeployment)
		}
	}
	return nil
}

// meaning writes an element so that spelling, order and white space between
// elements make no difference.
func meaning(n *node) string {
	if n == nil {
		return ""
	}
	if len(n.children) == 0 {
		return n.local + "=" + escape(strings.TrimSpace(n.text)) + ";"
	}
	var parts []string
	for _, c := range n.children {
		parts = append(parts, meaning(c))
	}
	slices.Sort(parts)
	return n.local + "{" + strings.Join(parts, "") + "}"
}

// listContent writes the content of a quantity list.
func listContent(items []string) string {
	if len(items) == 0 {
		return none
	}
	return fmt.Sprintf("<Quantity>%d</Quantity><Items>%s</Items>", len(items), strings.Join(items, ""))
}
