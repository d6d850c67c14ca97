package provenance

import (
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// Build is what the program was built from, as far as the Go command recorded it.
// It records no commit for `go run`, and none for a module that it fetched, whose
// version says it.
type Build struct {
	Schema  int    `json:"schema"`
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Date    string `json:"date,omitempty"`  // of the commit, RFC 3339
	Dirty   *bool  `json:"dirty,omitempty"` // files differed from the commit
	Go      string `json:"go,omitempty"`
	OS      string `json:"os,omitempty"`
	Arch    string `json:"arch,omitempty"`
}

// Tool is the version the program was built as.
func Tool() string { return ThisBuild().Version }

// ThisBuild tells how the running program was built.
func ThisBuild() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return readBuild(info)
}

func readBuild(info *debug.BuildInfo) Build {
	b := Build{Schema: 1, Version: "devel", Go: info.GoVersion}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			dirty := s.Value == "true"
			b.Dirty = &dirty
		case "GOOS":
			b.OS = s.Value
		case "GOARCH":
			b.Arch = s.Value
		}
	}
	switch v := info.Main.Version; {
	case v != "" && v != "(devel)":
		b.Version = v
	case b.Commit != "":
		b.Version = "devel-" + release.Source{Commit: b.Commit}.Short()
	}
	return b
}

// Text is the build for people: the version on the first line, and below it what
// is known besides.
func (b Build) Text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "edgedeploy %s\n", b.Version)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&out, "  %-8s%s\n", name, value)
		}
	}
	commit := b.Commit
	if commit != "" && b.Dirty != nil && *b.Dirty {
		commit += ", and files differed"
	}
	date := b.Date
	if at, err := time.Parse(time.RFC3339, date); err == nil {
		date = at.UTC().Format("2006-01-02 15:04 UTC")
	}
	line("commit", commit)
	line("date", date)
	line("go", strings.TrimSpace(b.Go+" "+strings.Trim(b.OS+"/"+b.Arch, "/")))
	return out.String()
}
