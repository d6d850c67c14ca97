package ledger

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// The descriptions of live and pending are words behind a format, in one line:
//
//	v1 kind=apply phase=run step=write since=2026-08-01T12:00:00Z run=01J8
//
// Words that this program does not know are kept when it rewrites a description.
const wordsFormat = "v1"

// formatWord is what names any format of words.
var formatWord = regexp.MustCompile(`^v[0-9]{1,4}$`)

// stepWrite is the only step of release.PhaseRun: distributions are written.
const stepWrite = "write"

// liveText describes the alias live.
func liveText(r release.Release, now time.Time) string {
	return strings.Join(slices.Concat([]string{wordsFormat}, kindOf(r), []string{since(now)}, runOf(r)), " ")
}

// pendingText describes the alias pending of a release whose distributions are
// about to be written.
func pendingText(r release.Release, now time.Time) string {
	return strings.Join(slices.Concat([]string{wordsFormat}, kindOf(r), []string{"phase=" + release.PhaseRun, "step=" + stepWrite, since(now)}, runOf(r)), " ")
}

func since(now time.Time) string { return "since=" + now.UTC().Format(time.RFC3339) }

// kindOf and runOf are left out where only the release's number is known: when
// what a dead run left is committed.
func kindOf(r release.Release) []string {
	if !kindWord.MatchString(string(r.Kind)) {
		return nil
	}
	return []string{"kind=" + string(r.Kind)}
}

func runOf(r release.Release) []string {
	if !runIDs.MatchString(r.RunID) {
		return nil
	}
	return []string{"run=" + r.RunID}
}

// phaseOf reads the phase of what is in flight. A description without one was
// made by hand, or cut: the release in it is as good as in phase run. One of
// another format is of a phase that this program does not know.
func phaseOf(description string) string {
	words := strings.Fields(oneLine(description))
	phase := release.PhaseRun
	for _, w := range words {
		if value, ok := strings.CutPrefix(w, "phase="); ok && value != "" {
			phase = value
		}
	}
	if len(words) > 0 && words[0] != wordsFormat && formatWord.MatchString(words[0]) && phase == release.PhaseRun {
		return words[0]
	}
	return phase
}

// fencedWord counts fences, so that each rewrites the description to another.
const fencedWord = "fenced="

// fenced is a description with the mark of a fence and all else that it said.
// If that does not fit, its end is cut.
func fenced(description string, turn int64) string {
	words := slices.DeleteFunc(strings.Fields(oneLine(description)), func(w string) bool { return strings.HasPrefix(w, fencedWord) })
	if len(words) == 0 {
		words = []string{wordsFormat}
	}
	mark := " " + fencedWord + strconv.FormatInt(turn, 10)
	return strings.TrimSpace(cut(strings.Join(words, " "), maxDescription-len(mark))) + mark
}
