package term

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// NotInteractiveError says that a question could not be asked, because there
// is no terminal. Nothing was assumed.
type NotInteractiveError struct{ Question string }

func (e *NotInteractiveError) Error() string {
	return fmt.Sprintf("%q cannot be asked without a terminal; --yes answers it", e.Question)
}

// Prompt is where questions are asked.
type Prompt struct {
	In          io.Reader
	Out         io.Writer
	Interactive bool // see the function of that name
}

// maxAnswer bounds a line that is read as an answer.
const maxAnswer = 1 << 10

// Confirm asks a question that only "yes" or "y" answers with true, in
// whatever case; the end of input is a no. Without a terminal it is a
// *NotInteractiveError. When ctx ends while nobody answers, its cause is the
// error: the read that is left behind ends with the process, which is what
// comes next.
func (p Prompt) Confirm(ctx context.Context, question string) (bool, error) {
	if !p.Interactive {
		return false, &NotInteractiveError{Question: question}
	}
	if _, err := fmt.Fprintf(p.Out, "%s Only yes or y goes on: ", question); err != nil {
		return false, fmt.Errorf("ask for confirmation: %w", err)
	}
	type answer struct {
		line string
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReader(io.LimitReader(p.In, maxAnswer)).ReadString('\n')
		answered <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		return false, context.Cause(ctx)
	case a := <-answered:
		if a.err != nil && !errors.Is(a.err, io.EOF) {
			return false, fmt.Errorf("read the answer: %w", a.err)
		}
		line := strings.ToLower(strings.TrimSpace(a.line))
		return line == "yes" || line == "y", nil
	}
}
