package awscloud

import (
	"errors"
	"fmt"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
)

// behavior is one cache behaviour of a document.
type behavior struct {
	path string // canonical
	node *node
	// list, count and items are LambdaFunctionAssociations, its Quantity and
	// its Items; nil where the document has none.
	list, count, items *node
	// members counts all associations, those on event types that are unknown
	// here included: they are neither read nor touched.
	members int
	held    map[associations.Trigger]held
}

// held is one association of a document. The zero value is none.
type held struct {
	association
	node, arnNode, bodyNode *node
}

// readBehaviors gives the cache behaviours of a DistributionConfig or a
// DistributionSummary in order of precedence, the default one last.
//
// CloudFront matches alike with and without the leading slash of a path
// pattern, and the first behaviour that matches takes the request (CloudFront
// Developer Guide, "Path pattern"). Of two behaviours whose patterns differ in
// nothing else, the first takes every request, so it stands for the path: it is
// read and edited. The other one is left out, and keeps its bytes.
//
// Every distribution has a default cache behaviour (the API model requires
// it): without one the document is not understood.
func readBehaviors(config *node) ([]behavior, error) {
	nodes, err := config.items("CacheBehaviors", "CacheBehavior")
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var behaviors []behavior
	for _, n := range nodes {
		pattern, err := n.value("PathPattern")
		if err != nil {
			return nil, err
		}
		if pattern == "" {
			return nil, fmt.Errorf("the cache behavior at byte %d has no PathPattern", n.start)
		}
		path := associations.CanonicalPath(pattern)
		if seen[path] {
			continue
		}
		seen[path] = true
		b, err := readBehavior(path, n)
		if err != nil {
			return nil, fmt.Errorf("cache behavior %q: %w", excerpt(path), err)
		}
		behaviors = append(behaviors, b)
	}
	n, err := config.child("DefaultCacheBehavior")
	if err == nil && n == nil {
		err = errors.New("it has no DefaultCacheBehavior")
	}
	if err != nil {
		return nil, err
	}
	b, err := readBehavior(associations.DefaultPath, n)
	if err != nil {
		return nil, fmt.Errorf("default cache behavior: %w", err)
	}
	return append(behaviors, b), nil
}

func readBehavior(path string, n *node) (behavior, error) {
	b := behavior{path: path, node: n, held: map[associations.Trigger]held{}}
	var err error
	if b.list, err = n.child("LambdaFunctionAssociations"); b.list == nil || err != nil {
		return b, err
	}
	if b.count, err = b.list.child("Quantity"); err != nil {
		return b, err
	}
	if b.items, err = b.list.child("Items"); err != nil {
		return b, err
	}
	for _, item := range b.items.all("LambdaFunctionAssociation") {
		b.members++
		trigger, err := readTrigger(item)
		if err != nil {
			return b, err
		}
		if !trigger.Valid() {
			continue
		}
		h, err := readHeld(item)
		if err != nil {
			return b, fmt.Errorf("%s: %w", trigger, err)
		}
		if _, twice := b.held[trigger]; twice {
			return b, fmt.Errorf("two functions on %s", trigger)
		}
		b.held[trigger] = h
	}
	return b, nil
}

// readTrigger reads the event type of an association, which need not be one
// that is known here. One that is known but for white space around it is
// refused: taken for unknown, its slot would look empty.
func readTrigger(n *node) (associations.Trigger, error) {
	event, err := n.value("EventType")
	if err != nil {
		return "", err
	}
	if trimmed := strings.TrimSpace(event); trimmed != event && associations.Trigger(trimmed).Valid() {
		return "", fmt.Errorf("the event type %q has white space around it", excerpt(event))
	}
	return associations.Trigger(event), nil
}

func readHeld(n *node) (held, error) {
	h := held{node: n}
	var err error
	if h.arn, err = n.value("LambdaFunctionARN"); err != nil {
		return held{}, err
	}
	if h.arn == "" {
		return held{}, errors.New("an association without a function")
	}
	if h.includeBody, err = n.flag("IncludeBody"); err != nil {
		return held{}, err
	}
	// value and flag made sure that there is at most one of each.
	h.arnNode, _ = n.child("LambdaFunctionARN")
	h.bodyNode, _ = n.child("IncludeBody")
	return h, nil
}

// heldIn looks up what sits on a trigger of a path.
func heldIn(behaviors []behavior, path string, trigger associations.Trigger) association {
	for _, b := range behaviors {
		if b.path == path {
			return b.held[trigger].association
		}
	}
	return association{}
}
