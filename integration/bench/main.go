package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
)

func main() {
	var b bench
	flag.StringVar(&b.top, "top", ".", "the repository's root")
	flag.IntVar(&b.rounds, "rounds", 5, "processes of each way whose calls are timed")
	flag.IntVar(&b.loads, "loads", 15, "processes of each way whose load is timed")
	flag.IntVar(&b.calls, "calls", 25000, "timed calls a process")
	flag.StringVar(&b.ref, "against", "", "measure the trampolines of this commit, too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	top                  string
	rounds, loads, calls int
	ref                  string // a commit to compare with, or ""

	dir     string // where the bundles are unpacked
	ways    []way  // those that are there
	zips    map[string]int
	skipped []way
}

// spread is what one process found, in microseconds.
type spread struct {
	Median, P99 float64
	Quartile    float64 // of the loads of all processes: a quarter took less
}

// job is what measure.cjs is asked for.
type job struct {
	Dir    string   `json:"dir"`
	What   string   `json:"what"`
	Events []string `json:"events"`
	Warm   int      `json:"warm,omitempty"`
	Calls  int      `json:"calls,omitempty"`
}

func (b *bench) run(ctx context.Context) (err error) {
	nodes := os.Getenv("EDGEDEPLOY_TEST_NODES")
	if nodes == "" {
		return errors.New("EDGEDEPLOY_TEST_NODES names no Node.js; make bench-handlers sets it")
	}
	if b.top, err = filepath.Abs(b.top); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "bench"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	all := ways()
	if b.ref != "" {
		old, err := b.against(ctx, b.ref)
		if err != nil {
			return err
		}
		all = append(all, old...)
	}
	if err := b.pack(all); err != nil {
		return err
	}
	for node := range strings.SplitSeq(nodes, ",") {
		if err := b.agree(ctx, node); err != nil {
			return err
		}
		if err := b.report(ctx, node); err != nil {
			return err
		}
	}
	if err := b.photon(); err != nil {
		return err
	}
	for _, w := range b.skipped {
		fmt.Printf("not measured: %s; build it with %s\n", w.name, w.build)
	}
	return nil
}

// pack unpacks every way's bundle into a folder.
func (b *bench) pack(all []way) (err error) {
	root, err := os.OpenRoot(b.top)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	b.zips = map[string]int{}
	for _, w := range all {
		packed, err := w.pack(root)
		if w.build != "" && errors.Is(err, os.ErrNotExist) {
			b.skipped = append(b.skipped, w)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		if err := unpack(packed.Zip, b.folder(w.name)); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		b.zips[w.name] = len(packed.Zip)
		b.ways = append(b.ways, w)
	}
	return nil
}

func (b *bench) folder(name string) string {
	return filepath.Join(b.dir, strings.ReplaceAll(name, "/", "-"))
}

// fixtures are the five events of the four triggers that all figures are for.
func (b *bench) fixtures() []string {
	var files []string
	for _, name := range []string{"viewer-request-www", "viewer-request-plain", "origin-request-folder", "origin-response", "viewer-response"} {
		files = append(files, filepath.Join(b.top, "examples/redirect/fixtures", name+".event.json"))
	}
	return files
}

// measure runs one process.
func (b *bench) measure(ctx context.Context, node string, j job, found any) error {
	in, err := json.Marshal(j)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, filepath.Join(b.top, "integration/bench/measure.cjs"), string(in))
	cmd.Env = []string{"TZ=UTC"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s in %s: %w\n%s", j.What, filepath.Base(j.Dir), err, stderr.String())
	}
	return json.Unmarshal(out, found)
}

// agree wants the same results of every way.
func (b *bench) agree(ctx context.Context, node string) error {
	var want []any
	for i, w := range b.ways {
		var got struct{ Results []any }
		if err := b.measure(ctx, node, job{Dir: b.folder(w.name), What: "results", Events: b.fixtures()}, &got); err != nil {
			return err
		}
		if i == 0 {
			want = got.Results
			continue
		}
		for k := range want {
			if have, should := compact(got.Results[k]), compact(want[k]); have != should {
				return fmt.Errorf("%s returns for %s\n%s\nwhere %s returns\n%s", w.name, filepath.Base(b.fixtures()[k]), have, b.ways[0].name, should)
			}
		}
	}
	return nil
}

func compact(v any) string {
	out, err := json.Marshal(v) // members in the order of their names
	if err != nil {
		return err.Error()
	}
	return string(out)
}

// row is what was found for one way, the middle of all processes.
type row struct{ calls, load spread }

func (b *bench) report(ctx context.Context, node string) error {
	version, err := exec.CommandContext(ctx, node, "--version").Output()
	if err != nil {
		return err
	}
	calls, loads := make([][]spread, len(b.ways)), make([][]spread, len(b.ways))
	for n := range max(b.rounds, b.loads) {
		for i, w := range b.ways {
			var s spread
			if n < b.rounds {
				if err := b.measure(ctx, node, job{Dir: b.folder(w.name), What: "calls", Events: b.fixtures(), Warm: 20000, Calls: b.calls}, &s); err != nil {
					return err
				}
				calls[i] = append(calls[i], s)
			}
			if n < b.loads {
				if err := b.measure(ctx, node, job{Dir: b.folder(w.name), What: "load", Events: b.fixtures()[:1]}, &s); err != nil {
					return err
				}
				loads[i] = append(loads[i], s)
			}
		}
	}
	rows := make([]row, len(b.ways))
	for i := range rows {
		rows[i] = row{middle(calls[i]), middle(loads[i])}
	}
	fmt.Printf("\nNode.js %s: %d processes of %d calls each, %d loads; medians\n\n", strings.TrimSpace(string(version)), b.rounds, b.calls, b.loads)
	b.table(rows)
	b.ratios(rows)
	if b.ref != "" {
		b.progress(rows, b.ref)
	}
	for _, x := range extras() {
		if err := b.extra(ctx, node, x); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) table(rows []row) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "\t a call, µs\t p99\t over plain\t load + first, ms\t over plain\t zip, bytes\t")
	for i, r := range rows {
		fmt.Fprintf(out, "%s\t%.2f\t%.2f\t%+.2f\t%.2f\t%+.2f\t%d\t\n", b.ways[i].name, r.calls.Median, r.calls.P99,
			r.calls.Median-rows[0].calls.Median, r.load.Median/1000, (r.load.Median-rows[0].load.Median)/1000, b.zips[b.ways[i].name])
	}
	_ = out.Flush() // to stdout
}

// ratios compares what people ask about.
func (b *bench) ratios(rows []row) {
	over := map[string]float64{}
	for i, w := range b.ways {
		over[w.name] = rows[i].calls.Median - rows[0].calls.Median
	}
	if glue := over[wayGlue]; glue > 0 && over[wayHost] > 0 {
		fmt.Printf("\n%s costs %.0f times more over plain JavaScript than %s\n", wayGlue, glue/over[wayHost], wayHost)
	}
	plain := rows[0].calls.Median
	fmt.Printf("%s takes %.0f %% of the time of %s\n", wayBytes, 100*(over[wayBytes]+plain)/(over[wayFloor]+plain), wayFloor)
}

// extra is a figure of one handler only.
type extra struct {
	name, wasm, what string
	events           []map[string]any
}

func extras() []extra {
	return []extra{
		{"a 1 MB body through host", handlers + "/body/body.wasm", "calls", []map[string]any{withBody(1 << 20)}},
		{"a trap and the next call, host", "integration/handlers/probe/probe.wasm", "trap", []map[string]any{doing("trap"), doing("get uri")}},
	}
}

// extra measures a handler that is none of the ways.
func (b *bench) extra(ctx context.Context, node string, x extra) (err error) {
	root, err := os.OpenRoot(b.top)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	packed, err := module(x.wasm)(root)
	if err != nil {
		return fmt.Errorf("%s: %w", x.name, err)
	}
	j := job{Dir: b.folder(x.name), What: x.what, Warm: 200, Calls: 1000}
	if err := unpack(packed.Zip, j.Dir); err != nil {
		return err
	}
	for i, e := range x.events {
		file := filepath.Join(j.Dir, fmt.Sprintf("event-%d.json", i))
		if err := os.WriteFile(file, []byte(compact(e)), 0o600); err != nil {
			return err
		}
		j.Events = append(j.Events, file)
	}
	var found []spread
	for range b.rounds {
		var s spread
		if err := b.measure(ctx, node, j, &s); err != nil {
			return err
		}
		found = append(found, s)
	}
	m := middle(found)
	fmt.Printf("\n%s: %.0f µs, p99 %.0f µs\n", x.name, m.Median, m.P99)
	return nil
}

// photon prints the size of the largest example, where its packages are.
func (b *bench) photon() (err error) {
	const dir = "examples/image"
	if _, err := os.Stat(filepath.Join(b.top, dir, "node_modules")); err != nil {
		fmt.Printf("\nnot measured: the zip of %s; get its packages with npm ci --prefix %s\n", dir, dir)
		return nil
	}
	root, err := os.OpenRoot(b.top)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	packed, err := bundle.Build(root, bundle.Function{Name: "image", Entry: dir + "/src/thumbnails.ts", Runtime: "nodejs24.x"})
	if err != nil {
		return err
	}
	fmt.Printf("\nthe zip of %s, with photon-node: %d bytes\n", dir, len(packed.Zip))
	return nil
}

func withBody(n int) map[string]any {
	e := event()
	at(e, "request")["body"] = map[string]any{
		"action": "read-only", "encoding": "base64", "inputTruncated": false,
		"data": base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0x5a}, n)),
	}
	return e
}

// doing makes an event that tells the tests' probe what to do.
func doing(command string) map[string]any {
	e := event()
	at(e, "request")["headers"].(map[string]any)["x-do"] = []any{map[string]any{"key": "X-Do", "value": command}}
	return e
}

func event() map[string]any {
	cf := map[string]any{
		"config":  map[string]any{"eventType": "origin-request", "requestId": "id==", "distributionId": "E1", "distributionDomainName": "d1.cloudfront.net"},
		"request": map[string]any{"clientIp": "203.0.113.7", "method": "POST", "uri": "/a", "querystring": "", "headers": map[string]any{}},
	}
	return map[string]any{"Records": []any{map[string]any{"cf": cf}}}
}

func at(e map[string]any, member string) map[string]any {
	return e["Records"].([]any)[0].(map[string]any)["cf"].(map[string]any)[member].(map[string]any)
}

// middle is the median of medians, and of the 99th percentiles.
func middle(all []spread) spread {
	pick := func(nth int, of func(spread) float64) float64 {
		s := slices.SortedFunc(slices.Values(all), func(a, b spread) int { return cmp.Compare(of(a), of(b)) })
		return of(s[nth])
	}
	median := func(s spread) float64 { return s.Median }
	return spread{
		Median:   pick(len(all)/2, median),
		P99:      pick(len(all)/2, func(s spread) float64 { return s.P99 }),
		Quartile: pick(len(all)/4, median),
	}
}
