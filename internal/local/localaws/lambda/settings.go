package lambda

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits and defaults of a function's configuration (API model and the
// Lambda developer guide). The model's upper bounds for Timeout and MemorySize
// belong to newer kinds of functions; for the classic kind the guide says 900
// seconds and 10240 MB. That the guide's bounds answer as a
// ValidationException is LIKELY.
const (
	defaultTimeout   = 3
	maxTimeout       = 900
	defaultMemory    = 128
	maxMemory        = 10240
	defaultEphemeral = 512
	maxEphemeral     = 10240
	maxDescription   = 256
	maxHandler       = 128
	maxLogGroup      = 512
	maxEnvironment   = 4 << 10 // bytes of the variables as JSON
	maxLayers        = 5
	maxSubnets       = 16
	maxGroups        = 5
	maxLayerARN      = 140
)

// Patterns of the API model, which its answers quote.
const (
	anyARNPattern   = `(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()`
	codeKeyPattern  = `arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*`
	logGroupPattern = `[\.\-_/#A-Za-z0-9]+`
	variablePattern = `[a-zA-Z]([a-zA-Z0-9_])+`
)

// defaults is what a function has that says nothing.
func defaults(name string) settings {
	return settings{
		Timeout: defaultTimeout, MemorySize: defaultMemory, EphemeralMB: defaultEphemeral,
		Tracing: "PassThrough", SnapStart: "None", Architecture: "x86_64",
		Logging: loggingConfig{LogFormat: "Text", LogGroup: "/aws/lambda/" + name},
	}
}

// check reports what AWS's front end would find wrong with the members.
func (in configInput) check(v *violations, p patterns) {
	if in.Role != nil && !p.role.MatchString(*in.Role) {
		v.add(*in.Role, "role", "Member must satisfy regular expression pattern: "+rolePattern)
	}
	if in.Handler != nil {
		longest(v, *in.Handler, "handler", maxHandler)
		if *in.Handler == "" || strings.ContainsAny(*in.Handler, " \t\n\v\f\r") {
			v.add(*in.Handler, "handler", `Member must satisfy regular expression pattern: [^\s]+`)
		}
	}
	if in.Description != nil {
		longest(v, *in.Description, "description", maxDescription)
	}
	within(v, in.Timeout, "timeout", 1, maxTimeout)
	within(v, in.MemorySize, "memorySize", defaultMemory, maxMemory)
	if in.EphemeralStorage != nil {
		within(v, &in.EphemeralStorage.Size, "ephemeralStorage.size", defaultEphemeral, maxEphemeral)
	}
	if in.TracingConfig != nil {
		oneOf(v, in.TracingConfig.Mode, "tracingConfig.mode", "Active", "PassThrough")
	}
	if in.SnapStart != nil {
		oneOf(v, in.SnapStart.ApplyOn, "snapStart.applyOn", "PublishedVersions", "None")
	}
	if in.KMSKeyArn != nil && !p.arn.MatchString(*in.KMSKeyArn) {
		v.add(*in.KMSKeyArn, "kMSKeyArn", "Member must satisfy regular expression pattern: "+anyARNPattern)
	}
	if in.DeadLetterConfig != nil && !p.arn.MatchString(in.DeadLetterConfig.TargetArn) {
		v.add(in.DeadLetterConfig.TargetArn, "deadLetterConfig.targetArn", "Member must satisfy regular expression pattern: "+anyARNPattern)
	}
	in.VpcConfig.check(v)
	in.Environment.check(v, p)
	if in.Layers != nil {
		for _, arn := range *in.Layers {
			if !p.layer.MatchString(arn) || len(arn) > maxLayerARN {
				v.add("["+arn+"]", "layers", `Member must satisfy constraint: [Member must have length less than or equal to 140, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+, Member must not be null]`)
			}
		}
	}
	in.LoggingConfig.check(v, p)
}

func (in *vpcInput) check(v *violations) {
	if in == nil {
		return
	}
	for _, list := range []struct {
		member string
		ids    []string
		most   int
	}{{"vpcConfig.subnetIds", in.SubnetIds, maxSubnets}, {"vpcConfig.securityGroupIds", in.SecurityGroupIds, maxGroups}} {
		if len(list.ids) > list.most {
			v.add("["+strings.Join(list.ids, ", ")+"]", list.member, fmt.Sprintf("Member must have length less than or equal to %d", list.most))
		}
	}
}

// check judges the names of variables by the API model's pattern, which wants
// two characters at least.
func (in *environmentInput) check(v *violations, p patterns) {
	if in == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(in.Variables)) {
		if !p.variable.MatchString(name) {
			v.add(name, "environment.variables", "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: "+variablePattern+"]")
		}
	}
}

// reserved are the variables that Lambda sets and nothing else may (Lambda
// Developer Guide, "Defined runtime environment variables"; those that may be
// extended are not among them).
var reserved = []string{
	"_HANDLER", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
	"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
	"AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
}

// checkReserved refuses those; the sentence was logged by many.
func (in *environmentInput) checkReserved() error {
	var used []string
	for name := range in.Variables {
		if slices.Contains(reserved, name) {
			used = append(used, name)
		}
	}
	if len(used) == 0 {
		return nil
	}
	slices.Sort(used)
	return invalid("Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s", strings.Join(used, ", "))
}

func (in *loggingInput) check(v *violations, p patterns) {
	if in == nil {
		return
	}
	if in.LogFormat != nil {
		oneOf(v, *in.LogFormat, "loggingConfig.logFormat", "JSON", "Text")
	}
	if in.ApplicationLogLevel != nil {
		oneOf(v, *in.ApplicationLogLevel, "loggingConfig.applicationLogLevel", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
	}
	if in.SystemLogLevel != nil {
		oneOf(v, *in.SystemLogLevel, "loggingConfig.systemLogLevel", "DEBUG", "INFO", "WARN")
	}
	if in.LogGroup != nil {
		longest(v, *in.LogGroup, "loggingConfig.logGroup", maxLogGroup)
		if *in.LogGroup == "" {
			v.add("", "loggingConfig.logGroup", "Member must have length greater than or equal to 1")
		} else if !p.logGroup.MatchString(*in.LogGroup) {
			v.add(*in.LogGroup, "loggingConfig.logGroup", "Member must satisfy regular expression pattern: "+logGroupPattern)
		}
	}
}

func longest(v *violations, value, member string, limit int) {
	if utf8.RuneCountInString(value) > limit {
		v.add(value, member, fmt.Sprintf("Member must have length less than or equal to %d", limit))
	}
}

func within(v *violations, value *int, member string, low, high int) {
	switch {
	case value == nil:
	case *value < low:
		v.add(fmt.Sprint(*value), member, fmt.Sprintf("Member must have value greater than or equal to %d", low))
	case *value > high:
		v.add(fmt.Sprint(*value), member, fmt.Sprintf("Member must have value less than or equal to %d", high))
	}
}

func oneOf(v *violations, value, member string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		v.add(value, member, "Member must satisfy enum value set: ["+strings.Join(allowed, ", ")+"]")
	}
}

// architecture reads the Architectures list, which holds exactly one.
func architecture(v *violations, in *[]string) string {
	if in == nil {
		return ""
	}
	list := "[" + strings.Join(*in, ", ") + "]"
	switch {
	case len(*in) > 1:
		v.add(list, "architectures", "Member must have length less than or equal to 1")
	case len(*in) == 0:
		v.add(list, "architectures", "Member must have length greater than or equal to 1") // LIKELY
	case (*in)[0] != "x86_64" && (*in)[0] != "arm64":
		v.add(list, "architectures", "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]")
	default:
		return (*in)[0]
	}
	return ""
}

// apply lays the members over what is there and makes the checks that need
// both; the function's name is for the default log group.
func (c *call) apply(in configInput, old settings, name string) (settings, error) {
	s := old
	set(&s.Role, in.Role)
	set(&s.Handler, in.Handler)
	set(&s.Description, in.Description)
	set(&s.Runtime, in.Runtime)
	set(&s.KMSKey, in.KMSKeyArn)
	set(&s.Timeout, in.Timeout)
	set(&s.MemorySize, in.MemorySize)
	if in.TracingConfig != nil {
		s.Tracing = in.TracingConfig.Mode
	}
	if in.DeadLetterConfig != nil {
		s.DeadLetter = in.DeadLetterConfig.TargetArn
	}
	if in.EphemeralStorage != nil {
		s.EphemeralMB = in.EphemeralStorage.Size
	}
	if in.SnapStart != nil {
		s.SnapStart = in.SnapStart.ApplyOn
	}
	s.VPC = in.VpcConfig.over(old.VPC)
	var err error
	if s.Environment, err = in.Environment.over(old.Environment); err != nil {
		return settings{}, err
	}
	if s.Layers, err = c.layers(in.Layers, old.Layers); err != nil {
		return settings{}, err
	}
	if s.Logging, err = in.LoggingConfig.over(old.Logging, name); err != nil {
		return settings{}, err
	}
	if s.SnapStart == "PublishedVersions" && !snapStarts(s.Runtime) {
		return settings{}, invalid("%s is not supported for SnapStart enabled functions.", s.Runtime)
	}
	return s, nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (in *environmentInput) over(old map[string]string) (map[string]string, error) {
	if in == nil {
		return old, nil
	}
	if in.Variables == nil {
		return map[string]string{}, nil // Environment:{} clears, and stays visible
	}
	if err := in.checkReserved(); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(in.Variables)
	if err != nil {
		return nil, fmt.Errorf("environment: %w", err)
	}
	if len(raw) > maxEnvironment {
		return nil, invalid("Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: %s", raw)
	}
	return maps.Clone(in.Variables), nil
}

// over replaces the VPC; two empty lists take the function out of it. Subnets
// are not looked up: the local AWS has no networks.
func (in *vpcInput) over(old *vpcConfig) *vpcConfig {
	if in == nil {
		return old
	}
	v := vpcConfig{SubnetIds: in.SubnetIds, SecurityGroupIds: in.SecurityGroupIds}
	set(&v.Ipv6AllowedForDualStack, in.Ipv6AllowedForDualStack)
	return &v
}

// layers replaces the layers. The caller's own account has none here; another
// account's are taken as shared with everybody, since their owner cannot be asked.
func (c *call) layers(in *[]string, old []string) ([]string, error) {
	if in == nil {
		return old, nil
	}
	if len(*in) > maxLayers {
		return nil, invalid("Cannot reference more than %d layers.", maxLayers)
	}
	for _, arn := range *in {
		m := c.s.patterns.layer.FindStringSubmatch(arn)
		region, account := m[1], m[2]
		if region != c.caller.Region {
			return nil, invalid("Layers are not in the same region as the function. Layers are expected to be in region %s.", c.caller.Region)
		}
		if account == c.caller.Account {
			return nil, invalid("Layer version %s does not exist.", arn)
		}
	}
	return slices.Clone(*in), nil
}

// over fills in what AWS answers: switching to JSON sets both levels to INFO,
// their defaults (Lambda Developer Guide, "Log-level filtering"; that answers
// spell them out is LIKELY), switching to Text drops them.
func (in *loggingInput) over(old loggingConfig, name string) (loggingConfig, error) {
	if in == nil {
		return old, nil
	}
	l := old
	set(&l.LogFormat, in.LogFormat)
	set(&l.LogGroup, in.LogGroup)
	if l.LogFormat == "Text" {
		if in.ApplicationLogLevel != nil || in.SystemLogLevel != nil {
			return loggingConfig{}, invalid("LogLevel is not supported when LogFormat is set to \"Text\". Remove LogLevel from your request or change the LogFormat to \"JSON\" and try again.") // LIKELY
		}
		l.ApplicationLogLevel, l.SystemLogLevel = "", ""
		return l, nil
	}
	if l.ApplicationLogLevel == "" {
		l.ApplicationLogLevel = "INFO"
	}
	if l.SystemLogLevel == "" {
		l.SystemLogLevel = "INFO"
	}
	set(&l.ApplicationLogLevel, in.ApplicationLogLevel)
	set(&l.SystemLogLevel, in.SystemLogLevel)
	return l, nil
}
