package docs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// session is one bash, into which all is typed.
type session struct {
	cmd    *exec.Cmd
	typed  *os.File      // commands, each ended by a zero byte
	codes  *bufio.Reader // their exit codes, a line each
	output string        // a file: what the last one printed
	ended  chan error
}

// loop reads commands from descriptor 3 and answers on 4. They are evaluated in
// this very shell, so that cd and export last.
const loop = `while IFS= read -r -d '' -u 3 typed; do
  eval "$typed" </dev/null >"$DOCS_OUTPUT" 2>&1 3<&- 4>&-
  echo "$?" >&4
done`

func open(ctx context.Context, dir string, env []string) (*session, error) {
	s := &session{output: filepath.Join(dir, "output"), ended: make(chan error, 1)}
	commands, typed, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	answers, codes, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, commands.Close(), typed.Close())
	}
	s.typed, s.codes = typed, bufio.NewReader(answers)
	s.cmd = exec.CommandContext(ctx, "bash", "--noprofile", "--norc", "-c", loop)
	s.cmd.Dir, s.cmd.Env = dir, append(env, "DOCS_OUTPUT="+s.output)
	s.cmd.Stderr = os.Stderr
	s.cmd.ExtraFiles = []*os.File{commands, codes}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.cmd.Cancel = func() error { return syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) }
	s.cmd.WaitDelay = time.Minute
	err = s.cmd.Start()
	err = errors.Join(err, commands.Close(), codes.Close())
	if err != nil {
		return nil, errors.Join(err, typed.Close(), answers.Close())
	}
	go func() { s.ended <- s.cmd.Wait() }()
	return s, nil
}

// run types a command and waits for its end.
func (s *session) run(text string) (code int, out string, err error) {
	if _, err := io.WriteString(s.typed, text+"\x00"); err != nil {
		return 0, "", err
	}
	line, err := s.codes.ReadString('\n')
	raw, rerr := os.ReadFile(s.output)
	if err != nil {
		return 0, string(raw), fmt.Errorf("the shell is gone: %w", err)
	}
	code, err = strconv.Atoi(strings.TrimSpace(line))
	return code, string(raw), errors.Join(err, rerr)
}

// close ends the shell. What it started and left running is ended too.
func (s *session) close() error {
	err := s.typed.Close()
	err = errors.Join(err, <-s.ended)
	if kerr := syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL); kerr != nil && !errors.Is(kerr, syscall.ESRCH) {
		err = errors.Join(err, kerr)
	}
	return err
}
