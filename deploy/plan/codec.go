package plan

import (
	"encoding/json"
	"fmt"
)

// stepNames gives each kind of step its name in JSON, and what decodes it. A
// test holds that every step is here.
func stepNames() map[string]func([]byte) (Step, error) {
	return map[string]func([]byte) (Step, error){
		"publish":   decode[Publish],
		"activate":  decode[Activate],
		"tag":       decode[Tag],
		"associate": decode[Associate],
		"await":     decode[Await],
	}
}

func decode[S Step](data []byte) (Step, error) {
	var s S
	err := json.Unmarshal(data, &s)
	return s, err
}

// StepName is what a step is called in JSON: its "do".
func StepName(s Step) string {
	switch s.(type) {
	case Publish:
		return "publish"
	case Activate:
		return "activate"
	case Tag:
		return "tag"
	case Associate:
		return "associate"
	case Await:
		return "await"
	default:
		panic(fmt.Sprintf("deploy: unknown step %T", s)) // a new step without a name is a bug here
	}
}

// MarshalJSON writes each step as {"do": name, …its fields}.
func (s Stage) MarshalJSON() ([]byte, error) {
	steps := make([]json.RawMessage, len(s))
	for i, step := range s {
		body, err := json.Marshal(step)
		if err != nil {
			return nil, fmt.Errorf("step %s: %w", StepName(step), err)
		}
		do := fmt.Sprintf(`{"do":%q`, StepName(step))
		if len(body) > len("{}") {
			do += ","
		}
		steps[i] = append([]byte(do), body[1:]...)
	}
	return json.Marshal(steps)
}

// UnmarshalJSON reads what MarshalJSON writes; an unknown step is an error.
func (s *Stage) UnmarshalJSON(data []byte) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	stage := make(Stage, len(raw))
	for i, body := range raw {
		var head struct {
			Do string `json:"do"`
		}
		if err := json.Unmarshal(body, &head); err != nil {
			return err
		}
		read, ok := stepNames()[head.Do]
		if !ok {
			return fmt.Errorf("unknown step %q: the plan was made by another version of edgedeploy", head.Do)
		}
		step, err := read(body)
		if err != nil {
			return fmt.Errorf("step %s: %w", head.Do, err)
		}
		stage[i] = step
	}
	*s = stage
	return nil
}

// DecodePlan reads a plan from JSON, and refuses the formats it does not know.
func DecodePlan(data []byte) (Plan, error) {
	var head struct {
		Schema int `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return Plan{}, fmt.Errorf("the plan is not JSON: %w", err)
	}
	if head.Schema != Schema {
		return Plan{}, fmt.Errorf("the plan has format %d; this edgedeploy reads format %d", head.Schema, Schema)
	}
	var p Plan
	if err := json.Unmarshal(data, &p); err != nil {
		return Plan{}, fmt.Errorf("the plan cannot be read: %w", err)
	}
	return p, nil
}
