package ledger

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// lockOf reads a lock's text that has to be understood.
func lockOf(t *testing.T, description string) lockText {
	t.Helper()
	text, err := parseLock(description)
	must(t, err)
	return text
}

func TestEveryLockFitsAndReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := lockText{
			Turn:    rapid.Int64Range(0, 1<<62).Draw(t, "turn"),
			Run:     rapid.StringMatching(`[0-9A-Za-z._:-]{1,64}`).Draw(t, "run"),
			Holder:  rapid.String().Draw(t, "holder"),
			Phase:   rapid.String().Draw(t, "phase"),
			Expires: epoch.Unix() + rapid.Int64Range(0, 1e6).Draw(t, "seconds"),
			Live:    rapid.IntRange(0, 999999999).Draw(t, "live"),
			Pending: rapid.IntRange(0, 999999999).Draw(t, "pending"),
		}
		if rapid.Bool().Draw(t, "newer") {
			l.unknown = fmt.Sprintf(`{"newer":%q}`, rapid.StringMatching(`[a-z]{0,300}`).Draw(t, "unknown"))
		}
		text := l.String()
		if len(text) > maxDescription || !utf8.ValidString(text) || text != oneLine(text) {
			t.Fatalf("not one line of at most %d bytes: %q", maxDescription, text)
		}
		got, err := parseLock(text)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(oneLine(l.Holder), got.Holder) || !strings.HasPrefix(oneLine(l.Phase), got.Phase) {
			t.Fatalf("holder %q or phase %q is not the beginning of what was said", got.Holder, got.Phase)
		}
		if got.unknown != "" && got.unknown != l.unknown || got.unknown != l.unknown && len(l.unknown) < 20 {
			t.Fatalf("what is not known became %s", got.unknown)
		}
		if isPlain(l.Holder+l.Phase) && len(l.Run) < 20 && len(l.Holder) < 20 && len(l.Phase) < 20 && l.unknown == "" && (got.Holder != l.Holder || got.Phase != l.Phase) {
			t.Fatalf("a short holder %q and phase %q were cut to %q and %q", l.Holder, l.Phase, got.Holder, got.Phase)
		}
		want := l
		want.V, want.Holder, want.Phase, want.unknown = lockFormat, got.Holder, got.Phase, got.unknown
		if got != want {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
		expires := time.Unix(l.Expires, 0)
		if !got.info(expires.Add(-time.Second)).Held() || got.info(expires).Held() || !got.info(expires).Expired {
			t.Fatalf("it does not expire at %v: %+v", expires, got.info(expires))
		}
	})
}

func TestOpenLocksReadBack(t *testing.T) {
	t.Parallel()
	held := lockText{V: lockFormat, Turn: 7, Run: "r1", Holder: "jo", Phase: "apply", Expires: 1, Live: 3, Pending: 4, unknown: `{"newer":1}`}
	for name, tt := range map[string]struct {
		text lockText
		says string
		wake string
	}{
		"given back": {lockText{Turn: 8, Open: true, Live: 3, Pending: 4, unknown: held.unknown}, `edgedeploy lock: {"v":1,"turn":8,"open":true,"live":3,"pending":4,"newer":1}`, ""},
		"taken away": {held.takenAway("al"), `edgedeploy lock: {"v":1,"turn":8,"open":true,"taken":"r1","by":"al","phase":"apply","live":3,"pending":4,"newer":1}`, "r1"},
		"given back unfenced": {lockText{Turn: 8, Open: true, Taken: "r1", Live: 3, Pending: 4, unknown: held.unknown},
			`edgedeploy lock: {"v":1,"turn":8,"open":true,"taken":"r1","live":3,"pending":4,"newer":1}`, "r1"},
	} {
		if got := tt.text.String(); got != tt.says {
			t.Errorf("%s: got %s\nwant %s", name, got, tt.says)
		}
		got, err := parseLock(tt.says)
		if err != nil || got.info(epoch) != (release.LockInfo{Taken: tt.wake, Phase: tt.text.Phase}) || got.mayWake() != tt.wake || got.Live != 3 || got.Pending != 4 || got.Turn != 8 {
			t.Errorf("%s: read as %+v, %v", name, got, err)
		}
	}
	if got := held.mayWake(); got != "r1" {
		t.Errorf("a held lock's run is %q", got)
	}
	// Made by hand without a text: open, and nothing tells who believes to hold it.
	if got, err := parseLock(""); err != nil || !got.Open || got.mayWake() == "" {
		t.Errorf("no text: got %+v, %v", got, err)
	}
}

func TestLockTextsThatAreNotUnderstoodStayHeld(t *testing.T) {
	t.Parallel()
	held := `edgedeploy lock: {"v":1,"turn":3,"run":"r1","expires":1785585600,"phase":"apply","holder":"jo","live":2,"pending":2}`
	open := `edgedeploy lock: {"v":1,"turn":3,"open":true,"live":2,"pending":2}`
	for _, good := range []string{held, open, strings.Replace(held, `"run"`, `"newer":1,"run"`, 1)} {
		if _, err := parseLock(good); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"words of a hand":          "do not deploy before Monday",
		"a newer format":           strings.Replace(held, `"v":1`, `"v":2`, 1),
		"no format":                strings.Replace(held, `"v":1,`, "", 1),
		"a member in other case":   strings.Replace(held, `"run"`, `"RUN"`, 1),
		"something behind":         held + "}",
		"no run":                   strings.Replace(held, "r1", "", 1),
		"a run with a space":       strings.Replace(held, "r1", "r 1", 1),
		"no expiry":                strings.Replace(held, "1785585600", "0", 1),
		"a text for a number":      strings.Replace(held, "1785585600", `"soon"`, 1),
		"open and held":            strings.Replace(held, `"run"`, `"open":true,"run"`, 1),
		"open until":               strings.Replace(open, `"live"`, `"expires":1785585600,"live"`, 1),
		"taken by a strange run":   strings.Replace(open, `"live"`, `"taken":"a b","live"`, 1),
		"by and held":              strings.Replace(held, `"run"`, `"by":"al","run"`, 1),
		"by and not taken":         strings.Replace(open, `"live"`, `"by":"al","live"`, 1),
		"taken and held":           strings.Replace(held, `"run"`, `"taken":"r0","run"`, 1),
		"a release below 0":        strings.Replace(open, `"live":2`, `"live":-2`, 1),
		"a turn below 0":           strings.Replace(open, `"turn":3`, `"turn":-3`, 1),
		"neither open nor held":    strings.Replace(open, `"open":true,`, "", 1),
		"another program's prefix": strings.Replace(open, "edgedeploy", "otherdeploy", 1),
	} {
		got, err := parseLock(text)
		if err == nil || !got.info(epoch.AddDate(100, 0, 0)).Held() || got.info(epoch).Foreign == "" || !strings.Contains(err.Error(), fmt.Sprintf("%q", got.info(epoch).Foreign)) {
			t.Errorf("%s: got %+v, %v; want a lock that is held, and an error", name, got, err)
		}
	}
}

func FuzzParseLock(f *testing.F) {
	f.Add(`edgedeploy lock: {"v":1,"turn":3,"run":"r1","expires":1785585600,"phase":"apply","holder":"jo","live":2,"pending":2}`)
	f.Add(`edgedeploy lock: {"v":1,"turn":3,"open":true,"taken":"r1","live":2,"pending":2,"newer":[1, 2]}`)
	f.Fuzz(func(t *testing.T, text string) {
		l, err := parseLock(text)
		if err != nil || l.Turn > 1<<62 || l.Live > 1e9 || l.Pending > 1e9 || l.Expires > 1e12 {
			return
		}
		again, err := parseLock(l.String())
		if err != nil || again.Run != l.Run || again.Expires != l.Expires || again.Turn != l.Turn || again.Open != l.Open || again.Taken != l.Taken {
			t.Errorf("%q: read as %+v, and written again as %+v, %v", text, l, again, err)
		}
	})
}

func TestDescriptionsOfLiveAndPending(t *testing.T) {
	t.Parallel()
	now := epoch.In(time.FixedZone("CEST", 7200))
	r := release.Release{Kind: release.KindRollback, RunID: "01J8"}
	for want, got := range map[string]string{
		"v1 kind=rollback phase=run step=write since=2026-08-01T12:00:00Z run=01J8": pendingText(r, now),
		"v1 kind=rollback since=2026-08-01T12:00:00Z run=01J8":                      liveText(r, now),
		"v1 since=2026-08-01T12:00:00Z":                                             liveText(release.Release{Number: 3}, now),
		"v1 since=2026-08-01T12:00:00Z ":                                            liveText(release.Release{RunID: "a b", Kind: "x y"}, now) + " ",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for description, want := range map[string]string{
		pendingText(r, now): release.PhaseRun,
		"v1 kind=apply phase=canary step=5 since=2026-08-01T12:00:00Z run=01J8": "canary",
		"v1 colour=red phase=canary": "canary",
		"":                           release.PhaseRun,
		"moved by hand":              release.PhaseRun,
		"v1 kind=apply":              release.PhaseRun,
		"v1 phase=":                  release.PhaseRun,
		"v2 {}":                      "v2",
		"v2 phase=run":               "v2",
		"v2 phase=wave":              "wave",
	} {
		if got := phaseOf(description); got != want {
			t.Errorf("phase of %q: got %q, want %q", description, got, want)
		}
	}
}

func TestAFenceKeepsEveryWord(t *testing.T) {
	t.Parallel()
	for description, want := range map[string]string{
		"v1 kind=apply phase=canary colour=red run=01J8": "v1 kind=apply phase=canary colour=red run=01J8 fenced=7",
		"v1 fenced=3 kind=apply":                         "v1 kind=apply fenced=7",
		"":                                               "v1 fenced=7",
		"edgedeploy: by hand":                            "edgedeploy: by hand fenced=7",
	} {
		if got := fenced(description, 7); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		description := rapid.String().Draw(t, "description")
		got := fenced(description, 7)
		if len(got) > maxDescription || fenced(got, 7) != got || fenced(got, 8) == got || !strings.HasSuffix(got, " fenced=7") {
			t.Fatalf("%q became %q", description, got)
		}
	})
}

func TestAProofHasToBeYoungOnBothClocks(t *testing.T) {
	t.Parallel()
	const d = 30 * time.Second
	type clocks struct {
		monotonic, wall time.Duration
		want            bool
	}
	tests := map[string]clocks{
		"young":                       {d, d, true},
		"old":                         {d + 1, d + 1, false},
		"the machine was suspended":   {time.Second, time.Hour, false},
		"the wall clock was set back": {time.Second, -time.Second, false},
		"it was set back a little":    {d + 1, time.Second, false},
	}
	got := map[string]clocks{}
	for name, c := range tests {
		got[name] = clocks{c.monotonic, c.wall, bothWithin(c.monotonic, c.wall, d)}
	}
	if diff := cmp.Diff(tests, got, cmp.AllowUnexported(clocks{})); diff != "" {
		t.Error(diff)
	}
	if (moment{}).within(time.Hour) {
		t.Error("what was never proven is proven")
	}
}
