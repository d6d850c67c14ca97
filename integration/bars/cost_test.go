package bars

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/integration/program"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// The bars.
const (
	maxNoOpCalls   = 5        // of a plan with nothing to do
	maxApplyCalls  = 24       // of an apply of one changed function to one distribution, besides polls
	maxBinaryBytes = 24 << 20 // 31 if the linker has to keep every method, see writeUsage
)

// delay has to be much more than what a busy machine takes between two calls
// that the program makes at once.
const delay = 250 * time.Millisecond

// A rollback is written down before it is made, however urgent it is: a rollback
// that died after its write and before its record was forgotten, and the next
// one went to the bad release. What it takes until the first write is printed:
// every call takes the same time here, so calls that do not wait for each other
// overlap, and the longest chain of calls that do not overlap is the number of
// round trips.
func TestARollbackIsRecordedBeforeItsFirstCloudFrontWrite(t *testing.T) {
	t.Parallel()
	local, dir := serve(t), folder(t)
	must(t, dir, local.Endpoint, "apply", "--yes")
	write(t, dir, "edgedeploy.yaml", []byte(spec(256)))
	must(t, dir, local.Endpoint, "apply", "--yes")

	calls := record(t, local, func() { must(t, dir, local.Endpoint, "rollback", "--yes", "--no-wait", "-m", "too slow") })
	first := func(operation, resource string) int {
		return slices.IndexFunc(calls, func(c localaws.Call) bool { return c.Operation == operation && strings.HasSuffix(c.Resource, resource) })
	}
	order := []int{
		first("PublishVersion", "edgedeploy-shop-releases"), first("UpdateAlias", "edgedeploy-shop-releases:pending"),
		first("UpdateDistribution", ""), first("UpdateAlias", "edgedeploy-shop-releases:live"),
	}
	if order[0] < 0 || !slices.IsSorted(order) {
		t.Errorf("the record, the mark, the write and the commit are calls %v:\n%s", order, timeline(calls))
	}
	chain := trips(calls, calls[order[2]].Start)
	t.Logf("%d round trips before the first CloudFront write", len(chain))
}

// record makes every call take delay and returns those that do makes, by start.
func record(t *testing.T, local *program.Local, do func()) []localaws.Call {
	t.Helper()
	for _, err := range []error{
		local.Arm(t.Context(), localaws.Fault{Kind: localaws.Delay, DelayMs: int(delay.Milliseconds()), Times: 1 << 20}),
		local.ResetCalls(t.Context()),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	do()
	calls, err := local.Calls(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := local.Disarm(t.Context()); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(calls, func(a, b localaws.Call) int { return cmp.Compare(a.Start, b.Start) })
	return calls
}

// trips is the longest chain of calls of which each begins after the one
// before it ended, and which all ended before a moment.
func trips(calls []localaws.Call, before int64) []localaws.Call {
	byEnd := slices.SortedFunc(slices.Values(calls), func(a, b localaws.Call) int { return cmp.Compare(a.End, b.End) })
	var chain []localaws.Call
	for _, c := range byEnd {
		if c.End <= before && (len(chain) == 0 || c.Start >= chain[len(chain)-1].End) {
			chain = append(chain, c)
		}
	}
	return chain
}

func TestTripsAreTheLongestChainOfCallsThatDoNotOverlap(t *testing.T) {
	t.Parallel()
	call := func(name string, start, end int64) localaws.Call {
		return localaws.Call{Operation: name, Start: start, End: end}
	}
	calls := []localaws.Call{
		call("long", 0, 25), call("a", 0, 10), call("b", 1, 11), call("c", 12, 22), call("d", 22, 30), call("late", 31, 41),
	}
	var got []string
	for _, c := range trips(calls, 40) {
		got = append(got, c.Operation)
	}
	if want := []string{"a", "c", "d"}; !slices.Equal(got, want) {
		t.Errorf("the chain is %v, want %v", got, want)
	}
}

// timeline shows calls with their times relative to the first.
func timeline(calls []localaws.Call) string {
	var b strings.Builder
	for _, c := range calls {
		fmt.Fprintf(&b, "  %6d ms %6d ms  %s %s %s %d\n", (c.Start-calls[0].Start)/1e6, (c.End-calls[0].Start)/1e6, c.Service, c.Operation, c.Path, c.Status)
	}
	return b.String()
}

// sum is the line that ends what -v prints.
var sum = regexp.MustCompile(`(?m)^(\d+) AWS calls?, (\d+) of them retries, (\d+) CloudFront writes?$`)

// perCall is a line of -v: service, operation, status, duration.
var perCall = regexp.MustCompile(`(?m)^(Lambda|CloudFront|STS) +([A-Za-z]+|\([a-z ]+\)) +(\d+|no answer) `)

type cost struct {
	calls, retries, writes int
	operations             []string
}

// costs reads what -v says.
func costs(t *testing.T, stderr string) cost {
	t.Helper()
	m := sum.FindStringSubmatch(stderr)
	if m == nil {
		t.Fatalf("-v tells no sum of calls:\n%s", stderr)
	}
	var n [3]int
	for i := range n {
		v, err := strconv.Atoi(m[i+1])
		if err != nil {
			t.Fatal(err)
		}
		n[i] = v
	}
	c := cost{calls: n[0], retries: n[1], writes: n[2]}
	for _, line := range perCall.FindAllStringSubmatch(stderr, -1) {
		c.operations = append(c.operations, line[2])
	}
	if len(c.operations) != c.calls {
		t.Fatalf("-v prints %d calls and sums up %d:\n%s", len(c.operations), c.calls, stderr)
	}
	return c
}

// polled counts the reads that only wait for what was written before them.
func polled(operations []string) int {
	n, updating, written := 0, false, false
	for _, o := range operations {
		switch {
		case o == "UpdateDistribution":
			written = true
		case strings.HasPrefix(o, "UpdateFunction"), o == "CreateFunction", o == "PublishVersion":
			updating = true
		case updating && strings.HasPrefix(o, "GetFunction"), written && o == "GetDistribution":
			n++
		}
	}
	return n
}

func TestAPlanWithNothingToDoTakesFiveCalls(t *testing.T) {
	t.Parallel()
	local, dir := serve(t), folder(t)
	write(t, dir, "edgedeploy.yaml", []byte(oneDistribution(128)))
	must(t, dir, local.Endpoint, "apply", "--yes")
	if err := local.ResetCalls(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := costs(t, must(t, dir, local.Endpoint, "plan", "-v", "--detailed-exitcode").stderr)
	served, err := local.Calls(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(served) > maxNoOpCalls {
		t.Errorf("%d calls, want at most %d:\n%s", len(served), maxNoOpCalls, timeline(served))
	}
	for _, call := range served {
		if call.Method != "GET" && call.Service != "sts" {
			t.Errorf("%s %s writes", call.Service, call.Operation)
		}
	}
	if c.calls != len(served) || c.retries != 0 || c.writes != 0 {
		t.Errorf("-v tells of %d calls, %d retries, %d writes; the server saw %d", c.calls, c.retries, c.writes, len(served))
	}
	t.Logf("a plan with nothing to do: %d calls %v", c.calls, c.operations)
}

// oneDistribution is the smallest useful stack.
func oneDistribution(memory int) string {
	return fmt.Sprintf(`version: 1
stack: shop
defaults: { role: %q, timeout: 5, memory: %d }
functions:
  auth: { wasm: redirect.wasm }
distributions:
  www: { id: E1AAAAAAAAAAAA, behaviors: { default: { viewer-request: auth }, /img/*: { origin-response: auth } } }
`, role, memory)
}

func TestAnApplyTakes24CallsAndOneCloudFrontWriteAtMost(t *testing.T) {
	t.Parallel()
	local, dir := serve(t), folder(t)
	write(t, dir, "edgedeploy.yaml", []byte(oneDistribution(128)))
	must(t, dir, local.Endpoint, "apply", "--yes")
	write(t, dir, "edgedeploy.yaml", []byte(oneDistribution(256)))
	c := costs(t, must(t, dir, local.Endpoint, "apply", "--yes", "-v").stderr)
	if c.writes != 1 || c.retries != 0 {
		t.Errorf("%d CloudFront writes and %d retries, want 1 and none", c.writes, c.retries)
	}
	polls := polled(c.operations)
	if n := c.calls - polls; n > maxApplyCalls {
		t.Errorf("%d calls besides %d polls, want at most %d:\n%s", n, polls, maxApplyCalls, strings.Join(c.operations, "\n"))
	}
	t.Logf("an apply of a changed function: %d calls and %d polls %v", c.calls-polls, polls, c.operations)
}

// A plan that listed versions would take a call for each 50 of them.
func TestAPlanOfAChangedFunctionLooksTwiceAndListsNoVersions(t *testing.T) {
	t.Parallel()
	local, dir := serve(t), folder(t)
	write(t, dir, "edgedeploy.yaml", []byte(oneDistribution(128)))
	must(t, dir, local.Endpoint, "apply", "--yes")
	write(t, dir, "edgedeploy.yaml", []byte(oneDistribution(256)))
	if err := local.ResetCalls(t.Context()); err != nil {
		t.Fatal(err)
	}
	must(t, dir, local.Endpoint, "plan")
	served, err := local.Calls(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var looks []string
	for _, c := range served {
		if strings.Contains(c.Path, "/functions/shop-auth") {
			looks = append(looks, fmt.Sprint(c.Operation, " ", c.Status))
		}
		if c.Operation == "ListVersionsByFunction" {
			t.Errorf("versions were listed: %s", c.Path)
		}
	}
	// The alias of the new content, which does not exist, and the function.
	if want := []string{"GetFunction 404", "GetFunction 200"}; !slices.Equal(looks, want) {
		t.Errorf("the function was looked at by %v, want %v", looks, want)
	}
}

func TestTheBinaryIsSmallerThan24MB(t *testing.T) {
	t.Parallel()
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxBinaryBytes {
		t.Errorf("the binary has %.1f MB, want at most %d", float64(info.Size())/(1<<20), maxBinaryBytes>>20)
	}
	t.Logf("the binary has %.1f MB", float64(info.Size())/(1<<20))
}
