package awscloud

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
)

const (
	arn1 = "arn:aws:lambda:us-east-1:111111111111:function:auth:1"
	arn2 = "arn:aws:lambda:us-east-1:111111111111:function:auth:2"
	arn9 = "arn:aws:lambda:us-east-1:999999999999:function:other:9"
)

// bind and empty are the edits of the tests.
func bind(path string, t associations.Trigger, arn string) slotEdit {
	return slotEdit{path, t, association{arn: arn}}
}

func empty(path string, t associations.Trigger) slotEdit {
	return slotEdit{path: path, trigger: t}
}

func withBody(e slotEdit) slotEdit {
	e.want.includeBody = true
	return e
}

// oneAssociation is an association as splice writes a new one.
func oneAssociation(trigger, arn, body string) string {
	return "<LambdaFunctionAssociation><LambdaFunctionARN>" + arn + "</LambdaFunctionARN><EventType>" + trigger +
		"</EventType><IncludeBody>" + body + "</IncludeBody></LambdaFunctionAssociation>"
}

func TestSpliceChangesOnlyTheSlot(t *testing.T) {
	t.Parallel()
	def := func(inner string) string {
		return "<DistributionConfig><DefaultCacheBehavior>" + inner + "</DefaultCacheBehavior></DistributionConfig>"
	}
	vr := associations.ViewerRequest
	for name, tt := range map[string]struct {
		doc   string
		edits []slotEdit
		want  string
	}{
		"a function is replaced within its association": {
			def(`<LambdaFunctionAssociations><Quantity>1</Quantity><Items><LambdaFunctionAssociation><New a='1'/><LambdaFunctionARN>` + arn1 + `</LambdaFunctionARN><EventType>viewer-request</EventType></LambdaFunctionAssociation></Items></LambdaFunctionAssociations>`),
			[]slotEdit{bind("default", vr, arn2)},
			def(`<LambdaFunctionAssociations><Quantity>1</Quantity><Items><LambdaFunctionAssociation><New a='1'/><LambdaFunctionARN>` + arn2 + `</LambdaFunctionARN><EventType>viewer-request</EventType></LambdaFunctionAssociation></Items></LambdaFunctionAssociations>`),
		},
		"a missing IncludeBody is added last": {
			def(`<LambdaFunctionAssociations><Quantity>1</Quantity><Items><LambdaFunctionAssociation> <LambdaFunctionARN>` + arn1 + `</LambdaFunctionARN> <EventType>viewer-request</EventType> </LambdaFunctionAssociation></Items></LambdaFunctionAssociations>`),
			[]slotEdit{withBody(bind("default", vr, arn1))},
			def(`<LambdaFunctionAssociations><Quantity>1</Quantity><Items><LambdaFunctionAssociation> <LambdaFunctionARN>` + arn1 + `</LambdaFunctionARN> <EventType>viewer-request</EventType><IncludeBody>true</IncludeBody> </LambdaFunctionAssociation></Items></LambdaFunctionAssociations>`),
		},
		"a neighbour keeps its bytes, unknown members included": {
			def("<LambdaFunctionAssociations>\r\n <Quantity>1</Quantity>\r\n <Items>\r\n  <LambdaFunctionAssociation odd = 'x'><LambdaFunctionARN><![CDATA[" + arn9 + "]]></LambdaFunctionARN><EventType>origin&#45;request</EventType><Mystery/></LambdaFunctionAssociation><!-- mine -->\r\n </Items>\r\n</LambdaFunctionAssociations>"),
			[]slotEdit{bind("default", vr, arn1)},
			def("<LambdaFunctionAssociations>\r\n <Quantity>2</Quantity>\r\n <Items>\r\n  <LambdaFunctionAssociation odd = 'x'><LambdaFunctionARN><![CDATA[" + arn9 + "]]></LambdaFunctionARN><EventType>origin&#45;request</EventType><Mystery/></LambdaFunctionAssociation>" + oneAssociation("viewer-request", arn1, "false") + "<!-- mine -->\r\n </Items>\r\n</LambdaFunctionAssociations>"),
		},
		"the last one leaves an empty list without Items": {
			def("<LambdaFunctionAssociations><Quantity>1</Quantity><Items>" + oneAssociation("viewer-request", arn1, "true") + "</Items></LambdaFunctionAssociations><After/>"),
			[]slotEdit{empty("default", vr)},
			def("<LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations><After/>"),
		},
		"the last known one leaves what is unknown among the Items": {
			def("<LambdaFunctionAssociations><Quantity>1</Quantity><Items><Odd/>" + oneAssociation("viewer-request", arn1, "true") + "</Items></LambdaFunctionAssociations>"),
			[]slotEdit{empty("default", vr)},
			def("<LambdaFunctionAssociations><Quantity>0</Quantity><Items><Odd/></Items></LambdaFunctionAssociations>"),
		},
		"an association on an unknown event type counts and stays": {
			def("<LambdaFunctionAssociations><Quantity>2</Quantity><Items>" + oneAssociation("connection-request", arn9, "false") + oneAssociation("viewer-request", arn1, "true") + "</Items></LambdaFunctionAssociations>"),
			[]slotEdit{empty("default", vr)},
			def("<LambdaFunctionAssociations><Quantity>1</Quantity><Items>" + oneAssociation("connection-request", arn9, "false") + "</Items></LambdaFunctionAssociations>"),
		},
		"one goes and another comes": {
			def("<LambdaFunctionAssociations><Quantity>1</Quantity><Items>" + oneAssociation("viewer-request", arn1, "true") + "</Items></LambdaFunctionAssociations>"),
			[]slotEdit{empty("default", vr), bind("default", associations.OriginResponse, arn2)},
			def("<LambdaFunctionAssociations><Quantity>1</Quantity><Items>" + oneAssociation("origin-response", arn2, "false") + "</Items></LambdaFunctionAssociations>"),
		},
		"an empty list gets Items": {
			def("<LambdaFunctionAssociations><Quantity> 0 </Quantity></LambdaFunctionAssociations>"),
			[]slotEdit{bind("default", vr, arn1)},
			def("<LambdaFunctionAssociations><Quantity>1</Quantity><Items>" + oneAssociation("viewer-request", arn1, "false") + "</Items></LambdaFunctionAssociations>"),
		},
		"self-closing Items are opened": {
			def("<LambdaFunctionAssociations><Quantity>0</Quantity><Items x='/>' /></LambdaFunctionAssociations>"),
			[]slotEdit{bind("default", vr, arn1)},
			def("<LambdaFunctionAssociations><Quantity>1</Quantity><Items x='/>'>" + oneAssociation("viewer-request", arn1, "false") + "</Items></LambdaFunctionAssociations>"),
		},
		"a self-closing list is opened": {
			def("<LambdaFunctionAssociations/>"),
			[]slotEdit{bind("default", vr, arn1)},
			def("<LambdaFunctionAssociations><Quantity>1</Quantity><Items>" + oneAssociation("viewer-request", arn1, "false") + "</Items></LambdaFunctionAssociations>"),
		},
		"a list without Quantity gets one": {
			def("<LambdaFunctionAssociations><Items></Items></LambdaFunctionAssociations>"),
			[]slotEdit{bind("default", vr, arn1)},
			def("<LambdaFunctionAssociations><Quantity>1</Quantity><Items>" + oneAssociation("viewer-request", arn1, "false") + "</Items></LambdaFunctionAssociations>"),
		},
		"a list of nothing but self-closing Items gets its Quantity before them": {
			def("<LambdaFunctionAssociations><Items/></LambdaFunctionAssociations>"),
			[]slotEdit{bind("default", vr, arn1)},
			def("<LambdaFunctionAssociations><Quantity>1</Quantity><Items>" + oneAssociation("viewer-request", arn1, "false") + "</Items></LambdaFunctionAssociations>"),
		},
		"a list of nothing but Items gets its Quantity when it is emptied": {
			def("<LambdaFunctionAssociations><Items>" + oneAssociation("viewer-request", arn1, "false") + "</Items></LambdaFunctionAssociations>"),
			[]slotEdit{empty("default", vr)},
			def("<LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations>"),
		},
		"numbers and ARNs that stay keep their spelling": {
			def("<LambdaFunctionAssociations><Quantity> 2 </Quantity><Items>" + oneAssociation("viewer-request", "<![CDATA["+arn1+"]]>", "false") + oneAssociation("origin-response", arn2, "false") + "</Items></LambdaFunctionAssociations>"),
			[]slotEdit{withBody(bind("default", vr, arn1)), empty("default", associations.OriginResponse), bind("default", associations.ViewerResponse, arn2)},
			def("<LambdaFunctionAssociations><Quantity> 2 </Quantity><Items>" + oneAssociation("viewer-request", "<![CDATA["+arn1+"]]>", "true") + oneAssociation("viewer-response", arn2, "false") + "</Items></LambdaFunctionAssociations>"),
		},
		"a missing list minds no member of another namespace": {
			def("<Compress>true</Compress><MinTTL>0</MinTTL><x:Compress xmlns:x='urn:x'/>"),
			[]slotEdit{bind("default", vr, arn1)},
			def("<Compress>true</Compress><LambdaFunctionAssociations><Quantity>1</Quantity><Items>" + oneAssociation("viewer-request", arn1, "false") + "</Items></LambdaFunctionAssociations><MinTTL>0</MinTTL><x:Compress xmlns:x='urn:x'/>"),
		},
		"a missing list goes before FunctionAssociations": {
			def("<Compress>true</Compress><Unknown/><FunctionAssociations><Quantity>0</Quantity></FunctionAssociations><MinTTL>0</MinTTL>"),
			[]slotEdit{bind("default", vr, arn1)},
			def("<Compress>true</Compress><Unknown/><LambdaFunctionAssociations><Quantity>1</Quantity><Items>" + oneAssociation("viewer-request", arn1, "false") + "</Items></LambdaFunctionAssociations><FunctionAssociations><Quantity>0</Quantity></FunctionAssociations><MinTTL>0</MinTTL>"),
		},
		"a missing list goes behind Compress": {
			def("<SmoothStreaming>false</SmoothStreaming><Compress>true</Compress><MinTTL>0</MinTTL>"),
			[]slotEdit{bind("default", vr, arn1)},
			def("<SmoothStreaming>false</SmoothStreaming><Compress>true</Compress><LambdaFunctionAssociations><Quantity>1</Quantity><Items>" + oneAssociation("viewer-request", arn1, "false") + "</Items></LambdaFunctionAssociations><MinTTL>0</MinTTL>"),
		},
		"a missing list is spelled with the prefix of its behavior": {
			`<n:DistributionConfig xmlns:n="urn:cf"><n:DefaultCacheBehavior><n:Compress>true</n:Compress><x:LambdaFunctionAssociations xmlns:x="urn:other"/></n:DefaultCacheBehavior></n:DistributionConfig>`,
			[]slotEdit{bind("default", vr, arn1)},
			`<n:DistributionConfig xmlns:n="urn:cf"><n:DefaultCacheBehavior><n:Compress>true</n:Compress>` +
				strings.NewReplacer("</", "</n:", "<", "<n:").Replace("<LambdaFunctionAssociations><Quantity>1</Quantity><Items>"+oneAssociation("viewer-request", arn1, "false")+"</Items></LambdaFunctionAssociations>") +
				`<x:LambdaFunctionAssociations xmlns:x="urn:other"/></n:DefaultCacheBehavior></n:DistributionConfig>`,
		},
		"a behavior without anything in it is opened": {
			"<DistributionConfig><DefaultCacheBehavior a=\"1\"/></DistributionConfig>",
			[]slotEdit{bind("default", vr, arn1)},
			"<DistributionConfig><DefaultCacheBehavior a=\"1\"><LambdaFunctionAssociations><Quantity>1</Quantity><Items>" + oneAssociation("viewer-request", arn1, "false") + "</Items></LambdaFunctionAssociations></DefaultCacheBehavior></DistributionConfig>",
		},
		"emptying what is empty writes nothing": {
			def("<LambdaFunctionAssociations ><Quantity>00</Quantity></LambdaFunctionAssociations >"),
			[]slotEdit{empty("default", vr), empty("/gone", vr)},
			def("<LambdaFunctionAssociations ><Quantity>00</Quantity></LambdaFunctionAssociations >"),
		},
		"an ARN is escaped": {
			def("<LambdaFunctionAssociations/>"),
			[]slotEdit{bind("default", vr, "a<&b")},
			def("<LambdaFunctionAssociations><Quantity>1</Quantity><Items>" + oneAssociation("viewer-request", "a&lt;&amp;b", "false") + "</Items></LambdaFunctionAssociations>"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := splice([]byte(tt.doc), tt.edits)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestSpliceFindsBehaviorsByWhatTheyMatch(t *testing.T) {
	t.Parallel()
	const doc = "\uFEFF<?xml version='1.0' encoding=\"UTF-8\"?>\r\n<!-- <DefaultCacheBehavior> -->\n<DistributionConfig xmlns=\"urn:cf\"><CacheBehaviors><Quantity>4</Quantity><Items>" +
		"<CacheBehavior><PathPattern>a&amp;b/*</PathPattern><LambdaFunctionAssociations/></CacheBehavior>" +
		"<CacheBehavior><LambdaFunctionAssociations/><PathPattern><!-- c --><![CDATA[/img/]]>&#42;</PathPattern></CacheBehavior>" +
		"<CacheBehavior><PathPattern>img/*</PathPattern><LambdaFunctionAssociations/></CacheBehavior>" +
		"<CacheBehavior><PathPattern>default</PathPattern><LambdaFunctionAssociations/></CacheBehavior>" +
		"</Items></CacheBehaviors><DefaultCacheBehavior><LambdaFunctionAssociations/></DefaultCacheBehavior></DistributionConfig>"
	for name, tt := range map[string]struct {
		path string
		nth  int // which of the five empty lists changes
	}{
		"by an escaped pattern without its slash":        {"/a&b/*", 0},
		"by CDATA, a reference and a comment":            {"/img/*", 1},
		"the pattern spelled default is not the default": {"/default", 3},
		"the default behavior":                           {"default", 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := splice([]byte(doc), []slotEdit{bind(tt.path, associations.ViewerRequest, arn1)})
			if err != nil {
				t.Fatal(err)
			}
			parts := strings.Split(doc, "<LambdaFunctionAssociations/>")
			var want strings.Builder
			for i, part := range parts {
				want.WriteString(part)
				switch {
				case i == len(parts)-1:
				case i == tt.nth:
					want.WriteString("<LambdaFunctionAssociations><Quantity>1</Quantity><Items>" + oneAssociation("viewer-request", arn1, "false") + "</Items></LambdaFunctionAssociations>")
				default:
					want.WriteString("<LambdaFunctionAssociations/>")
				}
			}
			if diff := cmp.Diff(want.String(), string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestSpliceRefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	edit := []slotEdit{bind("default", associations.ViewerRequest, arn1)}
	for name, tt := range map[string]struct {
		doc, want string
	}{
		"a document without a default behavior": {"<DistributionConfig/>", "no DefaultCacheBehavior"},
		"nothing":                               {"", "no root element"},
		"half a document":                       {"<DistributionConfig><DefaultCacheBehavior>", "unexpected EOF"},
		"two roots":                             {"<a/><b/>", "a second root element, <b>"},
		"another encoding":                      {"<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "encoding"},
		"an entity of a document type":          {"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "a document type"},
		"two default behaviors":                 {"<a><DefaultCacheBehavior/><DefaultCacheBehavior/></a>", "2 elements DefaultCacheBehavior"},
		"two lists":                             {"<a><DefaultCacheBehavior><LambdaFunctionAssociations/><LambdaFunctionAssociations/></DefaultCacheBehavior></a>", "2 elements LambdaFunctionAssociations"},
		"two functions on one trigger":          {"<a><DefaultCacheBehavior><LambdaFunctionAssociations><Items>" + oneAssociation("viewer-request", arn1, "true") + oneAssociation("viewer-request", arn2, "true") + "</Items></LambdaFunctionAssociations></DefaultCacheBehavior></a>", "two functions on viewer-request"},
		"an association without a function":     {"<a><DefaultCacheBehavior><LambdaFunctionAssociations><Items>" + oneAssociation("viewer-request", "", "true") + "</Items></LambdaFunctionAssociations></DefaultCacheBehavior></a>", "without a function"},
		"an ARN that holds elements":            {"<a><DefaultCacheBehavior><LambdaFunctionAssociations><Items><LambdaFunctionAssociation><EventType>viewer-request</EventType><LambdaFunctionARN><b/></LambdaFunctionARN></LambdaFunctionAssociation></Items></LambdaFunctionAssociations></DefaultCacheBehavior></a>", "holds elements where text belongs"},
		"a default behavior of other namespace": {"<a xmlns='x'><DefaultCacheBehavior xmlns='y'/></a>", "no DefaultCacheBehavior"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := splice([]byte(tt.doc), edit)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestSpliceRefusesEditsThatContradictEachOther(t *testing.T) {
	t.Parallel()
	doc := []byte("<DistributionConfig><DefaultCacheBehavior/></DistributionConfig>")
	_, err := splice(doc, []slotEdit{bind("default", associations.ViewerRequest, arn1), bind("default", associations.ViewerRequest, arn2)})
	if err == nil || !strings.Contains(err.Error(), "after the edit: viewer-request of default") {
		t.Errorf("got %v", err)
	}
}

func TestSpliceRefusesABehaviorThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := splice([]byte("<DistributionConfig><DefaultCacheBehavior/></DistributionConfig>"), []slotEdit{bind("/gone", associations.ViewerRequest, arn1)})
	if err == nil || !strings.Contains(err.Error(), "no cache behavior /gone") {
		t.Errorf("got %v", err)
	}
}
