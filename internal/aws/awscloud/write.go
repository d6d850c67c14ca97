package awscloud

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"

	"github.com/edgedeploy/edgedeploy/associations"
)

// Write makes all edits of one distribution in one UpdateDistribution, and no
// other change, and gives back the distribution as CloudFront's answer to the
// write says it is. Edits that are true already are left out; if all are,
// nothing is written, and the distribution is read instead.
//
// Each slot must hold From, or To already: otherwise *associations.ChangedError
// and no write. guard is asked between each read and its write; its error
// ends the write. A write that meets 412 (another client changed the
// distribution since the read) is decided again on what is there then, after a
// pause, which grows: *RefusedError if it was not changed, *RaceError after five
// writes. account is the distribution's, which the ARNs of versions are made
// with.
//
// When ctx is cancelled, the pause after a write that met 412 ends, unless an
// attempt before it may have been carried out. No call is cut off, nor is its
// repetition: the write that is under way is finished.
//
// An error whose Lost() bool says true means that the distribution may have
// been written all the same: the answer to an attempt was lost, and nothing
// that came after it tells whether that attempt was carried out.
func (c *CloudFront) Write(ctx context.Context, account string, ch associations.Change, guard func(context.Context) error) (associations.State, error) {
	var tried attempts
	state, err := c.write(ctx, account, ch, guard, &tried)
	return state, tried.judge(err)
}

func (c *CloudFront) write(ctx context.Context, account string, ch associations.Change, guard func(context.Context) error, tried *attempts) (associations.State, error) {
	var stale *Error // the 412 that ended the round before
	var sent string  // the ETag that it was about
	soft := ctx
	ctx = context.WithoutCancel(ctx)
	for round := 1; ; round++ {
		doc, etag, err := c.config(ctx, ch.Distribution)
		if err != nil {
			return associations.State{}, err
		}
		if stale != nil && etag == sent {
			return associations.State{}, refused(stale)
		}
		todo, err := decide(doc, account, ch)
		if err != nil {
			return associations.State{}, err
		}
		if len(todo) == 0 {
			return c.Distribution(ctx, ch.Distribution)
		}
		doc, err = splice(doc, todo)
		if err != nil {
			return associations.State{}, fmt.Errorf("edit the configuration of %s: %w", ch.Distribution, err)
		}
		if err := guard(ctx); err != nil {
			return associations.State{}, err
		}
		state, err := c.put(ctx, ch.Distribution, etag, doc, tried)
		if err == nil {
			return state, readBack(state, ch)
		}
		if stale, sent = staleETag(err), etag; stale == nil {
			return associations.State{}, err
		}
		if round == maxRounds {
			return associations.State{}, &RaceError{Rounds: round, Err: stale}
		}
		waits := soft
		if tried.open != nil {
			waits = ctx // what became of it is found out first
		}
		if err := c.pause(waits, ch.Distribution, round); err != nil {
			return associations.State{}, err
		}
	}
}

// config reads the configuration, byte for byte, with its ETag.
func (c *CloudFront) config(ctx context.Context, id string) (doc []byte, etag string, err error) {
	const operation = "GetDistributionConfig"
	var r reply
	out, err := c.api.GetDistributionConfig(ctx, &cloudfront.GetDistributionConfigInput{Id: aws.String(id)}, with(captureBody(&r)))
	if err != nil {
		return nil, "", wrap(err, "CloudFront", operation, id)
	}
	if _, err := readConfig(r.body); err != nil {
		return nil, "", notUnderstood(err, operation, id, r)
	}
	if aws.ToString(out.ETag) == "" {
		return nil, "", fmt.Errorf("CloudFront %s %s: the answer has no ETag", operation, id)
	}
	return r.body, *out.ETag, nil
}

// put writes the configuration if it still is the one with that ETag, and adds
// its attempts to tried.
func (c *CloudFront) put(ctx context.Context, id, etag string, doc []byte, tried *attempts) (associations.State, error) {
	const operation = "UpdateDistribution"
	var r reply
	_, err := c.api.UpdateDistribution(ctx, &cloudfront.UpdateDistributionInput{Id: aws.String(id), IfMatch: aws.String(etag)},
		with(sendBody(doc), captureBody(&r), tried.watch("CloudFront", operation, id)))
	if err != nil {
		return associations.State{}, wrap(err, "CloudFront", operation, id)
	}
	state, err := readState(r.body, id)
	if err != nil {
		return associations.State{}, &lostError{err: notUnderstood(err, operation, id, r)}
	}
	return state, nil
}

// decide gives the edits that are not true yet, three ways: a slot that holds
// To is done, one that holds From is to be written, anything else stops all.
func decide(doc []byte, account string, ch associations.Change) ([]slotEdit, error) {
	behaviors, err := readConfig(doc)
	if err != nil {
		return nil, fmt.Errorf("the configuration of %s: %w", ch.Distribution, err)
	}
	exists := map[string]bool{}
	for _, b := range behaviors {
		exists[b.path] = true
	}
	var todo []slotEdit
	for _, e := range ch.Edits {
		if e.Slot.Distribution != ch.Distribution {
			return nil, fmt.Errorf("an edit of %s in a change of %s", e.Slot, ch.Distribution)
		}
		want, err := associationOf(account, e.To)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Slot, err)
		}
		live := bindingOf(account, heldIn(behaviors, e.Slot.Path, e.Slot.Trigger))
		switch {
		case live == e.To:
		case !exists[e.Slot.Path]:
			return nil, &associations.ChangedError{Slot: e.Slot, From: e.From, To: e.To, NoBehavior: true}
		case live != e.From:
			return nil, &associations.ChangedError{Slot: e.Slot, From: e.From, To: e.To, Live: live}
		default:
			todo = append(todo, slotEdit{e.Slot.Path, e.Slot.Trigger, want})
		}
	}
	return todo, nil
}

// readBack makes sure that CloudFront took what it accepted.
func readBack(state associations.State, ch associations.Change) error {
	for _, e := range ch.Edits {
		if live := state.Held[e.Slot]; live != e.To {
			return &lostError{err: fmt.Errorf("CloudFront accepted the write, but says that %s holds %s instead of %s", e.Slot, live, e.To)}
		}
	}
	return nil
}
