package deploy

import (
	"context"
	"slices"

	"github.com/edgedeploy/edgedeploy/versions"
)

// lookUp asks for the version of a content that no release in hand names: one
// call where there is one, and one more for the function where it has to be
// published. The versions are listed only after a run that died while it
// published.
func (o *observer) lookUp(ctx context.Context, spec versions.Spec) error {
	found, err := versions.Find(ctx, o.read.cloud.Lambda, spec, o.have.Stack)
	if err != nil {
		return err
	}
	switch found.Standing {
	case versions.Exists:
		o.mu.Lock()
		defer o.mu.Unlock()
		o.have.Versions[spec.Function] = []versions.Version{found.Published.Version}
		o.have.States[found.Published.Version.Ref] = found.Published
		return nil
	case versions.Interrupted:
		o.mu.Lock()
		o.have.Interrupted[spec.Function] = true
		o.mu.Unlock()
		if err := o.versions(ctx, spec.Function); err != nil {
			return err
		}
	}
	return o.head(ctx, spec.Function)
}

func (o *observer) versions(ctx context.Context, name string) error {
	list, err := o.read.cloud.Lambda.Versions(ctx, name)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.have.Versions[name] = list
	return nil
}

// known reports whether the version was found by its alias or in a list of its
// function's versions.
func (o *observer) known(ref versions.Ref) bool {
	return slices.ContainsFunc(o.have.Versions[ref.Function], func(v versions.Version) bool { return v.Ref == ref })
}
