package cf

import "net/http"

// Sentences about members that may be left out of a new configuration but not
// of an update, from errors that clients met: an article of 2017 on the
// associations, boto3 issues 1083 (read timeout; its comments name the
// keep-alive timeout as well) and 1558 (field-level encryption), aws-sdk-net
// issue 825 (headers). The Developer Guide says that there are such members
// without listing them, so others are LIKELY. Who sends back what
// GetDistributionConfig gave never meets any of them.
const (
	msgAssociationsRequired = "The parameter Lambda function associations is required."
	msgEncryptionRequired   = "The parameter Field level encryption id is required."
	msgHeadersRequired      = "The parameter Header settings is required."
	msgReadTimeoutRequired  = "OriginReadTimeout is required for updates."
	msgKeepaliveRequired    = "OriginKeepaliveTimeout is required for updates."
)

// checkUpdateIsWhole wants the members that an update must not leave out. But
// for the associations, it excuses documents that lack some already as they
// are stored, which only PutRaw brings about.
func checkUpdateIsWhole(old, fresh *node) error {
	for _, b := range behaviorsOf(fresh) {
		if b.node.child("LambdaFunctionAssociations") == nil {
			return invalidArgument(msgAssociationsRequired)
		}
	}
	if lacking(old) != nil {
		return nil
	}
	return lacking(fresh)
}

// lacking names the first other member that a configuration needs.
func lacking(root *node) error {
	for _, origin := range root.items("Origins", "Origin") {
		custom := origin.child("CustomOriginConfig")
		switch {
		case custom == nil:
		case custom.child("OriginReadTimeout") == nil:
			return refuse(http.StatusBadRequest, "IllegalUpdate", msgReadTimeoutRequired)
		case custom.child("OriginKeepaliveTimeout") == nil:
			return refuse(http.StatusBadRequest, "IllegalUpdate", msgKeepaliveRequired)
		}
	}
	for _, b := range behaviorsOf(root) {
		forwarded := b.node.child("ForwardedValues")
		switch {
		case b.node.child("FieldLevelEncryptionId") == nil:
			return invalidArgument(msgEncryptionRequired)
		case forwarded != nil && forwarded.child("Headers") == nil:
			return invalidArgument(msgHeadersRequired)
		}
	}
	return nil
}
