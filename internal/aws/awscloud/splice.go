package awscloud

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/edgedeploy/edgedeploy/associations"
)

// slotEdit says what shall sit on one trigger of one cache behaviour.
type slotEdit struct {
	path    string // associations.DefaultPath or a canonical path
	trigger associations.Trigger
	want    association
}

// association is one LambdaFunctionAssociation, without its trigger. The zero
// value is none.
type association struct {
	arn         string
	includeBody bool
}

func (a association) empty() bool { return a.arn == "" }

// patch replaces the bytes from start to end of a document.
type patch struct {
	start, end int
	text       string
}

// splice gives the DistributionConfig document doc with the edits made, and
// with every other byte as it was:
//
//   - outside the LambdaFunctionAssociations of behaviours that change,
//     nothing differs;
//   - inside, the associations of other triggers keep their bytes, members
//     that are unknown here included, and so does an association whose
//     function is replaced, but for its ARN and IncludeBody;
//   - edits that are true already change nothing at all.
//
// It fails on a document that it does not understand, and on a behaviour that
// is not there, rather than guess.
func splice(doc []byte, edits []slotEdit) ([]byte, error) {
	root, err := parseXML(doc)
	if err != nil {
		return nil, err
	}
	behaviors, err := readBehaviors(root)
	if err != nil {
		return nil, err
	}
	byPath := map[string]map[associations.Trigger]association{}
	for _, e := range edits {
		if byPath[e.path] == nil {
			byPath[e.path] = map[associations.Trigger]association{}
		}
		byPath[e.path][e.trigger] = e.want
	}
	var patches []patch
	for _, b := range behaviors {
		if wants, ok := byPath[b.path]; ok {
			patches = append(patches, b.patches(doc, wants)...)
			delete(byPath, b.path)
		}
	}
	for path, wants := range byPath {
		for trigger, want := range wants {
			if !want.empty() {
				return nil, fmt.Errorf("no cache behavior %s to put %s on %s of", path, want.arn, trigger)
			}
		}
	}
	spliced := apply(doc, patches)
	return spliced, verifySplice(spliced, edits)
}

// verifySplice reads the new document back. It costs one parse and makes sure
// that what is about to be written says what was meant.
func verifySplice(doc []byte, edits []slotEdit) error {
	root, err := parseXML(doc)
	if err != nil {
		return fmt.Errorf("after the edit: %w", err)
	}
	behaviors, err := readBehaviors(root)
	if err != nil {
		return fmt.Errorf("after the edit: %w", err)
	}
	for _, e := range edits {
		if got := heldIn(behaviors, e.path, e.trigger); got != e.want {
			return fmt.Errorf("after the edit: %s of %s says %+v, not %+v", e.trigger, e.path, got, e.want)
		}
	}
	return nil
}

// apply makes the patches, which do not overlap. One that only inserts comes
// before one that replaces what stands at the same place.
func apply(doc []byte, patches []patch) []byte {
	slices.SortStableFunc(patches, func(a, b patch) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	out := make([]byte, 0, len(doc)+256*len(patches))
	done := 0
	for _, p := range patches {
		out = append(out, doc[done:p.start]...)
		out = append(out, p.text...)
		done = p.end
	}
	return append(out, doc[done:]...)
}

// patches gives what has to change in one behaviour.
func (b behavior) patches(doc []byte, wants map[associations.Trigger]association) []patch {
	var members []patch // within existing associations
	var added []slotEdit
	count := b.members
	for _, trigger := range sortedTriggers(wants) {
		want, have := wants[trigger], b.held[trigger]
		switch {
		case want == have.association:
		case want.empty():
			members = append(members, patch{have.node.start, have.node.end, ""})
			count--
		case have.node == nil:
			added = append(added, slotEdit{b.path, trigger, want})
			count++
		default:
			members = append(members, have.replace(doc, want)...)
		}
	}
	switch {
	case len(members) == 0 && len(added) == 0:
		return nil
	case b.list == nil:
		text := listElement(b.node.prefix(), added)
		if b.node.selfClosing() {
			return []patch{expand(doc, b.node, text)}
		}
		at := b.place()
		return []patch{{at, at, text}}
	case count == 0:
		return b.emptied(doc, members)
	}
	patches := append(members, b.quantity(doc, count, added)...)
	if b.items != nil {
		patches = append(patches, b.insert(doc, added)...)
	}
	return patches
}

func sortedTriggers(wants map[associations.Trigger]association) []associations.Trigger {
	var triggers []associations.Trigger
	for _, t := range associations.Triggers() {
		if _, ok := wants[t]; ok {
			triggers = append(triggers, t)
		}
	}
	return triggers
}

// emptied takes the last associations away. The Items element goes with them,
// unless it holds something unknown: <Quantity>0</Quantity> is how CloudFront
// writes an empty list.
func (b behavior) emptied(doc []byte, members []patch) []patch {
	if len(b.items.children) == b.members {
		members = []patch{{b.items.start, b.items.end, ""}}
	}
	return append(members, b.quantity(doc, 0, nil)...)
}

// quantity brings Quantity to count, and the list to having Items if it has
// none and there is something to add.
func (b behavior) quantity(doc []byte, count int, added []slotEdit) []patch {
	prefix := b.list.prefix()
	items := ""
	if b.items == nil && len(added) > 0 {
		items = itemsElement(prefix, added)
	}
	if b.count == nil {
		text := leaf(prefix, "Quantity", strconv.Itoa(count)) + items
		if b.list.selfClosing() {
			return []patch{expand(doc, b.list, text)}
		}
		return []patch{{b.list.inner, b.list.inner, text}}
	}
	var patches []patch
	if number := strconv.Itoa(count); strings.Trim(b.count.text, xmlSpace) != number {
		patches = setText(doc, b.count, number)
	}
	if items != "" {
		patches = append(patches, patch{b.count.end, b.count.end, items})
	}
	return patches
}

// insert puts new associations behind the existing ones.
func (b behavior) insert(doc []byte, added []slotEdit) []patch {
	if len(added) == 0 {
		return nil
	}
	text := associationElements(b.items.prefix(), added)
	if b.items.selfClosing() {
		return []patch{expand(doc, b.items, text)}
	}
	at := b.items.inner
	if n := len(b.items.children); n > 0 {
		at = b.items.children[n-1].end
	}
	return []patch{{at, at, text}}
}

// replace gives an existing association another function. Members that are
// unknown here stay: they belong to the slot, not to the function.
func (h held) replace(doc []byte, want association) []patch {
	patches := setText(doc, h.arnNode, want.arn)
	if h.includeBody == want.includeBody {
		return patches
	}
	flag := strconv.FormatBool(want.includeBody)
	if h.bodyNode != nil {
		return append(patches, setText(doc, h.bodyNode, flag)...)
	}
	at := h.lastMember().end
	return append(patches, patch{at, at, leaf(h.node.prefix(), "IncludeBody", flag)})
}

// lastMember is where a missing IncludeBody goes behind: it is the last member
// that CloudFront's API model lists.
func (h held) lastMember() *node {
	return h.node.children[len(h.node.children)-1]
}

// before are the members of a cache behaviour that come before
// LambdaFunctionAssociations (CloudFront API model 2020-05-31, CacheBehavior).
// The order is a courtesy: AWS's own SDKs send the members in alphabetical
// order, and CloudFront accepts that.
var before = []string{
	"PathPattern", "TargetOriginId", "TrustedSigners", "TrustedKeyGroups", "ViewerProtocolPolicy",
	"AllowedMethods", "SmoothStreaming", "Compress",
}

// place is the offset at which a missing LambdaFunctionAssociations belongs.
func (b behavior) place() int {
	if next := b.node.all("FunctionAssociations"); len(next) > 0 {
		return next[0].start
	}
	at := b.node.inner
	for _, c := range b.node.children {
		if c.space == b.node.space && slices.Contains(before, c.local) {
			at = c.end
		}
	}
	return at
}

// setText gives a leaf another text. Comments that stood in the middle of the
// old text go with it.
func setText(doc []byte, n *node, text string) []patch {
	switch {
	case n.text == text:
		return nil
	case n.selfClosing():
		return []patch{expand(doc, n, escape(text))}
	}
	return []patch{{n.inner, n.innerEnd, escape(text)}}
}

// expand gives a self-closing element an inside, keeping its attributes.
func expand(doc []byte, n *node, inner string) patch {
	open := strings.TrimSuffix(string(doc[n.start:n.end]), "/>")
	return patch{n.start, n.end, strings.TrimRight(open, " \t\r\n") + ">" + inner + "</" + n.name + ">"}
}

func listElement(prefix string, added []slotEdit) string {
	return element(prefix, "LambdaFunctionAssociations",
		leaf(prefix, "Quantity", strconv.Itoa(len(added)))+itemsElement(prefix, added))
}

func itemsElement(prefix string, added []slotEdit) string {
	return element(prefix, "Items", associationElements(prefix, added))
}

func associationElements(prefix string, added []slotEdit) string {
	var b strings.Builder
	for _, a := range added {
		b.WriteString(element(prefix, "LambdaFunctionAssociation",
			leaf(prefix, "LambdaFunctionARN", a.want.arn)+
				leaf(prefix, "EventType", string(a.trigger))+
				leaf(prefix, "IncludeBody", strconv.FormatBool(a.want.includeBody))))
	}
	return b.String()
}

func leaf(prefix, name, text string) string { return element(prefix, name, escape(text)) }

func element(prefix, name, inner string) string {
	return "<" + prefix + name + ">" + inner + "</" + prefix + name + ">"
}

func escape(text string) string {
	var b strings.Builder
	// A strings.Builder never fails; EscapeText has no other error.
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}
