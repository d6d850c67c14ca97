package localaws_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

func TestAKeyThatIsNoAccountNumberIsTheAccountOfTheData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := localaws.KeepAccount(dir, account); err != nil {
		t.Fatal(err)
	}
	for rule, c := range map[string]struct{ dir, want string }{
		"of the folder": {dir, account},
		"of no folder":  {"", "000000000000"},
		"never used":    {t.TempDir(), "000000000000"},
	} {
		s := open(t, localaws.Options{Dir: c.dir})
		for _, key := range []string{"test", "AKIAIOSFODNN7EXAMPLE", "12345678901", "1234567890123"} {
			k := inProcess(t, s)
			k.account = key
			a := k.send("sts", "POST", "/", "Action=GetCallerIdentity&Version=2011-06-15")
			if !strings.Contains(string(a.body), "<Account>"+c.want+"</Account>") {
				t.Errorf("%s: %s: %s", rule, key, a.body)
			}
			// The seeded role works where the account is the data's; elsewhere a
			// sentence tells why not.
			a = k.send("lambda", "POST", "/2015-03-31/functions", creation(t, "f-"+strings.ToLower(key)))
			switch text := string(a.body); {
			case c.want == account && a.status != 201:
				t.Errorf("%s: %s: %d %s", rule, key, a.status, text)
			case c.want != account && (a.status != 403 || !strings.Contains(text, "use "+account+" as the access key id")):
				t.Errorf("%s: %s: %d %s", rule, key, a.status, text)
			}
		}
	}
}

func TestTheAccountIsReadAsItWasKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	if got, err := localaws.AccountIn(dir); got != "000000000000" || err != nil {
		t.Errorf("before: %q %v", got, err)
	}
	for _, want := range []string{account, "999999999999"} {
		if err := localaws.KeepAccount(dir, want); err != nil {
			t.Fatal(err)
		}
		if got, err := localaws.AccountIn(dir); got != want || err != nil {
			t.Errorf("%q %v, want %q", got, err, want)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("beside the file is left: %v %v", entries, err)
	}
	for _, bad := range []string{"", "12", "a word\n", account + account} {
		file := filepath.Join(dir, "account")
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := localaws.AccountIn(dir); err == nil || !strings.Contains(err.Error(), file+" holds no account number of 12 digits; remove it") {
			t.Errorf("%q: %v", bad, err)
		}
		if err := localaws.KeepAccount(dir, account); err != nil {
			t.Errorf("%q cannot be replaced: %v", bad, err)
		}
	}
}
