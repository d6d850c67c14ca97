package lambda

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// lastModified is the layout of LastModified (API model, examples).
const lastModified = "2006-01-02T15:04:05.000+0000"

// configuration is AWS's FunctionConfiguration with the members that recorded
// answers show for a zip function.
type configuration struct {
	FunctionName, FunctionArn, Runtime, Role, Handler string

	CodeSize            int64
	Description         string
	Timeout, MemorySize int
	LastModified        string
	CodeSha256, Version string
	VpcConfig           *vpcView     `json:",omitempty"`
	DeadLetterConfig    *deadLetter  `json:",omitempty"`
	Environment         *environment `json:",omitempty"`
	KMSKeyArn           string       `json:",omitempty"`
	TracingConfig       tracing
	RevisionId          string
	Layers              []layerView `json:",omitempty"`

	State                      string `json:",omitempty"`
	StateReason                string `json:",omitempty"`
	StateReasonCode            string `json:",omitempty"`
	LastUpdateStatus           string `json:",omitempty"`
	LastUpdateStatusReason     string `json:",omitempty"`
	LastUpdateStatusReasonCode string `json:",omitempty"`

	PackageType          string
	Architectures        []string
	EphemeralStorage     ephemeral
	SnapStart            snapStartView
	RuntimeVersionConfig *runtimeVersion `json:",omitempty"`
	LoggingConfig        loggingConfig
}

type environment struct{ Variables map[string]string }

type vpcView struct {
	SubnetIds, SecurityGroupIds []string

	VpcId                   string
	Ipv6AllowedForDualStack bool
}

type layerView struct {
	Arn      string
	CodeSize int64
}

type snapStartView struct{ ApplyOn, OptimizationStatus string }

type runtimeVersion struct{ RuntimeVersionArn string }

// view renders a version under an ARN that ends in qualifier.
func (c *call) view(r record, qualifier string) configuration {
	s := r.Settings
	v := configuration{
		FunctionName: r.Function, FunctionArn: c.arn(r.Function, qualifier),
		Runtime: s.Runtime, Role: s.Role, Handler: s.Handler,
		CodeSize: r.CodeSize, Description: s.Description, Timeout: s.Timeout, MemorySize: s.MemorySize,
		LastModified: r.LastModified.UTC().Format(lastModified),
		CodeSha256:   r.CodeSHA256, Version: r.Version, KMSKeyArn: s.KMSKey,
		TracingConfig: tracing{s.Tracing}, RevisionId: r.revision(c.now),
		PackageType: "Zip", Architectures: []string{s.Architecture},
		EphemeralStorage:     ephemeral{s.EphemeralMB},
		SnapStart:            snapStartView{s.SnapStart, "Off"},
		RuntimeVersionConfig: &runtimeVersion{runtimeVersionARN(c.caller.Region, s.Runtime)},
		LoggingConfig:        s.Logging,
	}
	if s.SnapStart == "PublishedVersions" && r.Version != latest {
		v.SnapStart.OptimizationStatus = "On"
	}
	if s.VPC != nil {
		v.VpcConfig = &vpcView{SubnetIds: list(s.VPC.SubnetIds), SecurityGroupIds: list(s.VPC.SecurityGroupIds), Ipv6AllowedForDualStack: s.VPC.Ipv6AllowedForDualStack}
	}
	if s.DeadLetter != "" {
		v.DeadLetterConfig = &deadLetter{s.DeadLetter}
	}
	if s.Environment != nil {
		v.Environment = &environment{s.Environment}
	}
	for _, arn := range s.Layers {
		v.Layers = append(v.Layers, layerView{Arn: arn})
	}
	v.setState(r, c.now)
	return v
}

// setState fills in the members that a transition shows. The words for an
// update under way are AWS's own, copied from creation (recorded).
func (v *configuration) setState(r record, now time.Time) {
	const reason, code = "The function is being created.", "Creating"
	v.State = r.state(now)
	switch {
	case v.State == "Inactive":
		v.StateReason, v.StateReasonCode = "The function is currently idle.", "Idle" // recorded, of a container image
		v.LastUpdateStatus = "Successful"
	case v.State == "Pending" && r.Transition == waking:
		v.StateReason, v.StateReasonCode = "The function is being restored.", "Restoring" // the sentence is LIKELY, the code AWS's
		v.LastUpdateStatus = "Successful"                                                 // LIKELY: nothing was updated
	case v.State == "Pending":
		v.StateReason, v.StateReasonCode = reason, code
	case r.busy(now):
		v.LastUpdateStatus, v.LastUpdateStatusReason, v.LastUpdateStatusReasonCode = "InProgress", reason, code
	default:
		v.LastUpdateStatus = "Successful"
	}
}

// fresh renders a version that this very call changed: a transition without
// delay is over at the next call, not in this answer.
func (c *call) fresh(r record, qualifier string) configuration {
	if r.Transition != settled && !r.busy(c.now) {
		r.ReadyAt = c.now.Add(1)
	}
	return c.view(r, qualifier)
}

// listed is a version as the list operations show it: without what is known
// only to a look at the version itself (recorded).
func (c *call) listed(r record, qualifier string) configuration {
	v := c.view(r, qualifier)
	v.State, v.StateReason, v.StateReasonCode = "", "", ""
	v.LastUpdateStatus, v.LastUpdateStatusReason, v.LastUpdateStatusReasonCode = "", "", ""
	v.RuntimeVersionConfig = nil
	return v
}

// runtimeVersionARN is a made-up but stable version of a runtime: AWS's are
// hashes of images that the local one does not have.
func runtimeVersionARN(region, runtime string) string {
	return fmt.Sprintf("arn:aws:lambda:%s::runtime:%x", region, sha256.Sum256([]byte(runtime)))
}

// list is never null in JSON.
func list(in []string) []string {
	if in == nil {
		return []string{}
	}
	return in
}
