package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

// guard packs the example with other configuration than its spec's.
func guard(t *testing.T, config map[string]any) bundle.Bundle {
	t.Helper()
	return build(t, bundle.Function{Name: "auth", Wasm: "examples/auth/auth.wasm", OnError: "fail", Config: config})
}

func secret(n int) string { return strings.Repeat("0123456789abcdef", 20)[:n] }

// mint signs as examples/auth/README.md says, with an HMAC that is not ours.
func mint(key, kid string, expiry int64, subject, scope string) string {
	claims := fmt.Sprintf("v1.%s.%d.%s.%s", kid, expiry, subject, scope)
	return claims + "." + hex.EncodeToString(hmacSum(key, claims))
}

func hmacSum(key, message string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	_, _ = mac.Write([]byte(message)) // a hash does not fail
	return mac.Sum(nil)
}

func withToken(token string) object {
	e := event("viewer-request", "")
	subject(e, "request")["headers"].(object)["authorization"] = values("Authorization", "Bearer "+token)
	return e
}

// who returns what the origin is told of the visitor, or the status of the answer.
func who(o outcome) string {
	if status, ok := o.Result["status"]; ok {
		return status.(string)
	}
	if o.Error != "" {
		return o.Error
	}
	return at(o.Result, "headers", "x-auth-subject", "0", "value").(string)
}

func TestTheAuthExampleAgreesWithAnotherHMAC(t *testing.T) {
	t.Parallel()
	later, before := time.Now().Add(time.Hour).Unix(), time.Now().Add(-time.Second).Unix()
	for _, size := range []int{32, 63, 64, 65, 200} {
		t.Run(fmt.Sprintf("a key of %d bytes", size), func(t *testing.T) {
			t.Parallel()
			key := secret(size)
			b := guard(t, map[string]any{"key-id": "k", "key": key})
			var events []object
			var want []string
			expect := func(token, who string) { events, want = append(events, withToken(token)), append(want, who) }
			for n := range 130 { // past every length of the last block
				subject := "u" + strings.Repeat("x", n)
				expect(mint(key, "k", later, subject, "/"), subject)
			}
			expect(mint(key, "k", before, "ann", "/"), "401")
			expect(mint(key[1:], "k", later, "ann", "/"), "401")
			expect(mint(key, "k", later, "ann", "/b"), "403")
			onEachNode(t, func(t *testing.T, node string) {
				var got []string
				for _, o := range run(t, node, b, events...).Outcomes {
					got = append(got, who(o))
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
			})
		})
	}
}

// A guard that was set up wrong does not start, and so lets nobody in.
func TestTheAuthExampleDoesNotStartWithoutAGoodKey(t *testing.T) {
	t.Parallel()
	good := func() map[string]any {
		return map[string]any{"key-id": "k", "key": secret(32), "old-key-id": "o", "old-key": secret(33)}
	}
	with := func(key string, value any) map[string]any {
		c := good()
		if c[key] = value; value == nil {
			delete(c, key)
		}
		return c
	}
	tests := map[string]struct {
		config map[string]any
		say    string
	}{
		"all good":            {good(), ""},
		"no keys":             {map[string]any{"cookie": "c"}, "key-id and key are missing"},
		"an id without a key": {with("key", nil), "a key and its id go together"},
		"a key without an id": {with("old-key-id", nil), "a key and its id go together"},
		"a short key":         {with("key", secret(31)), "at least 32 bytes"},
		"a short old key":     {with("old-key", ""), "at least 32 bytes"},
		"an id with a dot":    {with("key-id", "a.b"), "has no dot"},
		"an empty id":         {with("key-id", ""), "not empty"},
		"two keys of one id":  {with("old-key-id", "k"), "are the same"},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		b := guard(t, tests[name].config)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachNode(t, func(t *testing.T, node string) {
				s := run(t, node, b)
				var log string
				for _, l := range s.LoadLogs {
					log += l.Text + "\n"
				}
				if say := tests[name].say; (say == "") != (s.Load == "") || !strings.Contains(log, say) {
					t.Errorf("loaded with %q, logged %q; want %q", s.Load, log, say)
				}
			})
		})
	}
}

func TestTheAuthExampleWarnsOfItsOwnKey(t *testing.T) {
	t.Parallel()
	b := functionsOf(t, "examples/auth")["pages"]
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b)
		if len(s.LoadLogs) != 2 || s.LoadLogs[0].Level != "warn" || !strings.Contains(s.LoadLogs[0].Text, "everybody knows") {
			t.Errorf("logged %v, want a warning for each of two keys", s.LoadLogs)
		}
	})
}

func TestTheScriptOfTheAuthExampleMintsGoodTokens(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("EDGEDEPLOY_REQUIRE_OPENSSL") != "" {
			t.Fatal("openssl is not there: apt-get install openssl")
		}
		t.Skip("NOT RUN: the script needs openssl")
	}
	cmd := exec.CommandContext(t.Context(), "../../examples/auth/mint.sh", "ann", "/a.b/", "3600")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "KID=k", "AUTH_KEY=" + secret(32)}
	token, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	b := guard(t, map[string]any{"key-id": "k", "key": secret(32)})
	good := withToken(strings.TrimSpace(string(token)))
	subject(good, "request")["uri"] = "/a.b/c"
	onEachNode(t, func(t *testing.T, node string) {
		if got := who(run(t, node, b, good).Outcomes[0]); got != "ann" {
			t.Errorf("%s: got %s, want ann", token, got)
		}
	})
}
