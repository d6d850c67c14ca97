//go:build !wasip1

package main

import (
	"encoding/json"
	"os"

	"github.com/edgedeploy/edgedeploy/guest/go/edgetest"
)

// main reads {"config": …, "events": […]} and writes what each event led to.
func main() {
	var in struct {
		Config map[string]any    `json:"config"`
		Events []json.RawMessage `json:"events"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		panic(err)
	}
	type outcome struct {
		Result json.RawMessage `json:"result"`
		Error  string          `json:"error"`
		Logs   []edgetest.Log  `json:"logs"`
	}
	h := &edgetest.Host{Config: in.Config}
	out := []outcome{}
	for _, e := range in.Events {
		h.Logs = nil
		result, err := h.Handle(e)
		o := outcome{Result: result, Logs: h.Logs}
		if err != nil {
			o.Error = err.Error()
		}
		out = append(out, o)
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		panic(err)
	}
}
