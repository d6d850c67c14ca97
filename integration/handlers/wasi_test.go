package handlers

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle"
	"github.com/edgedeploy/edgedeploy/internal/handlers/bundle/wasm"
)

const wasiProbe = "integration/handlers/wasiprobe/probe.wasm"

// Where the probe keeps what tests point at, see its source.
const (
	scratchIn  = 49152
	scratchOut = 57344
)

// Errnos of WASI preview 1.
const (
	badf       = 8
	inval      = 28
	notsup     = 58
	spipe      = 70
	notcapable = 76
)

// wasiEvent has the probe make calls with some bytes at scratchIn.
func wasiEvent(in []byte, calls string) object {
	e := event("viewer-request", calls)
	subject(e, "request")["headers"].(object)["x-in"] = values("X-In", hex.EncodeToString(in))
	return e
}

// answers reads what the calls of an event returned: errnos, and 64 bytes each.
func answers(t *testing.T, o outcome) (errnos []int, out [][]byte) {
	t.Helper()
	all, _ := at(o.Result, "headers", "x-out").([]any)
	for _, a := range all {
		var errno int
		var bytes []byte
		if _, err := fmt.Sscanf(at(a, "value").(string), "%d %x", &errno, &bytes); err != nil {
			t.Fatal(err)
		}
		errnos, out = append(errnos, errno), append(out, bytes)
	}
	return errnos, out
}

// iovecs lays pieces of text out behind an array of their addresses.
func iovecs(pieces ...string) []byte {
	var head, tail []byte
	next := scratchIn + 8*len(pieces)
	for _, p := range pieces {
		head = binary.LittleEndian.AppendUint32(head, uint32(next))
		head = binary.LittleEndian.AppendUint32(head, uint32(len(p)))
		tail = append(tail, p...)
		next += len(p)
	}
	return append(head, tail...)
}

func TestWASIHasEveryFunctionOfPreview1(t *testing.T) {
	t.Parallel()
	src, err := repository(t).ReadFile(wasiProbe)
	if err != nil {
		t.Fatal(err)
	}
	m, err := wasm.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, i := range m.Imports {
		if i.Module == "wasi_snapshot_preview1" {
			seen++
		}
	}
	if seen != 46 {
		t.Errorf("the probe imports %d functions; preview 1 has 46 with sock_accept", seen)
	}
	// An instance is made only if every import is there.
	b := build(t, bundle.Function{Name: "probe", Wasm: wasiProbe})
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, wasiEvent(nil, "sched_yield"))
		if s.Load != "" || len(s.LoadLogs) > 0 || len(s.Outcomes[0].Logs) > 0 {
			t.Errorf("load %q, logs %v, %v; want silence", s.Load, s.LoadLogs, s.Outcomes[0].Logs)
		}
	})
}

func TestWASIAnswersWithErrnosWhereProgramsAsk(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		call  string
		errno int
		out   string // the first bytes of the answer, hex
	}{
		"no arguments":                  {"args_sizes_get 57344 57348", 0, "0000000000000000"},
		"no arguments to get":           {"args_get 57344 57348", 0, ""},
		"no environment":                {"environ_sizes_get 57344 57348", 0, "0000000000000000"},
		"no environment to get":         {"environ_get 57344 57348", 0, ""},
		"no folder":                     {"fd_prestat_get 3 57344", badf, ""},
		"no folder's name":              {"fd_prestat_dir_name 3 57344 8", badf, ""},
		"the wall clock ticks in ms":    {"clock_res_get 0 57344", 0, "40420f0000000000"},
		"the other in ns":               {"clock_res_get 1 57344", 0, "0100000000000000"},
		"no clock of the process":       {"clock_time_get 2 0 57344", inval, ""},
		"no resolution of it":           {"clock_res_get 3 57344", inval, ""},
		"standard input is at its end":  {"fd_read 0 49152 1 57344", 0, "00000000"},
		"nothing to read from output":   {"fd_read 1 49152 1 57344", notcapable, ""},
		"nothing to write to input":     {"fd_write 0 49152 0 57344", notcapable, ""},
		"output is a terminal":          {"fd_fdstat_get 1 57344", 0, "02000000000000004000000000000000" + "0000000000000000"},
		"input is a terminal":           {"fd_fdstat_get 0 57344", 0, "02000000000000000200000000000000" + "0000000000000000"},
		"output is no file":             {"fd_filestat_get 2 57344", 0, strings.Repeat("00", 16) + "02" + strings.Repeat("00", 47)},
		"a file that was never opened":  {"fd_fdstat_get 4 57344", badf, ""},
		"writing to it":                 {"fd_write 4 49152 0 57344", badf, ""},
		"seeking in it":                 {"fd_seek 4 0 0 57344", badf, ""},
		"seeking in output":             {"fd_seek 1 0 0 57344", spipe, ""},
		"a position in output":          {"fd_tell 2 57344", spipe, ""},
		"reading at a position":         {"fd_pread 0 49152 0 0 57344", spipe, ""},
		"writing at a position":         {"fd_pwrite 1 49152 0 0 57344", spipe, ""},
		"advice on output":              {"fd_advise 1 0 0 0", spipe, ""},
		"room for output":               {"fd_allocate 1 0 1", notsup, ""},
		"another size":                  {"fd_filestat_set_size 1 0", notsup, ""},
		"other times":                   {"fd_filestat_set_times 1 0 0 0", notsup, ""},
		"other rights":                  {"fd_fdstat_set_rights 1 0 0", notsup, ""},
		"no flags":                      {"fd_fdstat_set_flags 1 0", 0, ""},
		"output that does not block":    {"fd_fdstat_set_flags 1 4", notsup, ""},
		"a folder's entries":            {"fd_readdir 0 57344 64 0 57340", notsup, ""},
		"another number":                {"fd_renumber 1 2", notsup, ""},
		"another number for none":       {"fd_renumber 5 2", badf, ""},
		"output that is on its way":     {"fd_sync 1", 0, ""},
		"and its data":                  {"fd_datasync 2", 0, ""},
		"waiting for nothing":           {"poll_oneoff 49152 57344 0 57400", inval, ""},
		"no random bytes":               {"random_get 57344 0", 0, "00000000"},
		"the processor for nobody else": {"sched_yield", 0, ""},
	}
	var names []string
	var events []object
	for name, tt := range tests {
		names, events = append(names, name), append(events, wasiEvent(nil, tt.call))
	}
	b := build(t, bundle.Function{Name: "probe", Wasm: wasiProbe})
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, events...)
		for i, name := range names {
			o, tt := s.Outcomes[i], tests[name]
			errnos, out := answers(t, o)
			if o.Error != "" || len(o.Logs) > 0 || len(errnos) != 1 {
				t.Errorf("%s: error %q, logs %v, %d answers", name, o.Error, o.Logs, len(errnos))
				continue
			}
			if got := hex.EncodeToString(out[0]); errnos[0] != tt.errno || !strings.HasPrefix(got, tt.out) {
				t.Errorf("%s: errno %d and %s, want %d and %s", name, errnos[0], got, tt.errno, tt.out)
			}
		}
	})
}

func TestWASIFailsTheHandlerWhereNothingElseIsHonest(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ call, say string }{
		"opening a file":       {"path_open 3 0 49152 4 0 0 0 0 57344", "HandlerError: path_open: a handler at the edge has no files"},
		"asking about one":     {"path_filestat_get 3 0 49152 4 57344", "path_filestat_get: a handler at the edge has no files"},
		"making a folder":      {"path_create_directory 3 49152 4", "path_create_directory: a handler at the edge has no files"},
		"removing a file":      {"path_unlink_file 3 49152 4", "path_unlink_file: a handler at the edge has no files"},
		"sending":              {"sock_send 3 49152 1 0 57344", "sock_send: a handler at the edge has no sockets"},
		"accepting":            {"sock_accept 3 0 57344", "sock_accept: a handler at the edge has no sockets"},
		"a signal":             {"proc_raise 6", "proc_raise: a handler at the edge has no signals"},
		"ending well":          {"proc_exit 0", "proc_exit(0): the module ended itself; a handler returns from edge_handle"},
		"ending badly":         {"proc_exit 3", "proc_exit(3): the module ended itself"},
		"writing from nowhere": {"fd_write 1 200000 1 57344", "address 200000 + 8 is outside of the 131072 bytes of memory"},
		"random bytes nowhere": {"random_get 131070 3", "address 131070 + 3 is outside"},
		"a clock nowhere":      {"clock_time_get 0 0 4294967295", "address 4294967295 + 8 is outside"},
		"events from nowhere":  {"poll_oneoff 131070 57344 1 57400", "address 131070 + 48 is outside"},
		"a billion events":     {"poll_oneoff 49152 57344 1000000000 57400", "is outside"},
		"a billion pieces":     {"fd_write 1 49152 1000000000 57344", "is outside"},
	}
	b := build(t, bundle.Function{Name: "probe", Wasm: wasiProbe})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachNode(t, func(t *testing.T, node string) {
				s := run(t, node, b, wasiEvent(nil, tt.call), wasiEvent(nil, "sched_yield"))
				if !strings.Contains(s.Outcomes[0].Error, tt.say) {
					t.Errorf("error %q, want %q", s.Outcomes[0].Error, tt.say)
				}
				if log := fmt.Sprint(s.Outcomes[0].texts("error")); !strings.Contains(log, tt.say) {
					t.Errorf("logged %s, want %q", log, tt.say)
				}
				if s.Outcomes[1].Error != "" {
					t.Errorf("the next event: %s", s.Outcomes[1].Error)
				}
			})
		})
	}
}

func TestWASIOutputReachesTheLogLineByLine(t *testing.T) {
	t.Parallel()
	const write = "fd_write 1 49152 %d 57344\n"
	tests := map[string]struct {
		pieces []string
		calls  string
		want   []logged
	}{
		"a line":                  {[]string{"hello\n"}, fmt.Sprintf(write, 1), []logged{{"log", "hello"}}},
		"a line in pieces":        {[]string{"he", "", "llo", "\n"}, fmt.Sprintf(write, 4), []logged{{"log", "hello"}}},
		"a line in two writes":    {[]string{"twice "}, fmt.Sprintf(write+write, 1, 1), []logged{{"log", "twice twice "}}},
		"two lines and a half":    {[]string{"a\n\nb"}, fmt.Sprintf(write, 1), []logged{{"log", "a"}, {"log", ""}, {"log", "b"}}},
		"standard error":          {[]string{"oh\n"}, "fd_write 2 49152 1 57344", []logged{{"error", "oh"}}},
		"both at once":            {[]string{"x"}, "fd_write 2 49152 1 57344\n fd_write 1 49152 1 57344", []logged{{"log", "x"}, {"error", "x"}}},
		"a character in halves":   {[]string{"gr\xc3", "\xbcn\n"}, fmt.Sprintf(write, 2), []logged{{"log", "grün"}}},
		"half a character":        {[]string{"a\xc3"}, fmt.Sprintf(write, 1), []logged{{"log", "a\ufffd"}}},
		"percent signs":           {[]string{"100%s %%\n"}, fmt.Sprintf(write, 1), []logged{{"log", "100%s %%"}}},
		"nothing":                 {nil, fmt.Sprintf(write, 0), nil},
		"flushed before the rest": {[]string{"x"}, "fd_write 1 49152 1 57344\n fd_sync 1\n fd_write 1 49152 1 57344", []logged{{"log", "x"}, {"log", "x"}}},
		"after closing":           {[]string{"x\n"}, "fd_close 1\n fd_write 1 49152 1 57344\n fd_write 2 49152 1 57344", []logged{{"error", "x"}}},
	}
	b := build(t, bundle.Function{Name: "probe", Wasm: wasiProbe})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachNode(t, func(t *testing.T, node string) {
				s := run(t, node, b, wasiEvent(iovecs(tt.pieces...), tt.calls), wasiEvent(nil, "sched_yield"))
				if s.Outcomes[0].Error != "" {
					t.Fatal(s.Outcomes[0].Error)
				}
				if diff := cmp.Diff(tt.want, s.Outcomes[0].Logs, cmp.Transformer("nil", func(l []logged) string { return fmt.Sprint(l) })); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
				if len(s.Outcomes[1].Logs) > 0 {
					t.Errorf("the next event logged %v", s.Outcomes[1].Logs)
				}
			})
		})
	}
}

// What a program printed before it failed says why it did.
func TestWASIOutputBeforeAFailureIsNotLost(t *testing.T) {
	t.Parallel()
	b := build(t, bundle.Function{Name: "probe", Wasm: wasiProbe, Config: map[string]any{"greeting": "up"}})
	onEachNode(t, func(t *testing.T, node string) {
		s := run(t, node, b, wasiEvent(iovecs("last words"), "fd_write 2 49152 1 57344\n proc_exit 2"))
		if diff := cmp.Diff([]logged{{"log", "up"}}, s.LoadLogs); diff != "" {
			t.Errorf("at the start: -want +got\n%s", diff)
		}
		logs := s.Outcomes[0].texts("error")
		if len(logs) != 2 || logs[0] != "last words" || !strings.HasPrefix(logs[1], "HandlerError: proc_exit(2)") {
			t.Errorf("logs %q", logs)
		}
	})
}

func TestWASIWritesHowMuchItTook(t *testing.T) {
	t.Parallel()
	b := build(t, bundle.Function{Name: "probe", Wasm: wasiProbe})
	onEachNode(t, func(t *testing.T, node string) {
		o := run(t, node, b, wasiEvent(iovecs("ü", "bc\n"), "fd_write 1 49152 2 57344")).Outcomes[0]
		_, out := answers(t, o)
		if got := binary.LittleEndian.Uint32(out[0]); got != 5 {
			t.Errorf("%d bytes written, want 5", got)
		}
	})
}

func TestWASIHasClocksAndRandomness(t *testing.T) {
	t.Parallel()
	b := build(t, bundle.Function{Name: "probe", Wasm: wasiProbe})
	onEachNode(t, func(t *testing.T, node string) {
		before := time.Now()
		o := run(t, node, b, wasiEvent(nil, "clock_time_get 0 0 57344\n clock_time_get 1 1 57344\n clock_time_get 1 1 57344\n random_get 57344 64\n random_get 57344 64")).Outcomes[0]
		_, out := answers(t, o)
		wall := time.Unix(0, int64(binary.LittleEndian.Uint64(out[0])))
		if wall.Before(before.Add(-time.Second)) || wall.After(time.Now().Add(time.Second)) {
			t.Errorf("the clock says %v, between %v and now", wall, before)
		}
		if a, b := binary.LittleEndian.Uint64(out[1]), binary.LittleEndian.Uint64(out[2]); a == 0 || b <= a {
			t.Errorf("the monotonic clock went from %d to %d", a, b)
		}
		if string(out[3]) == string(out[4]) || string(out[3]) == strings.Repeat("\x00", 64) {
			t.Errorf("random bytes %x and %x", out[3], out[4])
		}
	})
}

// subscription is one entry of poll_oneoff's input.
func subscription(userdata uint64, tag byte, of uint32, timeout time.Duration, flags uint16) []byte {
	s := binary.LittleEndian.AppendUint64(nil, userdata)
	s = append(s, tag, 0, 0, 0, 0, 0, 0, 0)
	s = binary.LittleEndian.AppendUint32(s, of)
	s = append(s, 0, 0, 0, 0)
	s = binary.LittleEndian.AppendUint64(s, uint64(timeout))
	s = append(s, make([]byte, 8)...) // precision
	s = binary.LittleEndian.AppendUint16(s, flags)
	return append(s, make([]byte, 6)...)
}

func TestWASIWaitsForTheFirstOfWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	const clock, read, write = 0, 1, 2
	type ready struct {
		Userdata uint64
		Errno    uint16
		Type     byte
	}
	past := time.Duration(time.Now().UnixNano()) // long over by the time it is read
	tests := map[string]struct {
		subscriptions [][]byte
		atLeast       time.Duration
		want          []ready
	}{
		"no time at all":         {[][]byte{subscription(7, clock, 1, 0, 0)}, 0, []ready{{7, 0, clock}}},
		"a while":                {[][]byte{subscription(7, clock, 1, 60*time.Millisecond, 0)}, 60 * time.Millisecond, []ready{{7, 0, clock}}},
		"a time that is over":    {[][]byte{subscription(7, clock, 0, past, 1)}, 0, []ready{{7, 0, clock}}},
		"the shorter of two":     {[][]byte{subscription(1, clock, 1, time.Hour, 0), subscription(2, clock, 0, 40*time.Millisecond, 0)}, 40 * time.Millisecond, []ready{{2, 0, clock}}},
		"output is ready":        {[][]byte{subscription(1, clock, 1, time.Hour, 0), subscription(2, write, 1, 0, 0)}, 0, []ready{{2, 0, write}}},
		"input is at its end":    {[][]byte{subscription(3, read, 0, 0, 0)}, 0, []ready{{3, 0, read}}},
		"both, and no waiting":   {[][]byte{subscription(3, read, 0, 0, 0), subscription(4, write, 2, 0, 0)}, 0, []ready{{3, 0, read}, {4, 0, write}}},
		"a file never opened":    {[][]byte{subscription(5, read, 9, 0, 0)}, 0, []ready{{5, badf, read}}},
		"reading from output":    {[][]byte{subscription(5, read, 1, 0, 0)}, 0, []ready{{5, notcapable, read}}},
		"a clock nobody has":     {[][]byte{subscription(5, clock, 2, time.Hour, 0)}, 0, []ready{{5, inval, clock}}},
		"the largest of numbers": {[][]byte{subscription(1<<64-1, clock, 1, 0, 0)}, 0, []ready{{1<<64 - 1, 0, clock}}},
	}
	b := build(t, bundle.Function{Name: "probe", Wasm: wasiProbe})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var in []byte
			for _, s := range tt.subscriptions {
				in = append(in, s...)
			}
			// 57404 is the end of what is shown: a second event has padding there.
			calls := fmt.Sprintf("clock_time_get 1 0 57344\n poll_oneoff 49152 57344 %d 57404\n clock_time_get 1 0 57344", len(tt.subscriptions))
			onEachNode(t, func(t *testing.T, node string) {
				o := run(t, node, b, wasiEvent(in, calls)).Outcomes[0]
				errnos, out := answers(t, o)
				if o.Error != "" || errnos[1] != 0 {
					t.Fatalf("error %q, errnos %v", o.Error, errnos)
				}
				var got []ready
				for e := range len(tt.want) {
					at := out[1][32*e:]
					got = append(got, ready{binary.LittleEndian.Uint64(at), binary.LittleEndian.Uint16(at[8:]), at[10]})
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
				if n := binary.LittleEndian.Uint32(out[1][60:]); int(n) != len(tt.want) {
					t.Errorf("%d events, want %d", n, len(tt.want))
				}
				waited := time.Duration(binary.LittleEndian.Uint64(out[2]) - binary.LittleEndian.Uint64(out[0]))
				if waited < tt.atLeast || waited > tt.atLeast+time.Minute {
					t.Errorf("waited %v, want %v", waited, tt.atLeast)
				}
			})
		})
	}
}

// A program that never ends its line must not fill the memory of Node.js.
func TestWASILogsALongLineInPieces(t *testing.T) {
	t.Parallel()
	b := build(t, bundle.Function{Name: "probe", Wasm: wasiProbe})
	var in []byte // five times the second half of the scratch, which is zero
	for range 5 {
		in = binary.LittleEndian.AppendUint32(in, scratchOut-16)
		in = binary.LittleEndian.AppendUint32(in, 16000)
	}
	calls := strings.Repeat("fd_write 1 49152 5 57300\n", 2)
	onEachNode(t, func(t *testing.T, node string) {
		var got []int
		for _, l := range run(t, node, b, wasiEvent(in, calls)).Outcomes[0].Logs {
			got = append(got, len(l.Text))
		}
		if diff := cmp.Diff([]int{65536, 65536, 160000 - 2*65536}, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}
