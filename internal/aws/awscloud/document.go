package awscloud

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/edgedeploy/edgedeploy/associations"
)

// namespace is the one of every document of this version of CloudFront's API:
// the SDK's serializers write it, and answers that users logged carry it.
const namespace = "http://cloudfront.amazonaws.com/doc/2020-05-31/"

// reply is a successful answer as it came.
type reply struct {
	body      []byte
	status    int
	requestID string
}

// strangerError says that a document is none of CloudFront's at all, so that
// something else answered in its place.
type strangerError struct{ text string }

func (e *strangerError) Error() string { return e.text }

// parseDocument reads a document that must have that root element, in
// CloudFront's namespace or in none: the SDK's decoders ask for no namespace,
// and some servers that stand in for AWS write none.
func parseDocument(doc []byte, root string) (*node, error) {
	if len(bytes.TrimSpace(doc)) == 0 {
		return nil, &strangerError{"it is empty"}
	}
	if err := checkWidth(doc); err != nil {
		return nil, err
	}
	switch first := firstElement(doc); {
	case first.Local == root:
	case first.Local != "":
		return nil, &strangerError{fmt.Sprintf("it is <%s>, not <%s>", shorten(first.Local), root)}
	default:
		if err := checkEncoding(doc); err != nil && bytes.HasPrefix(bytes.TrimPrefix(doc, utf8BOM), []byte("<")) {
			return nil, err
		}
		return nil, &strangerError{"it is no XML"}
	}
	n, err := parseXML(doc)
	if err != nil {
		return nil, err
	}
	if n.space != "" && n.space != namespace {
		return nil, &strangerError{fmt.Sprintf("its namespace is %q, not %q", shorten(n.space), namespace)}
	}
	return n, nil
}

// firstElement gives the name of the root of anything that looks like XML or
// HTML, the zero value if nothing does.
func firstElement(doc []byte) xml.Name {
	dec := xml.NewDecoder(bytes.NewReader(doc))
	dec.Strict = false
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		token, err := dec.RawToken()
		if err != nil {
			return xml.Name{}
		}
		if start, ok := token.(xml.StartElement); ok {
			return start.Name
		}
	}
}

// readConfig reads the cache behaviours of a DistributionConfig document.
func readConfig(doc []byte) ([]behavior, error) {
	root, err := parseDocument(doc, "DistributionConfig")
	if err != nil {
		return nil, err
	}
	return readBehaviors(root)
}

// readState reads the Distribution document of the distribution with that id.
func readState(doc []byte, id string) (associations.State, error) {
	root, err := parseDocument(doc, "Distribution")
	if err != nil {
		return associations.State{}, err
	}
	config, err := root.child("DistributionConfig")
	if err == nil && config == nil {
		err = errors.New("it has no DistributionConfig")
	}
	if err != nil {
		return associations.State{}, err
	}
	state, err := stateOf(root, config)
	if err == nil && state.Distribution != id {
		err = fmt.Errorf("it is about the distribution %q", shorten(state.Distribution))
	}
	return state, err
}

// readPage reads a DistributionList. next is "" on the last page.
func readPage(doc []byte) (states []associations.State, next string, err error) {
	root, err := parseDocument(doc, "DistributionList")
	if err != nil {
		return nil, "", err
	}
	summaries, err := summariesOf(root)
	if err != nil {
		return nil, "", err
	}
	for _, summary := range summaries {
		state, err := stateOf(summary, summary)
		if err != nil {
			return nil, "", err
		}
		states = append(states, state)
	}
	more, err := root.flag("IsTruncated")
	if err != nil || !more {
		return states, "", err
	}
	if next, err = root.value("NextMarker"); err == nil && next == "" {
		err = errors.New("a page that is not the last one names no next one")
	}
	return states, next, err
}

// readPolicies reports whether a ContinuousDeploymentPolicyList has any member,
// or says that there are some.
func readPolicies(doc []byte) (bool, error) {
	root, err := parseDocument(doc, "ContinuousDeploymentPolicyList")
	if err != nil {
		return false, err
	}
	items, err := root.child("Items")
	if err != nil {
		return false, err
	}
	count, err := root.value("Quantity")
	if err == nil && count == "" {
		err = errors.New("it has no Quantity")
	}
	next, nerr := root.value("NextMarker")
	return len(items.all("ContinuousDeploymentPolicySummary")) > 0 || strings.Trim(count, xmlSpace) != "0" || next != "", errors.Join(err, nerr)
}

// summariesOf gives the members of a DistributionList. A list without any must
// say so by its Quantity, which the API model requires.
func summariesOf(list *node) ([]*node, error) {
	items, err := list.child("Items")
	if err != nil {
		return nil, err
	}
	summaries := items.all("DistributionSummary")
	if len(summaries) > 0 {
		return summaries, nil
	}
	count, err := list.value("Quantity")
	if err == nil && strings.Trim(count, xmlSpace) != "0" {
		err = fmt.Errorf("it lists nothing, but its Quantity is %q", shorten(count))
	}
	return nil, err
}

// notUnderstood makes an *Error of a successful answer that is not the
// document it should be. What is not understood is never taken for a
// distribution without associations.
func notUnderstood(err error, operation, id string, r reply) error {
	e := &Error{
		Service: "CloudFront", Operation: operation, Resource: id,
		Message:   scrub(fmt.Sprintf("the answer is not understood: %s; it begins with %q", plain(err), shorten(string(r.body)))),
		RequestID: r.requestID, Status: r.status,
		Hint:  "CloudFront gave a document that this version does not know: please report this, with the request id",
		cause: err,
	}
	if _, ok := errors.AsType[*strangerError](err); ok {
		e.Hint = "something may have answered in CloudFront's place: look for a proxy (HTTPS_PROXY) or a network's login page in between, and check --endpoint-url"
	}
	return e
}

// plain gives what an error says, which may quote the document, in a line that
// a terminal can show.
func plain(err error) string {
	return upTo(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, err.Error()), 300)
}

// shorten gives the beginning of a text from outside, on one line.
func shorten(text string) string {
	const limit = 80
	return upTo(strings.Join(strings.Fields(text[:min(len(text), 8*limit)]), " "), limit)
}

// excerpt gives the beginning of a text from outside as it stands.
func excerpt(text string) string { return upTo(text, 80) }

// upTo gives at most limit characters of a text.
func upTo(text string, limit int) string {
	runes := []rune(strings.ToValidUTF8(text[:min(len(text), utf8.UTFMax*(limit+1))], "\uFFFD"))
	if len(runes) <= limit {
		return string(runes)
	}
	return string(runes[:limit]) + "…"
}

// replyOf gives an answer with this body.
func replyOf(r *http.Response, body []byte) reply {
	return reply{body: body, status: r.StatusCode, requestID: r.Header.Get("X-Amzn-Requestid")}
}
