package provenance

import (
	"encoding/json"
	"runtime/debug"
	"testing"
)

func settings(pairs ...string) []debug.BuildSetting {
	var all []debug.BuildSetting
	for i := 0; i+1 < len(pairs); i += 2 {
		all = append(all, debug.BuildSetting{Key: pairs[i], Value: pairs[i+1]})
	}
	return all
}

const built = "2924043fe22e0c6f0a3e1d7a5b1c9d2e3f405162"

func TestTheVersionSaysWhatWasBuilt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		info           debug.BuildInfo
		text, document string
	}{
		"a release": {
			debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v1.2.3"}, Settings: settings("GOARCH", "arm64", "GOOS", "darwin", "vcs", "git", "vcs.revision", built, "vcs.time", "2026-11-30T15:04:05Z", "vcs.modified", "false")},
			"edgedeploy v1.2.3\n  commit  " + built + "\n  date    2026-11-30 15:04 UTC\n  go      go1.26.8 darwin/arm64\n",
			`{"schema":1,"version":"v1.2.3","commit":"` + built + `","date":"2026-11-30T15:04:05Z","dirty":false,"go":"go1.26.8","os":"darwin","arch":"arm64"}`,
		},
		"a changed tree": {
			debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "(devel)"}, Settings: settings("vcs.revision", built, "vcs.modified", "true")},
			"edgedeploy devel-2924043fe22e\n  commit  " + built + ", and files differed\n  go      go1.26.8\n",
			`{"schema":1,"version":"devel-2924043fe22e","commit":"` + built + `","dirty":true,"go":"go1.26.8"}`,
		},
		"go install of a version": {
			debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v1.2.3"}, Settings: settings("GOARCH", "amd64", "GOOS", "linux")},
			"edgedeploy v1.2.3\n  go      go1.26.8 linux/amd64\n",
			`{"schema":1,"version":"v1.2.3","go":"go1.26.8","os":"linux","arch":"amd64"}`,
		},
		"nothing recorded": {debug.BuildInfo{}, "edgedeploy devel\n", `{"schema":1,"version":"devel"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := readBuild(&c.info)
			if got := b.Text(); got != c.text {
				t.Errorf("got\n%s\nwant\n%s", got, c.text)
			}
			doc, err := json.Marshal(b)
			if err != nil || string(doc) != c.document {
				t.Errorf("got %s, %v, want %s", doc, err, c.document)
			}
		})
	}
}
