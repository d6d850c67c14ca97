package lambda

import (
	"fmt"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// dryInvoke is an Invoke that validates and runs nothing (API model,
// InvocationType).
//
// An invocation of an Inactive function fails, and makes it Pending (Lambda
// Developer Guide, "Lambda function states"). That a dry run does so is UNKNOWN.
// The code of the failure is what users logged (boto/boto3 issue 3788), with the
// status of the API reference.
func (c *call) dryInvoke() (any, error) {
	_, r, _, err := c.qualified()
	if err != nil {
		return nil, err
	}
	switch r.state(c.now) {
	case "Pending":
		return nil, pendingConflict()
	case "Inactive":
		r.Transition, r.ReadyAt = waking, c.now.Add(c.s.Delays.VersionActive)
		return &apiError{
			Status: 409, Code: "CodeArtifactUserPendingException",
			Message: "INFO: Lambda is initializing your function. It will be ready to invoke shortly.",
		}, c.putVersion(r)
	}
	return nil, nil
}

// SetInactive makes a numbered version Inactive, as AWS does with what was not
// invoked for weeks.
func (s *Service) SetInactive(tx kv.Tx, account, versionARN string, now time.Time) error {
	r, ok := s.numbered(tx, account, versionARN, now)
	switch {
	case !ok:
		return fmt.Errorf("account %s has no version %q", account, versionARN)
	case r.busy(now):
		return fmt.Errorf("%s is %s: only what is settled becomes Inactive", versionARN, r.state(now))
	}
	_, region, _ := s.splitARN(versionARN)
	c := call{s: s, tx: tx, caller: Caller{Account: account, Region: region}, now: now}
	r.Revision = r.revision(now)
	r.Transition, r.ReadyAt = idle, time.Time{}
	return c.putVersion(r)
}
