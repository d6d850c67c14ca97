package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// openLock is the lock alias's description while nobody holds the lock.
const openLock = "edgedeploy lock: open"

const heldPrefix = "edgedeploy lock: "

// lockText is what the description of the lock alias says, as compact JSON
// behind heldPrefix.
type lockText struct {
	Run     string `json:"run"`
	Expires int64  `json:"expires"` // Unix seconds, of AWS's clock
	Phase   string `json:"phase,omitempty"`
	Holder  string `json:"holder,omitempty"`
}

// runIDs are the run ids that fit a lock's text whole: a cut one would not be
// recognised again.
var runIDs = regexp.MustCompile(`^[0-9A-Za-z._:-]{1,64}$`)

// maxPhase is how many bytes of the phase are kept, so that a long one leaves
// room for the holder.
const maxPhase = 48

// formatLock writes a held lock's text; the end of a long holder or phase may
// be missing. Expires is kept in whole seconds.
func formatLock(l release.LockInfo) string {
	t := lockText{
		Run: l.RunID, Expires: l.Expires.Unix(),
		Phase: cut(oneLine(l.Phase), maxPhase), Holder: cut(oneLine(l.Holder), maxDescription),
	}
	text := heldPrefix + compact(t)
	for len(text) > maxDescription {
		// Escapes make characters longer than they are, so measure what is written.
		if t.Holder != "" {
			t.Holder = cut(t.Holder, len(t.Holder)-1)
		} else {
			t.Phase = cut(t.Phase, len(t.Phase)-1)
		}
		text = heldPrefix + compact(t)
	}
	return text
}

func compact(t lockText) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(t); err != nil {
		panic("ledger: a lock is not JSON: " + err.Error()) // plain strings and numbers always are
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// unknownRun stands for the run id of a lock whose text is not understood.
const unknownRun = "unknown"

// parseLock reads a lock's text; now is AWS's time, which says whether the
// lock has expired. A text that is not ours is a lock that somebody unknown
// holds and that never expires, and an error that says so: whoever wrote it
// meant something.
func parseLock(description string, now time.Time) (release.LockInfo, error) {
	if description == openLock || description == "" {
		return release.LockInfo{}, nil
	}
	doc, ours := strings.CutPrefix(description, heldPrefix)
	t, err := decodeStrict[lockText]([]byte(doc))
	if !ours || err != nil || !runIDs.MatchString(t.Run) || t.Expires <= 0 {
		unknown := release.LockInfo{Holder: "somebody unknown", RunID: unknownRun, Phase: cut(oneLine(description), maxPhase)}
		return unknown, fmt.Errorf("alias %s says %q, which this edgedeploy does not understand; unlock takes the lock away", aliasLock, cut(oneLine(description), maxPhase))
	}
	expires := time.Unix(t.Expires, 0).UTC()
	return release.LockInfo{
		Holder: oneLine(t.Holder), RunID: t.Run, Phase: oneLine(t.Phase),
		Expires: expires, Expired: !now.Before(expires),
	}, nil
}
