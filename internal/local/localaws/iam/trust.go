package iam

import (
	"encoding/json"
	"fmt"
	"slices"
)

// policy is a trust policy as IAM's policy grammar has it: most members may be
// one thing or a list of things.
type policy struct {
	Statement oneOrMore[statement]
}

type statement struct {
	Effect    string
	Action    oneOrMore[string]
	Principal principal
}

// principal is "*" or a map of kinds; only services matter here.
type principal struct {
	Everybody bool
	Service   oneOrMore[string]
}

type oneOrMore[T any] []T

func (o *oneOrMore[T]) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '[' {
		var many []T
		if err := json.Unmarshal(raw, &many); err != nil {
			return err
		}
		*o = many
		return nil
	}
	var one T
	if err := json.Unmarshal(raw, &one); err != nil {
		return err
	}
	*o = []T{one}
	return nil
}

func (p *principal) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		p.Everybody = text == "*"
		return nil
	}
	var kinds struct{ Service oneOrMore[string] }
	if err := json.Unmarshal(raw, &kinds); err != nil {
		return err
	}
	p.Service = kinds.Service
	return nil
}

// trusted returns the service principals that a trust policy lets assume the
// role, sorted; a Deny takes away what an Allow gave.
func trusted(document string) ([]string, error) {
	var p policy
	if err := json.Unmarshal([]byte(document), &p); err != nil {
		return nil, fmt.Errorf("trust policy: %w", err)
	}
	var allowed, denied []string
	for _, s := range p.Statement {
		if !assumes(s.Action) {
			continue
		}
		switch {
		case s.Effect == "Allow":
			allowed = append(allowed, s.Principal.Service...)
		case s.Effect == "Deny" && s.Principal.Everybody:
			return nil, nil
		case s.Effect == "Deny":
			denied = append(denied, s.Principal.Service...)
		}
	}
	slices.Sort(allowed)
	allowed = slices.Compact(allowed)
	return slices.DeleteFunc(allowed, func(name string) bool { return slices.Contains(denied, name) }), nil
}

func assumes(actions []string) bool {
	for _, action := range actions {
		if action == "sts:AssumeRole" || action == "sts:*" || action == "*" {
			return true
		}
	}
	return false
}

// trustPolicy is the policy that lets exactly these services assume a role.
func trustPolicy(services []string) (string, error) {
	raw, err := json.Marshal(map[string]any{
		"Version": "2012-10-17",
		"Statement": []any{map[string]any{
			"Effect": "Allow", "Action": "sts:AssumeRole",
			"Principal": map[string]any{"Service": services},
		}},
	})
	return string(raw), err
}
