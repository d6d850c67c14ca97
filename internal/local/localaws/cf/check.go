package cf

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// readDocument parses a body and checks it against the schema of its root.
func readDocument(body []byte, root string, s *shape) (*document, error) {
	if len(strings.TrimSpace(string(body))) == 0 {
		return nil, refuse(http.StatusBadRequest, "MissingBody", msgMissingBody)
	}
	doc, err := parseDocument(body)
	if err != nil {
		return nil, unreadable(err)
	}
	if doc.root.local != root {
		return nil, malformed([]string{violation("null", camel(root), mustNotBeNull)})
	}
	if hollow(doc.root) {
		return nil, refuse(http.StatusBadRequest, "MalformedInput", msgHollowItems)
	}
	if found := s.validate(doc.root, camel(root)); len(found) > 0 {
		return nil, malformed(found)
	}
	return doc, nil
}

// hollow reports whether the origin groups have an Items element with no item in
// it. CloudFront's reader does not take that: with Quantity 0 there must be no
// Items at all (aws-sdk-ruby issues 1067 and 1954). Of other lists no refusal is
// on record, and clients in daily use send them so: Terraform, and SDKs that
// write an empty list as one.
func hollow(root *node) bool {
	items := root.child("OriginGroups").child("Items")
	return items != nil && len(items.children) == 0
}

// etagForm is what CloudFront's ETags look like; anything else in If-Match is
// "not valid for the resource" rather than merely outdated.
var etagForm = regexp.MustCompile(`^E[A-Z0-9]{10,20}$`)

func checkIfMatch(given, current string) error {
	switch {
	case given == current && current != "":
		return nil
	case !etagForm.MatchString(given):
		return refuse(http.StatusBadRequest, "InvalidIfMatchVersion", msgInvalidIfMatch)
	default:
		return refuse(http.StatusPreconditionFailed, "PreconditionFailed", msgPreconditionFailed)
	}
}

// checkConfig makes the checks of a configuration that concern neither its
// schema nor its functions. id is "" for a distribution that is to be created.
// Their order among each other is UNKNOWN.
func (s *Service) checkConfig(tx kv.Tx, account, id string, root *node) error {
	if err := checkQuantities(root, s.config); err != nil {
		return err
	}
	if err := checkOrigins(root); err != nil {
		return err
	}
	if err := checkBehaviors(root); err != nil {
		return err
	}
	if err := checkSettings(root); err != nil {
		return err
	}
	if err := checkAliases(tx, id, root); err != nil {
		return err
	}
	if err := s.checkReferences(tx, account, root); err != nil {
		return err
	}
	return checkPolicy(tx, account, id, root)
}

func checkQuantities(root *node, s *shape) error {
	if !consistent(root, s) {
		return refuse(http.StatusBadRequest, "InconsistentQuantities", msgInconsistent)
	}
	return nil
}

// consistent reports whether every Quantity in n tells the number of its Items.
func consistent(n *node, s *shape) bool {
	if s.counted() {
		quantity, err := strconv.Atoi(strings.TrimSpace(n.value("Quantity")))
		if err != nil || quantity != len(n.child("Items").all(s.member("Items").shape.itemName)) {
			return false
		}
	}
	for _, m := range s.members {
		if c := n.child(m.name); c != nil && !consistent(c, m.shape) {
			return false
		}
	}
	if s.kind == kindList {
		for _, item := range n.all(s.itemName) {
			if !consistent(item, s.item) {
				return false
			}
		}
	}
	return true
}

// checkOrigins looks that everything that names an origin names one there is.
func checkOrigins(root *node) error {
	origins := root.items("Origins", "Origin")
	if len(origins) > maxOrigins {
		return refuse(http.StatusBadRequest, "TooManyOrigins", msgTooManyOrigins)
	}
	known := map[string]bool{}
	for _, o := range origins {
		known[o.value("Id")] = true
	}
	for _, group := range root.items("OriginGroups", "OriginGroup") {
		for _, m := range group.items("Members", "OriginGroupMember") {
			if !known[m.value("OriginId")] {
				return refuse(http.StatusNotFound, "NoSuchOrigin", msgNoSuchOrigin)
			}
		}
	}
	for _, group := range root.items("OriginGroups", "OriginGroup") {
		known[group.value("Id")] = true
	}
	for _, b := range behaviorsOf(root) {
		if !known[b.node.value("TargetOriginId")] {
			return refuse(http.StatusNotFound, "NoSuchOrigin", msgNoSuchOrigin)
		}
	}
	return nil
}

func checkBehaviors(root *node) error {
	if len(root.items("CacheBehaviors", "CacheBehavior")) > maxBehaviors {
		return refuse(http.StatusBadRequest, "TooManyCacheBehaviors", msgTooManyBehaviors)
	}
	patterns, associations := map[string]bool{}, 0
	for _, b := range behaviorsOf(root) {
		associations += len(b.associations)
		if b.node.local == "DefaultCacheBehavior" {
			continue
		}
		if patterns[bare(b.pattern)] {
			return invalidArgument(msgDuplicatePathPatterns)
		}
		patterns[bare(b.pattern)] = true
	}
	if associations > maxAssociations {
		return refuse(http.StatusBadRequest, "TooManyLambdaFunctionAssociations", msgTooManyAssociations)
	}
	return nil
}

// bare is a path pattern without the leading slash that CloudFront ignores.
func bare(pattern string) string { return strings.TrimPrefix(pattern, "/") }

// checkAliases looks that no other distribution, of any account, has one of
// the configuration's alternate domain names.
func checkAliases(tx kv.Tx, id string, root *node) error {
	wanted := map[string]bool{}
	for _, alias := range root.items("Aliases", "CNAME") {
		wanted[strings.ToLower(alias.text)] = true
	}
	if len(wanted) == 0 {
		return nil
	}
	return eachRecord(tx, "", func(_ string, other record) error {
		if other.ID == id {
			return nil
		}
		for _, alias := range other.Aliases {
			if wanted[strings.ToLower(alias)] {
				return refuse(http.StatusConflict, "CNAMEAlreadyExists", msgCNAMEAlreadyExists)
			}
		}
		return nil
	})
}
