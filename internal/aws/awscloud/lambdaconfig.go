package awscloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/edgedeploy/edgedeploy/versions"
)

// defaultEphemeralMB is Lambda's own default, which observed configurations
// spell out (Lambda API model; recorded answers of AWS).
const defaultEphemeralMB = 512

// configuration is what is read of a FunctionConfiguration. What else Lambda sent
// is in Extra, if it says anything.
type configuration struct {
	FunctionName, FunctionArn, Version, Description string
	CodeSha256, LastModified, RevisionId            string
	CodeSize                                        int64
	Runtime, Role, Handler                          string
	Timeout, MemorySize                             int
	LoggingConfig                                   loggingConfig
	State, StateReason                              string
	LastUpdateStatus, LastUpdateStatusReason        string
	// Extra names what is set although edgedeploy never sets it, sorted: what
	// CloudFront refuses at the edge, what would make two versions differ that
	// look alike, and what this program does not know.
	Extra []string `json:"-"`
}

type loggingConfig struct{ LogFormat, ApplicationLogLevel, SystemLogLevel, LogGroup string }

// readConfiguration reads the document of one function or version.
func readConfiguration(doc []byte) (configuration, error) {
	var c configuration
	var members map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(doc, &c), json.Unmarshal(doc, &members)); err != nil {
		return configuration{}, err
	}
	if c.FunctionName == "" || c.FunctionArn == "" {
		return configuration{}, errors.New("it names no function")
	}
	c.Extra = extras(members, configurationMembers(), "")
	if c.LoggingConfig.LogFormat != string(types.LogFormatJson) { // levels are JSON's only
		c.Extra = slices.DeleteFunc(c.Extra, func(name string) bool { return name == "system-log-level" })
	}
	return c, nil
}

// function is what is read of GetFunction's answer.
type function struct {
	configuration
	location string // a presigned URL: a secret
	tags     map[string]string
	unknown  string // why the tags are not known
}

// readFunction reads the answer of GetFunction.
func readFunction(doc []byte) (function, error) {
	var answer struct {
		Configuration json.RawMessage
		Code          struct{ Location string }
		Tags          map[string]string
		TagsError     *struct{ ErrorCode, Message string }
	}
	var members map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(doc, &answer), json.Unmarshal(doc, &members)); err != nil {
		return function{}, err
	}
	if len(answer.Configuration) == 0 {
		return function{}, errors.New("it has no configuration")
	}
	c, err := readConfiguration(answer.Configuration)
	if err != nil {
		return function{}, err
	}
	c.Extra = append(c.Extra, extras(members, functionMembers(), "")...)
	slices.Sort(c.Extra)
	f := function{configuration: c, location: answer.Code.Location, tags: answer.Tags}
	if e := answer.TagsError; e != nil {
		f.tags, f.unknown = nil, e.ErrorCode+": "+e.Message
	}
	return f, nil
}

// readList reads a page of a listing, whose entries are the named member.
func readList(doc []byte, member string) (page []configuration, next string, err error) {
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(doc, &answer); err != nil {
		return nil, "", err
	}
	var entries *[]json.RawMessage
	if list, ok := answer[member]; ok {
		if err := json.Unmarshal(list, &entries); err != nil {
			return nil, "", err
		}
	}
	if entries == nil {
		return nil, "", fmt.Errorf("it has no list of %s", strings.ToLower(member))
	}
	if marker, ok := answer["NextMarker"]; ok {
		if err := json.Unmarshal(marker, &next); err != nil {
			return nil, "", err
		}
	}
	for i, one := range *entries {
		c, err := readConfiguration(one)
		if err != nil {
			return nil, "", fmt.Errorf("entry %d of the page: %w", i+1, err)
		}
		page = append(page, c)
	}
	return page, next, nil
}

// head reads $LATEST, without its tags.
func (c configuration) head() versions.Head {
	h := versions.Head{
		Function: c.FunctionName, Exists: true, ARN: unqualified(c.FunctionArn), Config: c.config(),
		CodeSHA256: c.CodeSha256, RevisionID: c.RevisionId, State: c.state(),
	}
	if at, err := time.Parse(lastModified, c.LastModified); err == nil {
		h.Modified = at.UTC() // what is no time is not told
	}
	return h
}

// config gives an observed configuration its one spelling.
func (c configuration) config() versions.Config {
	seen := versions.Logging{Format: c.LoggingConfig.LogFormat, Level: c.LoggingConfig.ApplicationLogLevel, Group: c.LoggingConfig.LogGroup}
	return versions.Config{
		Runtime:        c.Runtime,
		Handler:        c.Handler,
		Role:           c.Role,
		MemoryMB:       c.MemorySize,
		TimeoutSeconds: c.Timeout,
		// Lambda's defaults are left out: Lambda itself answers with all of them.
		Logging: seen.Canonical(c.FunctionName),
		Extra:   strings.Join(c.Extra, ","),
	}
}

// loggingFor is the inverse of what config reads, with every default named: an
// update resets only what it mentions.
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

func (c configuration) state() versions.State {
	s := versions.State{State: c.State, Update: c.LastUpdateStatus, Reason: c.StateReason}
	if s.Reason == "" {
		s.Reason = c.LastUpdateStatusReason
	}
	return s
}

// version reads a published version. What content it has stands in its
// description, which Lambda keeps with the version for good.
func (c configuration) version() versions.Version {
	mark, _ := versions.ParseMark(c.Description) // no mark: not ours, and both members ""
	return versions.Version{
		Ref:        versions.Ref{Function: c.FunctionName, Number: c.number()},
		Spec:       versions.Spec{Function: c.FunctionName, Content: mark.Content, Config: c.config()},
		CodeSHA256: c.CodeSha256,
		Stack:      mark.Stack,
	}
}

// number gives a version's number, 0 for $LATEST.
func (c configuration) number() int {
	n, err := strconv.Atoi(c.Version)
	if err != nil {
		return 0
	}
	return n
}

// unclear makes an *Error of a successful answer that is not the document it
// should be. What is not understood is never taken for a function without any
// configuration. The answer is not shown: it has the location of the code in it.
func unclear(err error, operation, name string, r reply) error {
	return &Error{
		Service: "Lambda", Operation: operation, Resource: name,
		Message:   scrub("the answer is not understood: " + plain(err)),
		RequestID: r.requestID, Status: r.status,
		Hint:  "something may have answered in Lambda's place: look for a proxy (HTTPS_PROXY) or a network's login page in between, and check --endpoint-url",
		cause: err,
	}
}
