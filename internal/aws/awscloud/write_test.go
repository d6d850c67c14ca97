package awscloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// hostile is a configuration with everything in it that a client could lose.
const hostile = "\uFEFF<?xml version='1.0' encoding='UTF-8'?>\r\n<!-- by hand -->\r\n" +
	`<c:DistributionConfig xmlns:c="http://cloudfront.amazonaws.com/doc/2020-05-31/" xmlns:x='urn:x' x:a = "1">` + "\r\n" +
	`<c:CallerReference>a&#x41;<![CDATA[&]]></c:CallerReference><c:Brand-New x:b='"'><c:Deep/><c:Deep ></c:Deep ></c:Brand-New>` +
	`<c:Enabled>true</c:Enabled><?pi keep?><c:Comment/>` +
	`<c:Origins><c:Quantity>1</c:Quantity><c:Items><c:Origin><c:Id>o</c:Id><c:DomainName>o.invalid</c:DomainName><c:CustomOriginConfig><c:HTTPPort>80</c:HTTPPort><c:HTTPSPort>443</c:HTTPSPort><c:OriginProtocolPolicy>http-only</c:OriginProtocolPolicy></c:CustomOriginConfig></c:Origin></c:Items></c:Origins>` +
	`<c:CacheBehaviors><c:Items><c:CacheBehavior><c:ViewerProtocolPolicy>allow-all</c:ViewerProtocolPolicy><c:FunctionAssociations><c:Quantity>0</c:Quantity></c:FunctionAssociations><c:TargetOriginId>o</c:TargetOriginId><c:LambdaFunctionAssociations c='"'><c:Quantity >0</c:Quantity ></c:LambdaFunctionAssociations><c:PathPattern>img/&#42;</c:PathPattern><c:CachePolicyId>658327ea-f89d-4fab-a63d-7e88639e58f6</c:CachePolicyId></c:CacheBehavior></c:Items><c:Quantity>1</c:Quantity></c:CacheBehaviors>` +
	`<c:DefaultCacheBehavior><c:TargetOriginId>o</c:TargetOriginId><c:ViewerProtocolPolicy>allow-all</c:ViewerProtocolPolicy>` +
	"<c:LambdaFunctionAssociations>\r\n\t<c:Quantity>0</c:Quantity>\r\n</c:LambdaFunctionAssociations><c:FunctionAssociations><c:Quantity>0</c:Quantity></c:FunctionAssociations><c:ForwardedValues><c:QueryString>false</c:QueryString><c:Cookies><c:Forward>none</c:Forward></c:Cookies></c:ForwardedValues><c:MinTTL>0</c:MinTTL></c:DefaultCacheBehavior>\r\n</c:DistributionConfig>\r\n<!-- end -->"

func pass(context.Context) error { return nil }

func (w *world) config() []byte {
	w.t.Helper()
	doc, _, err := w.CloudFront.config(w.t.Context(), distID)
	if err != nil {
		w.t.Fatal(err)
	}
	return doc
}

func change(edits ...associations.Edit) associations.Change {
	return associations.Change{Distribution: distID, Edits: edits}
}

// complete stores a document and has CloudFront add the members that it writes
// out although nobody sent them, so that a later write adds none.
func (w *world) complete(doc []byte) string {
	w.t.Helper()
	err := w.server.PutRaw(account, distID, doc)
	if err != nil {
		w.t.Fatal(err)
	}
	got, etag, err := w.CloudFront.config(w.t.Context(), distID)
	if err != nil || !bytes.Equal(got, doc) {
		w.t.Fatalf("not read byte for byte: %v\n%s", err, cmp.Diff(string(doc), string(got)))
	}
	if _, err := w.CloudFront.put(w.t.Context(), distID, etag, doc, &attempts{}); err != nil {
		w.t.Fatal(err)
	}
	return string(w.config())
}

func TestWriteChangesSlotsAndNoOtherByte(t *testing.T) {
	t.Parallel()
	eachWay(t, localaws.Options{}, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.publish("auth", "c1")
		w.publish("auth", "c2")
		hostile := w.complete([]byte(hostile))
		vr, or := slot("default", associations.ViewerRequest), slot("/img/*", associations.OriginRequest)
		withBody := to("auth", 2)
		withBody.IncludeBody = true
		w.operations()
		state, err := w.CloudFront.Write(ctx, account, change(associations.Edit{Slot: vr, To: to("auth", 1)}, associations.Edit{Slot: or, To: withBody}), pass, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.wantCalls("GetDistributionConfig 200", "UpdateDistribution 200")
		if diff := cmp.Diff(associations.Table{vr: to("auth", 1), or: withBody}, state.Held); diff != "" {
			t.Errorf("held (-want +got)\n%s", diff)
		}
		one := func(event, number, body string) string {
			return strings.NewReplacer("</", "</c:", "<", "<c:").Replace(
				"<Items>" + oneAssociation(event, "arn:aws:lambda:us-east-1:111111111111:function:auth:"+number, body) + "</Items>")
		}
		want := strings.Replace(hostile, "<c:Quantity >0</c:Quantity >", "<c:Quantity >1</c:Quantity >"+one("origin-request", "2", "true"), 1)
		want = strings.Replace(want, "\r\n\t<c:Quantity>0</c:Quantity>", "\r\n\t<c:Quantity>1</c:Quantity>"+one("viewer-request", "1", "false"), 1)
		if diff := cmp.Diff(want, string(w.config())); diff != "" {
			t.Errorf("stored (-want +got)\n%s", diff)
		}
		w.operations()
		// Read on its own it is the same, and taking both away leaves what was
		// there before.
		if state.Deployed {
			t.Error("a write is deployed in its own answer")
		}
		state.Deployed = true // and at the next read, for nothing here takes time
		if again, err := w.CloudFront.Distribution(ctx, distID); err != nil || !cmp.Equal(again, state) {
			t.Errorf("read again: %v\n%s", err, cmp.Diff(state, again))
		}
		w.wantCalls("GetDistribution 200")
		state, err = w.CloudFront.Write(ctx, account, change(associations.Edit{Slot: vr, From: to("auth", 1)}, associations.Edit{Slot: or, From: withBody}), pass, nil)
		if err != nil || len(state.Held) != 0 {
			t.Errorf("emptied: %v, %v", state.Held, err)
		}
		if diff := cmp.Diff(hostile, string(w.config())); diff != "" {
			t.Errorf("stored after emptying (-want +got)\n%s", diff)
		}
	})
}

func TestWriteDecidesEachSlotThreeWays(t *testing.T) {
	t.Parallel()
	vr, os := slot("default", associations.ViewerRequest), slot("default", associations.OriginResponse)
	gone := slot("/gone/*", associations.OriginResponse)
	foreign := associations.Binding{ARN: arn9}
	for name, tt := range map[string]struct {
		edits []associations.Edit
		calls []string
		err   error
	}{
		"From is written": {
			edits: []associations.Edit{{Slot: vr, From: to("auth", 1), To: to("auth", 2)}},
			calls: []string{"GetDistributionConfig 200", "UpdateDistribution 200"},
		},
		"To is left alone, without a write": {
			edits: []associations.Edit{{Slot: vr, From: to("auth", 2), To: to("auth", 1)}, {Slot: os}},
			calls: []string{"GetDistributionConfig 200", "GetDistribution 200"},
		},
		"To is left alone beside a slot that is written": {
			edits: []associations.Edit{{Slot: vr, To: to("auth", 1)}, {Slot: os, To: to("auth", 2)}},
			calls: []string{"GetDistributionConfig 200", "UpdateDistribution 200"},
		},
		"a third function stops all of it": {
			edits: []associations.Edit{{Slot: os, To: to("auth", 2)}, {Slot: vr, From: foreign, To: to("auth", 2)}},
			calls: []string{"GetDistributionConfig 200"},
			err:   &associations.ChangedError{Slot: vr, From: foreign, To: to("auth", 2), Live: to("auth", 1)},
		},
		"a slot that was emptied by somebody stops all of it": {
			edits: []associations.Edit{{Slot: os, From: to("auth", 1), To: to("auth", 2)}},
			calls: []string{"GetDistributionConfig 200"},
			err:   &associations.ChangedError{Slot: os, From: to("auth", 1), To: to("auth", 2)},
		},
		"another include-body is another binding": {
			edits: []associations.Edit{{Slot: vr, From: associations.Binding{Version: to("auth", 1).Version, IncludeBody: true}, To: to("auth", 2)}},
			calls: []string{"GetDistributionConfig 200"},
			err: &associations.ChangedError{Slot: vr, From: associations.Binding{Version: to("auth", 1).Version, IncludeBody: true},
				To: to("auth", 2), Live: to("auth", 1)},
		},
		"a behavior that is gone stops all of it": {
			edits: []associations.Edit{{Slot: gone, To: to("auth", 2)}},
			calls: []string{"GetDistributionConfig 200"},
			err:   &associations.ChangedError{Slot: gone, To: to("auth", 2), NoBehavior: true},
		},
		"emptying a slot of a behavior that is gone is done already": {
			edits: []associations.Edit{{Slot: gone, From: to("auth", 2)}},
			calls: []string{"GetDistributionConfig 200", "GetDistribution 200"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := inProcessWorld(t, localaws.Options{})
			w.publish("auth", "c1")
			w.publish("auth", "c2")
			if _, err := w.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: vr, To: to("auth", 1)}), pass, nil); err != nil {
				t.Fatal(err)
			}
			before := w.config()
			w.operations()
			state, err := w.CloudFront.Write(t.Context(), account, change(tt.edits...), pass, nil)
			w.wantCalls(tt.calls...)
			if tt.err != nil {
				changed, ok := errors.AsType[*associations.ChangedError](err)
				if !ok || !cmp.Equal(error(changed), tt.err) {
					t.Errorf("got %v\nwant %v", err, tt.err)
				}
				if !bytes.Equal(before, w.config()) {
					t.Error("the distribution was written")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range tt.edits {
				if state.Held[e.Slot] != e.To {
					t.Errorf("%s holds %s, want %s", e.Slot, state.Held[e.Slot], e.To)
				}
			}
		})
	}
}

// touch is somebody else's write: it changes the ETag and nothing more, or
// what edit says.
func (w *world) touch(edit func([]byte) []byte) {
	w.t.Helper()
	if err := w.server.PutRaw(account, distID, edit(w.config())); err != nil {
		w.t.Fatal(err)
	}
}

func same(doc []byte) []byte { return doc }

func TestWriteGoesAroundSomebodyElsesWrite(t *testing.T) {
	t.Parallel()
	vr := slot("default", associations.ViewerRequest)
	comment := func(doc []byte) []byte {
		return bytes.Replace(doc, []byte("<Comment></Comment>"), []byte("<Comment>theirs</Comment>"), 1)
	}
	w := inProcessWorld(t, localaws.Options{})
	w.publish("auth", "c1")
	guards := 0
	w.operations()
	_, err := w.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: vr, To: to("auth", 1)}), func(context.Context) error {
		if guards++; guards == 1 {
			w.touch(comment)
			w.operations()
		}
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.wantCalls("UpdateDistribution 412", "GetDistributionConfig 200", "UpdateDistribution 200")
	if guards != 2 {
		t.Errorf("the guard was asked %d times, want before each of two writes", guards)
	}
	if doc := w.config(); !bytes.Contains(doc, []byte("<Comment>theirs</Comment>")) || !bytes.Contains(doc, []byte("function:auth:1<")) {
		t.Errorf("one of the two changes is lost:\n%s", doc)
	}
}

func TestWriteGivesUpWhenOthersAreAlwaysFaster(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, localaws.Options{})
	w.publish("auth", "c1")
	guards := 0
	_, err := w.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: slot("default", associations.ViewerRequest), To: to("auth", 1)}), func(context.Context) error {
		guards++
		w.touch(same)
		return nil
	}, nil)
	race, ok := errors.AsType[*RaceError](err)
	if !ok || race.Rounds != 5 || race.Err.Status != 412 || race.Err.Hint == "" || guards != 5 || mayBeWritten(err) {
		t.Errorf("after %d writes: %v", guards, err)
	}
}

func TestTheGuardStopsAWrite(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, localaws.Options{})
	w.publish("auth", "c1")
	w.operations()
	lost := errors.New("the lock is lost")
	_, err := w.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: slot("default", associations.ViewerRequest), To: to("auth", 1)}), func(context.Context) error {
		return lost
	}, nil)
	if err != lost {
		t.Errorf("got %v", err)
	}
	w.wantCalls("GetDistributionConfig 200")
}

func TestALostAnswerOfAWriteIsNoFailure(t *testing.T) {
	t.Parallel()
	for _, kind := range []localaws.Kind{localaws.DropAfter, localaws.DropBefore} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			eachWay(t, localaws.Options{}, func(t *testing.T, w *world) {
				w.publish("auth", "c1")
				w.arm(localaws.Fault{Service: "cloudfront", Operation: "UpdateDistribution", Kind: kind})
				w.operations()
				state, err := w.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: slot("default", associations.ViewerRequest), To: to("auth", 1)}), pass, nil)
				if err != nil || len(state.Held) != 1 {
					t.Fatalf("%v, %v", state.Held, err)
				}
				if kind == localaws.DropBefore {
					w.wantCalls("GetDistributionConfig 200", "UpdateDistribution 0", "UpdateDistribution 200 attempt 2")
				} else {
					w.wantCalls("GetDistributionConfig 200", "UpdateDistribution 0", "UpdateDistribution 412 attempt 2", "GetDistributionConfig 200", "GetDistribution 200")
				}
			})
		})
	}
}

func TestWriteRefusesWhatCannotBeBound(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, localaws.Options{})
	for name, edit := range map[string]associations.Edit{
		"a version without a number": {Slot: slot("default", associations.ViewerRequest), To: to("auth", 0)},
		"another distribution":       {Slot: associations.Slot{Distribution: "EOTHER", Path: "default", Trigger: associations.ViewerRequest}, To: to("auth", 1)},
	} {
		if _, err := w.CloudFront.Write(t.Context(), account, change(edit), pass, nil); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	if got := strings.Join(w.operations(), ","); strings.Contains(got, "Update") {
		t.Errorf("calls: %s", got)
	}
}

func TestWritePutsBackAForeignFunction(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, localaws.Options{})
	w.publish("auth", "c1")
	vr := slot("default", associations.ViewerRequest)
	foreign := associations.Binding{ARN: arn9, IncludeBody: true}
	doc, err := splice(w.config(), []slotEdit{withBody(bind("default", associations.ViewerRequest, arn9))})
	if err == nil {
		err = w.server.PutRaw(account, distID, doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: vr, From: foreign, To: to("auth", 1)}), pass, nil); err != nil {
		t.Fatal(err)
	}
	// The local AWS does not know the foreign function, as AWS would not let
	// it be put back from another account: the refusal is told as such.
	_, err = w.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: vr, From: to("auth", 1), To: foreign}), pass, nil)
	if e, ok := errors.AsType[*Error](err); !ok || e.Code != "InvalidLambdaFunctionAssociation" || e.Hint == "" {
		t.Errorf("got %v", err)
	}
}

func TestAWriteThatDidNotTakeIsTold(t *testing.T) {
	t.Parallel()
	const stale = `<Distribution><Id>` + distID + `</Id><ARN>arn:aws:cloudfront::111111111111:distribution/` + distID + `</ARN>` +
		`<DistributionConfig><DefaultCacheBehavior/></DistributionConfig></Distribution>`
	etag := map[string]string{"ETag": "E1"}
	cloud, stub := openStub(t, answer(200, etag, "<DistributionConfig><DefaultCacheBehavior/></DistributionConfig>"), answer(200, etag, stale))
	_, err := cloud.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: slot("default", associations.ViewerRequest), To: to("auth", 1)}), pass, nil)
	if err == nil || !strings.Contains(err.Error(), "holds nothing instead of auth:1") || len(stub.requests) != 2 || !mayBeWritten(err) {
		t.Errorf("got %v after %v", err, stub.requests)
	}
	if h := stub.header; h.Get("Content-Type") != "application/xml" || h.Get("If-Match") != "E1" {
		t.Errorf("written with %v", h)
	}
}

func TestAWriteNeedsAnETag(t *testing.T) {
	t.Parallel()
	cloud, stub := openStub(t, answer(200, nil, "<DistributionConfig><DefaultCacheBehavior/></DistributionConfig>"))
	_, err := cloud.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: slot("default", associations.ViewerRequest), To: to("auth", 1)}), pass, nil)
	if err == nil || !strings.Contains(err.Error(), "no ETag") || len(stub.requests) != 1 {
		t.Errorf("got %v after %v", err, stub.requests)
	}
}

// mayBeWritten asks an error as deploy does.
func mayBeWritten(err error) bool {
	var lost interface{ Lost() bool }
	return errors.As(err, &lost) && lost.Lost()
}

func TestAnErrorSaysWhetherTheWriteMayHaveHappened(t *testing.T) {
	t.Parallel()
	read := answer(200, map[string]string{"ETag": "E1"}, "<DistributionConfig><DefaultCacheBehavior/></DistributionConfig>")
	for name, tt := range map[string]struct {
		answers []func(*http.Request) (*http.Response, error)
		want    bool
	}{
		"not when it was refused":                                    {answers(read, cloudFrontError(400, "InvalidArgument", "no")), false},
		"not when the read failed":                                   {answers(cloudFrontError(500, "InternalError", "no")), false},
		"when no answer came":                                        {answers(read, broken(io.ErrUnexpectedEOF)), true},
		"when CloudFront failed on its side":                         {answers(read, unavailable), true},
		"when the answer to it cannot be read":                       {answers(read, answer(200, nil, "gibberish")), true},
		"when a 412 may be our own success, and reading again fails": {answers(read, broken(errReset), cloudFrontError(412, "PreconditionFailed", "no"), cloudFrontError(403, "AccessDenied", "no")), true},
		"not when a 412 can be no success of ours":                   {answers(read, cloudFrontError(412, "PreconditionFailed", "no"), cloudFrontError(403, "AccessDenied", "no")), false},
		"when a 412 was our own success, and reading the rest of it fails": {answers(read, broken(errReset), cloudFrontError(412, "PreconditionFailed", "no"), answer(200, map[string]string{"ETag": "E2"}, "<DistributionConfig><DefaultCacheBehavior>"+
			"<LambdaFunctionAssociations><Quantity>1</Quantity><Items>"+oneAssociation("viewer-request", arn1, "false")+"</Items></LambdaFunctionAssociations></DefaultCacheBehavior></DistributionConfig>"),
			cloudFrontError(403, "AccessDenied", "no")), true},
		"not when others were faster, 5 times": {faster5(), false},
		"not when CloudFront refuses for good": {answers(read, cloudFrontError(412, "PreconditionFailed", "no"), read), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cloud, _ := openStub(t, tt.answers...)
				_, err := cloud.CloudFront.Write(t.Context(), account, change(associations.Edit{Slot: slot("default", associations.ViewerRequest), To: to("auth", 1)}), pass, nil)
				if err == nil || mayBeWritten(err) != tt.want {
					t.Errorf("got %v, may be written: %t", err, mayBeWritten(err))
				}
			})
		})
	}
}

// faster5 are five rounds, each with a 412 and with another ETag.
func faster5() []func(*http.Request) (*http.Response, error) {
	var list []func(*http.Request) (*http.Response, error)
	for round := range 5 {
		list = append(list,
			answer(200, map[string]string{"ETag": fmt.Sprintf("E%d", round)}, "<DistributionConfig><DefaultCacheBehavior/></DistributionConfig>"),
			cloudFrontError(412, "PreconditionFailed", "no"))
	}
	return list
}
