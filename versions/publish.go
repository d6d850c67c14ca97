package versions

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"unicode/utf8"
)

// Job is one version to be made.
type Job struct {
	Spec       Spec
	Stack      string // marks the version, and owns the function by StackTag
	Zip        []byte
	CodeSHA256 string // base64 SHA-256 of Zip, as Lambda reports it
	// Tags are given to a function that is created or adopted, with StackTag.
	// Tags of a function that already is this stack's are left alone.
	Tags   map[string]string
	Create bool // the function may be created
	Adopt  bool // the function may be taken over from its owner

	// Head is what the plan saw of the function, and may be old: a change
	// since then shows by its RevisionID. It saves the first read. The zero
	// value means that nothing is known.
	Head Head
}

// maxConflicts bounds how often Publish begins again because another
// client changed the function meanwhile.
const maxConflicts = 5

// Publish makes $LATEST what the job says and publishes it as a numbered
// version, and returns once that version is Active. It does nothing twice: an
// answer that was lost is met by reading back, and a run that died anywhere is
// carried on by calling Publish again.
//
// The content's alias is written ahead: it is created on $LATEST before the
// function is changed, and moved to the number once that version is Active. So
// an alias on a number is proof of a version, which is verified and given back,
// and one on $LATEST is a reason to list the versions once (see Find).
//
// Configuration goes before code and the publication comes last, each step
// only if it is needed, and each against the RevisionId that was read after
// the previous step had ended: Lambda changes it once more at that moment.
//
// Apart from waiting, a change of code costs four calls (with Job.Head):
// CreateAlias, UpdateCode, Publish and UpdateAlias.
//
// Errors: *OwnerError and *UnknownOwnerError before anything is changed;
// *StateError when Lambda ended something Failed; *WaitError, also for a role
// that cannot be assumed (it unwraps to ErrRoleNotReady); *ContestedError;
// *MismatchError; *UnmarkedError; *WrongAliasError; ErrNoVersion when the function is gone and
// may not be created. After an error no version was made that calling again
// would not find. What l itself answers is given back as it is, for the caller
// to say which function it was about.
func Publish(ctx context.Context, l Lambda, job Job, pace Pace, tick Tick) (Version, error) {
	if err := job.check(); err != nil {
		return Version{}, err
	}
	p := &publisher{lambda: l, job: job, pace: pace, tick: tick}
	defer p.stop()
	head, err := p.first(ctx)
	for err == nil {
		var done *Version
		if head, done, err = p.step(ctx, head); done != nil {
			return *done, nil
		}
	}
	return Version{}, err
}

// check refuses a job that contradicts itself.
func (j Job) check() error {
	sum := sha256.Sum256(j.Zip)
	if have := base64.StdEncoding.EncodeToString(sum[:]); have != j.CodeSHA256 {
		return fmt.Errorf("function %s: the zip hashes to %s, not to %s", j.Spec.Function, have, j.CodeSHA256)
	}
	if j.Spec.Config.Extra != "" {
		return fmt.Errorf("function %s: the wanted configuration names %s, which edgedeploy never sets", j.Spec.Function, j.Spec.Config.Extra)
	}
	if text := j.Spec.describeAlias(j.Stack); utf8.RuneCountInString(text) > maxDescription {
		return fmt.Errorf("function %s: the description of its alias has more than %d characters: %s", j.Spec.Function, maxDescription, text)
	}
	if m, ok := ParseMark(j.mark().Describe()); !ok || m != j.mark() {
		return fmt.Errorf("function %s: stack %q with content %q cannot be written into a description", j.Spec.Function, j.Stack, j.Spec.Content)
	}
	return nil
}

func (j Job) mark() Mark { return Mark{Stack: j.Stack, Content: j.Spec.Content} }

// tags are those of a function that becomes this stack's.
func (j Job) tags() map[string]string {
	tags := maps.Clone(j.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	tags[StackTag] = j.Stack
	return tags
}

// publisher carries one Publish along. It decides each step from what it last
// read of $LATEST, never from what it remembers having done.
type publisher struct {
	lambda Lambda
	job    Job
	pace   Pace
	tick   Tick

	conflicts int
	made      bool  // Lambda said that the function exists: it may not be visible at once
	seen      bool  // it was visible
	forced    bool  // an update was made only to have a new version
	roleWait  *wait // runs from the first time the role was refused
	alias     Alias // the content's, once it is on $LATEST; the zero value before

	// An update that ended Failed before this run began leaves it unknown what
	// $LATEST really holds; both updates are then made again.
	redoConfig, redoCode bool
}

func (p *publisher) stop() {
	if p.roleWait != nil {
		p.roleWait.stop()
	}
}

// first gives the head to begin with. An obstacle is never concluded from the
// plan's old one.
func (p *publisher) first(ctx context.Context) (Head, error) {
	if h := p.job.Head; h.Function == p.job.Spec.Function && h.Function != "" && p.obstacle(h) == nil {
		return h, nil
	}
	return p.read(ctx)
}

func (p *publisher) read(ctx context.Context) (Head, error) {
	return p.lambda.Head(ctx, p.job.Spec.Function)
}

// step does the one thing that head calls for, and gives the head after it;
// or the version, when that was the last.
func (p *publisher) step(ctx context.Context, head Head) (Head, *Version, error) {
	if err := p.obstacle(head); err != nil {
		return head, nil, err
	}
	if head.State.Update == "Failed" {
		p.redoConfig, p.redoCode = true, true
	}
	var err error
	switch {
	case !head.Exists:
		head, err = p.perform(ctx, head, p.create())
	case !head.State.Settled():
		head, err = p.settle(ctx, nil)
	case p.foreign(head):
		head, err = p.perform(ctx, head, p.adopt(head))
	case p.alias.Name == "":
		return p.claim(ctx, head)
	case p.redoConfig || p.wantsConfig(head):
		head, err = p.perform(ctx, head, p.configure(head))
	case p.redoCode || p.wantsCode(head):
		head, err = p.perform(ctx, head, p.upload(head))
	default:
		return p.publish(ctx, head)
	}
	return head, nil, err
}

// obstacle says why the function must not, or can not, be published into.
func (p *publisher) obstacle(h Head) error {
	switch name := p.job.Spec.Function; {
	case !h.Exists && (p.made || !p.job.Create):
		return fmt.Errorf("function %s does not exist (any more): %w", name, ErrNoVersion)
	case !h.Exists:
		return nil
	case h.TagsError != "":
		return &UnknownOwnerError{Function: name, Reason: h.TagsError}
	case p.foreign(h) && !p.job.Adopt:
		return &OwnerError{Function: name, Owner: h.Tags[StackTag]}
	case h.State.State == "Failed":
		// Lambda Developer Guide, "Lambda function states": a function whose
		// creation failed can only be deleted.
		return &StateError{Name: "function " + name, State: "Failed", Reason: h.State.Reason,
			Advice: "its creation never ended; delete it and run again"}
	}
	return h.Unfit()
}

func (p *publisher) foreign(h Head) bool { return h.Tags[StackTag] != p.job.Stack }

func (p *publisher) wantsConfig(h Head) bool {
	return h.Config.without(ByCode) != p.job.Spec.Config
}

// wanting puts into words what wantsConfig and wantsCode see.
func (p *publisher) wanting(h Head) string {
	list := configDifferences(h.Config, p.job.Spec.Config)
	if h.CodeSHA256 != p.job.CodeSHA256 {
		list = append(list, Difference{What: "CodeSha256", Want: p.job.CodeSHA256, Have: h.CodeSHA256})
	}
	return join(list)
}

func (p *publisher) wantsCode(h Head) bool {
	return h.CodeSHA256 != p.job.CodeSHA256 || len(h.Config.carries(ByCode)) > 0
}
