package awscloud

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/edgedeploy/edgedeploy/versions"
)

// defaultEphemeralMB is Lambda's own default, which observed configurations
// spell out (Lambda API model; recorded answers of AWS).
const defaultEphemeralMB = 512

// configOf gives an observed configuration its one spelling.
func configOf(c *types.FunctionConfiguration) versions.Config {
	return versions.Config{
		Runtime:        string(c.Runtime),
		Handler:        aws.ToString(c.Handler),
		Role:           aws.ToString(c.Role),
		MemoryMB:       int(aws.ToInt32(c.MemorySize)),
		TimeoutSeconds: int(aws.ToInt32(c.Timeout)),
		Logging:        loggingOf(aws.ToString(c.FunctionName), c.LoggingConfig),
		Extra:          extraOf(c),
	}
}

// loggingOf gives an observed logging its one spelling, in which Lambda's
// defaults are left out: Lambda itself answers with all of them.
func loggingOf(function string, l *types.LoggingConfig) versions.Logging {
	if l == nil {
		return versions.Logging{}
	}
	seen := versions.Logging{Format: string(l.LogFormat), Level: string(l.ApplicationLogLevel), Group: aws.ToString(l.LogGroup)}
	return seen.Canonical(function)
}

// loggingFor is the inverse of loggingOf, with every default named: an update
// resets only what it mentions.
func loggingFor(function string, l versions.Logging) *types.LoggingConfig {
	out := &types.LoggingConfig{LogFormat: types.LogFormatText, LogGroup: aws.String(versions.DefaultLogGroup(function))}
	if l.Group != "" {
		out.LogGroup = aws.String(l.Group)
	}
	// Levels belong to JSON only: Lambda refuses them with text.
	if l.Format == "json" {
		out.LogFormat = types.LogFormatJson
		out.ApplicationLogLevel = types.ApplicationLogLevelInfo
		out.SystemLogLevel = types.SystemLogLevelInfo
		if l.Level != "" {
			out.ApplicationLogLevel = types.ApplicationLogLevel(strings.ToUpper(l.Level))
		}
	}
	return out
}

// codeKey is the one forbidden member that only GetFunction shows, beside the
// location of the zip.
const codeKey = "code-key"

// withCode adds what the answer says of the zip to an observed configuration.
func withCode(c versions.Config, code *types.FunctionCodeLocation) versions.Config {
	if code == nil || aws.ToString(code.SourceKMSKeyArn) == "" {
		return c
	}
	names := append(c.ExtraNames(), codeKey)
	slices.Sort(names)
	c.Extra = strings.Join(names, ",")
	return c
}

// extraOf names what is set although edgedeploy never sets it, sorted and
// joined by commas: what CloudFront refuses at the edge, and what would make
// two versions differ that look alike.
func extraOf(c *types.FunctionConfiguration) string {
	var names []string
	for name, set := range map[string]bool{
		"architecture":      slices.ContainsFunc(c.Architectures, func(a types.Architecture) bool { return a != types.ArchitectureX8664 }),
		"capacity-provider": c.CapacityProviderConfig != nil,
		"code-signing":      aws.ToString(c.SigningProfileVersionArn) != "",
		"dead-letter":       c.DeadLetterConfig != nil && aws.ToString(c.DeadLetterConfig.TargetArn) != "",
		"durable":           c.DurableConfig != nil,
		"environment":       c.Environment != nil && (len(c.Environment.Variables) > 0 || c.Environment.Error != nil),
		"ephemeral-storage": c.EphemeralStorage != nil && aws.ToInt32(c.EphemeralStorage.Size) > defaultEphemeralMB,
		"file-systems":      len(c.FileSystemConfigs) > 0,
		"image":             c.PackageType == types.PackageTypeImage,
		"kms":               aws.ToString(c.KMSKeyArn) != "",
		"layers":            len(c.Layers) > 0,
		"snapstart":         c.SnapStart != nil && c.SnapStart.ApplyOn == types.SnapStartApplyOnPublishedVersions,
		"system-log-level":  c.LoggingConfig != nil && c.LoggingConfig.LogFormat == types.LogFormatJson && otherLevel(c.LoggingConfig.SystemLogLevel),
		"tenancy":           c.TenancyConfig != nil,
		"tracing":           c.TracingConfig != nil && c.TracingConfig.Mode == types.TracingModeActive,
		"vpc":               c.VpcConfig != nil && (len(c.VpcConfig.SubnetIds) > 0 || len(c.VpcConfig.SecurityGroupIds) > 0),
	} {
		if set {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

func otherLevel(l types.SystemLogLevel) bool { return l != "" && l != types.SystemLogLevelInfo }

func stateOfFunction(c *types.FunctionConfiguration) versions.State {
	s := versions.State{State: string(c.State), Update: string(c.LastUpdateStatus)}
	for _, reason := range []*string{c.StateReason, c.LastUpdateStatusReason} {
		if s.Reason == "" {
			s.Reason = aws.ToString(reason)
		}
	}
	return s
}

// versionOf reads a published version. What content it has stands in its
// description, which Lambda keeps with the version for good.
func versionOf(c *types.FunctionConfiguration) versions.Version {
	mark, _ := versions.ParseMark(aws.ToString(c.Description)) // no mark: not ours, and both members ""
	name := aws.ToString(c.FunctionName)
	return versions.Version{
		Ref:        versions.Ref{Function: name, Number: numberOf(c)},
		Spec:       versions.Spec{Function: name, Content: mark.Content, Config: configOf(c)},
		CodeSHA256: aws.ToString(c.CodeSha256),
		Stack:      mark.Stack,
	}
}

// numberOf gives a version's number, 0 for $LATEST.
func numberOf(c *types.FunctionConfiguration) int {
	n, err := strconv.Atoi(aws.ToString(c.Version))
	if err != nil {
		return 0
	}
	return n
}
