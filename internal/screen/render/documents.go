package render

import (
	"embed"
	"reflect"
	"slices"
	"time"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/deploy/plan"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/stackspec"
)

// The JSON Schemas are written by a test from the types below and their
// comments, and docs/json.md from them. So there is one place where a member
// is said to be.
//
//go:embed schemas/*.json
var schemas embed.FS

// document is one kind of JSON document that commands print.
type document struct {
	name, by string // what it is called, and the commands that print it
	typ      reflect.Type
}

// documents lists the kinds, in the order in which they are explained.
func documents() []document {
	return []document{
		{"plan", "plan, rollback --dry-run", reflect.TypeFor[planDocument]()},
		{"result", "apply, rollback, resume", reflect.TypeFor[resultDocument]()},
		{"status", "status", reflect.TypeFor[statusDocument]()},
		{"drift", "drift", reflect.TypeFor[driftDocument]()},
		{"prune", "prune", reflect.TypeFor[pruneDocument]()},
		{"destroy", "destroy", reflect.TypeFor[destroyDocument]()},
		{"history", "history", reflect.TypeFor[historyDocument]()},
		{"show", "show", reflect.TypeFor[showDocument]()},
		{"validation", "validate", reflect.TypeFor[validationDocument]()},
		{"bundles", "build", reflect.TypeFor[bundlesDocument]()},
		{"tests", "test", reflect.TypeFor[testsDocument]()},
		{"invocation", "invoke", reflect.TypeFor[invocationDocument]()},
		{"unlocking", "unlock", reflect.TypeFor[unlockingDocument]()},
		{"version", "version", reflect.TypeFor[Version]()},
		{"error", "any other command that failed", reflect.TypeFor[errorDocument]()},
	}
}

// DocumentNames are the kinds of documents that have a JSON Schema.
func DocumentNames() []string {
	var names []string
	for _, d := range documents() {
		names = append(names, d.name)
	}
	return names
}

// DocumentSchema gives the JSON Schema (draft 2020-12) of a kind of document.
func DocumentSchema(name string) (schema []byte, ok bool) {
	if !slices.Contains(DocumentNames(), name) {
		return nil, false
	}
	schema, err := schemas.ReadFile("schemas/" + name + ".json")
	if err != nil {
		panic("render: the program was built without one of its own files: " + err.Error())
	}
	return schema, true
}

// planDocument is a plan: the value that apply runs.
type planDocument struct {
	plan.Plan
	// Changes reports whether running the plan changes anything: a version, a
	// distribution, tags or the releases. Waiting is no change.
	Changes  bool `json:"changes"`
	ExitCode int  `json:"exitCode"`
}

// resultDocument is what a run came to.
type resultDocument struct {
	Schema   int    `json:"schema"`
	Stack    string `json:"stack"`
	ExitCode int    `json:"exitCode"`
	Error    string `json:"error,omitempty"`
	Hint     string `json:"hint,omitempty"`
	// Problems are what is wrong with the spec or a bundle, if that is why it failed.
	Problems []stackspec.Problem `json:"problems,omitempty"`
	// Message is said where there was nothing to run.
	Message string `json:"message,omitempty"`
	// Changed reports whether the run recorded a release, made one live or wrote a slot.
	Changed       bool              `json:"changed"`
	Release       int               `json:"release"`              // the release that is recorded or live; 0 for none
	Previous      int               `json:"previous"`             // the release that was live before; 0 for none
	Live          bool              `json:"live"`                 // the release is live
	RolledBack    int               `json:"rolledBack,omitempty"` // the release that --on-failure rollback made
	Undeployed    []string          `json:"undeployed"`           // ids of distributions that are not everywhere yet
	QualifiedARNs map[string]string `json:"qualifiedArns"`        // ARNs with the version, by the functions' keys in the spec
	Slots         []resultSlot      `json:"slots"`                // the slots that the run was to change
	// Undo is the command that undoes the release; "" where there is nothing to undo.
	Undo       string            `json:"undo"`
	Next       []way             `json:"next"`                 // the ways on from a release in flight
	Unfinished []plan.Unfinished `json:"unfinished,omitempty"` // what a rollback left undone
	Notes      []plan.Note       `json:"notes,omitempty"`      // the plan's: with --yes nothing else shows them
	// Holds are those in force now; null where the run ended before that was known.
	Holds []release.Hold `json:"holds"`
}

// resultSlot is a slot that a run was to change.
type resultSlot struct {
	Distribution string               `json:"distribution"` // its id
	Path         string               `json:"path"`
	Trigger      associations.Trigger `json:"trigger"`
	From         slotBinding          `json:"from"` // what it held
	To           slotBinding          `json:"to"`   // what it was to hold
	// State is deployed, deploying, written, not-written, unknown or changed.
	State string       `json:"state"`
	Holds *slotBinding `json:"holds,omitempty"` // what a slot has that was changed outside
}

// historyDocument lists releases, newest first. Actors and messages may be cut
// short; show has them in full.
type historyDocument struct {
	Schema   int              `json:"schema"`
	Stack    string           `json:"stack"`
	Live     int              `json:"live"`    // the live release; 0 for none
	Pending  int              `json:"pending"` // the release in flight; 0 for none
	Releases []historyRelease `json:"releases"`
	More     bool             `json:"more"` // older ones were left out
}

// historyRelease is one release of the history.
type historyRelease struct {
	Release  int          `json:"release"`
	State    ReleaseState `json:"state"` // live, in flight, never live or rolled back; "" for the rest
	Kind     release.Kind `json:"kind"`  // apply, rollback or resume
	Parent   int          `json:"parent"`
	Brought  int          `json:"brought"`
	Returns  int          `json:"returns"`
	Back     int          `json:"back,omitempty"`
	Undone   int          `json:"undone,omitempty"`
	Target   *int         `json:"target,omitempty"` // of a rollback; 0 is before the first
	At       time.Time    `json:"at"`
	Bindings string       `json:"bindings"` // a digest of what it binds
	Commit   string       `json:"commit,omitempty"`
	From     string       `json:"commitFrom,omitempty"` // the variable that named the commit, where git could not be asked
	Holds    int          `json:"holds,omitempty"`      // how many holds were in force
	Actor    string       `json:"actor,omitempty"`
	Message  string       `json:"message,omitempty"`
}

// showDocument is a release's record in full.
type showDocument struct {
	Schema  int             `json:"schema"`
	Release int             `json:"release"`
	Live    bool            `json:"live"`
	Record  release.Release `json:"record"`
}

// validationDocument says whether a spec and its bundles can be used.
type validationDocument struct {
	Schema   int                 `json:"schema"`
	Valid    bool                `json:"valid"` // warnings leave a spec valid
	Stack    string              `json:"stack"` // "" where it is not known
	Problems []stackspec.Problem `json:"problems"`
	ExitCode int                 `json:"exitCode"`
	Error    string              `json:"error,omitempty"`
	Hint     string              `json:"hint,omitempty"`
}

// errorDocument is what a command prints that failed.
type errorDocument struct {
	Schema int `json:"schema"`
	Failure
}

// bundlesDocument tells of the bundles that were written.
type bundlesDocument struct {
	Schema  int      `json:"schema"`
	Bundles []Bundle `json:"bundles"`
}

// testsDocument is what came of all fixtures.
type testsDocument struct {
	Schema int `json:"schema"`
	Tests
}

// invocationDocument is what came of one event.
type invocationDocument struct {
	Schema int `json:"schema"`
	Invocation
}

// Unlocking is a lock that was taken away, or was not there.
type Unlocking struct {
	Stack     string `json:"stack"`
	WasLocked bool   `json:"wasLocked"`
	Holder    string `json:"holder"` // "" if it was not locked
	RunID     string `json:"runId"`
	Phase     string `json:"phase"` // what the run was doing
}

// unlockingDocument tells of a lock that was taken away.
type unlockingDocument struct {
	Schema int `json:"schema"`
	Unlocking
}

// UnlockingJSON writes what came of unlock.
func UnlockingJSON(u Unlocking) ([]byte, error) { return toJSON(unlockingDocument{1, u}) }

// Version is what the program knows of itself.
type Version struct {
	Schema  int    `json:"schema"`
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"` // that it was built from
	Date    string `json:"date,omitempty"`   // of the commit
	Dirty   *bool  `json:"dirty,omitempty"`  // files differed from the commit
	Go      string `json:"go,omitempty"`     // the Go release that it was built with
	OS      string `json:"os,omitempty"`
	Arch    string `json:"arch,omitempty"`
}

// VersionJSON writes what the program knows of itself.
func VersionJSON(v Version) ([]byte, error) { return toJSON(v) }
