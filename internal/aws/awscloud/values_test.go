package awscloud

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
)

// padded are spellings, in XML, of space in front of a text and behind it.
var padded = map[string]struct{ front, back string }{
	"a space behind":              {"", " "},
	"a space in front":            {" ", ""},
	"a no-break space":            {"", "&#160;"},
	"a no-break space in front":   {"\u00A0", ""},
	"an em space, raw":            {"", "\u2003"},
	"a line end":                  {"", "\n"},
	"a line end by a reference":   {"", "&#10;"},
	"a carriage return":           {"", "&#xD;"},
	"a next line (U+0085)":        {"", "&#x85;"},
	"an ideographic space":        {"&#x3000;", "&#x3000;"},
	"space in CDATA":              {"", "<![CDATA[ ]]>"},
	"as a pretty printer puts it": {"\n\t", "\n"},
}

func listOf(items string) string {
	return "<LambdaFunctionAssociations><Quantity>1</Quantity><Items>" + items + "</Items></LambdaFunctionAssociations>"
}

func cacheBehavior(pattern, inner string) string {
	return "<CacheBehavior><PathPattern>" + pattern + "</PathPattern>" + inner + "</CacheBehavior>"
}

func withBehaviors(behaviors ...string) string {
	return "<DistributionConfig><CacheBehaviors><Items>" + strings.Join(behaviors, "") + "</Items></CacheBehaviors><DefaultCacheBehavior/></DistributionConfig>"
}

// TestAPathWithSpaceIsAnotherPath: the look-alike stands first, where it would
// be taken for the path if its space were cut off.
func TestAPathWithSpaceIsAnotherPath(t *testing.T) {
	t.Parallel()
	for name, pad := range padded {
		odd := cacheBehavior(pad.front+"/img/*"+pad.back, listOf(oneAssociation("viewer-request", arn9, "false")))
		doc := withBehaviors(odd, cacheBehavior("/img/*", ""))
		want := withBehaviors(odd, cacheBehavior("/img/*", listOf(oneAssociation("viewer-request", arn1, "false"))))
		got, err := splice([]byte(doc), []slotEdit{bind("/img/*", associations.ViewerRequest, arn1)})
		if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
		if _, err := splice([]byte(withBehaviors(odd)), []slotEdit{bind("/img/*", associations.ViewerRequest, arn1)}); err == nil || !strings.Contains(err.Error(), "no cache behavior /img/*") {
			t.Errorf("%s: without the path itself: %v", name, err)
		}
	}
}

func TestTextsAreReadAsTheyStand(t *testing.T) {
	t.Parallel()
	for name, pad := range padded {
		text := func(s string) string { return pad.front + s + pad.back }
		want := strings.NewReplacer("&#160;", "\u00A0", "&#10;", "\n", "&#xD;", "\r", "&#x85;", "\u0085", "&#x3000;", "\u3000", "<![CDATA[ ]]>", " ")
		b, err := readConfig([]byte(withBehaviors(cacheBehavior("/a", listOf(oneAssociation("viewer-request", text(arn1), "true"))))))
		if err != nil || b[0].held[associations.ViewerRequest].arn != want.Replace(text(arn1)) {
			t.Errorf("%s: an ARN is %q, %v", name, b[0].held[associations.ViewerRequest].arn, err)
		}
		if bindingOf(account, b[0].held[associations.ViewerRequest].association).ARN == "" {
			t.Errorf("%s: an ARN with space is taken for a version", name)
		}
		d := strings.Replace(distributionBody(distID), "<DefaultCacheBehavior/>", "<Aliases><Items><CNAME>"+text("a.example.com")+"</CNAME></Items></Aliases><DefaultCacheBehavior/>", 1)
		s, err := readState([]byte(d), distID)
		if err != nil || s.Aliases[0] != want.Replace(text("a.example.com")) {
			t.Errorf("%s: an alias is %q, %v", name, s.Aliases, err)
		}
		if _, err = readState([]byte(strings.Replace(distributionBody(distID), "<Id>"+distID, "<Id>"+text(distID), 1)), distID); err == nil || !strings.Contains(err.Error(), "about the distribution") {
			t.Errorf("%s: an id with space is taken for the id: %v", name, err)
		}
		_, next, err := readPage([]byte("<DistributionList><Quantity>\n0 </Quantity><IsTruncated> true\n</IsTruncated><NextMarker>" + text("E9") + "</NextMarker></DistributionList>"))
		if err != nil || next != want.Replace(text("E9")) {
			t.Errorf("%s: a marker is %q, %v", name, next, err)
		}
	}
}

// TestAKnownEventTypeWithSpaceIsRefused: left out as an unknown one, its slot
// would look empty.
func TestAKnownEventTypeWithSpaceIsRefused(t *testing.T) {
	t.Parallel()
	for name, pad := range padded {
		event := pad.front + "viewer-request" + pad.back
		for kind, inner := range map[string]string{
			"Lambda":   listOf(oneAssociation(event, arn1, "false")),
			"Function": "<FunctionAssociations><Items><FunctionAssociation><FunctionARN>f</FunctionARN><EventType>" + event + "</EventType></FunctionAssociation></Items></FunctionAssociations>",
		} {
			d := strings.Replace(distributionBody(distID), "<DefaultCacheBehavior/>", "<DefaultCacheBehavior>"+inner+"</DefaultCacheBehavior>", 1)
			if s, err := readState([]byte(d), distID); err == nil || !strings.Contains(err.Error(), "has white space around it") {
				t.Errorf("%s: %s: %v, %v", kind, name, s, err)
			}
		}
	}
}

func TestBooleansAreReadStrictly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"true": true, "1": true, " true\r\n\t": true, "<!-- -->true": true, "True": true,
		"false": false, "0": false, "\nfalse ": false, "": false, " ": false,
	} {
		doc := withBehaviors(cacheBehavior("/a", listOf(oneAssociation("viewer-request", arn1, text))))
		if b, err := readConfig([]byte(doc)); err != nil || b[0].held[associations.ViewerRequest].includeBody != want {
			t.Errorf("%q: %v, want %t", text, err, want)
		}
	}
	for _, text := range []string{"yes", "&#160;true", "true\u2003", "tr ue", "2", "true false"} {
		doc := withBehaviors(cacheBehavior("/a", listOf(oneAssociation("viewer-request", arn1, text))))
		if _, err := readConfig([]byte(doc)); err == nil || !strings.Contains(err.Error(), "IncludeBody of LambdaFunctionAssociation at byte") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestTheFirstSpellingOfAPathTakesTheEdits: the second one takes no request.
func TestTheFirstSpellingOfAPathTakesTheEdits(t *testing.T) {
	t.Parallel()
	held := listOf(oneAssociation("viewer-request", arn2, "false"))
	for _, spelled := range [][2]string{{"*.jpg", "/*.jpg"}, {"/*.jpg", "*.jpg"}, {"*.jpg", "*.jpg"}} {
		doc := withBehaviors(cacheBehavior(spelled[0], ""), cacheBehavior(spelled[1], held))
		b, err := readConfig([]byte(doc))
		if err != nil || len(b) != 2 || b[0].path != "/*.jpg" || len(b[0].held) != 0 {
			t.Errorf("%q: read %v, %v", spelled, b, err)
		}
		got, err := splice([]byte(doc), []slotEdit{bind("/*.jpg", associations.ViewerRequest, arn1)})
		want := withBehaviors(cacheBehavior(spelled[0], listOf(oneAssociation("viewer-request", arn1, "false"))), cacheBehavior(spelled[1], held))
		if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
			t.Errorf("%q: %v (-want +got)\n%s", spelled, err, diff)
		}
		got, err = splice([]byte(doc), []slotEdit{empty("/*.jpg", associations.ViewerRequest)})
		if err != nil || string(got) != doc {
			t.Errorf("%q: emptied what is never reached: %v\n%s", spelled, err, got)
		}
	}
}

func TestABehaviorWithoutAPathIsRefused(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{withBehaviors("<CacheBehavior/>"), withBehaviors(cacheBehavior("", "")), withBehaviors(cacheBehavior("<!-- / -->", ""))} {
		if b, err := readConfig([]byte(doc)); err == nil || !strings.Contains(err.Error(), "has no PathPattern") {
			t.Errorf("%v, %v", b, err)
		}
	}
	if b, err := readConfig([]byte(withBehaviors(cacheBehavior("/", "")))); err != nil || b[0].path != "/" {
		t.Errorf("the path /: %v, %v", b, err)
	}
}

// TestErrorsShowTheSpaceOfAPath: it is what tells it from another one.
func TestErrorsShowTheSpaceOfAPath(t *testing.T) {
	t.Parallel()
	_, err := readConfig([]byte(withBehaviors(cacheBehavior("/img/*&#160;", listOf(oneAssociation("viewer-request", "", ""))))))
	if err == nil || !strings.Contains(err.Error(), `cache behavior "/img/*\u00a0": viewer-request`) {
		t.Errorf("got %v", err)
	}
}

func TestWhatAnErrorQuotesIsShortAndPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\u009B\n\u202Eb":          "a\uFFFD\uFFFD\uFFFDb",
		strings.Repeat("é", 301):    strings.Repeat("é", 300) + "…",
		strings.Repeat("\u00A0", 2): "\uFFFD\uFFFD",
	} {
		if got := plain(errors.New(text)); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		strings.Repeat("𝄞", 80): strings.Repeat("𝄞", 80),
		strings.Repeat("𝄞", 81): strings.Repeat("𝄞", 80) + "…",
		" a\u00A0":              " a\u00A0",
		"\xC3":                  "\uFFFD",
	} {
		if got := excerpt(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
