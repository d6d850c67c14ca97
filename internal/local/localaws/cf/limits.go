package cf

// limits are the quotas on a function version, by the kind of trigger.
type limits struct {
	timeoutSeconds int
	memoryMB       int
	codeBytes      int64 // of the zip
}

// limitsFor returns the quotas of viewer or origin triggers.
//
// Current numbers: CloudFront quotas page, "Quotas on Lambda@Edge" (copy of
// late 2025). It gives viewer triggers Lambda's own memory, while the page on
// choosing between edge functions says 128 MB; which one CloudFront enforces
// is UNKNOWN, so 128 is kept to the legacy numbers. Legacy numbers: the quotas
// page of June 2023.
func limitsFor(viewer, legacy bool) limits {
	if viewer && legacy {
		return limits{timeoutSeconds: 5, memoryMB: 128, codeBytes: 1 << 20}
	}
	return limits{timeoutSeconds: 30, memoryMB: 10240, codeBytes: 50 << 20}
}

// Quotas per distribution and account (CloudFront quotas page, late 2025).
const (
	maxBehaviors     = 75
	maxOrigins       = 100
	maxAssociations  = 100 // of Lambda@Edge, per distribution
	maxDistributions = 500
	maxTags          = 50
)
