package versions

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// Errors of a deletion that Lambda refuses.
var (
	// ErrReplicated: 400, CloudFront has replicas of the version, or of a version
	// of the function. It deletes them within hours after the last distribution
	// let go of the version; by hand they cannot be deleted (CloudFront Developer
	// Guide, "Delete Lambda@Edge functions and replicas").
	ErrReplicated = errors.New("it is replicated to the edge")
	// ErrAliased: 409, an alias names the version.
	ErrAliased = errors.New("an alias names it")
)

// Storage is what of Lambda is needed to find and delete versions.
type Storage interface {
	// Shelf reads the versions and aliases of a function; ErrNoVersion if there is none.
	Shelf(ctx context.Context, function string) (Shelf, error)
	// DeleteVersion deletes a numbered version; one that is not there is no error.
	// ErrReplicated, ErrAliased.
	DeleteVersion(ctx context.Context, r Ref) error
	// DeleteFunction deletes a function with its versions and aliases; one that is
	// not there is no error. ErrReplicated.
	DeleteFunction(ctx context.Context, function string) error
	// DeleteAlias deletes an alias; one that is not there is no error.
	DeleteAlias(ctx context.Context, function, name string) error
}

// Shop is the Lambda that Remove works on.
type Shop interface {
	Storage
	Aliases
}

// Remove deletes a version that Spare said may be deleted, with the alias of its
// content, in an order that a run may die in at any time: the alias goes to
// $LATEST, then the version is deleted, then the alias. Who looks for the content
// meanwhile finds the alias on $LATEST and lists the versions, as after an
// interrupted publication. If Lambda refuses the deletion the alias goes back.
//
// The caller holds the stack's lock: no run publishes the content meanwhile.
//
// Errors: ErrReplicated, ErrAliased: the version is as it was.
func Remove(ctx context.Context, s Shop, v Verdict) error {
	if v.Stays != "" {
		return fmt.Errorf("version %s is to stay: %s", v.Stock.Version.Ref, v.Stays)
	}
	function, number := v.Stock.Version.Ref.Function, strconv.Itoa(v.Stock.Version.Ref.Number)
	alias, err := moveAlias(ctx, s, function, v.Alias, latest)
	if err != nil {
		return fmt.Errorf("move alias %s off version %s: %w", v.Alias.Name, v.Stock.Version.Ref, err)
	}
	if err := s.DeleteVersion(ctx, v.Stock.Version.Ref); err != nil {
		if errors.Is(err, ErrReplicated) || errors.Is(err, ErrAliased) {
			if _, back := moveAlias(context.WithoutCancel(ctx), s, function, alias, number); back != nil {
				return fmt.Errorf("%s was not deleted (%v), and alias %s was not moved back: %w", v.Stock.Version.Ref, err, alias.Name, back)
			}
		}
		return err
	}
	if alias.Name == "" {
		return nil
	}
	return s.DeleteAlias(ctx, function, alias.Name)
}

// maxMoves bounds how often an alias is moved again that changed meanwhile.
const maxMoves = 5

// moveAlias makes an alias name another version, by compare-and-swap on what was
// read of it, and reads back where the answer may have been lost. No alias, and
// one that is there already, take no call.
func moveAlias(ctx context.Context, s Aliases, function string, a Alias, to string) (Alias, error) {
	from := a.Version
	for range maxMoves {
		if a.Name == "" || a.Version == to {
			return a, nil
		}
		want := a
		want.Version = to
		moved, err := s.UpdateAlias(ctx, function, want)
		if err == nil || ctx.Err() != nil {
			return moved, err
		}
		have, back := s.Alias(ctx, function, a.Name)
		switch {
		case errors.Is(back, ErrNoVersion):
			return Alias{}, nil // deleted meanwhile: nothing names the version
		case back != nil:
			return a, errors.Join(err, fmt.Errorf("reading back: %w", back))
		case have.Version != from && have.Version != to:
			return a, fmt.Errorf("it names version %s now: %w", have.Version, err)
		case have.Version == from && !errors.Is(err, ErrStaleRevision) && !errors.Is(err, ErrInProgress):
			return a, err // the call never arrived
		}
		a = have
	}
	return a, fmt.Errorf("it is moved by others at the same time: %w", ErrStaleRevision)
}
