package node

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// timedOut names the failure of a process that did not answer in time, as
// Lambda does.
const timedOut = "Sandbox.Timedout"

// crashed names the failure of a process that ended instead of answering.
const crashed = "Runtime.ExitError"

// maxAnswer is how long one answer may be: Lambda's payloads end at 6 MB, and
// escaped in JSON with its logs one is larger.
const maxAnswer = 64 << 20

// killDelay is how long a killed process may hold its pipes open.
const killDelay = 2 * time.Second

// process is an interpreter that loaded its runner.
type process struct {
	cmd    *exec.Cmd
	in     *os.File
	out    *os.File
	lines  *bufio.Reader
	stray  *tail // what went past the console: crashes, and writes to fd 1 and 2
	names  *strings.Replacer
	unhook func() bool
	ended  bool
	how    error // how it ended
}

// answer is one line of the runner's.
type answer struct {
	Type       string   `json:"type"` // started, loaded, outcome, fatal
	Error      *Failure `json:"error"`
	Logs       []Log    `json:"logs"`
	MS         float64  `json:"ms"`
	Parameters int      `json:"parameters"`
	Result     string   `json:"result"` // JSON in a string: members keep their order
	Hidden     []Hidden `json:"hidden"`
}

func (a answer) duration() time.Duration { return time.Duration(a.MS * float64(time.Millisecond)) }

// start runs the program in the box. It is told things on fd 4 and answers on
// fd 3; its stdin is empty, as on Lambda.
func (run program) start(ctx context.Context, b box) (_ *process, err error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, childIn.Close(), in.Close())
	}
	p := &process{in: in, out: out, lines: bufio.NewReader(out), stray: &tail{}, names: b.names()}
	p.cmd = exec.CommandContext(ctx, run.path, run.args...)
	p.cmd.Env = run.env
	p.cmd.Dir = b.task
	p.cmd.Stdout, p.cmd.Stderr = p.stray, p.stray
	p.cmd.ExtraFiles = []*os.File{childOut, childIn} // fd 3 and 4
	p.cmd.WaitDelay = killDelay
	group(p.cmd)
	err = p.cmd.Start()
	err = errors.Join(err, childIn.Close(), childOut.Close())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", run.path, err), in.Close(), out.Close())
	}
	p.unhook = context.AfterFunc(ctx, p.hurry)
	return p, nil
}

// hurry ends every wait on the pipes. A deadline in the past cannot fail on a
// pipe that is open; on one that is closed nobody waits.
func (p *process) hurry() {
	past := time.Unix(1, 0)
	_ = p.in.SetDeadline(past)
	_ = p.out.SetDeadline(past)
}

// ask sends a line and waits for the answer, as await does.
func (p *process) ask(ctx context.Context, line []byte, timeout time.Duration) (answer, *Failure, error) {
	if err := p.in.SetDeadline(time.Now().Add(timeout)); err != nil {
		return answer{}, nil, err
	}
	if ctx.Err() != nil { // it may have ended before the deadline was set
		return answer{}, nil, context.Cause(ctx)
	}
	// A process that ended cannot be written to, and one that does not read
	// will not answer: either way it is the answer that tells.
	_, _ = p.in.Write(append(line, '\n'))
	return p.await(ctx, timeout)
}

// await waits for a line of the process. why is set when there is none: the
// process took too long, or it ended; it is gone then. err is ctx's, or about
// the pipes.
func (p *process) await(ctx context.Context, timeout time.Duration) (a answer, why *Failure, err error) {
	if err := p.out.SetDeadline(time.Now().Add(timeout)); err != nil {
		return answer{}, nil, err
	}
	if ctx.Err() != nil {
		return answer{}, nil, context.Cause(ctx)
	}
	text, err := p.line()
	switch {
	case ctx.Err() != nil:
		return answer{}, nil, context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return answer{}, p.failed(timedOut, ""), nil
	case errors.Is(err, io.EOF):
		return answer{}, p.crash(), nil
	case err != nil:
		return answer{}, p.failed(crashed, err.Error()), nil
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return answer{}, p.failed(crashed, "the handler wrote to file descriptor 3, where its result is expected"), nil
	}
	a.rename(p.names)
	return a, nil, nil
}

// rename calls the folders in what a person reads as they are called on Lambda.
func (a *answer) rename(names *strings.Replacer) {
	for i := range a.Logs {
		a.Logs[i].Text = names.Replace(a.Logs[i].Text)
	}
	if a.Error != nil {
		a.Error.Message, a.Error.Stack = names.Replace(a.Error.Message), names.Replace(a.Error.Stack)
	}
}

// said is what went past the console.
func (p *process) said() string { return p.names.Replace(p.stray.String()) }

// line reads one answer.
func (p *process) line() ([]byte, error) {
	var all []byte
	for {
		part, err := p.lines.ReadSlice('\n')
		all = append(all, part...)
		switch {
		case err == nil:
			return all, nil
		case len(all) > maxAnswer:
			return nil, fmt.Errorf("the answer is larger than %d MB", maxAnswer>>20)
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// end kills the process with all that it started, once, and waits for it.
func (p *process) end() {
	if p.ended {
		return
	}
	p.ended = true
	_ = killGroup(p.cmd) // a group that is gone already is what was wanted
	p.how = p.cmd.Wait()
}

// failed ends the process and says why.
func (p *process) failed(name, message string) *Failure {
	p.end()
	return &Failure{Name: name, Message: message, Stack: p.said()}
}

// crash says how a process ended by itself.
func (p *process) crash() *Failure {
	f := p.failed(crashed, "")
	switch {
	case strings.Contains(f.Stack, "heap out of memory"):
		f.Message = "the process ran out of memory"
	case p.how == nil:
		f.Message = "the process ended before it answered, with exit status 0"
	default:
		f.Message = "the process ended before it answered: " + p.how.Error()
	}
	return f
}

// stop ends the process, and gives err or what went wrong in stopping.
func (p *process) stop(err error) error {
	p.unhook()
	if cerr := errors.Join(p.in.Close(), p.out.Close()); err == nil {
		err = cerr
	}
	p.end()
	return err
}

// compact writes JSON in one line, as Node.js sees lines: U+2028 ends one too.
func compact(doc []byte) ([]byte, error) {
	var short, b bytes.Buffer
	if err := json.Compact(&short, doc); err != nil {
		return nil, fmt.Errorf("the event is no JSON: %w", err)
	}
	json.HTMLEscape(&b, short.Bytes())
	return b.Bytes(), nil
}

// tail keeps the end of what is written to it.
type tail struct{ kept []byte }

const maxTail = 16 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if extra := len(t.kept) - maxTail; extra > 0 {
		t.kept = append([]byte(nil), t.kept[extra:]...)
	}
	return len(b), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.kept)) }
