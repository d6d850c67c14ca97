package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Trigger is a CloudFront event type, as config.eventType spells it.
type Trigger string

// The four event types.
const (
	ViewerRequest  Trigger = "viewer-request"
	OriginRequest  Trigger = "origin-request"
	OriginResponse Trigger = "origin-response"
	ViewerResponse Trigger = "viewer-response"
)

// Triggers lists the event types in the order in which a request meets them.
func Triggers() []Trigger {
	return []Trigger{ViewerRequest, OriginRequest, OriginResponse, ViewerResponse}
}

func (t Trigger) request() bool { return t == ViewerRequest || t == OriginRequest }

// Event is an event of CloudFront's for a function.
type Event struct {
	Trigger           Trigger
	doc               []byte
	request, response map[string]any
}

// JSON is the event as Lambda hands it to the function: with its one record
// around it, whatever ParseEvent was given.
func (e Event) JSON() []byte { return e.doc }

// EventError says why a document is no event of CloudFront's.
type EventError struct {
	Path   string // JSON pointer to the member at fault; "" for the whole
	Reason string
	// Untriggered says that only the trigger is missing, which
	// [ParseEventAt] takes from its caller.
	Untriggered bool
}

func (e *EventError) Error() string {
	if e.Path == "" {
		return e.Reason
	}
	return e.Path + " " + e.Reason
}

// ParseEvent reads a whole event ({"Records": [{"cf": …}]}), or only its
// record ({"cf": …}), or only what is in that ({"config": …, "request": …}).
// The error is an [*EventError].
func ParseEvent(doc []byte) (Event, error) { return ParseEventAt(doc, "") }

// ParseEventAt is ParseEvent for an event that may leave config.eventType out:
// then the event gets the given trigger there. One that names its trigger keeps
// it.
func ParseEventAt(doc []byte, unsaid Trigger) (Event, error) {
	cf, raw, at, err := record(doc)
	if err != nil {
		return Event{}, err
	}
	trigger, err := said(cf, at)
	if missing, ok := errors.AsType[*EventError](err); ok && missing.Untriggered && unsaid != "" {
		trigger = unsaid
		raw, err = withTrigger(raw, unsaid)
	}
	if err != nil {
		return Event{}, err
	}
	e := Event{Trigger: trigger}
	var ok bool
	if e.request, ok = cf["request"].(map[string]any); !ok {
		return Event{}, &EventError{Path: at + "/request", Reason: "is no object: every event has the request"}
	}
	if e.response, ok = cf["response"].(map[string]any); !ok && !e.Trigger.request() {
		return Event{}, &EventError{Path: at + "/response", Reason: "is no object: " + string(trigger) + " has the response"}
	}
	e.doc = slices.Concat([]byte(`{"Records":[{"cf":`), raw, []byte(`}]}`))
	return e, nil
}

// said is the trigger that a record names.
func said(cf map[string]any, at string) (Trigger, error) {
	member, there := cf["config"]
	config, ok := member.(map[string]any)
	if there && !ok {
		return "", &EventError{Path: at + "/config", Reason: "is no object"}
	}
	value, there := config["eventType"]
	if !there {
		return "", &EventError{Path: at, Reason: "has no config.eventType, which names the trigger", Untriggered: true}
	}
	name, ok := value.(string)
	if !ok || !slices.Contains(Triggers(), Trigger(name)) {
		return "", &EventError{Path: at + "/config/eventType", Reason: fmt.Sprintf("is %q: want viewer-request, origin-request, origin-response or viewer-response", value)}
	}
	return Trigger(name), nil
}

// withTrigger writes a trigger into a record that names none.
func withTrigger(raw []byte, t Trigger) ([]byte, error) {
	var cf map[string]json.RawMessage
	if err := json.Unmarshal(raw, &cf); err != nil {
		return nil, &EventError{Reason: "is no object"}
	}
	config := map[string]json.RawMessage{}
	if text, there := cf["config"]; there {
		if err := json.Unmarshal(text, &config); err != nil {
			return nil, &EventError{Reason: "has a config that is no object"}
		}
	}
	name, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("write the trigger: %w", err)
	}
	config["eventType"] = name
	if cf["config"], err = json.Marshal(config); err != nil {
		return nil, fmt.Errorf("write the event's config: %w", err)
	}
	return json.Marshal(cf)
}

// record finds the record's members, their text, and where they stand.
func record(doc []byte) (cf map[string]any, raw []byte, at string, err error) {
	top, err := object(doc, "")
	if err != nil {
		return nil, nil, "", err
	}
	raw = doc
	if list, ok := top["Records"]; ok {
		var records []json.RawMessage
		if err := json.Unmarshal(list, &records); err != nil || len(records) != 1 {
			return nil, nil, "", &EventError{Path: "/Records", Reason: "is no list of exactly one record"}
		}
		raw, at = records[0], "/Records/0"
		if top, err = object(raw, at); err != nil {
			return nil, nil, "", err
		}
		if _, ok := top["cf"]; !ok {
			return nil, nil, "", &EventError{Path: at, Reason: "has no cf"}
		}
	}
	if inner, ok := top["cf"]; ok {
		raw, at = inner, at+"/cf"
	}
	if err := json.Unmarshal(raw, &cf); err != nil || cf == nil {
		return nil, nil, "", &EventError{Path: at, Reason: "is no object"}
	}
	return cf, raw, at, nil
}

func object(doc []byte, at string) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	var members map[string]json.RawMessage
	if err := d.Decode(&members); err != nil {
		if _, ok := errors.AsType[*json.SyntaxError](err); ok || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, &EventError{Path: at, Reason: fmt.Sprintf("is no JSON: %v, at byte %d", err, d.InputOffset())}
		}
		return nil, &EventError{Path: at, Reason: "is no JSON object"}
	}
	if members == nil {
		return nil, &EventError{Path: at, Reason: "is null"}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, &EventError{Path: at, Reason: "has something behind its end"}
	}
	return members, nil
}
