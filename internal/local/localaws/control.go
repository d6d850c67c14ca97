package localaws

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// maxControlBytes bounds the bodies of the private endpoints.
const maxControlBytes = 4 << 20

// pong is the answer to a ping.
type pong struct {
	Service string `json:"service"`
	PID     int    `json:"pid"`
}

const pongService = "edgedeploy-localaws"

// inactive is the body of POST inactive: the ARN of a version.
type inactive struct {
	Version string `json:"version"`
}

// control answers the private endpoints below /_edgedeploy/. A seed and what
// becomes inactive are for the caller's account. Everything else is for the whole server, or for
// the account that the query or the body names.
func (x *exchange) control() {
	s, w, r := x.s, x.w, x.r
	r.Body = http.MaxBytesReader(w, r.Body, maxControlBytes)
	account := r.URL.Query().Get("account") // "" is all
	switch r.Method + " " + strings.TrimPrefix(r.URL.Path, privatePath) {
	case "GET ping":
		reply(w, http.StatusOK, pong{pongService, os.Getpid()})
	case "POST seed":
		var seed Seed
		obey(w, r, &seed, func() error { return s.Seed(x.id.Account, seed) })
	case "POST inactive":
		var which inactive
		obey(w, r, &which, func() error { return s.SetInactive(x.id.Account, which.Version) })
	case "GET clock":
		reply(w, http.StatusOK, aheadMs{s.Ahead(account).Milliseconds()})
	case "POST clock":
		var a advance
		obey(w, r, &a, func() error {
			d, err := a.duration()
			if err != nil {
				return err
			}
			return s.Advance(a.Account, d)
		})
	case "POST save":
		var state state
		obey(w, r, &state, func() error { return s.Save(x.id.Account, state.Name) })
	case "POST restore":
		var state state
		obey(w, r, &state, func() error { return s.Restore(x.id.Account, state.Name) })
	case "GET held":
		x.serveHeld()
	case "POST release":
		var which Release
		if n := 0; understood(w, r, &which, func() error { n = s.Release(which); return nil }) {
			reply(w, http.StatusOK, released{n})
		}
	case "POST faults":
		var f Fault
		obey(w, r, &f, func() error { return s.Arm(f) })
	case "DELETE faults":
		s.DisarmIn(account)
		w.WriteHeader(http.StatusNoContent)
	case "GET calls":
		calls := s.CallsIn(account)
		if calls == nil {
			calls = []Call{}
		}
		reply(w, http.StatusOK, calls)
	case "DELETE calls":
		s.ResetCallsIn(account)
		w.WriteHeader(http.StatusNoContent)
	default:
		reply(w, http.StatusNotFound, map[string]string{"message": "no private endpoint " + r.Method + " " + r.URL.Path})
	}
}

// obey does what a body says, and answers that it has nothing to say.
func obey(w http.ResponseWriter, r *http.Request, into any, do func() error) {
	if understood(w, r, into, do) {
		w.WriteHeader(http.StatusNoContent)
	}
}

// understood decodes a body, strictly, and does what it says. It answers only
// if that cannot be done.
func understood(w http.ResponseWriter, r *http.Request, into any, do func() error) bool {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil && d.More() {
		err = fmt.Errorf("more than one JSON value")
	}
	if err == nil {
		err = do()
	}
	if err != nil {
		reply(w, http.StatusBadRequest, map[string]string{"message": err.Error()})
	}
	return err == nil
}

func reply(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("localaws: an answer of type %T does not encode: %v", body, err)) // only our own types reach this
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the client may be gone
}
