package stackspec

import (
	"fmt"
	"time"
)

// lifecycle says when Lambda lets go of a runtime.
type lifecycle struct {
	runtime    string
	deprecated string // no security patches from then on
	noCreate   string // functions are not created with it any more
	noUpdate   string // and not updated
	source     string
}

// The pages of the Lambda Developer Guide that name dates. AWS has moved some of
// them, always to later days.
const (
	nodePage   = "Lambda Developer Guide, Building Lambda functions with Node.js (read 2026-11)"
	pythonPage = "Lambda Developer Guide, Building Lambda functions with Python (read 2026-11)"
	olderPage  = "Lambda Developer Guide, Building Lambda functions with Python (a copy of 2026-01)"
)

// lifecycles are the dates that AWS has published. No page names any for
// nodejs26.x and python3.15.
func lifecycles() []lifecycle {
	return []lifecycle{
		{"nodejs20.x", "2026-04-30", "2026-08-31", "2026-09-30", nodePage},
		{"nodejs22.x", "2027-04-30", "2027-06-01", "2027-07-01", nodePage},
		{"nodejs24.x", "2028-04-30", "2028-06-01", "2028-07-01", nodePage},
		{"python3.9", "2025-12-15", "2026-02-03", "2026-03-09", olderPage},
		{"python3.10", "2026-10-31", "2026-11-30", "2027-01-15", pythonPage},
		{"python3.11", "2027-06-30", "2027-07-31", "2027-08-31", pythonPage},
		{"python3.12", "2028-10-31", "2028-11-30", "2029-01-10", pythonPage},
		{"python3.13", "2029-06-30", "2029-07-31", "2029-08-31", pythonPage},
		{"python3.14", "2029-06-30", "2029-07-31", "2029-08-31", pythonPage},
	}
}

// notice is how long before its deprecation a runtime is warned of.
const notice = 120 * 24 * time.Hour

// Aging says what Lambda does to a runtime about that day; "" if nothing. It is
// a refusal once no function can be created with it.
func Aging(runtime string, day time.Time) (message string, refused bool) {
	today := day.UTC().Format(time.DateOnly)
	soon := day.UTC().Add(notice).Format(time.DateOnly)
	for _, l := range lifecycles() {
		switch {
		case l.runtime != runtime, soon < l.deprecated:
		case today >= l.noUpdate:
			return fmt.Sprintf("Lambda creates and updates no functions with %s since %s (%s)", runtime, l.noUpdate, l.source), true
		case today >= l.noCreate:
			return fmt.Sprintf("Lambda creates no functions with %s since %s, and updates none from %s on (%s)", runtime, l.noCreate, l.noUpdate, l.source), true
		case today >= l.deprecated:
			return fmt.Sprintf("Lambda deprecated %s on %s; it creates no functions with it from %s on, and updates none from %s on (%s)",
				runtime, l.deprecated, l.noCreate, l.noUpdate, l.source), false
		default:
			return fmt.Sprintf("Lambda deprecates %s on %s, and creates no functions with it from %s on (%s)", runtime, l.deprecated, l.noCreate, l.source), false
		}
	}
	return "", false
}

// Newest is the runtime of the same language that lasts longest of those with
// dates.
func Newest(runtime string) string {
	newest := "nodejs24.x"
	if runtime[:1] == "p" {
		newest = "python3.14"
	}
	return newest
}
