package lambda

import (
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

// Facts are what other services read of a published version: its frozen
// configuration and its state at one instant.
type Facts struct {
	ARN, Version, Runtime, Handler, Role string
	State, Architecture, CodeSHA256      string
	CodeSize                             int64
	TimeoutSeconds, MemoryMB             int
	EphemeralMB                          int
	HasEnvironment, HasVPC, HasLayers    bool
	HasDeadLetter, ActiveTracing         bool
	HasKMS                               bool // a customer's key for the zip
}

// Version finds a numbered version by its ARN, in the account. Anything else,
// $LATEST and aliases included, is not found.
func (s *Service) Version(tx kv.Tx, account, arn string, now time.Time) (Facts, bool) {
	r, ok := s.numbered(tx, account, arn, now)
	if !ok {
		return Facts{}, false
	}
	c := r.Settings
	return Facts{
		ARN: arn, Version: r.Version, Runtime: c.Runtime, Handler: c.Handler, Role: c.Role,
		State: r.state(now), Architecture: c.Architecture, CodeSHA256: r.CodeSHA256, CodeSize: r.CodeSize,
		TimeoutSeconds: c.Timeout, MemoryMB: c.MemorySize, EphemeralMB: c.EphemeralMB,
		// An Environment without variables counts as none: LIKELY.
		HasEnvironment: len(c.Environment) > 0,
		HasVPC:         c.VPC != nil && len(c.VPC.SubnetIds) > 0,
		HasLayers:      len(c.Layers) > 0,
		HasDeadLetter:  c.DeadLetter != "",
		ActiveTracing:  c.Tracing == "Active",
		HasKMS:         c.CodeKMSKey != "",
	}, true
}

// Code returns the zip of a numbered version, for the data plane that runs it.
func (s *Service) Code(tx kv.Tx, account, arn string, now time.Time) ([]byte, bool) {
	r, ok := s.numbered(tx, account, arn, now)
	if !ok {
		return nil, false
	}
	_, region, _ := s.splitARN(arn)
	zip := tx.Get(codeTable, account+"/"+region+"/"+codeKey(r.CodeSHA256))
	return zip, zip != nil
}

func (s *Service) numbered(tx kv.Tx, account, arn string, now time.Time) (record, bool) {
	owner, region, rest := s.splitARN(arn)
	if owner != account || rest.Qualifier == "" {
		return record{}, false
	}
	c := call{s: s, tx: tx, caller: Caller{Account: account, Region: region}, now: now}
	r, ok, err := c.version(rest.Name, rest.Qualifier)
	return r, ok && err == nil
}

func (s *Service) splitARN(arn string) (account, region string, t target) {
	m := s.patterns.numbered.FindStringSubmatch(arn)
	if m == nil {
		return "", "", target{}
	}
	return m[2], m[1], target{Name: m[3], Qualifier: m[4]}
}
