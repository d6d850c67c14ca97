package awscloud

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/associations"
)

const (
	portal = "<!DOCTYPE html>\n<html lang=en>\x1b[2J<a href='https://p.invalid/?k=secret'>Sign in</a>" +
		"<p>one two three four &nbsp;<br>BEYOND</p></html>"
	refusal = `<?xml version="1.0"?><ErrorResponse xmlns="` + namespace + `"><Error><Code>AccessDenied</Code></Error></ErrorResponse>`
)

// strangers are answers that are no document of CloudFront's with that root,
// with what is said about each.
func strangers(root string) map[string]struct{ body, says string } {
	return map[string]struct{ body, says string }{
		"a login page":            {portal, "it is <html>, not <" + root + ">"},
		"nothing":                 {"", "it is empty"},
		"white space":             {" \r\n", "it is empty"},
		"no XML":                  {"{\"ok\": true}", "it is no XML"},
		"bytes":                   {"\x1F\x8B\x08\x00", "it is no XML"},
		"a refusal with 200":      {refusal, "it is <ErrorResponse>, not <" + root + ">"},
		"another namespace":       {"<" + root + " xmlns='urn:x'><DefaultCacheBehavior/></" + root + ">", `its namespace is "urn:x"`},
		"half a document":         {"<" + root + "><DefaultCacheBehavior/>", "unexpected EOF"},
		"a root of another case":  {strings.ToLower("<" + root + "/>"), "not <" + root + ">"},
		"a root without end":      {"<" + strings.Repeat("a", 5000) + "/>", "it is <aaa"},
		"a document in a comment": {"<!-- <" + root + "/> -->", "it is no XML"},
	}
}

// malformed makes documents that are refused on sight, of a good one without an
// XML declaration, with what is said about each.
var malformed = map[string]struct {
	of   func(doc string) string
	says string
}{
	"another encoding":                     {leading("<?xml version='1.0' encoding='ISO-8859-1'?>"), `its encoding is "ISO-8859-1", and only UTF-8 is read`},
	"another encoding, spelled with space": {leading("\uFEFF<?xml\tversion = '1.0'\r\nencoding\n= \"ISO-8859-1\" ?>"), `its encoding is "ISO-8859-1"`},
	"UTF-16 that is none":                  {leading("<?xml version='1.0' encoding='UTF-16'?>"), `its encoding is "UTF-16"`},
	"another version of XML":               {leading("<?xml version='1.1'?>"), "its XML declaration is odd"},
	"a declaration without version":        {leading("<?xml encoding='UTF-8'?>"), "its XML declaration is odd"},
	"an encoding named twice":              {leading("<?xml version='1.0' encoding='UTF-8' encoding='x'?>"), "its XML declaration is odd"},
	"an empty declaration":                 {leading("<?xml?>"), "its XML declaration is odd"},
	"a declaration without end":            {leading("<?xml version='1.0'"), "its XML declaration does not end"},
	"a declaration behind a space":         {leading(" <?xml version='1.0'?>"), "an XML declaration that does not come first, at byte 1"},
	"two declarations":                     {leading("<?xml version='1.0'?><?XML version='1.0'?>"), "an XML declaration that does not come first, at byte 21"},
	"UTF-16, big end first":                {func(doc string) string { return "\xFE\xFF" + wide(doc, 1, 2) }, "it is in UTF-16"},
	"UTF-16, little end first":             {func(doc string) string { return "\xFF\xFE" + wide(doc, 0, 2) }, "it is in UTF-16"},
	"UTF-16 without mark":                  {func(doc string) string { return wide(doc, 1, 2) }, "it is in UTF-16"},
	"UTF-16 without mark, little end":      {func(doc string) string { return wide(doc, 0, 2) }, "it is in UTF-16"},
	"UTF-32":                               {func(doc string) string { return "\xFF\xFE\x00\x00" + wide(doc, 0, 4) }, "it is in UTF-32"},
	"UTF-32 without mark":                  {func(doc string) string { return wide(doc, 3, 4) }, "it is in UTF-32"},
	"a document type":                      {leading("<!DOCTYPE a>"), `a document type ("<!DOCTYPE a>" at byte 0)`},
	"entities of a document type":          {leading("<!DOCTYPE a [<!ENTITY e 'x'>]>"), "a document type"},
	"a directive within":                   {inside("<!ELEMENT a ANY>"), "a document type"},
	"an entity without definition":         {inside("&nbsp;"), "invalid character entity &nbsp;"},
	"an entity in an attribute":            {inside("<b c='&nbsp;'/>"), "invalid character entity &nbsp;"},
	"text before the root":                 {leading("x"), `text outside of its root element: "x" behind byte 0`},
	"text behind the root":                 {trailing("\n0\r\n"), `text outside of its root element: "0"`},
	"a space of Unicode behind the root":   {trailing("\u00A0"), `text outside of its root element: "\u00a0"`},
	"a reference behind the root":          {trailing("&#32;"), `text outside of its root element: "&#32;"`},
	"CDATA behind the root":                {trailing("<![CDATA[ ]]>"), "text outside of its root element"},
	"a mark behind the root":               {trailing("\uFEFF"), "text outside of its root element"},
	"two marks":                            {leading("\uFEFF\uFEFF"), "text outside of its root element"},
	"a second root":                        {trailing("<!-- c --><b/>"), "a second root element, <b> at byte"},
	"an end behind the root":               {trailing("</a>"), "unexpected end element </a>"},
	"NUL in text":                          {inside("\x00"), "the character U+0000 at byte"},
	"NUL behind the root":                  {trailing("\x00"), "the character U+0000 at byte"},
	"NUL before the root":                  {leading("<!-- -->\x00"), "the character U+0000 at byte 8"},
	"a control character in a comment":     {inside("<!-- \x1B[2J -->"), "the character U+001B at byte"},
	"U+FFFE in an instruction":             {inside("<?pi \uFFFE?>"), "the character U+FFFE at byte"},
	"a reference to NUL":                   {inside("&#0;"), "illegal character code U+0000"},
	"half a character in text":             {inside("\xC3"), "it is not in UTF-8: byte"},
	"a surrogate in a comment":             {leading("<!-- \xED\xA0\x80 -->"), "it is not in UTF-8: byte 5 is 0xED"},
	"Latin-1 in an attribute":              {inside("<b c='\xE9'/>"), "it is not in UTF-8: byte"},
	"Latin-1 behind the root":              {trailing("<!-- \xE9 -->"), "it is not in UTF-8: byte"},
	"an attribute twice":                   {inside("<b c='' d='' c=''/>"), "has the attribute c twice"},
	"a level too many":                     {inside(strings.Repeat("<b>", maxDepth) + strings.Repeat("</b>", maxDepth)), "more than 64 levels of elements, at byte"},
	"too many levels":                      {inside(strings.Repeat("<b>", 100000) + strings.Repeat("</b>", 100000)), "more than 64 levels of elements, at byte"},
	"an entity with a very long name":      {inside("&" + strings.Repeat("e", 5000) + ";"), "invalid character entity &eee"},
	"a control character in a name":        {inside("<b\u009B2J/>"), "invalid XML name: b\uFFFD2J"},
}

func leading(text string) func(string) string { return func(doc string) string { return text + doc } }

func trailing(text string) func(string) string { return func(doc string) string { return doc + text } }

// inside puts a text in front of the last end tag.
func inside(text string) func(string) string {
	return func(doc string) string {
		at := strings.LastIndex(doc, "</")
		return doc[:at] + text + doc[at:]
	}
}

// wide writes ASCII in units of that many bytes, the character being the nth.
func wide(ascii string, nth, size int) string {
	out := make([]byte, size*len(ascii))
	for i := range len(ascii) {
		out[i*size+nth] = ascii[i]
	}
	return string(out)
}

// TestMalformedDocumentsAreRefusedWhenTheyAreFirstRead: planning reads one
// distribution or lists all, and publishes after that. A write reads again.
func TestMalformedDocumentsAreRefusedWhenTheyAreFirstRead(t *testing.T) {
	t.Parallel()
	for name, tt := range malformed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			etag := map[string]string{"ETag": "E1"}
			cloud, _ := openStub(t, answer(200, etag, tt.of(distributionBody(distID))))
			_, err := cloud.CloudFront.Distribution(t.Context(), distID)
			wantNotUnderstood(t, err, "GetDistribution", tt.says)
			wantReport(t, err)
			cloud, _ = openStub(t, answer(200, etag, tt.of("<DistributionList><Quantity>0</Quantity></DistributionList>")))
			_, _, err = cloud.CloudFront.DistributionPage(t.Context(), "")
			wantNotUnderstood(t, err, "ListDistributions", tt.says)
			wantReport(t, err)
			cloud, stub := openStub(t, answer(200, etag, tt.of("<DistributionConfig><DefaultCacheBehavior/></DistributionConfig>")))
			_, err = cloud.CloudFront.Write(t.Context(), account, emptying(), pass, nil)
			wantNotUnderstood(t, err, "GetDistributionConfig", tt.says)
			wantReport(t, err)
			if len(stub.requests) != 1 {
				t.Errorf("made %v", stub.requests)
			}
		})
	}
}

// wantReport checks that an error does not blame a proxy.
func wantReport(t *testing.T, err error) {
	t.Helper()
	if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Hint, "please report") {
		t.Errorf("%v has the hint %q", err, e.Hint)
	}
}

func TestWellFormedDocumentsAreRead(t *testing.T) {
	t.Parallel()
	const levels = maxDepth - 1
	for name, of := range map[string]func(string) string{
		"a mark of UTF-8":              leading("\uFEFF"),
		"a declaration":                leading("<?xml version=\"1.0\"?>\n"),
		"a mark and a declaration":     leading("\uFEFF<?xml version=\"1.0\" encoding=\"utf-8\" standalone='yes'?>"),
		"an instruction for a sheet":   leading("<?xml-stylesheet encoding='ISO-8859-1'?>"),
		"something like a declaration": inside("<!-- <?xml version='1.0' encoding='x'?> <!DOCTYPE a> -->"),
		"a type in CDATA":              inside("<![CDATA[<!DOCTYPE a>&nbsp;]]>"),
		"a mark within":                inside("\uFEFF"),
		"references":                   inside("&#160;&lt;&#x10FFFF;"),
		"attributes of two namespaces": inside("<b xmlns:x='urn:x' c='' x:c=''/>"),
		"many levels":                  inside(strings.Repeat("<b>", levels) + strings.Repeat("</b>", levels)),
		"comments and space behind":    trailing("\r\n\t <!-- \u00A0 --><?pi?>\n"),
	} {
		doc := of("<DistributionConfig><DefaultCacheBehavior/></DistributionConfig>")
		if b, err := readConfig([]byte(doc)); err != nil || len(b) != 1 {
			t.Errorf("%s: %d behaviors, %v", name, len(b), err)
			continue
		}
		want := strings.Replace(doc, "<DefaultCacheBehavior/>", "<DefaultCacheBehavior><LambdaFunctionAssociations><Quantity>1</Quantity><Items>"+
			oneAssociation("viewer-request", arn1, "false")+"</Items></LambdaFunctionAssociations></DefaultCacheBehavior>", 1)
		got, err := splice([]byte(doc), []slotEdit{bind("default", associations.ViewerRequest, arn1)})
		if err != nil || string(got) != want {
			t.Errorf("%s: got %v\n%s", name, err, got)
		}
	}
}

// wantNotUnderstood checks an error about an answer that was not understood.
func wantNotUnderstood(t *testing.T, err error, operation, says string) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Operation != operation || e.Status != 200 || e.Hint == "" || !strings.Contains(e.Message, says) {
		t.Fatalf("got %v, want an *Error of %s with a hint that says %s", err, operation, says)
	}
	for _, r := range err.Error() {
		if r < ' ' {
			t.Errorf("%q has control characters", err)
		}
	}
	if len(err.Error()) > 600 || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "BEYOND") {
		t.Errorf("too much of the answer is told: %v", err)
	}
}

// emptying are edits that any document without associations would satisfy.
func emptying() associations.Change {
	return change(
		associations.Edit{Slot: slot("default", associations.ViewerRequest), From: to("auth", 1)},
		associations.Edit{Slot: slot("/gone/*", associations.ViewerRequest), From: to("auth", 1)},
	)
}

func TestRow42AConfigurationThatIsNotUnderstoodIsNoEmptyOne(t *testing.T) {
	t.Parallel()
	etag := map[string]string{"ETag": "E1"}
	cases := strangers("DistributionConfig")
	cases["no default behavior"] = struct{ body, says string }{"<DistributionConfig xmlns='" + namespace + "'/>", "no DefaultCacheBehavior"}
	cases["a whole distribution"] = struct{ body, says string }{distributionBody(distID), "it is <Distribution>"}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, stub := openStub(t, answer(200, etag, tt.body), answer(200, etag, distributionBody(distID)))
			_, err := cloud.CloudFront.Write(t.Context(), account, emptying(), pass, nil)
			wantNotUnderstood(t, err, "GetDistributionConfig", tt.says)
			if mayBeWritten(err) || len(stub.requests) != 1 || !strings.Contains(err.Error(), distID) {
				t.Errorf("got %v after %v", err, stub.requests)
			}
		})
	}
}

// distributionBody is a Distribution without any association.
func distributionBody(id string) string {
	return `<Distribution xmlns="` + namespace + `"><Id>` + id + `</Id><ARN>arn:aws:cloudfront::111111111111:distribution/` + id + `</ARN>` +
		`<DistributionConfig><DefaultCacheBehavior/></DistributionConfig></Distribution>`
}

// distributionStrangers are answers that are not the Distribution distID.
func distributionStrangers() map[string]struct{ body, says string } {
	cases := strangers("Distribution")
	cases["another distribution"] = struct{ body, says string }{distributionBody("EOTHER"), `it is about the distribution "EOTHER"`}
	cases["no configuration"] = struct{ body, says string }{"<Distribution><Id>" + distID + "</Id><DefaultCacheBehavior/></Distribution>", "no DistributionConfig"}
	cases["no default behavior"] = struct{ body, says string }{
		strings.Replace(distributionBody(distID), "<DefaultCacheBehavior/>", "", 1), "no DefaultCacheBehavior"}
	return cases
}

func TestADistributionThatIsNotUnderstoodIsNoEmptyOne(t *testing.T) {
	t.Parallel()
	for name, tt := range distributionStrangers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, _ := openStub(t, answer(200, map[string]string{"X-Amzn-Requestid": "req-7"}, tt.body))
			_, err := cloud.CloudFront.Distribution(t.Context(), distID)
			wantNotUnderstood(t, err, "GetDistribution", tt.says)
			if mayBeWritten(err) || !strings.Contains(err.Error(), distID) || !strings.Contains(err.Error(), "req-7") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAListingThatIsNotUnderstoodIsNoEmptyOne(t *testing.T) {
	t.Parallel()
	cases := strangers("DistributionList")
	cases["nothing, which is not said to be all"] = struct{ body, says string }{"<DistributionList/>", "it lists nothing"}
	cases["members of another name"] = struct{ body, says string }{
		"<DistributionList><Quantity>1</Quantity><Items><Summary/></Items></DistributionList>", `its Quantity is "1"`}
	cases["a member without a default behavior"] = struct{ body, says string }{
		"<DistributionList><Quantity>1</Quantity><Items><DistributionSummary><Id>E1</Id><ARN>arn:aws:cloudfront::111111111111:distribution/E1</ARN>" +
			"</DistributionSummary></Items></DistributionList>", "distribution E1: it has no DefaultCacheBehavior"}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, _ := openStub(t, answer(200, nil, tt.body))
			list, _, err := cloud.CloudFront.DistributionPage(t.Context(), "")
			wantNotUnderstood(t, err, "ListDistributions", tt.says)
			if list != nil {
				t.Errorf("listed %v", list)
			}
		})
	}
}

// TestAnAnswerToAWriteThatIsNotUnderstoodLeavesItOpen: the write was accepted
// by something, and may have happened.
func TestAnAnswerToAWriteThatIsNotUnderstoodLeavesItOpen(t *testing.T) {
	t.Parallel()
	held := answer(200, map[string]string{"ETag": "E1"}, "<DistributionConfig><DefaultCacheBehavior><LambdaFunctionAssociations><Quantity>1</Quantity><Items>"+
		oneAssociation("viewer-request", arn1, "false")+"</Items></LambdaFunctionAssociations></DefaultCacheBehavior></DistributionConfig>")
	for name, tt := range distributionStrangers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, stub := openStub(t, held, answer(200, nil, tt.body))
			_, err := cloud.CloudFront.Write(t.Context(), account, emptying(), pass, nil)
			wantNotUnderstood(t, err, "UpdateDistribution", tt.says)
			if !mayBeWritten(err) || len(stub.requests) != 2 {
				t.Errorf("got %v, may be written: %t, after %v", err, mayBeWritten(err), stub.requests)
			}
		})
	}
}

func TestTheHintTellsAStrangerFromAnOddDocument(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		portal: "login page",
		strings.Replace(distributionBody(distID), "<DefaultCacheBehavior/>", "", 1): "report",
	} {
		cloud, _ := openStub(t, answer(http.StatusOK, nil, body))
		_, err := cloud.CloudFront.Distribution(t.Context(), distID)
		if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Hint, want) {
			t.Errorf("%v has the hint %q, want one with %q", err, e.Hint, want)
		}
	}
}

func TestDocumentsWithAndWithoutNamespaceAreUnderstood(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		"<DistributionConfig><DefaultCacheBehavior/></DistributionConfig>",
		"<DistributionConfig xmlns='" + namespace + "'><DefaultCacheBehavior/></DistributionConfig>",
		hostile,
	} {
		if b, err := readConfig([]byte(doc)); err != nil || len(b) == 0 {
			t.Errorf("%d behaviors, %v in %s", len(b), err, doc)
		}
	}
}
