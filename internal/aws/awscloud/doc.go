// Package awscloud is the only place that speaks to AWS: it puts the words of
// versions and associations on top of the AWS SDK, and is the only importer of
// it. It decides nothing about deployments.
//
//	Lambda      versions.Lambda: heads, versions, publishing, tags, aliases
//	CloudFront  distributions as associations.State, and the one write
//	LedgerAPI   versions and aliases as the ledger of releases needs them
//	Identity    which account the credentials belong to
//
// Three things are settled here and nowhere else.
//
// Distributions are never decoded and encoded again, because that loses every
// member that the SDK at hand does not know. The bytes that CloudFront gave
// are kept, the associations of the slots to change are spliced, and the
// document goes back with the ETag it came with:
//
//	GetDistributionConfig ──bytes, ETag──► slots still From? ──► splice ──► UpdateDistribution
//	          ▲                              already To: done                     │
//	          └──────── 412: another client wrote, pause and read again ◄─────────┘
//
// A document that is not understood is an error, never one without
// associations, and a write of which an attempt may have been carried out never
// counts as one that was not.
//
// Retrying is the SDK's, with one policy for all services (see newRetryer);
// nothing above this package repeats a call because it failed to arrive.
//
// Every error of AWS becomes an *Error, with AWS's own code, sentence and
// request id, one sentence of advice, and the sentinel errors of versions and
// the error types of associations behind it.
package awscloud
