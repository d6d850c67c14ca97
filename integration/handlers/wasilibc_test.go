package handlers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// libcModule builds a program for the C library of WASI, Debian's packages
// wasi-libc and libclang-rt-14-dev-wasm32. CI requires them.
func libcModule(t *testing.T) []byte {
	t.Helper()
	if _, err := os.Stat("/usr/lib/wasm32-wasi/crt1-reactor.o"); err != nil {
		if os.Getenv("EDGEDEPLOY_REQUIRE_WASILIBC") != "" {
			t.Fatal("wasi-libc is not there: apt-get install clang-14 lld wasi-libc libclang-rt-14-dev-wasm32")
		}
		t.Skip("skipped: it needs clang-14, lld, wasi-libc and libclang-rt-14-dev-wasm32")
	}
	to := filepath.Join(t.TempDir(), "libc.wasm")
	cmd := exec.CommandContext(t.Context(), "clang-14", "--target=wasm32-wasi", "-mexec-model=reactor",
		"-Wall", "-Wextra", "-Werror", "-O2", "-I", "../../examples/ab-test/src", "-o", to, "wasiprobe/src/libc.c")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	module, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return module
}

func TestProgramsOfWASILibcFindWhatThereIs(t *testing.T) {
	t.Parallel()
	b := buildModule(t, libcModule(t), "fail")
	said := []string{
		"constructed 1", "half a line, and the other half",
		"fopen 0", "open -1", "opendir 0", "stat -1, fstat 0", "getenv 0", "getchar -1", "lseek -1",
		"malloc 7", "slept 1", "this century 1", "getentropy 0, differs 1",
	}
	tests := []struct {
		trigger, err string
		more         []string
	}{
		{"viewer-request", "", []string{"no line feed"}},
		{"viewer-response", "", []string{"no line feed"}}, // the same instance
		{"origin-request", "HandlerError: proc_exit(3): the module ended itself", nil},
		{"origin-response", "RuntimeError: unreachable", nil}, // another one, that aborts
		{"viewer-request", "", []string{"no line feed"}},
	}
	var events []object
	for _, tt := range tests {
		events = append(events, event(tt.trigger, ""))
	}
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, events...)
		for i, tt := range tests {
			o := s.Outcomes[i]
			if diff := cmp.Diff(append(said[:len(said):len(said)], tt.more...), o.texts("log")); diff != "" {
				t.Errorf("event %d: -want +got\n%s", i, diff)
			}
			if !strings.Contains(o.Error, tt.err) || (tt.err == "") != (o.Error == "") {
				t.Errorf("event %d: error %q, want %q", i, o.Error, tt.err)
			}
			if log := o.texts("error"); len(log) == 0 || log[0] != "to standard error" {
				t.Errorf("event %d: standard error %q", i, log)
			}
		}
	})
}
