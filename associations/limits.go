package associations

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edgedeploy/edgedeploy/versions"
)

// Limit is what CloudFront allows a function on one side of the cache.
type Limit struct {
	MemoryMB       int   `json:"memory,omitempty"`
	TimeoutSeconds int   `json:"timeout,omitempty"`
	ZipBytes       int64 `json:"zip,omitempty"` // compressed, as Lambda's CodeSize
}

// Limits are the limits of both sides, with where they were read.
type Limits struct {
	Viewer, Origin Limit
	Read, Source   string
}

// CurrentLimits are those that AWS documents today. AWS's pages disagree about
// the memory of viewer functions: the quotas page says "same as Lambda", the
// page that compares edge functions says 128 MB. The larger one is taken here
// and the smaller one is warned about, because refusing what works is worse
// than passing on what CloudFront then refuses by name.
func CurrentLimits() Limits {
	all := Limit{MemoryMB: 10240, TimeoutSeconds: 30, ZipBytes: 50 << 20}
	return Limits{
		Viewer: all, Origin: all, Read: "2026-11",
		Source: "CloudFront Developer Guide, Quotas on Lambda@Edge",
	}
}

// FormerLimits are those that CloudFront enforced on viewer triggers for
// years, and that refusals were last seen for (in 2024). Whether it still
// enforces them is unknown, so exceeding them is a warning.
func FormerLimits() Limits {
	return Limits{
		Viewer: Limit{MemoryMB: 128, TimeoutSeconds: 5, ZipBytes: 1 << 20},
		Origin: Limit{MemoryMB: 10240, TimeoutSeconds: 30, ZipBytes: 50 << 20},
		Read:   "2023-06", Source: "CloudFront Developer Guide of June 2023, Quotas on Lambda@Edge",
	}
}

// With gives the limits with every non-zero member of the overrides in place.
func (l Limits) With(viewer, origin Limit) Limits {
	l.Viewer, l.Origin = l.Viewer.with(viewer), l.Origin.with(origin)
	return l
}

func (l Limit) with(o Limit) Limit {
	if o.MemoryMB != 0 {
		l.MemoryMB = o.MemoryMB
	}
	if o.TimeoutSeconds != 0 {
		l.TimeoutSeconds = o.TimeoutSeconds
	}
	if o.ZipBytes != 0 {
		l.ZipBytes = o.ZipBytes
	}
	return l
}

func (l Limits) of(t Trigger) Limit {
	if t.Viewer() {
		return l.Viewer
	}
	return l.Origin
}

// Sized is what the limits judge of a function: its configuration, its zip,
// and the triggers it serves.
type Sized struct {
	Function string
	Config   versions.Config
	ZipBytes int64
	Triggers []Trigger
}

// LimitProblem is one limit that one function exceeds, on the triggers that
// have it in common.
type LimitProblem struct {
	Function string
	Triggers []Trigger // in CloudFront's order
	What     string    // memory, timeout, zip
	Value    int64
	Max      int64
	Warning  bool   // only the former limit is exceeded
	Text     string // CloudFront's own sentence for it, without the ARN
	Source   string // where the limit was read
}

func (p LimitProblem) Error() string {
	on := make([]string, len(p.Triggers))
	for i, t := range p.Triggers {
		on[i] = string(t)
	}
	return fmt.Sprintf("%s on %s: %s %d exceeds the maximum of %d (%s)", p.Function, strings.Join(on, ", "), p.What, p.Value, p.Max, p.Source)
}

// same reports whether two problems are one, on two triggers.
func (p LimitProblem) same(q LimitProblem) bool {
	return p.What == q.What && p.Max == q.Max && p.Warning == q.Warning
}

// CheckLimits judges a function against current and, as warnings, former
// limits. overridden limits are taken as the last word: what a person raised
// is not warned about.
func CheckLimits(f Sized, viewer, origin Limit) []LimitProblem {
	current, former := CurrentLimits().With(viewer, origin), FormerLimits().With(viewer, origin)
	var problems []LimitProblem
	triggers := slices.Clone(f.Triggers)
	slices.SortFunc(triggers, func(a, b Trigger) int {
		return slices.Index(Triggers(), a) - slices.Index(Triggers(), b)
	})
	for _, t := range slices.Compact(triggers) {
		now, then := current.of(t), former.of(t)
		for _, c := range []struct {
			what, text        string
			value, hard, soft int64
		}{
			{"memory", memoryText, int64(f.Config.MemoryMB), int64(now.MemoryMB), int64(then.MemoryMB)},
			{"timeout", timeoutText, int64(f.Config.TimeoutSeconds), int64(now.TimeoutSeconds), int64(then.TimeoutSeconds)},
			{"zip", sizeText, f.ZipBytes, now.ZipBytes, then.ZipBytes},
		} {
			p := LimitProblem{Function: f.Function, Triggers: []Trigger{t}, What: c.what, Value: c.value, Max: c.hard, Source: current.Source + ", read " + current.Read}
			switch {
			case c.value > c.hard:
			case c.value > c.soft:
				p.Max, p.Warning, p.Source = c.soft, true, former.Source
			default:
				continue
			}
			p.Text = fmt.Sprintf(c.text, p.Value, p.Max)
			if i := slices.IndexFunc(problems, p.same); i >= 0 {
				problems[i].Triggers = append(problems[i].Triggers, t)
				continue
			}
			problems = append(problems, p)
		}
	}
	return problems
}

// CloudFront's sentences, from replies that users logged; the function's ARN follows.
const (
	memoryText  = "The function memory size is larger than the maximum allowed size for functions that are triggered by a CloudFront event: %d Max allowed: %d"
	timeoutText = "The function timeout is larger than the maximum allowed for functions that are triggered by a CloudFront event: %d Max allowed: %d"
	sizeText    = "The function code size is larger than the maximum allowed size for functions that are triggered by a CloudFront event: %d Max allowed: %d"
)
