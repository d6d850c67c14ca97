package ledger

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with testdata/name, and gives back what that says;
// -update writes it. The formats freeze with the first published release of
// edgedeploy: from then on a file that has to change is a format that changed.
func golden(t *testing.T, name, got string) string {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		must(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", name, diff)
	}
	return string(want)
}

func TestRecordsKeepTheirFormat(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]release.Release{
		"record.json":       sample("shop", "01J8ZQ"),
		"record-least.json": {Schema: 1, Stack: "shop", Kind: release.KindApply, Brought: release.Self, RunID: "01J8ZQ", At: epoch, Account: testAccount, Tool: "v0.1.0", Role: testRole},
	} {
		doc, err := encodeRelease(r)
		must(t, err)
		got, err := decodeRelease("shop", []byte(golden(t, name, string(doc))))
		if diff := same(r, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

func TestDescriptionsKeepTheirFormat(t *testing.T) {
	t.Parallel()
	held := lockText{Turn: 17, Run: "01J8ZQ", Expires: epoch.Unix(), Phase: "apply", Holder: "jo@example.com", Live: 41, Pending: 42}
	given, taken := held.next(), held.next()
	given.Open, taken.Open, taken.Taken = true, true, "01J8ZQ"
	r := sample("shop", "01J8ZQ")
	apply := release.Release{Kind: release.KindApply, Brought: release.Self, Message: "first"}
	lines := map[string][]string{
		"lock.txt":    {held.String(), given.String(), taken.String(), held.takenAway("al@example.com").String()},
		"live.txt":    {liveText(r, epoch), liveText(release.Release{Number: 42}, epoch), fenced(liveText(r, epoch), 17), fenced("", 17)},
		"pending.txt": {pendingText(r, epoch), fenced(pendingText(r, epoch), 17)},
		"kept.txt":    {keeper(42).Description},
		"version.txt": {describe("shop", r.Summary()), describe("shop", r.Numbered(42).Summary()), describe("shop", apply.Summary())},
	}
	for name, want := range lines {
		lines[name] = strings.Split(strings.TrimSuffix(golden(t, name, strings.Join(want, "\n")+"\n"), "\n"), "\n")
	}
	for _, line := range lines["lock.txt"] {
		if text, err := parseLock(line); err != nil || text.String() != line {
			t.Errorf("%s: read as %+v, %v", line, text, err)
		}
	}
	for _, line := range lines["version.txt"] {
		if _, ok := parseSummary("shop", line); !ok {
			t.Errorf("%s: not read", line)
		}
	}
	for _, line := range lines["pending.txt"] {
		if got := phaseOf(line); got != release.PhaseRun {
			t.Errorf("%s: in phase %q", line, got)
		}
	}
}
