package provenance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// indexed is one file of the index, as `git ls-files -v -s` lists it.
type indexed struct {
	mode, id string // "" for a file of a submodule
	path     string // relative to the worktree's top
	absent   bool   // marked skip-worktree: it may be missing from the worktree
}

const (
	modeLink      = "120000"
	modeSubmodule = "160000"
)

// hidden lists the tracked files that differ from the index although git status
// does not say so: it passes over files that are marked assume-unchanged or
// skip-worktree (git-update-index(1), --assume-unchanged, --skip-worktree). A
// file that a sparse checkout left out is not in the worktree, and no difference.
func hidden(ctx context.Context, top, below string) ([]string, error) {
	out, err := git(ctx, top, "ls-files", "-v", "-s", "-z", "--", below)
	if err != nil {
		return nil, err
	}
	marked, submodules := parseMarked(out)
	if submodules {
		// This lists the files of submodules too, but not what git knows of them.
		if out, err = git(ctx, top, "ls-files", "-v", "-z", "--recurse-submodules", "--", below); err != nil {
			return nil, err
		}
		marked = append(marked, parseMarkedNames(out, marked)...)
	}
	return compare(ctx, top, marked)
}

// parseMarked picks the marked files from lines of "<tag> <mode> <id> <stage>\t<path>".
// It reports whether any file is a submodule, marked or not.
func parseMarked(out string) (marked []indexed, submodules bool) {
	for entry := range strings.SplitSeq(out, "\x00") {
		facts, path, _ := strings.Cut(entry, "\t")
		f := strings.Fields(facts)
		if len(f) != 4 {
			continue
		}
		submodules = submodules || f[1] == modeSubmodule
		if isMark(f[0]) {
			marked = append(marked, indexed{mode: f[1], id: f[2], path: path, absent: isSkip(f[0])})
		}
	}
	return marked, submodules
}

// parseMarkedNames picks the marked files that are not known yet from lines of
// "<tag> <path>".
func parseMarkedNames(out string, known []indexed) []indexed {
	var marked []indexed
	for entry := range strings.SplitSeq(out, "\x00") {
		tag, path, _ := strings.Cut(entry, " ")
		if isMark(tag) && !slices.ContainsFunc(known, func(x indexed) bool { return x.path == path }) {
			marked = append(marked, indexed{path: path, absent: isSkip(tag)})
		}
	}
	return marked
}

// isMark reports whether a tag of `git ls-files -v` is of a file that git status
// passes over: S is skip-worktree, and a lower-case letter assume-unchanged.
func isMark(tag string) bool { return tag != "" && (isSkip(tag) || strings.ToUpper(tag) != tag) }

func isSkip(tag string) bool { return tag == "S" || tag == "s" }

// compare gives the paths of the files that are not as in the index. Links,
// submodules and what is in these are not compared, and count as different. The
// bit that makes a file executable does not count, as where core.fileMode is off.
func compare(ctx context.Context, top string, marked []indexed) ([]string, error) {
	var changed []string
	var files []indexed
	for _, x := range marked {
		at, err := os.Lstat(filepath.Join(top, filepath.FromSlash(x.path)))
		switch {
		case os.IsNotExist(err) && x.absent:
		case err != nil || x.id == "" || x.mode == modeLink || x.mode == modeSubmodule || !at.Mode().IsRegular():
			changed = append(changed, x.path)
		default:
			files = append(files, x)
		}
	}
	if len(files) == 0 {
		return changed, nil
	}
	var names strings.Builder
	for _, x := range files {
		names.WriteString(quote(x.path))
	}
	// The filters of gitattributes apply, as for git status. Without -w it stores nothing.
	out, err := gitReading(ctx, top, names.String(), "hash-object", "--stdin-paths")
	if err != nil {
		return nil, err
	}
	ids := strings.Split(out, "\n")
	if len(ids) != len(files) {
		return nil, &gitError{fmt.Sprintf("git hash-object told the ids of %d files, and was asked for %d", len(ids), len(files))}
	}
	for i, x := range files {
		if ids[i] != x.id {
			changed = append(changed, x.path)
		}
	}
	slices.Sort(changed)
	return changed, nil
}

// quote writes a path as one line of --stdin-paths.
func quote(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(path) + "\"\n"
}
