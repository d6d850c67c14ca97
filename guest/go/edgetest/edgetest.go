//go:build !wasip1

// Package edgetest runs handlers without WebAssembly, so that `go test` on a
// developer's machine can call, debug and cover them.
//
//	func TestWWWIsRedirected(t *testing.T) {
//		event, err := os.ReadFile("fixtures/www.event.json")
//		if err != nil {
//			t.Fatal(err)
//		}
//		result, err := new(edgetest.Host).Handle(event)
//		...
//	}
//
// The host here changes events as the real one does and refuses what that
// refuses. It is not CloudFront: `edgedeploy test` runs the packaged handler in
// Node.js and judges its result by CloudFront's rules.
package edgetest

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/edgedeploy/edgedeploy/guest/go/internal/host"
)

// Host stands for one instance of the function. The zero value is ready: without
// configuration, with the real clock and real randomness.
type Host struct {
	Config map[string]any   // as under config: in edgedeploy.yaml
	Now    func() time.Time // nil: time.Now
	Random io.Reader        // nil: random bytes of the system

	Logs []Log // what was logged so far

	started bool
	fake    host.Fake
}

// Log is one entry of the function's log.
type Log struct {
	Level string // debug, info, warn or error
	Text  string
}

// A module has one thread, and so has what stands for it.
var thread sync.Mutex

// Handle gives the registered handlers an event as JSON, whole or only what is in
// Records[0].cf, and returns what the function returns to CloudFront, as JSON. Before the first
// event Handlers.Start runs. An error says that the event failed; why stands in
// the log, or is what the host refused.
func (h *Host) Handle(event []byte) (result []byte, err error) {
	cf, err := record(event)
	if err != nil {
		return nil, err
	}
	thread.Lock()
	defer thread.Unlock()
	defer h.takeLogs()
	if err := h.start(); err != nil {
		return nil, err
	}
	out, err := h.fake.Run(cf)
	if err != nil {
		var refused *host.Refusal
		if errors.As(err, &refused) {
			h.started = false // as the real host drops the instance
		}
		return nil, err
	}
	return host.JSON(out)
}

// record finds what the host works on: the member cf of the only record.
func record(event []byte) (cf map[string]any, err error) {
	var in struct {
		Records []struct {
			CF map[string]any `json:"cf"`
		}
	}
	if err := json.Unmarshal(event, &in); err != nil {
		return nil, fmt.Errorf("the event is not JSON: %w", err)
	}
	if len(in.Records) == 1 && in.Records[0].CF != nil {
		return in.Records[0].CF, nil
	}
	if err := json.Unmarshal(event, &cf); err != nil || cf["config"] == nil {
		return nil, errors.New("the event has no Records[0].cf, and no config of its own")
	}
	return cf, nil
}

func (h *Host) start() error {
	if h.started {
		return nil
	}
	h.fake = host.Fake{Settings: h.Config, Now: h.Now, Entropy: h.Random}
	if h.fake.Now == nil {
		h.fake.Now = time.Now
	}
	if h.fake.Entropy == nil {
		h.fake.Entropy = rand.Reader
	}
	if err := h.fake.Start(); err != nil {
		return err
	}
	h.started = true
	return nil
}

func (h *Host) takeLogs() {
	levels := [...]string{host.Debug: "debug", host.Info: "info", host.Warn: "warn", host.Error: "error"}
	for _, line := range h.fake.Lines {
		h.Logs = append(h.Logs, Log{levels[line.Level], line.Text})
	}
	h.fake.Lines = nil
}
