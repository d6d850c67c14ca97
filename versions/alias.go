package versions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// aliasPrefix begins the names of the aliases of content.
const aliasPrefix = "edge-"

// latest is what an alias names while its version is being made.
const latest = "$LATEST"

// maxDescription is how many characters Lambda keeps of a description (Lambda
// API model).
const maxDescription = 256

// Alias returns the name of the alias that stands for the spec's content and
// configuration on its function: "edge-" and the hex SHA-256 of both. It is
// stored in accounts for good, so equal values must give equal names in every
// release of edgedeploy: a member that is added to Config needs a zero value
// that JSON leaves out.
func (s Spec) Alias() string {
	text, err := json.Marshal(struct {
		Content ContentID `json:"content"`
		Config  Config    `json:"config"`
	}{s.Content, s.Config})
	if err != nil {
		panic("versions: a spec is not JSON: " + err.Error()) // strings and numbers always are
	}
	sum := sha256.Sum256(text)
	return aliasPrefix + hex.EncodeToString(sum[:])
}

// describeAlias returns the description of the alias, for people.
func (s Spec) describeAlias(stack string) string {
	return fmt.Sprintf("edgedeploy: the version that stack %s published of content %s", stack, s.Content)
}

// Standing is what a content's alias tells about its version.
type Standing int

const (
	// Unpublished: there is no version of the content that is the stack's.
	// Whether there is a function at all is not known.
	Unpublished Standing = iota
	// Interrupted: the alias is on $LATEST. A run began to publish, and may
	// have died before or after it had a version: only a list of the versions
	// tells.
	Interrupted
	// Exists: there is a version, and it was verified.
	Exists
)

// Found is the answer to whether a content is published.
type Found struct {
	Standing Standing
	// Published is the version, with its state, which is not judged. It is
	// zero unless Standing is Exists.
	Published Published
}

// Find looks for the version of spec that the stack published, by its alias:
// one call, however many versions there are. What it finds is verified: the
// stack's tag on the function and its mark on the version, the content and the
// configuration. CodeSHA256 is not compared: another Go release may have
// packed the same content into another zip.
//
// A function that is tagged for another stack, or for none, has nothing
// published for this one. Neither has an alias that names the version of another stack,
// which had the function before: Publish takes such an alias over.
//
// Errors: *WrongAliasError, *UnknownOwnerError, *UnfitError. What l itself answers is given
// back as it is.
func Find(ctx context.Context, l Reader, spec Spec, stack string) (Found, error) {
	have, err := l.ByAlias(ctx, spec.Function, spec.Alias())
	if errors.Is(err, ErrNoVersion) {
		return Found{}, nil
	}
	if err != nil {
		return Found{}, err
	}
	if have.TagsError != "" {
		return Found{}, &UnknownOwnerError{Function: spec.Function, Reason: have.TagsError}
	}
	if have.Tags[StackTag] != stack {
		return Found{}, nil
	}
	if have.Version.Ref.Number == 0 {
		return Found{Standing: Interrupted}, nil
	}
	serves, err := spec.serves(have.Version, stack)
	if err != nil || !serves {
		return Found{}, err
	}
	return Found{Standing: Exists, Published: have}, nil
}

// serves reports whether the version that the spec's alias names is the
// stack's. It is not, without an error, where another stack published it.
func (s Spec) serves(v Version, stack string) (bool, error) {
	if v.Spec == s && v.Stack != "" && v.Stack != stack {
		return false, nil
	}
	if unknown := v.Spec.Config.Unknown(); len(unknown) > 0 {
		return false, &UnfitError{Function: s.Function, Number: v.Ref.Number, Unknown: unknown}
	}
	if diff := differences(v, Version{Ref: v.Ref, Spec: s}, stack); len(diff) > 0 {
		return false, &WrongAliasError{Function: s.Function, Alias: s.Alias(), Version: strconv.Itoa(v.Ref.Number), Differences: diff}
	}
	return true, nil
}

// Point makes the alias of a version's content, which a run that died left on
// $LATEST, name the version. It does nothing where it does so already.
//
// Errors: *WrongAliasError where the alias names another version;
// *ContestedError. What l itself answers is given back as it is.
func Point(ctx context.Context, l Lambda, v Version) error {
	have, err := l.Alias(ctx, v.Spec.Function, v.Spec.Alias())
	if err != nil {
		return err
	}
	p := &publisher{lambda: l, job: Job{Spec: v.Spec, Stack: v.Stack}, alias: have}
	if arrived, err := p.arrived(have, v); arrived || err != nil {
		return err
	}
	return p.point(ctx, v)
}

// claim creates the content's alias on $LATEST, before anything is changed for
// the content. Where there is one already it decides what that means.
func (p *publisher) claim(ctx context.Context, head Head) (Head, *Version, error) {
	spec := p.job.Spec
	made, err := p.lambda.CreateAlias(ctx, spec.Function, p.pointer(latest, ""))
	switch {
	case err == nil:
		p.alias = made
		return head, nil, nil
	case errors.Is(err, ErrNoVersion), errors.Is(err, ErrInProgress):
		return p.unclaimed(ctx, head, err)
	case ctx.Err() != nil:
		return head, nil, err
	}
	have, back := p.lambda.Alias(ctx, spec.Function, spec.Alias())
	switch {
	case errors.Is(back, ErrNoVersion):
		return head, nil, err // the call never arrived
	case back != nil:
		return head, nil, errors.Join(err, fmt.Errorf("reading back: %w", back))
	case have.Version == latest:
		return p.resume(ctx, head, have)
	}
	return p.use(ctx, head, have)
}

// unclaimed looks again at a function that had no alias made: it is gone, or
// not to be seen everywhere yet, or changing.
func (p *publisher) unclaimed(ctx context.Context, head Head, cause error) (Head, *Version, error) {
	err := p.contested(cause)
	if err == nil {
		w := newWait("function "+p.job.Spec.Function, p.pace.between(firstPoll), appearTimeout, p.tick)
		defer w.stop()
		err = w.next(ctx, p.job.Spec.Function+" takes no alias yet", cause)
	}
	if err == nil {
		head, err = p.settle(ctx, nil)
	}
	return head, nil, err
}

// resume goes on after a run that died between the alias and the end of its
// publication.
func (p *publisher) resume(ctx context.Context, head Head, have Alias) (Head, *Version, error) {
	p.alias = have
	list, err := p.lambda.Versions(ctx, p.job.Spec.Function)
	if err != nil {
		return head, nil, err
	}
	if v, ok := Reuse(p.job.Spec, p.job.Stack, list); ok {
		return p.found(ctx, head, v)
	}
	return head, nil, nil
}

// use gives the version that the alias names. If it is another stack's, which
// had the function before, the alias is taken over.
func (p *publisher) use(ctx context.Context, head Head, have Alias) (Head, *Version, error) {
	spec := p.job.Spec
	if have.Second != "" {
		return head, nil, p.wrong(have, Difference{What: "routing", Want: "one version", Have: "weights"})
	}
	number, err := strconv.Atoi(have.Version)
	if err != nil {
		return head, nil, p.wrong(have, Difference{What: "version", Want: "a number", Have: have.Version})
	}
	got, err := p.lambda.Version(ctx, Ref{Function: spec.Function, Number: number})
	if err != nil {
		return head, nil, err
	}
	serves, err := spec.serves(got.Version, p.job.Stack)
	if err != nil {
		return head, nil, err
	}
	if serves {
		v, err := p.awaitPublished(ctx, got.Version)
		if err != nil {
			return head, nil, err
		}
		return head, &v, nil
	}
	return p.takeOver(ctx, head, have)
}

// takeOver moves the alias from the version of another stack to $LATEST.
func (p *publisher) takeOver(ctx context.Context, head Head, have Alias) (Head, *Version, error) {
	function := p.job.Spec.Function
	took, err := p.lambda.UpdateAlias(ctx, function, p.pointer(latest, have.RevisionID))
	if err == nil {
		p.alias = took
		return head, nil, nil
	}
	if ctx.Err() != nil {
		return head, nil, err
	}
	now, back := p.lambda.Alias(ctx, function, have.Name)
	switch {
	case back != nil:
		return head, nil, errors.Join(err, fmt.Errorf("reading back: %w", back))
	case now.Version == latest:
		return p.resume(ctx, head, now)
	case errors.Is(err, ErrStaleRevision), errors.Is(err, ErrInProgress):
		return head, nil, p.contested(err) // the next step looks again
	}
	return head, nil, err
}

// point moves the alias from $LATEST to the version, against the revision that
// was read last. A run that dies before leaves it on $LATEST.
func (p *publisher) point(ctx context.Context, v Version) error {
	function := p.job.Spec.Function
	for {
		_, err := p.lambda.UpdateAlias(ctx, function, p.pointer(strconv.Itoa(v.Ref.Number), p.alias.RevisionID))
		if err == nil || ctx.Err() != nil {
			return err
		}
		have, back := p.lambda.Alias(ctx, function, p.alias.Name)
		if back != nil {
			return errors.Join(err, fmt.Errorf("reading back: %w", back))
		}
		if arrived, wrong := p.arrived(have, v); arrived || wrong != nil {
			return wrong
		}
		if !errors.Is(err, ErrStaleRevision) && !errors.Is(err, ErrInProgress) {
			return err // the call never arrived
		}
		if err := p.contested(err); err != nil {
			return err
		}
		p.alias = have
	}
}

// arrived reports whether the alias names the version. It is an error if the
// alias names another than that and $LATEST.
func (p *publisher) arrived(have Alias, v Version) (bool, error) {
	switch want := strconv.Itoa(v.Ref.Number); {
	case have.Second != "":
		return false, p.wrong(have, Difference{What: "routing", Want: "one version", Have: "weights"})
	case have.Version == want:
		return true, nil
	case have.Version != latest:
		return false, p.wrong(have, Difference{What: "version", Want: want, Have: have.Version})
	}
	return false, nil
}

// pointer is the content's alias as it shall be.
func (p *publisher) pointer(version, revision string) Alias {
	spec := p.job.Spec
	return Alias{Name: spec.Alias(), Version: version, Description: spec.describeAlias(p.job.Stack), RevisionID: revision}
}

func (p *publisher) wrong(have Alias, d Difference) error {
	return &WrongAliasError{Function: p.job.Spec.Function, Alias: have.Name, Version: have.Version, Differences: []Difference{d}}
}
