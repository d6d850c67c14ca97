package render

import (
	"fmt"
	"strings"

	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// holdWords says what a hold keeps out of service.
func holdWords(h release.Hold) string {
	var words []string
	for _, spec := range h.Content {
		words = append(words, specWords(spec))
	}
	for _, e := range h.Edits {
		words = append(words, heldEditWords(e))
	}
	for _, c := range h.Commits {
		words = append(words, "commit "+release.Source{Commit: c}.Short())
	}
	text := fmt.Sprintf("release %d was rolled back", h.Release)
	if h.Brought > 0 && int(h.Brought) != h.Release {
		text += fmt.Sprintf(" (release %d brought it)", h.Brought)
	}
	text += ": " + strings.Join(words, ", ")
	if h.Why != "" {
		text += "; the rollback says: " + h.Why
	}
	return text
}

// specWords names content with its configuration: the hold is on both, and
// another configuration of the same content may well be live.
func specWords(s versions.Spec) string {
	return fmt.Sprintf("%s %s (%d MB, %d s)", s.Function, s.Content.Short(), s.Config.MemoryMB, s.Config.TimeoutSeconds)
}

func heldEditWords(e release.HeldEdit) string {
	switch {
	case e.Empty:
		return e.Place.String() + " emptied"
	case e.IncludeBody:
		return e.Place.String() + " bound to " + specWords(e.Spec) + " with body"
	default:
		return e.Place.String() + " bound to " + specWords(e.Spec)
	}
}

// heldAfterwards says what is held once a rollback ran.
func heldAfterwards(holds []release.Hold) []string {
	if len(holds) == 0 {
		return []string{"nothing is held afterwards"}
	}
	texts := make([]string, len(holds))
	for i, h := range holds {
		texts[i] = "held afterwards: " + holdWords(h)
	}
	return texts
}

// holds are those in force after a run; told reports whether they are known: a
// run that failed before it recorded anything may not say.
func (o Outcome) holds() (holds []release.Hold, told bool) {
	switch r := o.Result; {
	case o.Refused:
		return nil, false
	case r.RolledBack.Number != 0:
		return r.RolledBack.Holds, true
	case r.Release.Kind != "":
		return r.Release.Holds, true
	case o.Plan.Changes() && !r.Live && o.ExitCode != 0:
		return nil, false
	case o.Plan.Kind == release.KindApply:
		return o.Plan.Goal.Holds, true
	default:
		return o.Plan.Context.Holds, true
	}
}

// heldNow says what is held after a rollback.
func (o Outcome) heldNow() []string {
	holds, told := o.holds()
	switch {
	case !told || o.Plan.Kind != release.KindRollback && o.Result.RolledBack.Number == 0:
		return nil
	case len(holds) == 0:
		return []string{"nothing is held"}
	}
	texts := make([]string, len(holds))
	for i, h := range holds {
		texts[i] = "held: " + holdWords(h)
	}
	return texts
}
