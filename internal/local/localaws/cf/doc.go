// Package cf is CloudFront's control plane on one machine: the REST-XML API
// of version 2020-05-31, as far as a deployer of Lambda@Edge needs it.
//
// It owns distributions, their ETags and status, the checks that CloudFront
// makes on Lambda associations, and the set of replicated function versions.
// Everything is kept through a kv.Store, nothing in memory, so that several
// processes over one store see one CloudFront.
//
// The stored truth of a distribution is the document that the client sent,
// byte for byte: elements this package has never heard of, comments, odd
// quoting and line ends come back from GetDistributionConfig as they went in.
// Only members that CloudFront is known to echo with their defaults are added.
//
//	request ── route ── schema ── If-Match ── config ── associations ── store
//	           404      Malformed 400, 412    400, 404  400             new ETag
//	                    XML                   409                       InProgress
//
// It never serves content, never runs a function, never looks at signatures
// (whoever wraps Service does), and shares no code with the deployer it
// judges: a misreading of AWS would have to be made twice to go unseen.
//
// Facts come from the API model of CloudFront (botocore, cloudfront
// 2020-05-31), the CloudFront Developer Guide and errors that real accounts
// logged. What could only be inferred is marked LIKELY, and what is not known
// is marked UNKNOWN, beside the constant or the check concerned.
package cf
