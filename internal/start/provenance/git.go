package provenance

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// gitTimeout bounds each question to git: provenance is no reason to hang.
const gitTimeout = 10 * time.Second

// gitError says why git has no answer.
type gitError struct{ why string }

func (e *gitError) Error() string { return e.why }

// git asks git one question in dir. It writes nothing, not even the index, and
// connects to nothing: a partial clone would fetch what it lacks. core.fsmonitor
// is off because it names a program of the user's. The filters of gitattributes
// stay on: without them the files of Git LFS would differ from their commit.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	return gitReading(ctx, dir, "", args...)
}

// gitReading is git, with something to read.
func gitReading(ctx context.Context, dir, stdin string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, gitTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{
		"-C", dir, "--no-optional-locks", "--literal-pathspecs", "-c", "core.fsmonitor=false",
	}, args...)...)
	// The older variable for git before 2.44 (gitprotocol, GIT_ALLOW_PROTOCOL;
	// git 2.44 release notes, GIT_NO_LAZY_FETCH).
	cmd.Env = append(undirected(cmd.Environ()), "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=none", "GIT_NO_LAZY_FETCH=1")
	cmd.WaitDelay = time.Second // a filter that git started may keep the pipes open
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	switch {
	case err == nil:
		return strings.TrimRight(out.String(), "\n"), nil
	case errors.Is(err, exec.ErrNotFound):
		return "", &gitError{"git is not installed"}
	case ctx.Err() != nil:
		return "", &gitError{"git did not answer within " + gitTimeout.String()}
	}
	return "", &gitError{reason(errs.String(), err)}
}

// redirecting are the variables that turn git to another repository than that of
// its folder, or to other files, paths and objects (git(1), "Environment
// Variables"; `git rev-parse --local-env-vars`). Git sets some of them for its
// hooks. GIT_CONFIG_COUNT and the like are not among them: with these a pipeline
// sets safe.directory.
var redirecting = []string{
	"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_IMPLICIT_WORK_TREE",
	"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH", "GIT_NAMESPACE",
	"GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE", "GIT_ATTR_SOURCE",
	"GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", // git refuses these beside --literal-pathspecs
}

// undirected is an environment without the variables that redirect git.
func undirected(env []string) []string {
	return slices.DeleteFunc(env, func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.Contains(redirecting, name)
	})
}

// reason is what git said last of all, in one line.
func reason(said string, err error) string {
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(line, "fatal: "); ok {
			if strings.HasPrefix(text, "not a git repository") {
				return "the spec is in no git repository"
			}
			return "git says: " + text
		}
	}
	return "git failed: " + err.Error()
}

// state is what git status tells of a worktree.
type state struct {
	commit    string // "" before the first one
	branch    string // "" with a detached HEAD
	changed   []string
	untracked []string // a folder that is a repository of its own ends with "/"
	// loose are submodules in which nothing but untracked files is new.
	loose []string
}

// status reads the state of the files below a path of the worktree, both
// relative to its top. What git status passes over is added to what changed.
func status(ctx context.Context, top, below string) (state, error) {
	out, err := git(ctx, top, "status", "--porcelain=v2", "--branch", "-z",
		"--untracked-files=all", "--ignore-submodules=none", "--no-renames", "--", below)
	if err != nil {
		return state{}, err
	}
	s := parseStatus(out)
	unsaid, err := hidden(ctx, top, below)
	if err != nil {
		return state{}, err
	}
	s.changed = append(s.changed, unsaid...)
	return s, nil
}

// parseStatus reads the format of git-status(1), "Porcelain Format Version 2".
// Paths are relative to the worktree's top, and unquoted because of -z.
func parseStatus(out string) state {
	var s state
	for entry := range strings.SplitSeq(out, "\x00") {
		kind, rest, _ := strings.Cut(entry, " ")
		switch kind {
		case "#":
			s.header(rest)
		case "?":
			s.untracked = append(s.untracked, rest)
		case "1": // <XY> <sub> <mH> <mI> <mW> <hH> <hI> <path>
			s.entry(rest, 8)
		case "u": // <XY> <sub> <m1> <m2> <m3> <mW> <h1> <h2> <h3> <path>
			s.entry(rest, 10)
		}
	}
	return s
}

func (s *state) header(text string) {
	switch name, value, _ := strings.Cut(text, " "); {
	case name == "branch.oid" && isCommit(value):
		s.commit = value
	case name == "branch.head" && value != "(detached)":
		s.branch = value
	}
}

// entry takes one tracked path that differs: its fields are split by spaces, and
// the path, which may have some, is the last.
func (s *state) entry(text string, fields int) {
	f := strings.SplitN(text, " ", fields)
	if len(f) < fields {
		return
	}
	xy, sub, path := f[0], f[1], f[fields-1]
	if xy == ".M" && sub == "S..U" {
		s.loose = append(s.loose, path)
		return
	}
	s.changed = append(s.changed, path)
}

// isCommit reports whether a text is the full id of a commit: SHA-1 or SHA-256.
func isCommit(text string) bool {
	return (len(text) == 40 || len(text) == 64) && strings.Trim(text, "0123456789abcdef") == "" && strings.Trim(text, "0") != ""
}
