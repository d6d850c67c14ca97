package awscloud

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
	"github.com/edgedeploy/edgedeploy/versions"
)

// serverClock is AWS's time in these tests, far from this machine's.
var serverClock = time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)

func ledgerOptions() localaws.Options {
	return localaws.Options{Now: func() time.Time { return serverClock }}
}

const store = "edgedeploy-shop-releases"

func (w *world) createStore() {
	w.t.Helper()
	if err := w.Ledger.Create(w.t.Context(), versions.NewFunction{
		Function: store, Role: role, Runtime: "nodejs24.x", Description: "releases of shop",
		Tags: map[string]string{versions.StackTag: "shop"}, Zip: zipped(w.t, "genesis"),
	}); err != nil {
		w.t.Fatal(err)
	}
}

// append publishes content as the next version.
func (w *world) append(content, description string) versions.StoredVersion {
	w.t.Helper()
	ctx := w.t.Context()
	latest, err := w.Ledger.Latest(ctx, store)
	if err == nil {
		err = w.Ledger.UpdateCode(ctx, store, latest.RevisionID, zipped(w.t, content))
	}
	if err == nil {
		latest, err = w.Ledger.Latest(ctx, store)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	stored, err := w.Ledger.PublishVersion(ctx, versions.PublishInput{
		Function: store, RevisionID: latest.RevisionID, CodeSHA256: latest.CodeSHA256, Description: description,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return stored
}

func TestAStoreKeepsVersions(t *testing.T) {
	t.Parallel()
	eachWay(t, ledgerOptions(), func(t *testing.T, w *world) {
		ctx := t.Context()
		if latest, err := w.Ledger.Latest(ctx, store); err != nil || latest != (versions.LatestCode{}) {
			t.Errorf("a missing store: %+v, %v", latest, err)
		}
		if _, err := w.Ledger.ListVersions(ctx, store); !errors.Is(err, versions.ErrNoVersion) {
			t.Errorf("versions of a missing store: %v", err)
		}
		w.createStore()
		zip := zipped(t, "release 1")
		sum := sha256.Sum256(zip)
		hash := base64.StdEncoding.EncodeToString(sum[:])
		stored := w.append("release 1", "first")
		want := versions.StoredVersion{
			Number: 1, FunctionARN: "arn:aws:lambda:us-east-1:111111111111:function:" + store,
			Description: "first", CodeSHA256: hash, CodeBytes: int64(len(zip)), Modified: serverClock,
			State: versions.State{State: "Active", Update: "Successful"}, TagsError: "PublishVersion does not tell tags",
		}
		if diff := cmp.Diff(want, stored); diff != "" {
			t.Errorf("published (-want +got)\n%s", diff)
		}
		w.operations()
		opened, err := w.Ledger.OpenVersion(ctx, store, "1")
		w.wantCalls("GetFunction 200")
		want.Tags, want.TagsError = map[string]string{versions.StackTag: "shop"}, ""
		if diff := cmp.Diff(want, opened, cmpopts.IgnoreFields(versions.StoredVersion{}, "Location")); err != nil || diff != "" {
			t.Errorf("opened: %v (-want +got)\n%s", err, diff)
		}
		if got := w.download(opened.Location); string(got) != string(zip) {
			t.Errorf("at the location are %d other bytes", len(got))
		}
		w.append("release 2", "second")
		list, err := w.Ledger.ListVersions(ctx, store)
		var told []string
		for _, v := range list {
			told = append(told, fmt.Sprintf("%d %s %t %t %t", v.Number, v.Description, v.Location == "", v.Tags == nil, v.TagsError != ""))
		}
		if diff := cmp.Diff([]string{"1 first true true true", "2 second true true true"}, told); err != nil || diff != "" {
			t.Errorf("listed: %v (-want +got)\n%s", err, diff)
		}
		if opened, err := w.Ledger.OpenVersion(ctx, store, "$LATEST"); err != nil || opened.Number != 0 || opened.Tags == nil {
			t.Errorf("$LATEST: %+v, %v", opened, err)
		}
		for _, qualifier := range []string{"9", "live"} {
			if _, err := w.Ledger.OpenVersion(ctx, store, qualifier); !errors.Is(err, versions.ErrNoVersion) {
				t.Errorf("%s: %v", qualifier, err)
			}
		}
	})
}

// download fetches a code location, through the transport where there is no
// socket.
func (w *world) download(location string) []byte {
	w.t.Helper()
	client := http.DefaultClient
	if strings.HasPrefix(location, inProcess) {
		client = &http.Client{Transport: w.server.Transport()}
	}
	response, err := client.Get(location)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 {
		w.t.Fatalf("%s, %v", response.Status, err)
	}
	return got
}

func TestAStoreIsHealed(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, ledgerOptions())
	ctx := t.Context()
	w.createStore()
	const other = "arn:aws:iam::111111111111:role/other"
	w.seed(fmt.Sprintf(`{"Roles":[{"ARN":%q}]}`, other))
	before, err := w.Ledger.Latest(ctx, store)
	if err != nil || before.Role != role || before.Runtime != "nodejs24.x" || !before.State.Settled() {
		t.Fatalf("%+v, %v", before, err)
	}
	if err := w.Ledger.UpdateConfig(ctx, store, before.RevisionID, other, "nodejs22.x"); err != nil {
		t.Fatal(err)
	}
	after, err := w.Ledger.Latest(ctx, store)
	if err != nil || after.Role != other || after.Runtime != "nodejs22.x" || after.CodeSHA256 != before.CodeSHA256 {
		t.Errorf("%+v, %v", after, err)
	}
	if err := w.Ledger.UpdateConfig(ctx, store, before.RevisionID, role, "nodejs24.x"); !errors.Is(err, versions.ErrStaleRevision) {
		t.Errorf("a stale revision: %v", err)
	}
}

func TestAliasesAreSwappedByRevision(t *testing.T) {
	t.Parallel()
	eachWay(t, ledgerOptions(), func(t *testing.T, w *world) {
		ctx := t.Context()
		w.createStore()
		if list, at, err := w.Ledger.Aliases(ctx, store); err != nil || list != nil || !at.Equal(serverClock) {
			t.Errorf("none yet: %v at %v, %v", list, at, err)
		}
		created, at, err := w.Ledger.CreateAlias(ctx, store, versions.Alias{Name: "lock", Version: "$LATEST", Description: "open"})
		if err != nil || !at.Equal(serverClock) || created.RevisionID == "" {
			t.Fatalf("%+v at %v, %v", created, at, err)
		}
		if _, _, err := w.Ledger.CreateAlias(ctx, store, versions.Alias{Name: "lock", Version: "$LATEST"}); !errors.Is(err, versions.ErrAliasExists) {
			t.Errorf("created twice: %v", err)
		}
		taken := created
		taken.Description = "mine"
		taken, at, err = w.Ledger.UpdateAlias(ctx, store, taken)
		if err != nil || !at.Equal(serverClock) || taken.RevisionID == created.RevisionID || taken.Description != "mine" {
			t.Errorf("%+v at %v, %v", taken, at, err)
		}
		if _, _, err := w.Ledger.UpdateAlias(ctx, store, created); !errors.Is(err, versions.ErrStaleRevision) {
			t.Errorf("swapped from a stale revision: %v", err)
		}
		w.append("release 1", "first")
		forced := versions.Alias{Name: "lock", Version: "1", Description: ""}
		forced, _, err = w.Ledger.UpdateAlias(ctx, store, forced)
		if err != nil || forced.Version != "1" || forced.Description != "" {
			t.Errorf("without a revision: %+v, %v", forced, err)
		}
		got, at, err := w.Ledger.Alias(ctx, store, "lock")
		if diff := cmp.Diff(forced, got); err != nil || !at.Equal(serverClock) || diff != "" {
			t.Errorf("read: %v (-want +got)\n%s", err, diff)
		}
		if opened, err := w.Ledger.OpenVersion(ctx, store, "lock"); err != nil || opened.Number != 1 {
			t.Errorf("opened by alias: %+v, %v", opened, err)
		}
		for range 2 { // deleting what is gone is no error
			if err := w.Ledger.DeleteAlias(ctx, store, "lock"); err != nil {
				t.Error(err)
			}
		}
		if _, _, err := w.Ledger.Alias(ctx, store, "lock"); !errors.Is(err, versions.ErrNoVersion) {
			t.Errorf("a missing alias: %v", err)
		}
		if _, _, err := w.Ledger.UpdateAlias(ctx, store, created); !errors.Is(err, versions.ErrNoVersion) {
			t.Errorf("update of a missing alias: %v", err)
		}
		if _, _, err := w.Ledger.Aliases(ctx, "none"); !errors.Is(err, versions.ErrNoVersion) {
			t.Errorf("aliases of a missing function: %v", err)
		}
	})
}

func TestAliasesAreListedThroughAllPages(t *testing.T) {
	t.Parallel()
	w := inProcessWorld(t, ledgerOptions())
	w.createStore()
	for i := range 60 {
		if _, _, err := w.Ledger.CreateAlias(t.Context(), store, versions.Alias{Name: fmt.Sprintf("r%d", i+1), Version: "$LATEST"}); err != nil {
			t.Fatal(err)
		}
	}
	w.operations()
	list, _, err := w.Ledger.Aliases(t.Context(), store)
	if err != nil || len(list) != 60 {
		t.Errorf("%d aliases, %v", len(list), err)
	}
	w.wantCalls("ListAliases 200", "ListAliases 200")
}

func TestAnAnswerWithoutADateIsRefused(t *testing.T) {
	t.Parallel()
	cloud, _ := openStub(t, answer(200, map[string]string{"Content-Type": "application/json"}, `{"Name":"lock","FunctionVersion":"1","Aliases":[]}`))
	if _, _, err := cloud.Ledger.Alias(t.Context(), store, "lock"); err == nil || !strings.Contains(err.Error(), "no Date") {
		t.Errorf("got %v", err)
	}
	if _, _, err := cloud.Ledger.Aliases(t.Context(), store); err == nil || !strings.Contains(err.Error(), "no Date") {
		t.Errorf("got %v", err)
	}
}

// TestAPagedAnswerIsAsOldAsItsFirstPage: an alias of the first page is not
// known to be any younger.
func TestAPagedAnswerIsAsOldAsItsFirstPage(t *testing.T) {
	t.Parallel()
	page := func(date, body string) func(*http.Request) (*http.Response, error) {
		return answer(200, map[string]string{"Content-Type": "application/json", "Date": date}, body)
	}
	cloud, _ := openStub(t,
		page("Mon, 02 Nov 2026 10:00:00 GMT", `{"Aliases":[{"Name":"a"}],"NextMarker":"x"}`),
		page("Mon, 02 Nov 2026 10:00:07 GMT", `{"Aliases":[{"Name":"b"}]}`))
	list, at, err := cloud.Ledger.Aliases(t.Context(), store)
	if err != nil || len(list) != 2 || !at.Equal(time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("%v at %v, %v", list, at, err)
	}
}

func TestNoErrorShowsALocation(t *testing.T) {
	t.Parallel()
	body := `{"Configuration":{"FunctionName":"f","FunctionArn":"arn:f","Version":"1","LastModified":"yesterday"},"Code":{"Location":"https://b.invalid/k?X-Amz-Signature=secret"}}`
	cloud, _ := openStub(t, answer(200, map[string]string{"Content-Type": "application/json"}, body))
	_, err := cloud.Ledger.OpenVersion(t.Context(), store, "1")
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "LastModified") {
		t.Errorf("got %v", err)
	}
}

func TestTagsThatMayNotBeReadAreUnknown(t *testing.T) {
	t.Parallel()
	body := `{"Configuration":{"FunctionName":"auth","FunctionArn":"arn:auth","Version":"$LATEST"},"Code":{},"TagsError":{"ErrorCode":"AccessDeniedException","Message":"no lambda:ListTags"}}`
	cloud, _ := openStub(t, answer(200, map[string]string{"Content-Type": "application/json"}, body))
	head, err := cloud.Lambda.Head(t.Context(), "auth")
	if err != nil || head.Tags != nil || head.TagsError != "AccessDeniedException: no lambda:ListTags" {
		t.Errorf("%+v, %v", head, err)
	}
}
