package cf

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// Sentences about policies. The rules are the API model's (SingleWeightConfig,
// SingleHeaderConfig, SessionStickinessConfig); the sentences are UNKNOWN.
const (
	msgOneStaging    = "The parameter StagingDistributionDnsNames must name one staging distribution."
	msgNoStaging     = "The parameter StagingDistributionDnsNames does not name a staging distribution."
	msgTrafficType   = "The parameter TrafficConfig must have the configuration that its Type names, and no other."
	msgWeight        = "The parameter Weight must be between 0 and 0.15."
	msgTTL           = "The parameters IdleTTL and MaximumTTL must be between 300 and 3600, and IdleTTL must not be larger than MaximumTTL."
	msgHeader        = "The parameter Header must start with aws-cf-cd-."
	maxWeight        = 0.15
	minTTL, maxTTL   = 300, 3600 // seconds
	headerNamePrefix = "aws-cf-cd-"
)

// checkPolicyConfig makes the checks of a policy's document. id is the
// policy's own.
func checkPolicyConfig(tx kv.Tx, account, id string, root *node) error {
	if err := checkQuantities(root, policyShape()); err != nil {
		return err
	}
	if err := checkTraffic(root.child("TrafficConfig")); err != nil {
		return err
	}
	names := root.items("StagingDistributionDnsNames", "DnsName")
	if len(names) != 1 {
		return invalidArgument(msgOneStaging)
	}
	known := false
	err := eachRecord(tx, account, func(_ string, rec record) error {
		known = known || rec.Staging && domain(account, rec.ID) == names[0].text
		return nil
	})
	if err != nil {
		return err
	}
	if !known {
		return invalidArgument(msgNoStaging)
	}
	other, err := stagingPolicy(tx, account, names[0].text, id)
	if err == nil && other != "" {
		return refuse(http.StatusConflict, "StagingDistributionInUse", msgStagingInUse)
	}
	return err
}

// checkTraffic checks how a policy splits the traffic; it may leave that out.
func checkTraffic(traffic *node) error {
	if traffic == nil {
		return nil
	}
	weight, header := traffic.child("SingleWeightConfig"), traffic.child("SingleHeaderConfig")
	byWeight := traffic.value("Type") == "SingleWeight"
	switch {
	case byWeight != (weight != nil) || byWeight == (header != nil):
		return invalidArgument(msgTrafficType)
	case header != nil && !strings.HasPrefix(strings.ToLower(header.value("Header")), headerNamePrefix):
		return invalidArgument(msgHeader)
	case weight == nil:
		return nil
	}
	share, err := strconv.ParseFloat(strings.TrimSpace(weight.value("Weight")), 64)
	if err != nil || !(share >= 0 && share <= maxWeight) {
		return invalidArgument(msgWeight)
	}
	if sticky := weight.child("SessionStickinessConfig"); sticky != nil {
		idle, err1 := strconv.Atoi(strings.TrimSpace(sticky.value("IdleTTL")))
		most, err2 := strconv.Atoi(strings.TrimSpace(sticky.value("MaximumTTL")))
		if err1 != nil || err2 != nil || idle < minTTL || most > maxTTL || idle > most {
			return invalidArgument(msgTTL)
		}
	}
	return nil
}
