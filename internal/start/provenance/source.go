package provenance

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
)

// Project is what a release is made from.
type Project struct {
	Dir  string // the spec's folder: its repository is asked
	Root string // absolute, links followed; tracked files below it count
	// Packed are the files that count if git does not track them either:
	// slash-separated, below Root.
	Packed []string
}

// Origin is where a project comes from, as far as that can be told.
type Origin struct {
	release.Source
	Subject string // the commit's first line; "" if files differ from it
	Unheld  string // why there is no commit to hold; "" if there is one

	top     string // the worktree's, "" where git cannot be asked
	shallow bool
}

// Find asks git where a project comes from. Where git cannot be asked, the
// commit that the pipeline names serves.
func Find(ctx context.Context, p Project, lookup Lookup) Origin {
	ci := pipelineSays(lookup)
	about, err := git(ctx, p.Dir, "rev-parse", "--show-toplevel", "--is-shallow-repository")
	if err != nil {
		return ci.origin(err.Error())
	}
	top, shallow, _ := strings.Cut(about, "\n")
	o := Origin{top: filepath.FromSlash(top), shallow: shallow == "true"}
	below, ok := inside(o.top, p.Root)
	if !ok {
		below = "." // the root is above the repository: all of that counts
	}
	s, err := status(ctx, o.top, below)
	if err != nil {
		// The commit is cheap to tell; what differs from it is not.
		if o.Commit, _ = git(ctx, o.top, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"); o.Commit == "" {
			return ci.origin(err.Error())
		}
		o.Dirty, o.Unheld = true, fmt.Sprintf("whether files differ from commit %s is not known: %v", o.Short(), err)
		return o
	}
	if s.commit == "" {
		o.Unheld = "the repository has no commit yet"
		return o
	}
	o.Commit, o.Branch = s.commit, s.branch
	if o.Branch == "" && ci.commit == o.Commit {
		o.Branch = ci.branch // pipelines check a commit out, and no branch
	}
	if why := s.differs(o.top, p); why != "" {
		o.Unheld = fmt.Sprintf("%s commit %s", why, o.Short())
		o.Dirty = true
		return o
	}
	o.Subject, _ = git(ctx, o.top, "log", "-1", "--no-show-signature", "--encoding=UTF-8", "--format=%s", o.Commit)
	return o
}

// origin is what the pipeline says, where git cannot be asked because of why.
func (c said) origin(why string) Origin {
	switch {
	case c.merged != "":
		return Origin{Unheld: why + "; " + c.merged}
	case c.commit == "":
		return Origin{Unheld: why}
	}
	return Origin{Source: release.Source{Commit: c.commit, Branch: c.branch, From: c.from}, Subject: c.title}
}

// differs tells what keeps the project from being its commit, "" for nothing.
func (s state) differs(top string, p Project) string {
	if len(s.changed) > 0 {
		others := ""
		if n := len(s.changed) - 1; n > 0 {
			others = fmt.Sprintf(" (and %d more)", n)
		}
		return fmt.Sprintf("%s%s is not as in", s.changed[0], others)
	}
	for _, name := range p.Packed {
		for _, file := range p.places(name) {
			at, ok := inside(top, file)
			if !ok || slices.ContainsFunc(s.untracked, func(u string) bool { return covers(u, at) }) ||
				slices.ContainsFunc(s.loose, func(sub string) bool { return covers(sub, at) }) {
				return fmt.Sprintf("%s is packed and not in", name)
			}
		}
	}
	return ""
}

// places are a packed file and, where a link leads to it, what it leads to.
func (p Project) places(name string) []string {
	file := filepath.Join(p.Root, filepath.FromSlash(name))
	real, err := filepath.EvalSymlinks(file)
	if err != nil || real == file {
		return []string{file}
	}
	return []string{file, real}
}

// covers reports whether what git lists is a path, or leads to it: a repository
// of its own, a submodule, a link to a folder.
func covers(listed, at string) bool {
	return listed == at || strings.HasPrefix(at, strings.TrimSuffix(listed, "/")+"/")
}

// inside gives a path relative to the top of a worktree, as git writes it.
func inside(top, at string) (string, bool) {
	rel, err := filepath.Rel(top, at)
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	return path.Clean(filepath.ToSlash(rel)), true
}

// Provenance tells how the commit stands to others: those of the live release
// and of the one in flight.
func (o Origin) Provenance(ctx context.Context, others ...release.Source) plan.Provenance {
	p := plan.Provenance{Unheld: o.Unheld, Orders: map[string]plan.Order{}}
	for _, other := range others {
		_, known := p.Orders[other.Commit]
		if known || o.Commit == "" || other.Commit == "" {
			continue
		}
		var why string
		p.Orders[other.Commit], why = o.order(ctx, other.Commit)
		if why != "" {
			p.Untold = why
		}
	}
	return p
}

// deepen is what helps a pipeline whose clone lacks the live release's commit.
const deepen = "in a pipeline, check out all of the history (fetch-depth: 0)"

// order compares the commit with another, and says why it cannot.
func (o Origin) order(ctx context.Context, other string) (plan.Order, string) {
	switch {
	case o.Commit == other:
		return plan.OrderSame, ""
	case o.top == "":
		return plan.OrderUnknown, "git could not be asked, and the pipeline names only one of them"
	case !isCommit(other):
		return plan.OrderUnknown, "the second is not a commit's full name"
	}
	counts, err := git(ctx, o.top, "rev-list", "--left-right", "--count", o.Commit+"..."+other, "--")
	if err != nil {
		return plan.OrderUnknown, "the second is not in this clone; " + deepen
	}
	switch ours, theirs, _ := strings.Cut(counts, "\t"); {
	case theirs == "0":
		return plan.OrderAfter, ""
	case ours == "0":
		return plan.OrderBefore, ""
	case o.shallow:
		return plan.OrderUnknown, "this clone has only a part of the history; " + deepen
	}
	return plan.OrderDiverged, ""
}
