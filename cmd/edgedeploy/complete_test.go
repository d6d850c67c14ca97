package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// patience is how long completion may take here: a second, and two more for a
// machine that has other things to do.
const patience = 3 * time.Second

// completions runs a command line as shells ask for it, and gives the values that
// it offers. It has to answer at once, and well.
func completions(t *testing.T, run func(map[string]string, ...string) (int, string, string), words ...string) []string {
	t.Helper()
	start := time.Now()
	for i, w := range words {
		words[i] = strings.ReplaceAll(w, "\x00", "")
	}
	code, out, _ := run(map[string]string{"HOME": os.Getenv("HOME"), "AWS_CONFIG_FILE": os.Getenv("AWS_CONFIG_FILE")}, append([]string{"__complete"}, words...)...)
	if took := time.Since(start); took > patience {
		t.Errorf("%q took %v", words, took)
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	last := lines[len(lines)-1]
	if code != 0 || !strings.HasPrefix(last, ":") || last == ":1" {
		t.Errorf("%q exits with %d and prints %q", words, code, out)
	}
	return lines[:len(lines)-1]
}

var regexpDay = regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}`)

func TestValuesAreCompleted(t *testing.T) {
	run := mistypedRig(t)
	for _, message := range []string{"the first", "the second"} {
		if code, _, text := run(nil, "apply", "--local", "--yes", "--no-load", "-m", message); code != 0 {
			t.Fatal(text)
		}
		spec := strings.Replace(mistypedSpec, "timeout: 5", "timeout: 3", 1)
		if err := os.WriteFile("edgedeploy.yaml", []byte(spec), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, text := run(nil, "rollback", "--local", "--yes", "-m", "too slow"); code != 0 {
		t.Fatal(text)
	}
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte("[default]\n[profile prod]\nregion = x\n[sso-session me]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", config)
	for _, tt := range []struct {
		words string // the last one is begun
		want  []string
	}{
		{"plan -o ”", []string{"text\tfor people", "json\tone document, for programs", "markdown\tfor pull requests"}},
		{"apply --on-failure ”", []string{"stop\tleave the release in flight", "rollback\tundo it"}},
		{"invoke ”", []string{"other\torigin-request", "site\tviewer-request"}},
		{"invoke site ”", []string{}},
		{"resume --function ”", []string{"other\torigin-request", "site\tviewer-request"}},
		{"test --trigger ”", triggerNames()},
		{"status --stack ”", []string{"shop"}},
		{"init --lang ”", []string{"rust", "go", "typescript"}},
		{"iam-policy ”", []string{"deployer", "cleaner", "trust", "logs"}},
		{"schema --of ”", append([]string{"spec"}, render.DocumentNames()...)},
		{"completion ”", shells},
		{"plan --profile ”", []string{"default", "prod"}},
		{"rollback --local ”", []string{"2\trolled back, DAY the second", "1\twas live, DAY the first", "0\tbefore the first release"}},
		{"rollback --local --to ”", []string{"2\trolled back, DAY the second", "1\twas live, DAY the first", "0\tbefore the first release"}},
		{"rollback --local --of ”", []string{"3\tlive, DAY too slow"}},
		{"show --local --stack shop ”", []string{"3\tlive, DAY too slow", "2\trolled back, DAY the second", "1\twas live, DAY the first"}},
		{"resume --local ”", []string{"2\ttoo slow"}},
		{"unlock --local ”", []string{}},
		{"apply ”", []string{"edplan"}},
		{"plan -f ”", []string{"yaml", "yml", "json"}},
		{"-C ”", []string{}},
		// What is wrong before is no reason for an error, and offers nothing.
		{"rollback --local --stack shpo ”", []string{}},
		{"rollback --local --stack Not_A_Name ”", []string{}},
		{"show --local -C nowhere ”", []string{}},
		{"show --local -f nope.yaml ”", []string{}},
		{"show --local --local-data nowhere ”", []string{}},
		{"plam ”", []string{}},
	} {
		got := completions(t, run, strings.Fields(strings.ReplaceAll(tt.words, "”", "\x00"))...)
		for i := range got {
			got[i] = regexpDay.ReplaceAllString(got[i], "DAY")
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.words, diff)
		}
	}
	if _, err := os.Stat("nowhere"); err == nil {
		t.Error("a local AWS was made")
	}
}

// An account that does not answer, credentials that are not there, and a program
// that would ask for them: there is nothing to offer, at once, and nothing is asked.
func TestCompletionNeverWaitsNorAsks(t *testing.T) {
	run := mistypedRig(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	ran := filepath.Join(t.TempDir(), "ran")
	config := filepath.Join(t.TempDir(), "config")
	program := fmt.Sprintf("[profile asks]\ncredential_process = touch %s\n[profile mfa]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = asks\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n[profile through]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = asks\n", ran)
	if err := os.WriteFile(config, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", config)
	ask := func(what string, words ...string) {
		t.Helper()
		for _, command := range [][]string{{"rollback"}, {"show"}, {"resume"}, {"unlock"}, {"rollback", "--to"}, {"rollback", "--stack", "shop", "--of"}} {
			all := append(append(append([]string{}, command[:1]...), words...), command[1:]...)
			if got := completions(t, run, append(all, "\x00")...); len(got) != 0 {
				t.Errorf("%s: %q offers %q", what, all, got)
			}
		}
	}
	ask("nothing listens")
	ask("no answer", "--endpoint-url", "http://"+silent.Addr().String())
	ask("no such profile", "--profile", "nobody")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	ask("no credentials")
	for _, profile := range []string{"asks", "mfa", "through"} {
		ask("profile "+profile, "--profile", profile)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a program was run for credentials")
	}
}

// Every flag with a value completes it, or says that there is nothing to offer:
// the names of files are not values of all.
func TestEveryValueIsCompleted(t *testing.T) {
	root := testTree()
	root.InitDefaultHelpCmd()
	for _, c := range append(root.Commands(), root) {
		if c.ValidArgs == nil && c.ValidArgsFunction == nil {
			t.Errorf("nothing completes the arguments of %s", c.Name())
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if _, ok := c.GetFlagCompletionFunc(f.Name); !ok && f.Value.Type() != "bool" {
				t.Errorf("nothing completes %s --%s", c.Name(), f.Name)
			}
		})
	}
}
