package provenance

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPipelinesNameTheirCommit(t *testing.T) {
	t.Parallel()
	c := strings.Repeat("ab", 20)
	const merged = "\x00"
	for name, test := range map[string]struct {
		vars string // NAME=value, separated by "; "; COMMIT stands for the commit
		want said   // merged: that of a pull request
	}{
		"a person":                      {"HOME=/root; GIT_COMMIT=COMMIT; BUILD_SOURCEVERSION=COMMIT", said{}},
		"GitHub, a push":                {"GITHUB_SHA=COMMIT; GITHUB_EVENT_NAME=push; GITHUB_REF_TYPE=branch; GITHUB_REF_NAME=main", said{commit: c, branch: "main", from: "GITHUB_SHA"}},
		"GitHub, a tag":                 {"GITHUB_SHA=COMMIT; GITHUB_EVENT_NAME=push; GITHUB_REF_TYPE=tag; GITHUB_REF_NAME=v1", said{commit: c, from: "GITHUB_SHA"}},
		"GitHub, by hand":               {"GITHUB_SHA=COMMIT; GITHUB_EVENT_NAME=workflow_dispatch; GITHUB_REF_NAME=main", said{commit: c, branch: "main", from: "GITHUB_SHA"}},
		"GitHub, a pull request":        {"GITHUB_SHA=COMMIT; GITHUB_EVENT_NAME=pull_request; GITHUB_REF_NAME=7/merge", said{merged: merged, from: "GITHUB_SHA"}},
		"GitHub, a pull request's base": {"GITHUB_SHA=COMMIT; GITHUB_EVENT_NAME=pull_request_target", said{merged: merged, from: "GITHUB_SHA"}},
		"GitLab, a branch":              {"CI_COMMIT_SHA=COMMIT; CI_PIPELINE_SOURCE=push; CI_COMMIT_BRANCH=main; CI_COMMIT_TITLE=why", said{commit: c, branch: "main", title: "why", from: "CI_COMMIT_SHA"}},
		"GitLab, a merge request":       {"CI_COMMIT_SHA=COMMIT; CI_PIPELINE_SOURCE=merge_request_event", said{merged: merged, from: "CI_COMMIT_SHA"}},
		"Woodpecker, a branch":          {"CI_COMMIT_SHA=COMMIT; CI_PIPELINE_EVENT=push; CI_COMMIT_BRANCH=main; CI_COMMIT_MESSAGE=why\nmore", said{commit: c, branch: "main", title: "why", from: "CI_COMMIT_SHA"}},
		"Woodpecker, a pull request":    {"CI_COMMIT_SHA=COMMIT; CI_PIPELINE_EVENT=pull_request_closed", said{merged: merged, from: "CI_COMMIT_SHA"}},
		"Buildkite":                     {"BUILDKITE_COMMIT=COMMIT; BUILDKITE_BRANCH=main; BUILDKITE_PULL_REQUEST=false; BUILDKITE_MESSAGE=why\n\nmore", said{commit: c, branch: "main", title: "why", from: "BUILDKITE_COMMIT"}},
		"Buildkite, a name":             {"BUILDKITE_COMMIT=HEAD; BUILDKITE_BRANCH=main", said{}},
		"Buildkite, a pull request":     {"BUILDKITE_COMMIT=COMMIT; BUILDKITE_PULL_REQUEST=7", said{merged: merged, from: "BUILDKITE_COMMIT"}},
		"CircleCI":                      {"CIRCLE_SHA1=COMMIT; CIRCLE_BRANCH=main; CIRCLE_PULL_REQUEST=https://example.com/7", said{commit: c, branch: "main", from: "CIRCLE_SHA1"}},
		"Bitbucket":                     {"BITBUCKET_COMMIT=COMMIT; BITBUCKET_BRANCH=main", said{commit: c, branch: "main", from: "BITBUCKET_COMMIT"}},
		"Bitbucket, a pull request":     {"BITBUCKET_COMMIT=COMMIT; BITBUCKET_PR_ID=7", said{merged: merged, from: "BITBUCKET_COMMIT"}},
		"Azure":                         {"TF_BUILD=True; BUILD_SOURCEVERSION=COMMIT; BUILD_SOURCEBRANCH=refs/heads/a/b; BUILD_REASON=IndividualCI", said{commit: c, branch: "a/b", from: "BUILD_SOURCEVERSION"}},
		"Azure, a tag":                  {"TF_BUILD=True; BUILD_SOURCEVERSION=COMMIT; BUILD_SOURCEBRANCH=refs/tags/v1", said{commit: c, from: "BUILD_SOURCEVERSION"}},
		"Azure, a pull request":         {"TF_BUILD=True; BUILD_SOURCEVERSION=COMMIT; BUILD_REASON=PullRequest", said{merged: merged, from: "BUILD_SOURCEVERSION"}},
		"Jenkins":                       {"JENKINS_URL=https://j; GIT_COMMIT=COMMIT; GIT_BRANCH=origin/main", said{commit: c, branch: "main", from: "GIT_COMMIT"}},
		"Jenkins, a change":             {"JENKINS_URL=https://j; GIT_COMMIT=COMMIT; CHANGE_ID=7", said{merged: merged, from: "GIT_COMMIT"}},
		"CodeBuild":                     {"CODEBUILD_RESOLVED_SOURCE_VERSION=COMMIT; CODEBUILD_WEBHOOK_EVENT=PUSH; CODEBUILD_WEBHOOK_HEAD_REF=refs/heads/main", said{commit: c, branch: "main", from: "CODEBUILD_RESOLVED_SOURCE_VERSION"}},
		"CodeBuild, a pull request":     {"CODEBUILD_RESOLVED_SOURCE_VERSION=COMMIT; CODEBUILD_WEBHOOK_EVENT=PULL_REQUEST_UPDATED", said{merged: merged, from: "CODEBUILD_RESOLVED_SOURCE_VERSION"}},
		"Travis":                        {"TRAVIS_COMMIT=COMMIT; TRAVIS_BRANCH=main; TRAVIS_EVENT_TYPE=push; TRAVIS_COMMIT_MESSAGE=why", said{commit: c, branch: "main", title: "why", from: "TRAVIS_COMMIT"}},
		"Travis, a pull request":        {"TRAVIS_COMMIT=COMMIT; TRAVIS_EVENT_TYPE=pull_request", said{merged: merged, from: "TRAVIS_COMMIT"}},
		"Drone":                         {"DRONE_COMMIT_SHA=COMMIT; DRONE_BRANCH=main; DRONE_BUILD_EVENT=push", said{commit: c, branch: "main", from: "DRONE_COMMIT_SHA"}},
		"Drone, a pull request":         {"DRONE_COMMIT_SHA=COMMIT; DRONE_BUILD_EVENT=pull_request", said{merged: merged, from: "DRONE_COMMIT_SHA"}},
		"an empty variable":             {"GITHUB_SHA=; CI_COMMIT_SHA=COMMIT", said{commit: c, from: "CI_COMMIT_SHA"}},
		"one in capitals, of SHA-256":   {"GITHUB_SHA=" + strings.Repeat("AB", 32), said{commit: strings.Repeat("ab", 32), from: "GITHUB_SHA"}},
		"no commit: all zeros":          {"GITHUB_SHA=" + strings.Repeat("0", 40), said{}},
	} {
		vars := map[string]string{}
		for pair := range strings.SplitSeq(test.vars, "; ") {
			key, text, _ := strings.Cut(pair, "=")
			vars[key] = strings.ReplaceAll(text, "COMMIT", c)
		}
		want := test.want
		if want.merged == merged {
			want = said{merged: want.from + " is that of a pull request, and may be a merge that is on no branch"}
		}
		if diff := cmp.Diff(want, pipelineSays(env(vars)), cmp.AllowUnexported(said{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
