package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
)

// maxExact is the largest whole number that JavaScript holds exactly
// (Number.MAX_SAFE_INTEGER).
const maxExact = 1<<53 - 1

// canonical encodes a value as JSON in one way only: members sorted by name
// (of a struct: as declared), no HTML escapes, a line feed at the end.
func canonical(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func encodeConfig(config map[string]any) ([]byte, error) {
	if err := checkValue("config", config); err != nil {
		return nil, err
	}
	b, err := canonical(config)
	if err != nil {
		return nil, &Error{Path: "config", Reason: "cannot be written as JSON", Err: err}
	}
	return b, nil
}

// checkValue accepts what JSON can say and JavaScript will read back unchanged.
func checkValue(path string, v any) error {
	inexact := func() error {
		// The number itself may be a secret: configuration is never printed.
		return &Error{Path: path, Reason: "the number is beyond what JavaScript holds exactly", Hint: "write it as a string"}
	}
	switch v := v.(type) {
	case nil, bool, string:
		return nil
	case int:
		if v > maxExact || v < -maxExact {
			return inexact()
		}
	case int64:
		if v > maxExact || v < -maxExact {
			return inexact()
		}
	case uint64:
		if v > maxExact {
			return inexact()
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return &Error{Path: path, Reason: "the number has no form in JSON"}
		}
	case json.Number:
		if !json.Valid([]byte(v)) {
			return &Error{Path: path, Reason: "is not how JSON writes a number"}
		}
		if n, err := strconv.ParseFloat(string(v), 64); err != nil || math.Abs(n) > maxExact {
			return inexact()
		}
	case []any:
		for i, item := range v {
			if err := checkValue(fmt.Sprintf("%s[%d]", path, i), item); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if err := checkValue(path+"."+key, v[key]); err != nil {
				return err
			}
		}
	default:
		return &Error{Path: path, Reason: fmt.Sprintf("a value of type %T has no form in JSON", v)}
	}
	return nil
}
