package awscloud

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestA412WithoutARivalIsARefusal: the sentence is AWS's for DeleteDistribution;
// the one for UpdateDistribution is not known.
func TestA412WithoutARivalIsARefusal(t *testing.T) {
	t.Parallel()
	const sentence = "You can't delete this distribution while it's subscribed to a pricing plan."
	plan := instead(cloudFrontError(412, "PreconditionFailed", sentence))
	refusedFor := func(err error) bool {
		e, ok := errors.AsType[*RefusedError](err)
		return ok && strings.Contains(err.Error(), sentence) && e.Err.Hint == refusedHint && e.Err.RequestID == "req-1"
	}
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		w, b := worldBetween(t)
		b.puts = slices.Repeat([]answering{plan}, 5)
		before := w.config()
		w.operations()
		lostCase{want: refusedFor, attempts: 1}.run(t, w, b)
		w.wantCalls("GetDistributionConfig 200", "UpdateDistribution 412", "GetDistributionConfig 200", "GetDistribution 200")
		if !bytes.Equal(before, w.config()) {
			t.Error("the distribution was written")
		}
	})
	t.Run("after a rival", func(t *testing.T) {
		t.Parallel()
		w, b := worldBetween(t)
		b.puts = []answering{w.afterRival(same, through), plan, plan}
		lostCase{want: refusedFor, attempts: 2}.run(t, w, b)
	})
	t.Run("which leaves a lost attempt before it open", func(t *testing.T) {
		t.Parallel()
		w, b := worldBetween(t)
		b.puts = []answering{instead(unavailable), plan, plan}
		lostCase{want: refusedFor, lost: true, attempts: 2}.run(t, w, b)
	})
	t.Run("but not the one that its own success gave", func(t *testing.T) {
		t.Parallel()
		w, b := worldBetween(t)
		b.puts = []answering{done(unavailable)}
		lostCase{attempts: 2}.run(t, w, b)
	})
}
