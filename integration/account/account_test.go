package account

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edgedeploy/edgedeploy/integration/program"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/cf"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws/iam"
)

// binary is the program, built once for all tests.
var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// The bars on the large account.
const (
	maxCPU    = 800 * time.Millisecond
	maxMemory = 80 << 20
)

// delay is what each call takes.
const delay = 20 * time.Millisecond

// size is how large an account is. A few of the functions are bound nowhere.
type size struct{ functions, unbound, distributions int }

// pages are the calls of one listing of the distributions.
func (s size) pages() int { return (s.distributions + 99) / 100 }

// measured is one command: what it may cost, and what it does.
type measured struct {
	name  string
	calls int
	run   cost
}

type cost struct {
	calls    []localaws.Call
	took     time.Duration
	cpu      time.Duration
	memory   int64 // bytes, resident at most
	exit     int
	out, err string
}

func TestALookAtAnAccountCostsAFewCalls(t *testing.T) {
	s, large := size{functions: 24, unbound: 2, distributions: 120}, false
	if os.Getenv("EDGEDEPLOY_BENCH_ACCOUNT") != "" {
		s, large = size{functions: 500, unbound: 3, distributions: 1000}, true
	}
	p := newProject(t, s)
	rows := []measured{{name: "first plan", calls: 20 + s.pages() + (s.functions+49)/50}}
	rows[0].run = p.measure("plan", "--no-load", "-o", "json")
	p.wants(rows[0], 2, s.functions, s.distributions)
	p.must("apply", "--yes", "--no-wait", "--no-load", "-o", "json")

	same := 5 + s.pages() + s.unbound
	for _, r := range []measured{
		{name: "plan, nothing to do", calls: same},
		{name: "plan, nothing to do, again", calls: same},
	} {
		r.run = p.measure("plan", "--no-load", "--detailed-exitcode", "-o", "json")
		p.wants(r, 0, 0, 0)
		rows = append(rows, r)
	}
	r := measured{name: "status", calls: same}
	r.run = p.measure("status", "--detailed-exitcode", "-o", "json")
	p.wants(r, 0, -1, -1)
	rows = append(rows, r)

	// Besides the listings: each version, and the policy of each bound one.
	r = measured{name: "drift", calls: 5 + s.pages() + s.functions/50 + 1 + s.functions + s.functions - s.unbound}
	r.run = p.measure("drift", "--detailed-exitcode", "-o", "json")
	p.wants(r, 0, -1, -1)
	rows = append(rows, r)

	p.change(0)
	r = measured{name: "plan, one function changed", calls: same + 3}
	r.run = p.measure("plan", "--no-load", "--detailed-exitcode", "-o", "json")
	p.wants(r, 2, 1, -1)
	rows = append(rows, r)

	p.must("apply", "--yes", "--no-wait", "--no-load", "-o", "json")
	r = measured{name: "rollback, as a dry run", calls: 10 + s.pages()}
	r.run = p.measure("rollback", "--dry-run", "-o", "json")
	p.wants(r, 0, 0, -1)
	rows = append(rows, r)
	t.Log("\n" + table(s, rows))

	for _, r := range rows {
		if n := len(r.run.calls); n > r.calls {
			t.Errorf("%s: %d calls, want at most %d: %s", r.name, n, r.calls, operations(r.run.calls))
		}
		if sum := fmt.Sprintf("%d AWS calls, 0 of them retries, 0 CloudFront writes", len(r.run.calls)); !strings.Contains(r.run.err, sum) {
			t.Errorf("%s: -v does not sum up to %q:\n%.2000s", r.name, sum, r.run.err)
		}
		if nothing := r.name == rows[2].name; large && nothing && (r.run.cpu > maxCPU || r.run.memory > maxMemory) {
			t.Errorf("%s: %v of processor time and %d MB, want at most %v and %d", r.name, r.run.cpu, r.run.memory>>20, maxCPU, maxMemory>>20)
		}
	}
}

// table is what people read.
func table(s size, rows []measured) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d functions, %d distributions, %v a call\n", s.functions, s.distributions, delay)
	fmt.Fprintf(&b, "%-28s %6s %6s %8s %8s %8s\n", "", "calls", "bar", "time", "CPU", "memory")
	for _, r := range rows {
		fmt.Fprintf(&b, "%-28s %6d %6d %7.1fs %7.2fs %5d MB\n", r.name, len(r.run.calls), r.calls, r.run.took.Seconds(), r.run.cpu.Seconds(), r.run.memory>>20)
	}
	return b.String()
}

// operations counts calls by name.
func operations(calls []localaws.Call) string {
	counted := map[string]int{}
	for _, c := range calls {
		counted[c.Operation]++
	}
	var list []string
	for name, n := range counted {
		list = append(list, fmt.Sprintf("%s %d", name, n))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// project is a folder with a spec, and the account that it is for.
type project struct {
	t     *testing.T
	size  size
	local *program.Local
	dir   string
}

const role = "arn:aws:iam::" + program.Account + ":role/edge"

func newProject(t *testing.T, s size) *project {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	local, err := program.Serve(ctx, binary, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := local.Stop(); err != nil {
			t.Error(err)
		}
	})
	seed := localaws.Seed{Roles: []iam.SeedRole{{ARN: role}}}
	for i := range s.distributions {
		seed.Distributions = append(seed.Distributions, cf.SeedDistribution{ID: id(i)})
	}
	if err := local.Seed(t.Context(), seed); err != nil {
		t.Fatal(err)
	}
	p := &project{t: t, size: s, local: local, dir: t.TempDir()}
	wasm, err := os.ReadFile("../../examples/redirect/redirect.wasm")
	if err != nil {
		t.Fatal(err)
	}
	p.write("redirect.wasm", wasm)
	p.change(-1)
	return p
}

func id(i int) string { return fmt.Sprintf("E%013d", i) }

// change writes the spec, in which one function differs from what it was; -1
// for none.
func (p *project) change(which int) {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nstack: shop\naccount: %q\ndefaults: { role: %q, timeout: 5, memory: 128 }\nfunctions:\n", program.Account, role)
	for i := range p.size.functions {
		home := fmt.Sprint("/", i)
		if i == which {
			home += "/new"
		}
		fmt.Fprintf(&b, "  f%03d: { wasm: redirect.wasm, config: { home: %s } }\n", i, home)
	}
	b.WriteString("distributions:\n")
	bound := p.size.functions - p.size.unbound
	for i := range p.size.distributions {
		fmt.Fprintf(&b, "  d%04d: { id: %s, behaviors: { default: { viewer-request: f%03d } } }\n", i, id(i), i%bound)
	}
	p.write("edgedeploy.yaml", []byte(b.String()))
}

func (p *project) write(name string, data []byte) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), data, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// patience is more than any run here may take; one that takes longer hangs.
const patience = 20 * time.Minute

func (p *project) run(args ...string) cost {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.dir, program.Environment(p.dir, p.local.Endpoint), &out, &said
	start := time.Now()
	err := cmd.Run()
	if cmd.ProcessState == nil || ctx.Err() != nil {
		p.t.Fatalf("edgedeploy %v: %v\n%s", args, err, said.String())
	}
	c := cost{took: time.Since(start), exit: cmd.ProcessState.ExitCode(), out: out.String(), err: said.String()}
	c.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.memory = int64(usage.Maxrss) << 10 // kilobytes on Linux
	}
	return c
}

func (p *project) must(args ...string) {
	p.t.Helper()
	if c := p.run(args...); c.exit != 0 {
		p.t.Fatalf("edgedeploy %v exits with %d:\n%.3000s", args, c.exit, c.err)
	}
}

// measure runs a command while each call takes its time.
func (p *project) measure(args ...string) cost {
	p.t.Helper()
	for _, err := range []error{
		p.local.Arm(p.t.Context(), localaws.Fault{Kind: localaws.Delay, DelayMs: int(delay.Milliseconds()), Times: 1 << 20}),
		p.local.ResetCalls(p.t.Context()),
	} {
		if err != nil {
			p.t.Fatal(err)
		}
	}
	c := p.run(append(args, "-v")...)
	var err error
	if c.calls, err = p.local.Calls(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	if err := p.local.Disarm(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	return c
}

// wants makes sure that a measured command did its work: its exit code, and how
// many versions and writes its plan has; -1 for any.
func (p *project) wants(m measured, exit, publishes, writes int) {
	p.t.Helper()
	if m.run.exit != exit && !(m.name == "first plan" && m.run.exit == 0) {
		p.t.Fatalf("%s exits with %d, want %d:\n%.3000s", m.name, m.run.exit, exit, m.run.err)
	}
	var doc struct {
		Stages [][]struct {
			Do string `json:"do"`
		} `json:"stages"`
	}
	if publishes < 0 {
		return
	}
	if err := json.Unmarshal([]byte(m.run.out), &doc); err != nil {
		p.t.Fatalf("%s: %v:\n%.2000s", m.name, err, m.run.out)
	}
	count := map[string]int{}
	for _, stage := range doc.Stages {
		for _, step := range stage {
			count[step.Do]++
		}
	}
	if count["publish"] != publishes || writes >= 0 && count["associate"] != writes {
		p.t.Errorf("%s: the plan has %v, want %d versions and %d writes", m.name, count, publishes, writes)
	}
}
