package awscloud

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
)

// cleanEnv leaves nothing of the machine's own AWS settings, and gives what
// env says, and a configuration file.
func cleanEnv(t *testing.T, file string, env map[string]string) {
	t.Helper()
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "") // restored at the end
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for name, value := range env {
		t.Setenv(name, value)
	}
}

// recorder is an STS that keeps what it was asked.
type recorder struct {
	*httptest.Server

	mu            sync.Mutex
	authorization []string
	agents        []string
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.authorization = append(r.authorization, q.Header.Get("Authorization"))
		r.agents = append(r.agents, q.Header.Get("User-Agent"))
		_, _ = w.Write([]byte(callerIdentity)) // the client may be gone
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) last() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.authorization) == 0 {
		return ""
	}
	return r.authorization[len(r.authorization)-1]
}

// Not parallel: the environment is the test's subject.
func TestSettingsComeFromWhereTheSDKFindsThem(t *testing.T) {
	const file = `
[profile frankfurt]
region = eu-central-1
aws_access_key_id = AKIAPROFILE
aws_secret_access_key = s
`
	keys := map[string]string{"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s"}
	for name, tt := range map[string]struct {
		env           map[string]string
		options       Options
		endpointInEnv string
		key           string
		regionIgnored string
	}{
		"--endpoint-url":                     {env: keys, key: "AKIAENV"},
		"AWS_ENDPOINT_URL":                   {env: keys, endpointInEnv: "AWS_ENDPOINT_URL", key: "AKIAENV"},
		"AWS_ENDPOINT_URL_STS":               {env: keys, endpointInEnv: "AWS_ENDPOINT_URL_STS", key: "AKIAENV"},
		"--profile, whose region is ignored": {options: Options{Profile: "frankfurt"}, key: "AKIAPROFILE", regionIgnored: "eu-central-1"},
		"AWS_PROFILE":                        {env: map[string]string{"AWS_PROFILE": "frankfurt"}, key: "AKIAPROFILE", regionIgnored: "eu-central-1"},
		"AWS_REGION is ignored": {
			env: map[string]string{"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "ap-south-1"},
			key: "AKIAENV", regionIgnored: "ap-south-1",
		},
		"us-east-1 is not ignored": {
			env: map[string]string{"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"},
			key: "AKIAENV",
		},
	} {
		t.Run(name, func(t *testing.T) {
			cleanEnv(t, file, tt.env)
			r := newRecorder(t)
			o := tt.options
			o.UserAgent = "edgedeploy/1.2.3"
			if tt.endpointInEnv != "" {
				t.Setenv(tt.endpointInEnv, r.URL)
			} else {
				o.EndpointURL = r.URL
			}
			cloud, err := Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := cloud.Identity.Account(t.Context()); err != nil || got != account {
				t.Fatal(got, err)
			}
			if cloud.RegionIgnored != tt.regionIgnored {
				t.Errorf("ignored region %q, want %q", cloud.RegionIgnored, tt.regionIgnored)
			}
			if got := r.last(); !strings.Contains(got, "Credential="+tt.key+"/") || !strings.Contains(got, "/us-east-1/sts/") {
				t.Errorf("signed with %s", got)
			}
			if !strings.Contains(r.agents[0], "edgedeploy/1.2.3") {
				t.Errorf("user agent %q", r.agents[0])
			}
		})
	}
}

func TestTheLocalAWSGetsNoRealCredentials(t *testing.T) {
	r := newRecorder(t)
	marker := filepath.Join(t.TempDir(), "ran")
	cleanEnv(t, "[profile real]\nregion = eu-west-1\ncredential_process = /usr/bin/touch "+marker+"\n", map[string]string{
		"AWS_PROFILE": "real", "AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
	})
	cloud, err := Open(t.Context(), Options{Profile: "real", EndpointURL: "http://127.0.0.1:1", Local: &Local{Account: account, Endpoint: r.URL}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := cloud.Identity.Account(t.Context()); err != nil || got != account {
		t.Fatal(got, err)
	}
	if got := r.last(); !strings.Contains(got, "Credential="+account+"/") {
		t.Errorf("signed with %s", got)
	}
	if cloud.RegionIgnored != "" {
		t.Errorf("the profile was read: region %q", cloud.RegionIgnored)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("credential_process ran")
	}
}

func TestWithoutCredentialsTheErrorSaysHowToGiveThem(t *testing.T) {
	for name, tt := range map[string]struct {
		file    string
		options Options
		text    string
		hint    string
	}{
		"none at all":          {"", Options{}, "STS GetCallerIdentity: no AWS credentials", "--local"},
		"a process that fails": {"[profile p]\ncredential_process = /bin/false\n", Options{Profile: "p"}, "no AWS credentials: ", "--local"},
		"a session that ended": {"[profile p]\nsso_start_url = https://x.invalid\nsso_region = us-east-1\nsso_account_id = 1\nsso_role_name = r\n", Options{Profile: "p"}, "no AWS credentials: ", "aws sso login"},
	} {
		t.Run(name, func(t *testing.T) {
			cleanEnv(t, tt.file, nil)
			t.Setenv("HOME", t.TempDir())
			cloud, err := Open(t.Context(), tt.options)
			if err != nil {
				t.Fatal(err)
			}
			_, err = cloud.Identity.Account(t.Context())
			e, ok := errors.AsType[*Error](err)
			if !ok || !strings.Contains(err.Error(), tt.text) || !strings.Contains(e.Hint, tt.hint) {
				t.Errorf("got %v\nhint %q", err, e.Hint)
			}
		})
	}
}

func TestOpenRefusesWhatCannotBeMeant(t *testing.T) {
	cleanEnv(t, "", nil)
	transport := http.DefaultTransport
	for name, tt := range map[string]struct {
		options Options
		want    string
	}{
		"a profile that is not there":  {Options{Profile: "nobody"}, `the AWS configuration files have no profile "nobody"`},
		"an endpoint without a scheme": {Options{EndpointURL: "localhost:4566"}, "not the http or https URL"},
		"an account of letters":        {Options{Local: &Local{Account: "mine", Transport: transport}}, "twelve digits"},
		"a local AWS twice":            {Options{Local: &Local{Account: account, Transport: transport, Endpoint: "http://127.0.0.1:1"}}, "both"},
		"a local AWS nowhere":          {Options{Local: &Local{Account: account}}, "not the http or https URL"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Open(t.Context(), tt.options); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAWSMaxAttemptsIsHonoured(t *testing.T) {
	cleanEnv(t, "", map[string]string{"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_MAX_ATTEMPTS": "2"})
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	var calls []Call
	cloud, err := Open(t.Context(), Options{EndpointURL: server.URL, MaxBackoff: 1, OnCall: func(c Call) { calls = append(calls, c) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cloud.Identity.Account(t.Context()); err == nil || requests != 2 {
		t.Errorf("%d requests, %v", requests, err)
	}
	var got []Call
	for _, c := range calls {
		if c.Duration <= 0 || c.Start.IsZero() {
			t.Errorf("no time in %+v", c)
		}
		got = append(got, Call{Service: c.Service, Operation: c.Operation, Attempt: c.Attempt, Status: c.Status})
	}
	if diff := cmp.Diff([]Call{{Service: "STS", Operation: "GetCallerIdentity", Attempt: 1, Status: 503}, {Service: "STS", Operation: "GetCallerIdentity", Attempt: 2, Status: 503}}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestARoleIsAssumedWithoutARegion: profiles that assume a role need a region
// to ask STS in, and many name none.
func TestARoleIsAssumedWithoutARegion(t *testing.T) {
	var scopes []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scopes = append(scopes, r.Header.Get("Authorization"))
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		if r.Form.Get("Action") != "AssumeRole" {
			_, _ = io.WriteString(w, callerIdentity) // the client may be gone
			return
		}
		_, _ = io.WriteString(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIAROLE</AccessKeyId>`+
			`<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
	}))
	t.Cleanup(server.Close)
	cleanEnv(t, "[profile r]\nrole_arn = arn:aws:iam::111111111111:role/deploy\nsource_profile = s\n[profile s]\naws_access_key_id = AKIASOURCE\naws_secret_access_key = s\n",
		map[string]string{"AWS_ENDPOINT_URL_STS": server.URL})
	cloud, err := Open(t.Context(), Options{Profile: "r"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cloud.Identity.Account(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(scopes) != 2 || !strings.Contains(scopes[0], "AKIASOURCE/") || !strings.Contains(scopes[0], "/us-east-1/sts/") || !strings.Contains(scopes[1], "AKIAROLE/") {
		t.Errorf("asked with %v", scopes)
	}
}

func TestAnInterruptedLookForCredentialsIsNotTheirFault(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	from := aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		cancel()
		return aws.Credentials{}, ctx.Err()
	})
	_, err := namedCredentials{from}.Retrieve(ctx)
	if _, blamed := errors.AsType[*credentialsError](err); blamed || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
