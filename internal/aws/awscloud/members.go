package awscloud

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// The members of what Lambda answers, by name: Lambda API model as in botocore
// 1.44.8 of 2026-11-20, read 2026-11-30. The SDK's structs lag behind it
// (v1.115.0 of 2026-11-13 has no AcceleratorConfig), and a struct drops what it
// does not know. So the document itself is looked at: a member that is not
// listed here, and has a value, is named in Config.Extra as Lambda spells it.

// member says what a value of a member means. The zero member is read elsewhere
// or no part of a version's configuration: it may have any value.
type member struct {
	// extra is the member's name in Config.Extra: edgedeploy never sets it. "" for
	// one that may be set.
	extra string
	// fine is the value that Lambda gives it by itself, as JSON, which is none.
	fine string
	// parts are the members of an object that is gone into. Where an object has
	// none here, all of it goes by extra.
	parts map[string]member
}

// anyValue is what may have any value.
var anyValue = member{}

// functionMembers are those of GetFunction's answer.
//
// Concurrency and tags belong to the function, and no version has them.
func functionMembers() map[string]member {
	return map[string]member{
		"Configuration": anyValue, "Tags": anyValue, "Concurrency": anyValue,
		"TagsError": {parts: map[string]member{"ErrorCode": anyValue, "Message": anyValue}},
		"Code": {parts: map[string]member{
			"RepositoryType": anyValue, "Location": anyValue, "ImageUri": anyValue, "ResolvedImageUri": anyValue, "Error": anyValue,
			// A customer's key for the zip: it only shows here.
			"SourceKMSKeyArn": {extra: "code-key"},
			// Code that Lambda refers to in a bucket in place of keeping it
			// (S3ObjectStorageMode REFERENCE). Whether the edge runs it is UNKNOWN.
			"ResolvedS3Object": {extra: "code-reference"},
		}},
	}
}

// configurationMembers are those of FunctionConfiguration. What passes (states
// and their reasons, the time, the revision), what follows from others
// (ConfigSha256, CodeSize, MasterArn) and the patch release of the runtime that
// AWS chose (RuntimeVersionConfig) is no configuration.
func configurationMembers() map[string]member {
	free := []string{
		"FunctionName", "FunctionArn", "Version", "Description", "CodeSize", "CodeSha256", "ConfigSha256", "LastModified", "RevisionId", "MasterArn",
		"State", "StateReason", "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode",
		"Runtime", "Role", "Handler", "Timeout", "MemorySize", // compared
	}
	list := map[string]member{
		"AcceleratorConfig":        {extra: "accelerator"},
		"Architectures":            {extra: "architecture", fine: `["x86_64"]`},
		"CapacityProviderConfig":   {extra: "capacity-provider"},
		"DeadLetterConfig":         {extra: "dead-letter"},
		"DurableConfig":            {extra: "durable"},
		"Environment":              {extra: "environment"},
		"EphemeralStorage":         {parts: map[string]member{"Size": {extra: "ephemeral-storage", fine: strconv.Itoa(defaultEphemeralMB)}}},
		"FileSystemConfigs":        {extra: "file-systems"},
		"ImageConfigResponse":      {extra: "image"},
		"KMSKeyArn":                {extra: "kms"},
		"Layers":                   {extra: "layers"},
		"LoggingConfig":            {parts: map[string]member{"LogFormat": anyValue, "ApplicationLogLevel": anyValue, "LogGroup": anyValue, "SystemLogLevel": {extra: "system-log-level", fine: `"INFO"`}}},
		"PackageType":              {extra: "image", fine: `"Zip"`},
		"RuntimeConfig":            {extra: "runtime-config"},
		"RuntimeVersionConfig":     {parts: map[string]member{"RuntimeVersionArn": anyValue, "Error": anyValue}},
		"SigningJobArn":            {extra: "code-signing"},
		"SigningProfileVersionArn": {extra: "code-signing"},
		"SnapStart":                {parts: map[string]member{"ApplyOn": {extra: "snapstart", fine: `"None"`}, "OptimizationStatus": anyValue}},
		"TenancyConfig":            {extra: "tenancy"},
		"TracingConfig":            {parts: map[string]member{"Mode": {extra: "tracing", fine: `"PassThrough"`}}},
		"VpcConfig":                {extra: "vpc"},
	}
	for _, name := range free {
		list[name] = anyValue
	}
	return list
}

// extras names what an object carries that edgedeploy never sets, in Config.Extra's
// words, and what is not listed at all, by its path.
func extras(object map[string]json.RawMessage, known map[string]member, path string) []string {
	var names []string
	for name, value := range object {
		m, listed := known[name]
		switch {
		case !isSet(value), listed && m.fine != "" && equalJSON(value, m.fine):
		case !listed:
			names = append(names, path+plainName(name))
		case m.parts != nil:
			var inner map[string]json.RawMessage
			if json.Unmarshal(value, &inner) != nil {
				names = append(names, path+name) // no object, where there always was one
				continue
			}
			names = append(names, extras(inner, m.parts, path+name+".")...)
		case m.extra != "":
			names = append(names, m.extra)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// plainName is a name as Config.Extra can hold it, where commas separate names, and
// edgedeploy's own begin with a small letter, which Lambda's do not.
func plainName(name string) string {
	letter := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
	name = shorten(strings.Map(func(r rune) rune {
		if letter(r) || r >= '0' && r <= '9' {
			return r
		}
		return '?'
	}, name))
	if name == "" || name[0] < 'A' || name[0] > 'Z' {
		name = "?" + name
	}
	return name
}

// isSet reports whether a value says anything: null, "", 0, false, and lists and
// objects with nothing in them do not. Lambda writes out some members that are
// not set so ("Environment":{"Variables":{}}).
func isSet(value json.RawMessage) bool {
	var v any
	return json.Unmarshal(value, &v) != nil || says(v)
}

func says(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case float64:
		return v != 0
	case []any:
		return len(v) > 0
	case map[string]any:
		for _, inner := range v {
			if says(inner) {
				return true
			}
		}
	}
	return false
}

// equalJSON compares two JSON values.
func equalJSON(value json.RawMessage, fine string) bool {
	var a, b any
	if json.Unmarshal(value, &a) != nil || json.Unmarshal([]byte(fine), &b) != nil {
		return false
	}
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err == nil && err2 == nil && string(x) == string(y)
}
