package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/deploy"
	"github.com/edgedeploy/edgedeploy/deploy/release"
	"github.com/edgedeploy/edgedeploy/versions"
)

// Append implements deploy.Lease. Without a race it makes one call each to
// read $LATEST, to upload and to publish, and reads the upload until it has
// settled. The same record appended twice is the same release. A record that
// could not be read back is refused before the first call.
func (s *lease) Append(ctx context.Context, r release.Release) (release.Release, error) {
	fail := func(doing string, err error) (release.Release, error) {
		return release.Release{}, wrap(s.req.Stack, doing, err)
	}
	if err := s.held(); err != nil {
		return fail("append a release", err)
	}
	if r.Schema == 0 {
		r.Schema = release.Schema
	}
	if r.Schema != release.Schema || r.Stack != s.req.Stack || r.RunID == "" || r.Kind == "" {
		return fail("append a release", fmt.Errorf("a record of format %d, stack %q, run %q and kind %q cannot be written here", r.Schema, r.Stack, r.RunID, r.Kind))
	}
	zipped, err := packRelease(r)
	if err != nil {
		return fail("append a release", err)
	}
	have, err := s.ledger.settle(ctx, s.function)
	if err != nil {
		return fail("read the ledger's function", err)
	}
	if have, err = s.heal(ctx, have, r.Role); err != nil {
		return fail("give the ledger's function its role and runtime", err)
	}
	sum := codeSHA256(zipped)
	if have, err = s.upload(ctx, have, zipped, sum); err != nil {
		return fail("upload a release", err)
	}
	in := versions.PublishInput{Function: s.function, RevisionID: have.RevisionID, CodeSHA256: sum, Description: describe(s.req.Stack, r.Summary())}
	number, err := s.publish(ctx, in)
	if err != nil {
		return fail("publish a release", err)
	}
	return r.Numbered(number), nil
}

// heal gives $LATEST the stack's role and a runtime that Lambda accepts code
// for. A newer runtime than this program knows is left: a newer program set it.
func (s *lease) heal(ctx context.Context, have versions.LatestCode, role string) (versions.LatestCode, error) {
	runtime := s.ledger.runtime()
	if newerRuntime(have.Runtime, runtime) {
		runtime = have.Runtime
	}
	if role == "" {
		role = have.Role
	}
	return s.change(ctx, have, change{
		do: func(revision string) error {
			return s.ledger.API.UpdateConfig(ctx, s.function, revision, role, runtime)
		},
		done: func(now versions.LatestCode) bool { return now.Role == role && now.Runtime == runtime },
	})
}

// newerRuntime reports whether a is a Node.js runtime of a higher version than b.
func newerRuntime(a, b string) bool {
	version := func(runtime string) int {
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(runtime, "nodejs"), ".x"))
		if err != nil {
			return 0
		}
		return n
	}
	return version(a) > version(b) && version(b) > 0
}

func (s *lease) upload(ctx context.Context, have versions.LatestCode, zipped []byte, sum string) (versions.LatestCode, error) {
	return s.change(ctx, have, change{
		do: func(revision string) error {
			return s.ledger.API.UpdateCode(ctx, s.function, revision, zipped)
		},
		// Which code $LATEST names after an update that failed is not documented.
		done: func(now versions.LatestCode) bool { return now.CodeSHA256 == sum && now.State.Update != "Failed" },
	})
}

// change is a change of $LATEST: how to ask for it, and how it shows.
type change struct {
	do   func(revision string) error
	done func(versions.LatestCode) bool
}

// change makes a change unless it is there already, and waits until it has
// settled. The wait is also how a lost answer is read back.
func (s *lease) change(ctx context.Context, have versions.LatestCode, c change) (versions.LatestCode, error) {
	var last error
	for range maxTries {
		if c.done(have) {
			return have, nil
		}
		if verr := s.Prove(ctx, deploy.ProofAge); verr != nil {
			return versions.LatestCode{}, verr
		}
		err := c.do(have.RevisionID)
		after, rerr := s.ledger.settle(ctx, s.function)
		switch {
		case rerr != nil:
			return versions.LatestCode{}, errors.Join(err, rerr)
		case after.State.Update == "Failed" && err == nil:
			return versions.LatestCode{}, fmt.Errorf("the change was not taken over by Lambda: %s", after.State.Reason)
		case c.done(after) && after.State.Update != "Failed":
			return after, nil
		case err != nil && !lostRace(err):
			return versions.LatestCode{}, err
		}
		// Another was there first: a holder whose lock was taken over, or a hand.
		// Only the holder writes again.
		if verr := s.Prove(ctx, 0); verr != nil {
			return versions.LatestCode{}, verr
		}
		last = errors.Join(last, err)
		have = after
	}
	return versions.LatestCode{}, errors.Join(errors.New("the function is changed by another run, or by hand, at the same time"), last)
}

// publish makes $LATEST into a version and gives its number.
func (s *lease) publish(ctx context.Context, in versions.PublishInput) (int, error) {
	var last error
	for range maxTries {
		if verr := s.Prove(ctx, deploy.ProofAge); verr != nil {
			return 0, verr
		}
		v, err := s.ledger.API.PublishVersion(ctx, in)
		if err == nil && v.CodeSHA256 != in.CodeSHA256 {
			// Lambda answers with the last version when it sees no change since.
			return 0, fmt.Errorf("nothing was published: Lambda answered with version %d, whose code is another one", v.Number)
		}
		if err == nil {
			return v.Number, s.awaitActive(ctx, v)
		}
		v, there, rerr := s.published(ctx, in.CodeSHA256)
		switch {
		case rerr != nil:
			return 0, errors.Join(err, rerr)
		case there:
			return v.Number, nil
		case !lostRace(err):
			return 0, err
		}
		if verr := s.Prove(ctx, 0); verr != nil {
			return 0, verr
		}
		have, rerr := s.ledger.settle(ctx, s.function)
		if rerr != nil {
			return 0, errors.Join(err, rerr)
		}
		if have.CodeSHA256 != in.CodeSHA256 {
			return 0, fmt.Errorf("other code was uploaded at the same time: %w", err)
		}
		in.RevisionID, last = have.RevisionID, err
	}
	return 0, last
}

// published finds the newest version of a code.
func (s *lease) published(ctx context.Context, sum string) (found versions.StoredVersion, ok bool, err error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	all, err := s.ledger.API.ListVersions(ctx, s.function)
	for _, v := range all {
		if v.CodeSHA256 == sum && v.Number > found.Number {
			found, ok = v, true
		}
	}
	return found, ok, err
}

// awaitActive waits for a version that Lambda says is Pending: whether an
// alias may name such a one is UNKNOWN. A zip without a VPC is Active at once.
func (s *lease) awaitActive(ctx context.Context, v versions.StoredVersion) error {
	number := strconv.Itoa(v.Number)
	start := time.Now()
	for !v.State.Settled() {
		if time.Since(start) >= settleTimeout {
			return fmt.Errorf("version %d is still %s after %s: %s", v.Number, v.State.State, settleTimeout, v.State.Reason)
		}
		if err := pause(ctx, s.ledger.polls().After(time.Since(start), rand.Float64())); err != nil {
			return err
		}
		var err error
		if v, err = s.ledger.API.OpenVersion(ctx, s.function, number); err != nil {
			return err
		}
	}
	return nil
}
