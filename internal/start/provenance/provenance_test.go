package provenance

import "testing"

func TestThePipelineSaysWhoDeploys(t *testing.T) {
	t.Parallel()
	for want, env := range map[string]map[string]string{
		"ops": {"EDGEDEPLOY_ACTOR": "ops", "GITHUB_ACTOR": "ada"},
		"ada": {"EDGEDEPLOY_ACTOR": "", "GITHUB_ACTOR": "ada", "GITLAB_USER_LOGIN": "bob"},
		"bob": {"GITLAB_USER_LOGIN": "bob"},
	} {
		lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
		if got := Actor(lookup); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if run := Run(lookup, "why"); run.Actor != want || run.Message != "why" || len(run.ID) != 16 || run.At.IsZero() || run.Tool == "" {
			t.Errorf("got %+v", run)
		}
	}
	nothing := func(string) (string, bool) { return "", false }
	if Actor(nothing) == "" {
		t.Error("nobody deploys")
	}
	if one, two := NewID(), NewID(); one == two {
		t.Error("two runs have one id")
	}
}
