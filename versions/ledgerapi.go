package versions

import "time"

// The values below are Lambda's, in plain words, for a caller that keeps something
// other than handlers in published versions: the ledger of releases does. They
// carry no rule of this package.

// LatestCode is what is known of a function's unpublished state ($LATEST)
// without its tags. With Exists false every other member is zero.
type LatestCode struct {
	Exists     bool
	ARN        string // unqualified
	Role       string // ARN of the execution role
	Runtime    string
	CodeSHA256 string // base64, as Lambda reports it
	// RevisionID changes with every mutation, with every publish, and once
	// more when a transition ends: one read while State is not settled is
	// stale by the time it could be used.
	RevisionID string
	State      State
}

// StoredVersion is one published version as storage: what was said about it,
// and where its bytes are.
type StoredVersion struct {
	Number      int
	FunctionARN string // unqualified
	Description string
	CodeSHA256  string // base64 of the SHA-256 of the zip, as Lambda reports it
	CodeBytes   int64  // size of the zip
	Modified    time.Time
	State       State // zero in a listing, which does not tell states
	// Location is a presigned URL of the zip, valid for ten minutes (Lambda
	// API, GetFunction). It is a secret: it must appear in no message and no
	// log. A listing does not tell it.
	Location string
	// Tags are the function's. TagsError says why they are unknown, "" when
	// they are known. A listing tells neither.
	Tags      map[string]string
	TagsError string
}

// NewFunction is all that a function that only stores is made of. It gets the
// handler "index.handler" and Lambda's smallest memory and timeout: it is
// never invoked.
type NewFunction struct {
	Function    string
	Role        string // ARN
	Runtime     string
	Description string // at most 256 characters
	Tags        map[string]string
	Zip         []byte
}
