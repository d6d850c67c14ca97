package bars

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/edgedeploy/edgedeploy/integration/program"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// pairs is how many applies, and as many status, run at the same time.
const pairs = 5

// Ten processes want the data of one local AWS at once: each waits for its
// turn and does its work, none hangs, and the data stays whole.
func TestProcessesThatShareOneLocalAWSTakeTurns(t *testing.T) {
	t.Parallel()
	dir := crowded(t)
	status, applied := crowd(t, dir)
	for i, o := range status {
		if o.code != 0 || !strings.Contains(o.stdout, "shop-auth") {
			t.Errorf("status %d exits with %d:\n%s%s", i, o.code, o.stdout, o.stderr)
		}
	}
	for i, o := range applied {
		if o.code != 0 {
			t.Errorf("apply %d exits with %d:\n%s%s", i, o.code, o.stdout, o.stderr)
		}
	}
	tellsOneStory(t, dir, 1+pairs)

	server, err := localaws.Open(localaws.Options{Dir: filepath.Join(dir, ".edgedeploy", "local")})
	if err != nil {
		t.Fatalf("the data does not open any more: %v", err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}

// While the data is being served, all of them use the server, truly at once:
// then the stack's lock decides, and who does not get it exits with 4.
func TestProcessesThatUseTheServerOfOneLocalAWSMeetTheLock(t *testing.T) {
	t.Parallel()
	dir := crowded(t)
	ctx, cancel := context.WithTimeout(t.Context(), program.Patience)
	defer cancel()
	local, err := program.Serve(ctx, binary, dir)
	if err != nil {
		t.Fatal(err)
	}
	status, applied := crowd(t, dir)
	for i, o := range status {
		if o.code != 0 || !strings.Contains(o.stdout, "shop-auth") {
			t.Errorf("status %d exits with %d:\n%s%s", i, o.code, o.stdout, o.stderr)
		}
	}
	done := 0
	for i, o := range applied {
		switch o.code {
		case 0:
			done++
		case 4:
		default:
			t.Errorf("apply %d exits with %d, want 0 or 4:\n%s%s", i, o.code, o.stdout, o.stderr)
		}
	}
	if done == 0 {
		t.Error("no apply came through")
	}
	t.Logf("%d of %d applies came through, the others met the lock", done, pairs)
	calls, err := local.Calls(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(calls) == 0 {
		t.Error("nobody used the server")
	}
	tellsOneStory(t, dir, 1+done)
	if err := local.Stop(); err != nil {
		t.Error(err)
	}
	tellsOneStory(t, dir, 1+done) // and without the server, too
}

// crowded is a folder with a first release, and specs 0.yaml to 4.yaml that differ.
func crowded(t *testing.T) string {
	t.Helper()
	dir := folder(t)
	must(t, dir, "", "apply", "--local", "--yes")
	for i := range pairs {
		write(t, dir, fmt.Sprintf("%d.yaml", i), []byte(spec(192+64*i)))
	}
	return dir
}

// crowd runs status and apply of each of the specs, all at once.
func crowd(t *testing.T, dir string) (status, applied []outcome) {
	t.Helper()
	status, applied = make([]outcome, pairs), make([]outcome, pairs)
	var group sync.WaitGroup
	for i := range pairs {
		group.Go(func() { status[i] = run(t, dir, "", "status", "--local") })
		group.Go(func() {
			applied[i] = run(t, dir, "", "apply", "--local", "--yes", "-m", fmt.Sprintf("number %d", i), "-f", fmt.Sprintf("%d.yaml", i))
		})
	}
	group.Wait()
	return status, applied
}

// tellsOneStory looks that there are so many releases, that the account holds
// what the live one says, and that this is one of the specs.
func tellsOneStory(t *testing.T, dir string, releases int) {
	t.Helper()
	if o := run(t, dir, "", "status", "--local", "--detailed-exitcode"); o.code != 0 {
		t.Errorf("status exits with %d:\n%s%s", o.code, o.stdout, o.stderr)
	}
	history := must(t, dir, "", "history", "--local", "-o", "json").stdout
	if n := strings.Count(history, `"kind": "apply"`); n != releases {
		t.Errorf("%d releases, want %d:\n%s", n, releases, history)
	}
	var inForce []int
	for i := range pairs {
		if run(t, dir, "", "plan", "--local", "--detailed-exitcode", "-f", fmt.Sprintf("%d.yaml", i)).code == 0 {
			inForce = append(inForce, i)
		}
	}
	if len(inForce) != 1 {
		t.Errorf("the specs %v have nothing to do, want exactly one of them", inForce)
	}
}
