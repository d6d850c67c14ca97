package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// lockPrefix begins the description of the lock alias; a lockText as compact
// JSON follows.
const lockPrefix = "edgedeploy lock: "

// lockFormat is the format of the lock's text. Members may be added without
// raising it: they are kept.
const lockFormat = 1

// lockText is what the lock says: who holds it or that it is open, and where its
// holder left the ledger. A run takes the lock by compare-and-swap on
// this text, so what it says is current, whatever age other reads have.
type lockText struct {
	V int `json:"v"`
	// Turn counts the texts, each one more than the one it replaced: of two
	// that were read it tells which is older.
	Turn int64 `json:"turn"`
	Open bool  `json:"open,omitempty"`
	// Taken is, of an open lock, the run that it was taken away from and that may
	// not know: the next holder fences it off.
	Taken string `json:"taken,omitempty"`
	// By is who took it away, "" if a holder that could not begin gave it back.
	By string `json:"by,omitempty"`

	Run     string `json:"run,omitempty"`
	Expires int64  `json:"expires,omitempty"` // Unix seconds, of AWS's clock
	Phase   string `json:"phase,omitempty"`
	Holder  string `json:"holder,omitempty"`

	// Live and Pending are what those aliases name, as far as the holder knew.
	Live    int `json:"live"`
	Pending int `json:"pending"`

	unknown string // members that a newer edgedeploy added
	foreign string // instead of all that: a text that is not understood
}

// runIDs are the run ids that fit a lock's text whole: a cut one would not be
// recognised again.
var runIDs = regexp.MustCompile(`^[0-9A-Za-z._:-]{1,64}$`)

// maxPhase is how many bytes of the phase are kept, so that a long one leaves
// room for the holder.
const maxPhase = 48

// maxForeign is how many bytes are shown of a text that is not understood.
const maxForeign = 160

// String writes the text; the end of a long holder, phase or By may be missing, and
// members that are not known where there is no room for them.
func (t lockText) String() string {
	t.V, t.Phase = lockFormat, cut(oneLine(t.Phase), maxPhase)
	t.Holder, t.By = cut(oneLine(t.Holder), maxDescription), cut(oneLine(t.By), maxDescription)
	text := t.encode()
	for len(text) > maxDescription {
		// Escapes make characters longer than they are, so measure what is written.
		switch {
		case t.Holder != "":
			t.Holder = cut(t.Holder, len(t.Holder)-1)
		case len(t.By) > 1:
			t.By = cut(t.By, len(t.By)-1)
		case t.Phase != "":
			t.Phase = cut(t.Phase, len(t.Phase)-1)
		default:
			t.unknown = ""
		}
		text = t.encode()
	}
	return text
}

func (t lockText) encode() string {
	doc, err := compact(t)
	if err == nil {
		doc, err = withUnknown(doc, t.unknown, members[lockText]())
	}
	if err != nil {
		panic("ledger: a lock is not JSON: " + err.Error()) // plain strings and numbers, and what was read as JSON, always are
	}
	return lockPrefix + string(doc)
}

// unknownRun stands for the run id of a lock whose text is not understood.
const unknownRun = "unknown"

// parseLock reads a lock's text. A text that is not ours is a lock that an
// unknown run holds and that never expires, and an error that says so: it was
// meant to say something.
func parseLock(description string) (lockText, error) {
	if description == "" {
		return lockText{Open: true, Taken: unknownRun}, nil // made by hand
	}
	if t, err := decodeLock(description); err == nil {
		return t, nil
	}
	said := cut(oneLine(description), maxForeign)
	return lockText{foreign: said, Run: unknownRun},
		fmt.Errorf("alias %s says %q, which this edgedeploy does not understand", aliasLock, said)
}

// errNoLock is the reason for every text that parseLock does not understand.
var errNoLock = errors.New("no text of a lock")

func decodeLock(description string) (lockText, error) {
	doc, ours := strings.CutPrefix(description, lockPrefix)
	var t lockText
	if err := json.Unmarshal([]byte(doc), &t); !ours || err != nil || t.V != lockFormat {
		return lockText{}, errNoLock
	}
	unknown, err := unknownMembers([]byte(doc), members[lockText]())
	held := !t.Open && runIDs.MatchString(t.Run) && t.Expires > 0 && t.Taken == "" && t.By == ""
	open := t.Open && t.Run == "" && t.Expires == 0 && (t.Taken == "" && t.By == "" || runIDs.MatchString(t.Taken))
	if err != nil || held == open || min(t.Live, t.Pending) < 0 || t.Turn < 0 {
		return lockText{}, errNoLock
	}
	t.unknown = unknown
	return t, nil
}

// info tells who holds the lock; now is AWS's time, which says whether it has
// expired.
func (t lockText) info(now time.Time) release.LockInfo {
	switch {
	case t.foreign != "":
		return release.LockInfo{Holder: "an unknown run", RunID: unknownRun, Phase: "unknown", Foreign: t.foreign}
	case t.Open && t.Taken != unknownRun && t.Taken != "":
		return release.LockInfo{Taken: t.Taken, Phase: oneLine(t.Phase)}
	case t.Open:
		return release.LockInfo{}
	}
	expires := time.Unix(t.Expires, 0).UTC()
	return release.LockInfo{
		Holder: oneLine(t.Holder), RunID: t.Run, Phase: oneLine(t.Phase),
		Expires: expires, Expired: !now.Before(expires),
	}
}

// next is the text of the same ledger after this one, with nothing said yet of
// the lock itself.
func (t lockText) next() lockText {
	return lockText{Turn: t.Turn + 1, Live: t.Live, Pending: t.Pending, unknown: t.unknown}
}

// takenAway is the text of the lock as an open one that was taken away.
func (t lockText) takenAway(by string) lockText {
	n := t.next()
	n.Open, n.Taken, n.By, n.Phase = true, t.Run, by, t.Phase
	return n
}

// mayWake gives the run that may still believe to hold a lock which is taken
// over from this text, "" for none.
func (t lockText) mayWake() string {
	if t.Open {
		return t.Taken
	}
	return t.Run
}
