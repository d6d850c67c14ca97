package crash

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ledger is the function that keeps the releases of the stack shop.
const ledger = "edgedeploy-shop-releases"

// snapshot is what an account holds.
type snapshot struct {
	// Slots are what is bound, by distribution: lines of rig.Account.Bound.
	Slots map[string][]string
	// Published counts the versions of the stack's functions by what they are:
	// content and configuration.
	Published map[string]int
	Live      map[string]any // the record of the live release; nil if none is
	Number    int            // its number
	Pending   int            // the release in flight, 0 for none
	Releases  int            // how many records there are
	// All is everything, as text; equal states have equal texts.
	All string
}

// snapshot reads the account, without the product's code.
func (w *world) snapshot() snapshot {
	w.t.Helper()
	s := snapshot{Slots: map[string][]string{}, Published: map[string]int{}}
	all := map[string]any{}
	for _, id := range []string{www, shop} {
		s.Slots[id] = w.Bound(id)
		all[id] = string(w.Do("cloudfront", "GET /2020-05-31/distribution/"+id+"/config", nil).Body)
	}
	var list struct{ Functions []map[string]any }
	w.get("/2015-03-31/functions", &list)
	for _, f := range list.Functions {
		function := fmt.Sprint(f["FunctionName"])
		all[function] = w.function(&s, function)
	}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		w.t.Fatal(err)
	}
	s.All = strings.ReplaceAll(string(text), w.ID, "ACCOUNT")
	return s
}

// function tells all of a function: its versions, aliases and tags.
func (w *world) function(s *snapshot, function string) map[string]any {
	w.t.Helper()
	path := "/2015-03-31/functions/" + function
	var versions struct{ Versions []map[string]any }
	var aliases struct{ Aliases []map[string]any }
	var whole struct{ Tags map[string]any }
	w.get(path+"/versions", &versions)
	w.get(path+"/aliases", &aliases)
	w.get(path, &whole)
	all := map[string]any{"tags": whole.Tags}
	if function == ledger {
		w.ledger(s, all, versions.Versions, aliases.Aliases)
		return all
	}
	for _, v := range versions.Versions {
		delete(v, "RevisionId")
		delete(v, "LastModified")
		if n := fmt.Sprint(v["Version"]); n != "$LATEST" {
			s.Published[fmt.Sprintln(function, v["Description"], v["MemorySize"], v["Timeout"], v["CodeSha256"])]++
		}
	}
	names := []string{}
	for _, a := range aliases.Aliases {
		names = append(names, fmt.Sprint(hashed.ReplaceAllString(fmt.Sprint(a["Name"]), "edge- "), a["Description"], " ", a["FunctionVersion"]))
	}
	slices.Sort(names)
	all["versions"], all["aliases"] = versions.Versions, names
	return all
}

// hashed are the names of aliases of content. Their hash covers the role, which
// has the number of the account; the description has the content.
var hashed = regexp.MustCompile(`^edge-[0-9a-f]{64}$`)

// volatile are the words in descriptions that no two runs have in common.
var volatile = regexp.MustCompile(` (since|run|fenced)=[^ ]*`)

// ledger tells all of the ledger: every record, and what the aliases say.
func (w *world) ledger(s *snapshot, all map[string]any, versions, aliases []map[string]any) {
	w.t.Helper()
	numbers := map[string]string{}
	for _, a := range aliases {
		numbers[fmt.Sprint(a["Name"])] = fmt.Sprint(a["FunctionVersion"])
	}
	live := numbers["live"]
	records, runs, codes := map[string]any{}, map[string]string{}, map[any]string{}
	latest := map[string]any{}
	for _, v := range versions {
		number := fmt.Sprint(v["Version"])
		if number == "$LATEST" {
			latest = v
			continue
		}
		record := w.record(number, v["CodeSha256"])
		codes[v["CodeSha256"]] = number
		if number == live {
			s.Live = w.record(number, v["CodeSha256"])
		}
		runs[fmt.Sprint(record["runId"])] = number
		delete(record, "runId")
		delete(record, "at")
		records[number] = []any{v["Description"], record}
	}
	s.Releases = len(records)
	// The code of $LATEST is that of a record, or of one that was never made.
	all["latest"] = []any{codes[latest["CodeSha256"]], latest["Role"], latest["Runtime"], latest["State"], latest["LastUpdateStatus"]}
	all["records"] = records
	names := map[string]any{}
	for _, a := range aliases {
		name, text := fmt.Sprint(a["Name"]), fmt.Sprint(a["Description"])
		names[name] = []any{a["FunctionVersion"], volatile.ReplaceAllString(text, "")}
		if name == "lock" {
			names[name] = lockOf(text, runs)
		}
	}
	all["aliases"] = names
	s.Number, _ = strconv.Atoi(live)                                            // no alias is 0
	if n, err := strconv.Atoi(numbers["pending"]); err == nil && n > s.Number { // below the live one nothing is in flight
		s.Pending = n
	}
}

// runWord finds the run ids in the text of a lock.
var runWord = regexp.MustCompile(`"?(run|taken)"?[:=]"?([0-9A-Za-z._:-]+)"?`)

// lockOf is a lock's text with, in place of a run id, which record that run has
// made, and without what is never the same.
func lockOf(text string, runs map[string]string) string {
	text = runWord.ReplaceAllStringFunc(text, func(s string) string {
		m := runWord.FindStringSubmatch(s)
		made := runs[m[2]]
		if back := runs[m[2]+"-back"]; back != "" {
			made += " and " + back
		}
		return m[1] + " of " + made
	})
	return regexp.MustCompile(`"?(expires|turn)"?[:=][^,} ]*`).ReplaceAllString(text, "$1")
}

// record reads the record of a release whose zip has a certain hash.
func (w *world) record(number string, hash any) map[string]any {
	w.t.Helper()
	if w.records[hash] == nil {
		w.records[hash] = w.download(number)
	}
	record := map[string]any{}
	if err := json.Unmarshal(w.records[hash], &record); err != nil {
		w.t.Fatalf("release %s: %v", number, err)
	}
	return record
}

// download reads release.json of a version of the ledger.
func (w *world) download(number string) []byte {
	w.t.Helper()
	var f struct{ Code struct{ Location string } }
	w.get("/2015-03-31/functions/"+ledger+"?Qualifier="+number, &f)
	response, err := http.Get(f.Code.Location)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	data, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		w.t.Fatalf("release %s: %v", number, err)
	}
	text, err := fs.ReadFile(archive, "release.json")
	if err != nil {
		w.t.Fatalf("release %s: %v", number, err)
	}
	return text
}

// get asks Lambda, which has to answer.
func (w *world) get(path string, out any) {
	w.t.Helper()
	got := w.Do("lambda", "GET "+path, nil)
	if err := json.Unmarshal(got.Body, out); got.Status != 200 || err != nil {
		w.t.Fatalf("GET %s: %d %s, %v", path, got.Status, got.Body, err)
	}
}

// emptyZip is a zip that Lambda takes.
func emptyZip() []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.Create("index.js"); err != nil {
		panic(err) // a Buffer takes everything
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// lineage is what of the live record decides about what comes later. begin is
// the account before the run: a release that came after it is the run's own, or
// one that it left behind when it died, whatever its number.
func (s snapshot) lineage(begin snapshot) map[string]any {
	own := map[string]any{}
	for _, key := range []string{"kind", "brought", "returns", "back", "undone", "target", "tags", "functions", "distributions", "takings", "left", "holds"} {
		if v, ok := s.Live[key]; ok {
			own[key] = v
		}
	}
	takings, _ := own["takings"].([]any)
	for _, t := range takings {
		if t, ok := t.(map[string]any); ok {
			if n, ok := t["release"].(float64); ok && int(n) > begin.Number {
				t["release"] = "self"
			}
		}
	}
	return own
}

// twice lists what was published more than once.
func (s snapshot) twice() (list []string) {
	for what, n := range s.Published {
		if n > 1 {
			list = append(list, fmt.Sprintf("%d times %s", n, what))
		}
	}
	slices.Sort(list)
	return list
}
