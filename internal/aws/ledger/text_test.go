package ledger

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

func TestDescriptionsReadAsWritten(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		summary release.Summary
		text    string
	}{
		"an apply with nothing to say for itself": {
			release.Summary{Kind: release.KindApply, Brought: release.Self, Bindings: "9f3c1e2a4b5d"},
			"edgedeploy release shop kind=apply parent=0 brought=self returns=0 bindings=9f3c1e2a4b5d",
		},
		"a rollback with everything": {
			release.Summary{
				Kind: release.KindRollback, Parent: 41, Brought: 38, Returns: 37, Back: 40, Undone: 41, Target: 39, Bindings: "9f3c1e2a4b5d",
				Commit: "0123456789ab+", Holds: 2, Actor: `Jo "the\edge" Doe`, Message: "too slow, of=3 message=x",
			},
			`edgedeploy release shop kind=rollback parent=41 brought=38 returns=37 back=40 undone=41 target=39 bindings=9f3c1e2a4b5d commit=0123456789ab+ holds=2 actor="Jo \"the\\edge\" Doe" message=too slow, of=3 message=x`,
		},
		"a commit that a pipeline named": {
			release.Summary{Kind: release.KindApply, Brought: release.Self, Bindings: "9f3c1e2a4b5d", Commit: "0123456789ab", From: "CODEBUILD_RESOLVED_SOURCE_VERSION", Holds: 1},
			"edgedeploy release shop kind=apply parent=0 brought=self returns=0 bindings=9f3c1e2a4b5d commit=0123456789ab from=CODEBUILD_RESOLVED_SOURCE_VERSION holds=1",
		},
		"a message that looks like an actor": {
			release.Summary{Kind: release.KindApply, Bindings: "9f3c1e2a4b5d", Message: `actor="root"`},
			`edgedeploy release shop kind=apply parent=0 brought=0 returns=0 bindings=9f3c1e2a4b5d message=actor="root"`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := describe("shop", tt.summary); got != tt.text {
				t.Errorf("describe: got %s\nwant %s", got, tt.text)
			}
			got, ok := parseSummary("shop", tt.text)
			if diff := cmp.Diff(tt.summary, got); !ok || diff != "" {
				t.Errorf("parse: ok %v\n%s", ok, diff)
			}
		})
	}
}

func TestDescriptionsThatEdgedeployDidNotWriteAreNotReleases(t *testing.T) {
	t.Parallel()
	good := "edgedeploy release shop kind=apply parent=0 brought=self returns=0 bindings=9f3c1e2a4b5d"
	if _, ok := parseSummary("shop", good); !ok {
		t.Fatal("the good one is refused")
	}
	for name, text := range map[string]string{
		"empty":                                "",
		"another stack":                        strings.Replace(good, "shop", "shop2", 1),
		"a published handler":                  "edgedeploy stack=shop content=0123",
		"an unknown field of other characters": good + " colour=red!",
		"no variable's name":                   good + " commit=0123456789ab from=git",
		"a name of no commit":                  good + " from=GITHUB_SHA",
		"fields out of order":                  strings.Replace(good, "kind=apply parent=0", "parent=0 kind=apply", 1),
		"numbers out of order":                 strings.Replace(good, "bindings=", "target=1 back=2 bindings=", 1),
		"an optional zero":                     strings.Replace(good, "bindings=", "back=0 bindings=", 1),
		"an unknown origin":                    strings.Replace(good, "self", "me", 1),
		"no origin":                            strings.Replace(good, " brought=self", "", 1),
		"a leading zero":                       strings.Replace(good, "parent=0", "parent=007", 1),
		"a negative number":                    strings.Replace(good, "parent=0", "parent=-1", 1),
		"a number too large":                   strings.Replace(good, "parent=0", "parent=99999999999999999999", 1),
		"bindings cut short":                   good[:len(good)-1],
		"an open quote":                        good + ` actor="Jo`,
		"a back quote":                         good + " actor=`Jo`",
		"glued fields":                         good + ` actor="Jo"message=x`,
		"a second line":                        good + " message=a\nb",
		"a control character":                  good + " message=a\x1b[2Jb",
		"no UTF-8":                             good + " message=\xff",
		"too long":                             good + " message=" + strings.Repeat("x", 256),
	} {
		if s, ok := parseSummary("shop", text); ok {
			t.Errorf("%s: read as %+v", name, s)
		}
	}
}

// A newer edgedeploy may say more of a release: it is one all the same.
func TestFieldsOfANewerEdgedeployAreLeftOut(t *testing.T) {
	t.Parallel()
	want := release.Summary{Kind: release.KindApply, Parent: 1, Brought: 2, Returns: 1, Bindings: "9f3c1e2a4b5d", Actor: "Jo", Message: "colour=red"}
	for _, text := range []string{
		`edgedeploy release shop kind=apply parent=1 brought=2 returns=1 bindings=9f3c1e2a4b5d rollout=10 actor="Jo" message=colour=red`,
		`edgedeploy release shop kind=apply parent=1 brought=2 returns=1 bindings=9f3c1e2a4b5d canary=yes until=2027-01-02T03:04:05Z actor="Jo" message=colour=red`,
		`edgedeploy release shop kind=apply phase=run parent=1 brought=2 returns=1 bindings=9f3c1e2a4b5d actor="Jo" message=colour=red`,
	} {
		got, ok := parseSummary("shop", text)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s: ok %v\n%s", text, ok, diff)
		}
	}
}

func anySummary() *rapid.Generator[release.Summary] {
	return rapid.Custom(func(t *rapid.T) release.Summary {
		return release.Summary{
			Kind:     rapid.SampledFrom([]release.Kind{release.KindApply, release.KindRollback, release.KindResume}).Draw(t, "kind"),
			Parent:   rapid.IntRange(0, 999999999).Draw(t, "parent"),
			Brought:  release.Origin(rapid.IntRange(-1, 999999999).Draw(t, "brought")),
			Returns:  rapid.IntRange(0, 999999999).Draw(t, "returns"),
			Back:     rapid.IntRange(0, 999999999).Draw(t, "back"),
			Undone:   rapid.IntRange(0, 999999999).Draw(t, "undone"),
			Target:   rapid.IntRange(0, 999999999).Draw(t, "target"),
			Bindings: rapid.StringMatching(`[0-9a-f]{12}`).Draw(t, "bindings"),
			Commit:   rapid.StringMatching(`([0-9a-f]{12}\+?)?`).Draw(t, "commit"),
			From:     rapid.SampledFrom([]string{"", "GITHUB_SHA", "CODEBUILD_RESOLVED_SOURCE_VERSION"}).Draw(t, "from"),
			Holds:    rapid.IntRange(0, 999).Draw(t, "holds"),
			Actor:    rapid.String().Draw(t, "actor"),
			Message:  rapid.String().Draw(t, "message"),
		}
	})
}

// Whatever a person or a pipeline calls itself and its change, the line fits,
// is one line, and gives everything back but the ends of actor and message.
func TestEveryDescriptionFitsAndReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		stack := rapid.StringMatching(`[a-z0-9-]{1,40}`).Draw(t, "stack")
		s := anySummary().Draw(t, "summary")
		text := describe(stack, s)
		if len(text) > maxDescription || !utf8.ValidString(text) || text != oneLine(text) {
			t.Fatalf("not one line of at most %d bytes: %q", maxDescription, text)
		}
		got, ok := parseSummary(stack, text)
		if !ok {
			t.Fatalf("not read back: %q", text)
		}
		if !strings.HasPrefix(oneLine(s.Actor), got.Actor) || !strings.HasPrefix(strings.TrimSpace(oneLine(s.Message)), got.Message) {
			t.Fatalf("actor %q or message %q is not the beginning of what was said", got.Actor, got.Message)
		}
		whole := s
		whole.Actor, whole.Message = got.Actor, got.Message
		bare := release.Summary{Kind: s.Kind, Parent: s.Parent, Brought: s.Brought, Returns: s.Returns, Back: s.Back, Undone: s.Undone, Target: s.Target, Bindings: s.Bindings, Commit: s.Commit}
		if s.Commit == "" || len(describe(stack, bare)) > maxDescription-60 {
			whole.From = got.From // there may be no room, or nothing that it names
		}
		if diff := cmp.Diff(whole, got); diff != "" {
			t.Fatal(diff)
		}
		if short := len(stack) < 20 && s.From == "" && s.Target < 1e5 && s.Undone < 1e5 && len(s.Message) < 25 && len(s.Actor) < 10 && isPlain(s.Message+s.Actor); short && (got.Actor != s.Actor || got.Message != strings.TrimSpace(s.Message)) {
			t.Fatalf("a short actor %q and message %q were cut to %q and %q", s.Actor, s.Message, got.Actor, got.Message)
		}
	})
}

func isPlain(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) < 0
}

func FuzzParseSummary(f *testing.F) {
	f.Add("shop", `edgedeploy release shop kind=rollback parent=41 brought=38 returns=37 back=40 undone=41 target=39 bindings=9f3c1e2a4b5d commit=0123456789ab+ holds=2 actor="Jo" message=x`)
	f.Add("shop", `edgedeploy release shop kind=apply parent=0 brought=self returns=0 bindings=9f3c1e2a4b5d actor="\u202e"`)
	f.Fuzz(func(t *testing.T, stack, text string) {
		prefix := summaryPrefix + stack + " "
		if s, ok := parseSummary(stack, text); ok && describe(stack, s) != prefix+withoutUnknown(strings.TrimPrefix(text, prefix)) {
			t.Errorf("%q is read but would not be written", text)
		}
	})
}

var epoch = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
