package provenance

import (
	"slices"
	"strings"
)

// pipeline is how one service tells what it builds.
type pipeline struct {
	commit           string   // the variable that names the commit
	marks            string   // a variable without which that name means nothing, or ""
	branches, titles []string // variables, the first that is set counts
	// merged reports whether a run is of a pull request, whose commit may be a
	// merge that is on no branch and goes away.
	merged func(Lookup) bool
}

// pipelines are the services that are known, with the variables that each
// documents. What imitates another service is known as that one.
func pipelines() []pipeline {
	return []pipeline{
		// GitHub: of pull_request GITHUB_SHA is the last merge commit of
		// refs/pull/N/merge, of pull_request_target the last one of the base.
		{"GITHUB_SHA", "", []string{"GITHUB_REF_NAME"}, nil, begins("GITHUB_EVENT_NAME", "pull_request")},
		// GitLab's merged results pipelines build a merge commit. The second
		// variable is Woodpecker's.
		{"CI_COMMIT_SHA", "", []string{"CI_COMMIT_BRANCH"}, []string{"CI_COMMIT_TITLE", "CI_COMMIT_MESSAGE"},
			either(begins("CI_PIPELINE_SOURCE", "merge_request"), begins("CI_PIPELINE_EVENT", "pull_request"))},
		{"BUILDKITE_COMMIT", "", []string{"BUILDKITE_BRANCH"}, []string{"BUILDKITE_MESSAGE"}, besides("BUILDKITE_PULL_REQUEST", "false")},
		// CircleCI builds the commit of a branch, with a pull request or without.
		{"CIRCLE_SHA1", "", []string{"CIRCLE_BRANCH"}, nil, either()},
		{"BITBUCKET_COMMIT", "", []string{"BITBUCKET_BRANCH"}, nil, besides("BITBUCKET_PR_ID", "")},
		{"BUILD_SOURCEVERSION", "TF_BUILD", []string{"BUILD_SOURCEBRANCH"}, []string{"BUILD_SOURCEVERSIONMESSAGE"}, begins("BUILD_REASON", "PullRequest")},
		{"GIT_COMMIT", "JENKINS_URL", []string{"BRANCH_NAME", "GIT_BRANCH"}, nil, besides("CHANGE_ID", "")},
		{"CODEBUILD_RESOLVED_SOURCE_VERSION", "", []string{"CODEBUILD_WEBHOOK_HEAD_REF"}, nil, begins("CODEBUILD_WEBHOOK_EVENT", "PULL_REQUEST")},
		{"TRAVIS_COMMIT", "", []string{"TRAVIS_BRANCH"}, []string{"TRAVIS_COMMIT_MESSAGE"}, begins("TRAVIS_EVENT_TYPE", "pull_request")},
		{"DRONE_COMMIT_SHA", "", []string{"DRONE_BRANCH"}, []string{"DRONE_COMMIT_MESSAGE"}, begins("DRONE_BUILD_EVENT", "pull_request")},
	}
}

func begins(name, with string) func(Lookup) bool {
	return func(lookup Lookup) bool { return strings.HasPrefix(value(lookup, name), with) }
}

// besides reports whether a variable says something else than nothing and none.
func besides(name, none string) func(Lookup) bool {
	return func(lookup Lookup) bool { v := value(lookup, name); return v != "" && v != none }
}

func either(tests ...func(Lookup) bool) func(Lookup) bool {
	return func(lookup Lookup) bool {
		return slices.ContainsFunc(tests, func(test func(Lookup) bool) bool { return test(lookup) })
	}
}

func value(lookup Lookup, names ...string) string {
	for _, name := range names {
		if v, ok := lookup(name); ok && v != "" {
			return v
		}
	}
	return ""
}

// said is what a pipeline says of the source.
type said struct {
	commit, branch, title string
	from                  string // the variable that names the commit
	merged                string // why the commit is of no use, or ""
}

// pipelineSays reads the variables of the service that runs this; nothing on a
// person's machine.
func pipelineSays(lookup Lookup) said {
	for _, p := range pipelines() {
		commit := strings.ToLower(value(lookup, p.commit))
		if p.marks != "" && value(lookup, p.marks) == "" || !isCommit(commit) {
			continue
		}
		if p.merged(lookup) {
			return said{merged: p.commit + " is that of a pull request, and may be a merge that is on no branch"}
		}
		title, _, _ := strings.Cut(value(lookup, p.titles...), "\n")
		return said{commit: commit, branch: p.branch(lookup), title: strings.TrimSpace(title), from: p.commit}
	}
	return said{}
}

// branch is the branch that is built, "" for a tag.
func (p pipeline) branch(lookup Lookup) string {
	name := value(lookup, p.branches...)
	switch {
	case p.commit == "GITHUB_SHA" && value(lookup, "GITHUB_REF_TYPE") == "tag",
		strings.HasPrefix(name, "refs/tags/"):
		return ""
	case p.commit == "GIT_COMMIT":
		return strings.TrimPrefix(name, "origin/") // Jenkins names the remote's branch
	}
	return strings.TrimPrefix(name, "refs/heads/")
}
