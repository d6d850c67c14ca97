package main

import (
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/pflag"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
	"github.com/edgedeploy/edgedeploy/internal/screen/term"
)

// writes counts what is written.
type writes int

func (w *writes) Write(b []byte) (int, error) { *w++; return len(b), nil }

// However fast events come, the block is painted ten times a second at most, and
// not at all while it stays the same.
func TestTheBlockIsPaintedAsOftenAsAnEyeFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n writes
		b := &board{progress: &render.Progress{Terminal: true}, painter: &term.Painter{Out: &n}}
		step := plan.Await{Distribution: "E1AAAAAAAAAAAA"}
		for range 10_000 {
			b.show(deploy.StepWaiting{Step: step, Reason: "InProgress"})
			time.Sleep(time.Millisecond)
		}
		if n < 10 || n > 12 { // its seconds change ten times
			t.Errorf("the block was painted %d times in ten seconds", n)
		}
		b.tell("a line that stays")
		if was := n; was < 11 {
			t.Errorf("a line waited to be written")
		}
	})
}

// Without colour no escape code is written at all, and what is repainted is made of
// them.
func TestWithoutColourNothingIsRepainted(t *testing.T) {
	for name, a := range map[string]*app{
		"--no-color": {facts: term.Facts{Terminal: true, Repaint: true}, noColor: true},
		"NO_COLOR":   {facts: term.Look(os.Stderr, term.Env{NoColor: true})},
	} {
		_, done := a.progress(nil)
		if b := a.board.Load(); b.painter != nil || b.progress.Terminal {
			t.Errorf("%s: the block is repainted", name)
		}
		done()
	}
	a := &app{facts: term.Facts{Terminal: true, Repaint: true}, streams: Streams{Err: os.NewFile(0, os.DevNull)}}
	_, done := a.progress(nil)
	if a.board.Load().painter == nil {
		t.Error("nothing is ever repainted")
	}
	a.board.Load().painter.Out = new(writes)
	done()
}

// render keeps the commands of a hint whole, and has to know where they end.
func TestEveryFlagWithoutValueIsKnownToRender(t *testing.T) {
	t.Parallel()
	for _, c := range append(testTree().Commands(), testTree()) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if known := slices.Contains(render.Switches, "--"+f.Name); known != (f.Value.Type() == "bool") {
				t.Errorf("%s --%s is of type %s, and render.Switches says %v", c.Name(), f.Name, f.Value.Type(), known)
			}
		})
	}
}
