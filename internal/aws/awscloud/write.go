package awscloud

import (
	"context"
	"fmt"
	"time"

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
// and no write; *associations.PolicyError where the distribution takes part in
// continuous deployment and ch does not allow for it. guard is asked between each read and its write; its error
// ends the write. A write that meets 412 (another client changed the
// distribution since the read) is decided again on what is there then, after a
// pause, which grows: *RefusedError if it was not changed, *RaceError after five
// writes. account is the distribution's, which the ARNs of versions are made
// with.
//
// Writes go out one at a time, as fast as CloudFront takes them (see queue). One
// that is throttled is decided and guarded again before it is sent again. paused
// is told about each second that passes meanwhile; nil is for none.
//
// When ctx is cancelled, what waits in the queue or after a 412 ends, unless an
// attempt before it may have been carried out. No call is cut off, nor is its
// repetition: the write that is under way is finished.
//
// An error whose Lost() bool says true means that the distribution may have
// been written all the same: the answer to an attempt was lost, and nothing
// that came after it tells whether that attempt was carried out.
func (c *CloudFront) Write(ctx context.Context, account string, ch associations.Change, guard func(context.Context) error, paused func(associations.Pause)) (associations.State, error) {
	w := writing{CloudFront: c, account: account, change: ch, guard: guard, paused: paused, soft: ctx}
	state, err := w.run(context.WithoutCancel(ctx))
	return state, w.tried.judge(err)
}

// writing is one Write.
type writing struct {
	*CloudFront
	account string
	change  associations.Change
	guard   func(context.Context) error
	paused  func(associations.Pause)
	soft    context.Context // the caller's

	tried     attempts
	sent      string // the ETag of the last attempt
	stale     *Error // the 412 that it met, nil if it met none
	throttled int    // attempts that were throttled, in a row
}

// run tries until the write is made or cannot be. ctx does not end.
func (w *writing) run(ctx context.Context) (associations.State, error) {
	for rounds := 0; ; {
		if err := w.writes.enter(w.patience(ctx), w.told); err != nil {
			return associations.State{}, fmt.Errorf("wait to write %s: %w", w.change.Distribution, err)
		}
		state, answer, err := w.try(ctx)
		if answer == nil {
			return state, err
		}
		w.stale = staleETag(answer)
		switch {
		case w.stale != nil:
			w.throttled = 0
			if rounds++; rounds == maxRounds {
				return associations.State{}, &RaceError{Rounds: rounds, Err: w.stale}
			}
			if err := w.pause(w.patience(ctx), w.change.Distribution, rounds); err != nil {
				return associations.State{}, err
			}
		case throttles(answer):
			if w.throttled++; w.throttled >= w.maxThrottled {
				return associations.State{}, fmt.Errorf("given up, throttled %d times in a row: %w", w.throttled, answer)
			}
		default:
			return associations.State{}, answer
		}
	}
}

// patience is the context of a pause: it ends with the caller's, unless an
// attempt may have been carried out. What became of that is found out first.
func (w *writing) patience(ctx context.Context) context.Context {
	if w.tried.open != nil {
		return ctx
	}
	return w.soft
}

func (w *writing) told(wait, every time.Duration) {
	if w.paused != nil {
		w.paused(associations.Pause{For: wait, Every: every, Throttled: w.throttled})
	}
}

// try makes one attempt, whose turn it is. answer is the error that it met; err
// is any other, which ends the write.
func (w *writing) try(ctx context.Context) (state associations.State, answer, err error) {
	defer w.writes.leave()
	id := w.change.Distribution
	doc, etag, err := w.config(ctx, id)
	if err != nil {
		return state, nil, err
	}
	if w.stale != nil && etag == w.sent {
		return state, nil, refused(w.stale)
	}
	todo, err := decide(doc, w.account, w.change)
	if err != nil {
		return state, nil, err
	}
	if len(todo) == 0 {
		state, err = w.Distribution(ctx, id)
		return state, nil, err
	}
	if err := deploysContinuously(doc, w.change); err != nil {
		return state, nil, err
	}
	if doc, err = splice(doc, todo); err != nil {
		return state, nil, fmt.Errorf("edit the configuration of %s: %w", id, err)
	}
	if err := w.guard(ctx); err != nil {
		return state, nil, err
	}
	w.sent = etag
	state, answer = w.put(ctx, id, etag, doc, &w.tried)
	w.writes.answered(answer)
	if answer != nil {
		return associations.State{}, answer, nil
	}
	return state, nil, readBack(state, w.change)
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
		with(sendBody(doc), captureBody(&r), tried.watch("CloudFront", operation, id)),
		func(o *cloudfront.Options) { o.Retryer = c.writes.retryer })
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

// deploysContinuously is an error where a distribution takes part in continuous
// deployment and the change does not allow for it. A plan knows that, too, but
// from a listing that may be older.
func deploysContinuously(doc []byte, ch associations.Change) error {
	if ch.WithPolicy {
		return nil
	}
	root, err := parseDocument(doc, "DistributionConfig")
	if err != nil {
		return err
	}
	policy, err := root.value("ContinuousDeploymentPolicyId")
	if err != nil {
		return err
	}
	staging, err := root.flag("Staging")
	if err == nil && (staging || policy != "") {
		err = &associations.PolicyError{Distribution: ch.Distribution, Policy: policy}
	}
	return err
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
