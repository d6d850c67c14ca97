package lambda

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// configInput are the members that CreateFunction and
// UpdateFunctionConfiguration share; an absent one is nil and changes nothing.
type configInput struct {
	Role, Handler, Description, Runtime, KMSKeyArn *string

	Timeout, MemorySize *int

	Environment      *environmentInput
	VpcConfig        *vpcInput
	Layers           *[]string
	TracingConfig    *tracing
	DeadLetterConfig *deadLetter
	EphemeralStorage *ephemeral
	SnapStart        *snapStart
	LoggingConfig    *loggingInput
	// FileSystemConfigs may only be emptied: no file system exists here.
	FileSystemConfigs *[]json.RawMessage
}

type environmentInput struct{ Variables map[string]string }

type vpcInput struct {
	SubnetIds, SecurityGroupIds []string

	Ipv6AllowedForDualStack *bool
}

type tracing struct{ Mode string }

type deadLetter struct{ TargetArn string }

type ephemeral struct{ Size int }

type snapStart struct{ ApplyOn string }

type loggingInput struct {
	LogFormat, ApplicationLogLevel, SystemLogLevel, LogGroup *string
}

// codeInput is where a zip comes from.
type codeInput struct {
	ZipFile []byte // base64 in JSON

	S3Bucket, S3Key, S3ObjectVersion, ImageUri, SourceKMSKeyArn *string
}

type createInput struct {
	configInput

	FunctionName, PackageType *string
	Code                      *codeInput
	Publish                   bool
	Architectures             *[]string
	Tags                      map[string]string
}

type updateConfigInput struct {
	configInput

	RevisionId *string
}

type updateCodeInput struct {
	codeInput

	Publish, DryRun bool
	RevisionId      *string
	Architectures   *[]string
}

type publishInput struct{ CodeSha256, Description, RevisionId *string }

type aliasInput struct {
	Name, FunctionVersion, Description, RevisionId *string

	RoutingConfig *routing
}

type routing struct {
	AdditionalVersionWeights map[string]float64 `json:",omitempty"`
}

type tagsInput struct{ Tags map[string]string }

// decode reads a request body into a struct whose field names are AWS's. AWS
// ignores members that it does not know; here they are refused, because a
// member that would change an answer in AWS must not be dropped in silence.
// (A FunctionName or Name that repeats the path's is accepted, as by AWS.)
func (c *call) decode(into any) error {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(c.body, &members); err != nil {
		return &apiError{
			Status: http.StatusBadRequest, Code: "InvalidRequestContentException",
			Message: fmt.Sprintf("Could not parse request body into json: %v", err), // the start LIKELY, the rest is ours
		}
	}
	for _, name := range []string{"FunctionName", "Name", "Resource"} {
		if !hasMember(reflect.TypeOf(into).Elem(), name) {
			delete(members, name) // the path's, once more
		}
	}
	if name := unknown(members, reflect.TypeOf(into).Elem()); name != "" {
		return notOffered("the member %s of this operation", name)
	}
	if raw := string(bytes.TrimSpace(members["FileSystemConfigs"])); raw != "" && raw != "null" && raw != "[]" {
		return notOffered("the member %s of this operation with anything in it", "FileSystemConfigs")
	}
	err := json.Unmarshal(c.body, into)
	if err == nil {
		return nil
	}
	message := err.Error()
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := wrong.Field[strings.LastIndex(wrong.Field, ".")+1:]
		message = fmt.Sprintf("the member %s cannot be a %s", field, wrong.Value)
	}
	return &apiError{Status: http.StatusBadRequest, Code: "SerializationException", Message: message} // code LIKELY, text ours
}

// unknown finds a member that the type does not have, at any depth, and names it
// with those that it is in; "" if there is none. A null says nothing.
func unknown(members map[string]json.RawMessage, of reflect.Type) string {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		raw := members[name]
		if string(bytes.TrimSpace(raw)) == "null" {
			continue
		}
		field, ok := of.FieldByName(name)
		if !ok || field.Anonymous {
			return name
		}
		if inner := unknownIn(raw, field.Type); inner != "" {
			return name + "." + inner
		}
	}
	return ""
}

// unknownIn is unknown for a value of any type. One of another kind than the type
// is left to the decoder, which says so.
func unknownIn(raw json.RawMessage, of reflect.Type) string {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	var members map[string]json.RawMessage
	if of.Kind() != reflect.Struct || json.Unmarshal(raw, &members) != nil {
		return ""
	}
	return unknown(members, of)
}

func hasMember(of reflect.Type, name string) bool {
	_, ok := of.FieldByName(name)
	return ok
}
