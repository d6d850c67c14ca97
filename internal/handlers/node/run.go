package node

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Function is what runs, with the limits that Lambda gives it.
type Function struct {
	Name     string
	Zip      []byte
	Handler  string // as Lambda spells it: file.export
	Runtime  string // nodejs24.x; decides how the handler is found and called, as on Lambda
	MemoryMB int
	Timeout  time.Duration // of one event
	// SDK is a folder with the AWS SDK that Lambda's image has: what npm install
	// --prefix, or pip install --target, filled. "" is none.
	SDK string
}

// Session is the life of a function: usually of one process, of several when
// events killed theirs.
type Session struct {
	Load       *Failure // why it did not load; then there are no outcomes
	LoadTime   time.Duration
	LoadLogs   []Log
	Parameters int // that the handler declares
	Outcomes   []Outcome
	// Stray is what went past the console and process.stdout, straight to file
	// descriptors 1 and 2: its last 16 KB.
	Stray string
	born  bool // a process was started
}

// Outcome is what one event led to. Exactly one of Result and Error is set.
type Outcome struct {
	Result   json.RawMessage // what Lambda would pass on: null for undefined
	Hidden   []Hidden        // what Result does not show
	Error    *Failure
	Logs     []Log
	Duration time.Duration
}

// Failure is an error of the handler's, or the end of its process.
type Failure struct {
	Name    string `json:"name"` // what Lambda calls errorType
	Message string `json:"message"`
	Stack   string `json:"stack,omitempty"` // with the message, as Node.js writes it
}

func (f *Failure) Error() string {
	if f.Name == "" || f.Name == "Error" {
		return f.Message
	}
	return f.Name + ": " + f.Message
}

// Log is one entry of the console, or one write to stdout or stderr.
type Log struct {
	Level string `json:"level"` // trace, debug, info, warn, error, log, stdout, stderr
	Text  string `json:"text"`
}

// Hidden is a value that JSON cannot say as it is: undefined, function, symbol,
// BigInt, NaN, Infinity, -Infinity, or an instance of a class.
type Hidden struct {
	Path string `json:"path"` // JSON pointer
	Kind string `json:"kind"` // of an instance, the name of its class
	// How is what JSON makes of an instance: emptied, opaque, spelled, dated or
	// unlisted, as package result explains them; "" for other values.
	How string `json:"how,omitempty"`
}

// loadTimeout is how long Lambda lets a function load ("Init" phase, Lambda
// Developer Guide, "Lambda execution environment lifecycle").
const loadTimeout = 10 * time.Second

// startTimeout is how long Node.js itself may take, before it sees any of the
// function: much more than it needs on a machine that has other work.
const startTimeout = 30 * time.Second

// callbackFree is the first Node.js whose Lambda runtime takes no callbacks
// (Lambda Developer Guide, "Define Lambda function handler in Node.js"). It
// finds handlers in other ways, too: version 4 of its client instead of 3.
const callbackFree = 24

// Run loads a function and gives it the events, which are JSON texts, in turn.
// An event that kills the process, or takes longer than the function's
// timeout, costs that process; the next event gets a new one, as on Lambda. An
// error is about running Node.js at all, or ctx's; what the handler does wrong
// is in the session.
func (n Node) Run(ctx context.Context, f Function, events [][]byte) (Session, error) {
	return play(ctx, n.program, f, events)
}

// program is an interpreter with all that it is started with.
type program struct {
	path      string
	args, env []string
	callbacks bool   // it takes them, as Lambda's runtime does
	sdk       string // a folder that modules are looked for in at last
}

// play is the life of a function in the program that prepare makes for it.
func play(ctx context.Context, prepare func(box, Function) (program, error), f Function, events [][]byte) (_ Session, err error) {
	box, err := unpack(f.Zip)
	if err != nil {
		return Session{}, err
	}
	defer func() {
		if cerr := box.remove(); err == nil && cerr != nil {
			err = cerr
		}
	}()
	run, err := prepare(box, f)
	if err != nil {
		return Session{}, err
	}
	var s Session
	for first := true; first || len(s.Outcomes) < len(events); first = false {
		if err := run.life(ctx, box, f, events, &s); err != nil {
			return Session{}, err
		}
		if s.Load != nil {
			break
		}
	}
	return s, nil
}

// life starts one process and gives it events until one kills it.
func (run program) life(ctx context.Context, b box, f Function, events [][]byte, s *Session) error {
	p, loaded, err := run.load(ctx, b, f)
	if err != nil {
		return err
	}
	switch {
	case s.born:
		if loaded.Error != nil { // it loaded before, so this is the event's bad luck
			s.Outcomes = append(s.Outcomes, Outcome{Error: loaded.Error, Logs: loaded.Logs})
		}
	default:
		s.born = true
		s.LoadTime, s.LoadLogs, s.Parameters, s.Load = loaded.duration(), loaded.Logs, loaded.Parameters, loaded.Error
	}
	for alive := loaded.Error == nil; alive && len(s.Outcomes) < len(events); {
		var o Outcome
		if o, alive, err = p.invoke(ctx, events[len(s.Outcomes)], f.Timeout); err != nil {
			return p.stop(err)
		}
		s.Outcomes = append(s.Outcomes, o)
	}
	err = p.stop(nil)
	s.Stray += p.said()
	return err
}

// settings are the first line that the runner reads.
type settings struct {
	Task      string  `json:"task"` // the folder
	SDK       string  `json:"sdk,omitempty"`
	Handler   string  `json:"handler"`
	ARN       string  `json:"arn"`
	Timeout   float64 `json:"timeout"`   // milliseconds
	Callbacks bool    `json:"callbacks"` // the runtime takes them
}

// load starts a process and has it load the handler.
func (run program) load(ctx context.Context, box box, f Function) (*process, answer, error) {
	first, err := json.Marshal(settings{
		Task: box.task, SDK: run.sdk, Handler: f.Handler, ARN: f.arn(),
		Timeout: float64(f.Timeout.Milliseconds()), Callbacks: run.callbacks,
	})
	if err != nil {
		return nil, answer{}, err
	}
	p, err := run.start(ctx, box)
	if err != nil {
		return nil, answer{}, err
	}
	a, why, err := p.await(ctx, startTimeout)
	if why != nil {
		why.Message = cmp.Or(why.Message, fmt.Sprintf("it did not start within %v", startTimeout))
		return nil, answer{}, p.stop(fmt.Errorf("start %s: %w", run.path, why))
	}
	if err == nil {
		a, why, err = p.ask(ctx, first, loadTimeout)
	}
	if err != nil {
		return nil, answer{}, p.stop(err)
	}
	if why != nil {
		a.Error = why
		if why.Name == timedOut {
			why.Message = fmt.Sprintf("did not load within %v, which is what Lambda allows", loadTimeout)
		}
	}
	return p, a, nil
}

// invoke gives the process one event. alive is false when it cannot take
// another one.
func (p *process) invoke(ctx context.Context, event []byte, timeout time.Duration) (_ Outcome, alive bool, _ error) {
	line, err := compact(event)
	if err != nil {
		return Outcome{}, false, err
	}
	start := time.Now()
	a, why, err := p.ask(ctx, line, timeout)
	if err != nil {
		return Outcome{}, false, err
	}
	if why != nil {
		if why.Name == timedOut {
			why.Message = fmt.Sprintf("Task timed out after %.2f seconds", timeout.Seconds())
		}
		return Outcome{Error: why, Duration: time.Since(start)}, false, nil
	}
	o := Outcome{Hidden: a.Hidden, Error: a.Error, Logs: a.Logs, Duration: a.duration()}
	if a.Error == nil {
		o.Result = json.RawMessage(a.Result)
	}
	return o, a.Type != "fatal", nil
}
