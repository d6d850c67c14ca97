package result

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fixture is an event with everything CloudFront puts into one.
func fixture(t Trigger) string {
	origin, response, body := "", "", ""
	if t == OriginRequest || t == OriginResponse {
		origin = `,"origin":{"custom":{"customHeaders":{"x-env":[{"key":"X-Env","value":"prod"}]},"domainName":"origin.example.com","keepaliveTimeout":5,"path":"","port":443,"protocol":"https","readTimeout":30,"sslProtocols":["TLSv1.2"]}}`
	}
	if t.request() {
		body = `,"body":{"action":"read-only","data":"aGk=","encoding":"base64","inputTruncated":false}`
	} else {
		response = `,"response":{"status":"404","statusDescription":"Not Found","headers":{
			"via":[{"key":"Via","value":"1.1 x"}],"x-cache":[{"key":"X-Cache","value":"Miss"}],"server":[{"key":"Server","value":"nginx"}],
			"content-length":[{"key":"Content-Length","value":"3"}],"transfer-encoding":[{"key":"Transfer-Encoding","value":"chunked"}]}}`
	}
	return `{"Records":[{"cf":{"config":{"distributionId":"E1","eventType":"` + string(t) + `","requestId":"x=="},"request":{
		"clientIp":"203.0.113.7","method":"POST","uri":"/a","querystring":"q=1"` + body + origin + `,"headers":{
		"host":[{"key":"Host","value":"example.com"}],"via":[{"key":"Via","value":"2.0 x"}],"cookie":[{"key":"Cookie","value":"a=1"},{"key":"Cookie","value":"b=2"}],
		"accept-encoding":[{"key":"Accept-Encoding","value":"gzip"}]}}` + response + `}}]}`
}

func parse(t testing.TB, doc string) Event {
	t.Helper()
	e, err := ParseEvent([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// subject is the event's own request or response, for editing.
func subject(t testing.TB, e Event) map[string]any {
	t.Helper()
	own := e.response
	if e.Trigger.request() {
		own = e.request
	}
	text, err := json.Marshal(own)
	if err != nil {
		t.Fatal(err)
	}
	var copied map[string]any
	if err := json.Unmarshal(text, &copied); err != nil {
		t.Fatal(err)
	}
	return copied
}

func judged(t testing.TB, e Event, v any, hidden ...Hidden) []Violation {
	t.Helper()
	doc, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return Judge(e, Returned{JSON: doc, Hidden: hidden})
}

// brief is severity, path and rule of each violation.
func brief(list []Violation) []string {
	var out []string
	for _, v := range list {
		out = append(out, fmt.Sprintf("%s %s %s", v.Severity, v.Path, v.Rule))
	}
	return out
}

type obj = map[string]any

func one(key, value string) []any { return []any{obj{"key": key, "value": value}} }

// put sets a member by its JSON pointer; nil removes it.
func put(m map[string]any, pointer string, v any) map[string]any {
	steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	at := m
	for _, s := range steps[:len(steps)-1] {
		at = at[s].(map[string]any)
	}
	if last := steps[len(steps)-1]; v == nil {
		delete(at, last)
	} else {
		at[last] = v
	}
	return m
}

type null struct{}

func (null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// edit is one change to the event's own request or response, and what
// CloudFront says of it.
type edit struct {
	trigger Trigger
	path    string
	value   any
	want    []string
}

func edits() map[string]edit {
	big := strings.Repeat("x", 5000)
	return map[string]edit{
		"nothing":          {ViewerRequest, "/uri", "/a", nil},
		"another path":     {ViewerRequest, "/uri", "/ü/b", nil},
		"no path":          {ViewerRequest, "/uri", "b", []string{"error /uri uri"}},
		"an empty path":    {OriginRequest, "/uri", "", []string{"error /uri uri"}},
		"a space":          {OriginRequest, "/uri", "/a b", []string{"error /uri uri"}},
		"a control":        {OriginRequest, "/uri", "/a\x7fb", []string{"error /uri uri"}},
		"a query in uri":   {OriginRequest, "/uri", "/a?b=1", []string{"warning /uri uri-mark"}},
		"a number as path": {OriginRequest, "/uri", 1, []string{"error /uri uri"}},
		"a null":           {OriginRequest, "/uri", null{}, []string{"error /uri null-member"}},
		"a new query":      {ViewerRequest, "/querystring", "", nil},
		"a query's space":  {ViewerRequest, "/querystring", "a b", []string{"error /querystring querystring"}},
		"a fragment":       {ViewerRequest, "/querystring", "a#b", []string{"error /querystring querystring"}},
		"a question mark":  {ViewerRequest, "/querystring", "?a=1", []string{"warning /querystring querystring-mark"}},
		"8,189 and 3":      {ViewerRequest, "/uri", "/" + strings.Repeat("x", 8187), nil},
		"8,189 and 4":      {ViewerRequest, "/uri", "/" + strings.Repeat("x", 8188), []string{"error /uri url-size"}},
		"the method":       {ViewerRequest, "/method", "GET", []string{"error /method request-read-only"}},
		"the client":       {OriginRequest, "/clientIp", "::1", []string{"error /clientIp request-read-only"}},
		"no method":        {OriginRequest, "/method", nil, []string{"warning /method request-incomplete"}},
		"a member of API Gateway's": {ViewerRequest, "/isBase64Encoded", true,
			[]string{"warning /isBase64Encoded unknown-member"}},

		"a header":                {ViewerRequest, "/headers/x-a", one("X-A", "ü"), []string{"warning /headers/x-a/0/value header-non-ascii"}},
		"a header without key":    {ViewerRequest, "/headers/x-a", []any{obj{"value": "1"}}, nil},
		"a header in capitals":    {ViewerRequest, "/headers/X-A", one("X-A", "1"), []string{"warning /headers/X-A header-case"}},
		"another header's key":    {ViewerRequest, "/headers/x-a", one("X-B", "1"), []string{"warning /headers/x-a/0/key header-key"}},
		"a key that is no text":   {ViewerRequest, "/headers/x-a", []any{obj{"key": 1, "value": "1"}}, []string{"error /headers/x-a/0/key header-shape"}},
		"a key that is null":      {ViewerRequest, "/headers/x-a", []any{obj{"key": null{}, "value": "1"}}, []string{"error /headers/x-a/0/key null-member"}},
		"a header as a string":    {ViewerRequest, "/headers/x-a", "1", []string{"error /headers/x-a header-list"}},
		"an entry as a string":    {ViewerRequest, "/headers/x-a", []any{"1"}, []string{"error /headers/x-a/0 header-shape"}},
		"an entry without value":  {ViewerRequest, "/headers/x-a", []any{obj{"key": "X-A"}}, []string{"error /headers/x-a/0 header-value"}},
		"a number as value":       {ViewerRequest, "/headers/x-a", []any{obj{"value": 1}}, []string{"error /headers/x-a/0/value header-value"}},
		"a null as value":         {ViewerRequest, "/headers/x-a", []any{obj{"value": null{}}}, []string{"error /headers/x-a/0/value null-member"}},
		"values in a list":        {ViewerRequest, "/headers/x-a", []any{obj{"value": []any{"1"}}}, []string{"warning /headers/x-a/0/value header-value-list"}},
		"no entries":              {ViewerRequest, "/headers/x-a", []any{}, []string{"warning /headers/x-a header-empty"}},
		"a header that is null":   {ViewerRequest, "/headers/x-a", null{}, []string{"error /headers/x-a null-member"}},
		"a line break":            {ViewerResponse, "/headers/x-a", one("X-A", "a\r\nb"), []string{"error /headers/x-a/0/value header-value"}},
		"a NUL":                   {ViewerResponse, "/headers/x-a", one("X-A", "a\x00b"), []string{"error /headers/x-a/0/value header-value"}},
		"a bell":                  {ViewerResponse, "/headers/x-a", one("X-A", "a\ab"), []string{"warning /headers/x-a/0/value header-control"}},
		"a tab":                   {ViewerResponse, "/headers/x-a", one("X-A", "a\tb"), nil},
		"a name with a space":     {ViewerRequest, "/headers/x a", one("X A", "1"), []string{"error /headers/x a header-name"}},
		"headers in a list":       {ViewerResponse, "/headers", []any{}, []string{"error /headers header-shape"}},
		"no headers":              {OriginResponse, "/headers", nil, []string{"error /headers/transfer-encoding header-read-only", "error /headers/via header-read-only"}},
		"a disallowed header":     {ViewerRequest, "/headers/connection", one("Connection", "close"), []string{"error /headers/connection header-disallowed"}},
		"a disallowed prefix":     {OriginResponse, "/headers/x-edge-a", one("X-Edge-A", "1"), []string{"error /headers/x-edge-a header-disallowed"}},
		"another one":             {OriginResponse, "/headers/x-amz-cf-a", one("X-Amz-Cf-A", "1"), []string{"error /headers/x-amz-cf-a header-disallowed"}},
		"one that only begins so": {OriginResponse, "/headers/x-cache-status", one("X-Cache-Status", "1"), nil},
		"an x-amz header":         {OriginResponse, "/headers/x-amz-meta-a", one("X-Amz-Meta-A", "1"), nil},
		"a disallowed one that came, changed": {OriginResponse, "/headers/x-cache", one("X-Cache", "Hit"),
			[]string{"error /headers/x-cache header-disallowed"}},
		"a disallowed one that came, deleted": {OriginResponse, "/headers/x-cache", nil, nil},
		"a disallowed one in capitals": {ViewerRequest, "/headers/Connection", one("Connection", "close"),
			[]string{"warning /headers/Connection header-case", "error /headers/Connection header-disallowed"}},
		"a read-only one in capitals": {OriginRequest, "/headers/Via", one("Via", "b"),
			[]string{"warning /headers/Via header-case", "error /headers/via header-read-only"}},
		"the viewer's country":                       {ViewerRequest, "/headers/cloudfront-viewer-country", one("CloudFront-Viewer-Country", "DE"), []string{"error /headers/cloudfront-viewer-country header-disallowed"}},
		"another of CloudFront's":                    {ViewerRequest, "/headers/cloudfront-is-mobile-viewer", one("CloudFront-Is-Mobile-Viewer", "1"), nil},
		"one of CloudFront's that AWS does not name": {ViewerRequest, "/headers/cloudfront-viewer-city", one("CloudFront-Viewer-City", "Bonn"), []string{"warning /headers/cloudfront-viewer-city header-cloudfront"}},
		"the same further on":                        {OriginRequest, "/headers/cloudfront-viewer-country", one("CloudFront-Viewer-Country", "DE"), nil},
		"the host at the viewer":                     {ViewerRequest, "/headers/host", one("Host", "b"), []string{"error /headers/host header-read-only"}},
		"the host at the origin":                     {OriginRequest, "/headers/host", one("Host", "b"), nil},
		"a read-only header spelled anew":            {ViewerRequest, "/headers/host", one("host", "example.com"), nil},
		"the encodings at the origin":                {OriginRequest, "/headers/accept-encoding", nil, []string{"error /headers/accept-encoding header-read-only"}},
		"the encodings at the viewer":                {ViewerRequest, "/headers/accept-encoding", nil, nil},
		"a condition":                                {OriginRequest, "/headers/if-none-match", one("If-None-Match", "x"), []string{"error /headers/if-none-match header-read-only"}},
		"a length at origin-response":                {OriginResponse, "/headers/content-length", nil, nil},
		"a length at viewer-response":                {ViewerResponse, "/headers/content-length", nil, []string{"error /headers/content-length header-read-only"}},
		"a warning at viewer-response":               {ViewerResponse, "/headers/warning", one("Warning", "1"), []string{"error /headers/warning header-read-only"}},
		"one loop more":                              {ViewerRequest, "/headers/cdn-loop", one("CDN-Loop", "x"), []string{"error /headers/cdn-loop header-read-only"}},
		"headers of 20 KB": {ViewerRequest, "/headers/x-a", []any{obj{"value": big}, obj{"value": big}, obj{"value": big}, obj{"value": big}, obj{"value": big}},
			[]string{"warning /headers head-size"}},

		"an own origin's header that the origin cannot have": {OriginRequest, "/origin/custom/customHeaders/cache-control", one("Cache-Control", "no-store"),
			[]string{"error /origin/custom/customHeaders/cache-control origin-headers"}},
		"an own origin's header of AWS's": {OriginRequest, "/origin/custom/customHeaders/x-amz-a", one("X-Amz-A", "1"),
			[]string{"error /origin/custom/customHeaders/x-amz-a origin-headers"}},
		"no query any more":  {ViewerRequest, "/querystring", nil, []string{"warning /querystring request-incomplete"}},
		"no path any more":   {OriginRequest, "/uri", nil, []string{"warning /uri request-incomplete"}},
		"no headers at all":  {OriginRequest, "/headers", nil, []string{"warning /headers request-incomplete", "error /headers/accept-encoding header-read-only", "error /headers/via header-read-only"}},
		"a fragment in uri":  {ViewerRequest, "/uri", "/a#b", []string{"warning /uri uri-mark"}},
		"a question of none": {ViewerRequest, "/querystring", "?", []string{"warning /querystring querystring-mark"}},
		"a location in Korean": {OriginResponse, "/headers/location", one("Location", "/ko/애드온"),
			[]string{"warning /headers/location/0/value header-non-ascii"}},
		"a location, escaped": {OriginResponse, "/headers/location", one("Location", "/ko/%EC%95%A0"), nil},
		"two cookies in one": {OriginResponse, "/headers/set-cookie", one("Set-Cookie", "a=1; Path=/; HttpOnly, b=2; Path=/"),
			[]string{"warning /headers/set-cookie/0/value set-cookie-joined"}},
		"two cookies in one, as lists become text": {ViewerResponse, "/headers/set-cookie", one("Set-Cookie", "a=1,b=2"),
			[]string{"warning /headers/set-cookie/0/value set-cookie-joined"}},
		"two cookies, the first with a date": {OriginResponse, "/headers/set-cookie", one("Set-Cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT, b=2"),
			[]string{"warning /headers/set-cookie/0/value set-cookie-joined"}},
		"a cookie with a date":       {OriginResponse, "/headers/set-cookie", one("Set-Cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/"), nil},
		"two cookies":                {OriginResponse, "/headers/set-cookie", []any{obj{"value": "a=1"}, obj{"value": "b=2"}}, nil},
		"a list that is no cookie's": {OriginResponse, "/headers/cache-control", one("Cache-Control", "public, max-age=1"), nil},

		"another status":                        {OriginResponse, "/status", "200", nil},
		"a status as a number":                  {OriginResponse, "/status", 200, nil},
		"a number that is no status":            {OriginResponse, "/status", 600, []string{"error /status status"}},
		"half a status":                         {OriginResponse, "/status", 200.5, []string{"error /status status"}},
		"the status as a number, at the viewer": {ViewerResponse, "/status", 404, []string{"warning /status status-number"}},
		"another number at the viewer":          {ViewerResponse, "/status", 200, []string{"warning /status edit-ignored", "warning /status status-number"}},
		"a status of 199":                       {OriginResponse, "/status", "199", []string{"error /status status"}},
		"a status of 600":                       {OriginResponse, "/status", "600", []string{"error /status status"}},
		"a status in words":                     {OriginResponse, "/status", "2OO", []string{"error /status status"}},
		"a status of 2000":                      {OriginResponse, "/status", "2000", []string{"error /status status"}},
		"a status at the viewer":                {ViewerResponse, "/status", "200", []string{"warning /status edit-ignored"}},
		"words at the viewer":                   {ViewerResponse, "/statusDescription", "x", []string{"warning /statusDescription edit-ignored"}},
		"a body at the viewer":                  {ViewerResponse, "/body", "x", []string{"warning /body edit-ignored"}},
		"words with a break":                    {OriginResponse, "/statusDescription", "a\nb", []string{"error /statusDescription member-type"}},
		"a body":                                {OriginResponse, "/body", "x", nil},
		"no body any more":                      {OriginResponse, "/body", "", nil},
		"a body as an object":                   {OriginResponse, "/body", obj{}, []string{"error /body body"}},
		"an unknown encoding":                   {OriginResponse, "/bodyEncoding", "gzip", []string{"error /bodyEncoding body-encoding"}},
		"a body of 1 MB":                        {OriginResponse, "/body", strings.Repeat("x", 1<<20), []string{"error /body response-size"}},
		"a body of nearly 1 MB":                 {OriginResponse, "/body", strings.Repeat("x", 1<<20-200), nil},

		"a request's body edited":    {OriginRequest, "/body/data", "eA==", []string{"warning /body/data edit-ignored"}},
		"a request's body as text":   {OriginRequest, "/body", "x", []string{"error /body request-body"}},
		"an action of no kind":       {OriginRequest, "/body/action", "write", []string{"error /body/action request-body"}},
		"replaced by the same":       {OriginRequest, "/body/action", "replace", nil},
		"replaced by nothing":        {OriginRequest, "/body", obj{"action": "replace"}, []string{"error /body/data request-body"}},
		"replaced by text":           {OriginRequest, "/body", obj{"action": "replace", "encoding": "text", "data": "ü"}, nil},
		"replaced by no base64":      {OriginRequest, "/body", obj{"action": "replace", "data": "ü"}, []string{"error /body/data body-encoding"}},
		"replaced in an odd way":     {OriginRequest, "/body", obj{"action": "replace", "encoding": "hex", "data": "ff"}, []string{"error /body/encoding body-encoding"}},
		"replaced by unpadded":       {OriginRequest, "/body", obj{"action": "replace", "data": "eA"}, []string{"warning /body/data base64-dialect"}},
		"replaced by a number":       {OriginRequest, "/body", obj{"action": "replace", "encoding": "text", "data": 1}, []string{"error /body/data request-body"}},
		"said to be whole":           {OriginRequest, "/body/inputTruncated", true, []string{"warning /body/inputTruncated edit-ignored"}},
		"replaced by 40 KB":          {ViewerRequest, "/body", obj{"action": "replace", "encoding": "text", "data": strings.Repeat("x", 40<<10)}, nil},
		"replaced by more":           {ViewerRequest, "/body", obj{"action": "replace", "encoding": "text", "data": strings.Repeat("x", 40<<10+1)}, []string{"error /body/data request-body-size"}},
		"replaced by as much, coded": {ViewerRequest, "/body", obj{"action": "replace", "data": base64.StdEncoding.EncodeToString(make([]byte, 40<<10))}, []string{"warning /body/data request-body-size-base64"}},
		"replaced by more, coded":    {ViewerRequest, "/body", obj{"action": "replace", "data": base64.StdEncoding.EncodeToString(make([]byte, 40<<10+3))}, []string{"error /body/data request-body-size"}},
		"replaced by 1 MB":           {OriginRequest, "/body", obj{"action": "replace", "encoding": "text", "data": strings.Repeat("x", 1<<20)}, nil},
		"replaced by more than that": {OriginRequest, "/body", obj{"action": "replace", "encoding": "text", "data": strings.Repeat("x", 1<<20+1)}, []string{"error /body/data request-body-size"}},

		"replaced by 1 MB, coded":    {OriginRequest, "/body", obj{"action": "replace", "data": base64.StdEncoding.EncodeToString(make([]byte, 1<<20))}, []string{"warning /body/data request-body-size-base64"}},
		"replaced by nearly as much": {OriginRequest, "/body", obj{"action": "replace", "data": base64.StdEncoding.EncodeToString(make([]byte, 1<<20-3000))}, nil},
		"replaced by more than 1 MB": {OriginRequest, "/body", obj{"action": "replace", "data": base64.StdEncoding.EncodeToString(make([]byte, 1<<20+3))}, []string{"error /body/data request-body-size"}},
		"a body where none was":      {OriginResponse, "/bodyEncoding", "base64", nil},

		"an origin at the viewer": {ViewerRequest, "/origin", obj{"custom": obj{}}, []string{"error /origin origin-place"}},
		"no origin":               {OriginRequest, "/origin", nil, []string{"warning /origin request-incomplete"}},
		"an origin of two kinds":  {OriginRequest, "/origin/s3", obj{}, []string{"error /origin origin-kind"}},
		"an origin of no kind":    {OriginRequest, "/origin", obj{}, []string{"error /origin origin-kind"}},
		"an origin as text":       {OriginRequest, "/origin", "b", []string{"error /origin origin-kind"}},
		"another domain":          {OriginRequest, "/origin/custom/domainName", "b.example.com", nil},
		"a domain with a port":    {OriginRequest, "/origin/custom/domainName", "b:80", []string{"error /origin/custom/domainName origin"}},
		"an address":              {OriginRequest, "/origin/custom/domainName", "192.0.2.1", []string{"error /origin/custom/domainName origin"}},
		"a longer domain":         {OriginRequest, "/origin/custom/domainName", strings.Repeat("a", 254), []string{"error /origin/custom/domainName origin"}},
		"no domain":               {OriginRequest, "/origin/custom/domainName", nil, []string{"error /origin/custom/domainName origin"}},
		"a path":                  {OriginRequest, "/origin/custom/path", "/b", nil},
		"a path that is none":     {OriginRequest, "/origin/custom/path", "b", []string{"error /origin/custom/path origin"}},
		"a path that ends":        {OriginRequest, "/origin/custom/path", "/b/", []string{"error /origin/custom/path origin"}},
		"a path of 256":           {OriginRequest, "/origin/custom/path", "/" + strings.Repeat("b", 255), []string{"error /origin/custom/path origin"}},
		"port 8080":               {OriginRequest, "/origin/custom/port", 8080, nil},
		"port 1023":               {OriginRequest, "/origin/custom/port", 1023, []string{"error /origin/custom/port origin"}},
		"port 1024":               {OriginRequest, "/origin/custom/port", 1024, nil},
		"port 81":                 {OriginRequest, "/origin/custom/port", 81, []string{"error /origin/custom/port origin"}},
		"port 65536":              {OriginRequest, "/origin/custom/port", 65536, []string{"error /origin/custom/port origin"}},
		"a port as text":          {OriginRequest, "/origin/custom/port", "443", []string{"error /origin/custom/port origin"}},
		"half a port":             {OriginRequest, "/origin/custom/port", 1024.5, []string{"error /origin/custom/port origin"}},
		"ftp":                     {OriginRequest, "/origin/custom/protocol", "ftp", []string{"error /origin/custom/protocol origin"}},
		"a long wait":             {OriginRequest, "/origin/custom/readTimeout", 61, []string{"warning /origin/custom/readTimeout origin-doubtful"}},
		"a wait too long":         {OriginRequest, "/origin/custom/readTimeout", 121, []string{"error /origin/custom/readTimeout origin"}},
		"a short wait":            {OriginRequest, "/origin/custom/readTimeout", 3, []string{"warning /origin/custom/readTimeout origin-doubtful"}},
		"no time at all":          {OriginRequest, "/origin/custom/keepaliveTimeout", 0, []string{"error /origin/custom/keepaliveTimeout origin"}},
		"no protocols":            {OriginRequest, "/origin/custom/sslProtocols", []any{}, []string{"warning /origin/custom/sslProtocols origin-doubtful"}},
		"a new protocol":          {OriginRequest, "/origin/custom/sslProtocols", []any{"TLSv1.2", "TLSv9"}, []string{"error /origin/custom/sslProtocols/1 origin"}},
		"a member too few":        {OriginRequest, "/origin/custom/port", nil, []string{"warning /origin/custom/port origin-doubtful"}},
		"a custom header":         {OriginRequest, "/origin/custom/customHeaders/x-b", one("X-B", "1"), nil},
		"a custom one of the viewer's": {OriginRequest, "/origin/custom/customHeaders/cookie", one("Cookie", "1"),
			[]string{"error /origin/custom/customHeaders/cookie origin-headers"}},
		"a disallowed custom one": {OriginRequest, "/origin/custom/customHeaders/x-real-ip", one("X-Real-IP", "1"),
			[]string{"error /origin/custom/customHeaders/x-real-ip origin-headers"}},
		"custom headers in a list": {OriginRequest, "/origin/custom/customHeaders", []any{}, []string{"error /origin/custom/customHeaders origin-headers"}},
		"a bucket":                 {OriginRequest, "/origin", s3("none", ""), nil},
		"a bucket of another name": {OriginRequest, "/origin", put(s3("none", ""), "/s3/domainName", "b.example.com"), []string{"warning /origin/s3/domainName origin-doubtful"}},
		"a bucket in capitals":     {OriginRequest, "/origin", put(s3("none", ""), "/s3/domainName", "B.s3.amazonaws.com"), []string{"error /origin/s3/domainName origin"}},
		"a bucket with OAC":        {OriginRequest, "/origin", s3("origin-access-control", ""), []string{"error /origin/s3/authMethod origin"}},
		"an identity for a bucket that was no bucket": {OriginRequest, "/origin", s3("origin-access-identity", ""),
			[]string{"error /origin/s3/authMethod origin", "error /origin/s3/region origin"}},
	}
}

func TestOneEditBreaksItsRule(t *testing.T) {
	t.Parallel()
	for name, test := range edits() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := parse(t, fixture(test.trigger))
			got := brief(judged(t, e, put(subject(t, e), test.path, test.value)))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func s3(method, region string) map[string]any {
	return obj{"s3": obj{"authMethod": method, "customHeaders": obj{}, "domainName": "b.s3.eu-west-1.amazonaws.com", "path": "", "region": region}}
}

// whole is what a function returned instead of an edited event, and what
// CloudFront says of it.
type whole struct {
	trigger Trigger
	result  string
	want    []string
}

func wholes() map[string]whole {
	long := strings.Repeat("x", 40<<10)
	coded := base64.StdEncoding.EncodeToString([]byte(long))
	return map[string]whole{
		"null":                               {ViewerRequest, `null`, []string{"error  result-object"}},
		"a list":                             {OriginResponse, `[]`, []string{"error  result-object"}},
		"a text":                             {OriginResponse, `"x"`, []string{"error  result-object"}},
		"no JSON":                            {OriginResponse, `{`, []string{"error  result-object"}},
		"the event":                          {ViewerRequest, fixture(ViewerRequest), []string{"error  result-kind"}},
		"nothing of either":                  {ViewerRequest, `{"headers":{}}`, []string{"error  result-kind"}},
		"API Gateway's response":             {ViewerRequest, `{"statusCode":200,"body":"x"}`, []string{"error  result-kind"}},
		"a request for a response":           {OriginResponse, `{"method":"GET","uri":"/"}`, []string{"error  result-kind"}},
		"an answer":                          {ViewerRequest, `{"status":"302","statusDescription":"Found","headers":{"location":[{"value":"/"}]}}`, nil},
		"an answer with a body":              {OriginRequest, `{"status":"200","headers":{},"body":"x","bodyEncoding":"text"}`, nil},
		"an answer with a number":            {ViewerRequest, `{"status":302}`, []string{"warning /status status-number"}},
		"an answer with half a number":       {ViewerRequest, `{"status":302.5}`, []string{"error /status status"}},
		"an answer with a number of none":    {OriginRequest, `{"status":99}`, []string{"warning /status status-number", "error /status status"}},
		"no content as a number, and a body": {ViewerRequest, `{"status":204,"body":"x"}`, []string{"error /body status-204-body", "warning /status status-number"}},
		"words that are none":                {OriginRequest, `{"status":"200","statusDescription":1}`, []string{"error /statusDescription member-type"}},
		"two cookies in one":                 {ViewerRequest, `{"status":"200","headers":{"set-cookie":[{"value":"a=1, b=2"}]}}`, []string{"warning /headers/set-cookie/0/value set-cookie-joined"}},
		"base64 without its end":             {ViewerRequest, `{"status":"200","body":"eA","bodyEncoding":"base64"}`, []string{"warning /body base64-dialect"}},
		"1 MB at the origin":                 {OriginRequest, `{"status":"200","body":"` + strings.Repeat("x", 1<<20) + `"}`, nil},
		"more than 1 MB":                     {OriginRequest, `{"status":"200","body":"` + strings.Repeat("x", 1<<20+1) + `"}`, []string{"error /body response-size"}},
		"more than 1 MB of base64":           {OriginRequest, `{"status":"200","bodyEncoding":"base64","body":"` + strings.Repeat("AAAA", 1<<18+1) + `"}`, []string{"warning /body response-size-base64"}},
		"both statuses":                      {ViewerRequest, `{"status":"200","statusCode":200}`, []string{"warning /statusCode unknown-member"}},
		"gzip as text":                       {OriginRequest, `{"status":"200","headers":{"content-encoding":[{"value":"gzip"}]},"body":"\u001f\ufffd"}`, []string{"warning /body body-compressed-as-text"}},
		"brotli after something":             {ViewerRequest, `{"status":"200","headers":{"content-encoding":[{"value":"identity, BR"}]},"body":"x"}`, []string{"warning /body body-compressed-as-text"}},
		"gzip of nothing":                    {OriginRequest, `{"status":"200","headers":{"content-encoding":[{"value":"gzip"}]},"body":""}`, nil},
		"gzip as base64":                     {OriginRequest, `{"status":"200","headers":{"content-encoding":[{"value":"gzip"}]},"body":"H4sI","bodyEncoding":"base64"}`, nil},
		"an encoding that is none":           {OriginRequest, `{"status":"200","headers":{"content-encoding":[{"value":"UTF-8"}]},"body":"x"}`, nil},
		"an image in base64, unsaid":         {OriginRequest, `{"status":"200","headers":{"content-type":[{"value":"image/png"}]},"body":"iVBORw0KGgoAAAANSUhEUg=="}`, []string{"warning /body body-binary-as-text"}},
		"an image in base64, said":           {OriginRequest, `{"status":"200","headers":{"content-type":[{"value":"image/png"}]},"body":"iVBORw0KGgoAAAANSUhEUg==","bodyEncoding":"base64"}`, nil},
		"an image as text":                   {ViewerRequest, `{"status":"200","headers":{"content-type":[{"value":"image/png; a=b"}]},"body":"\ufffdPNG\r\n\u001a"}`, []string{"warning /body body-binary-as-text"}},
		"a drawing":                          {OriginRequest, `{"status":"200","headers":{"content-type":[{"value":"image/svg+xml"}]},"body":"AAAAAAAAAAAAAAAA"}`, nil},
		"a playlist":                         {OriginRequest, `{"status":"200","headers":{"content-type":[{"value":"audio/mpegurl"}]},"body":"#EXTM3U\n#EXT-X-VERSION:3\n"}`, nil},
		"a word of octets":                   {OriginRequest, `{"status":"200","headers":{"content-type":[{"value":"application/octet-stream"}]},"body":"test"}`, nil},
		"text that looks like base64":        {OriginRequest, `{"status":"200","headers":{"content-type":[{"value":"text/plain"}]},"body":"AAAAAAAAAAAAAAAA"}`, nil},
		"gzip that the origin said":          {OriginResponse, `{"status":"200","headers":{"via":[{"value":"1.1 x"}],"transfer-encoding":[{"value":"chunked"}],"content-encoding":[{"value":"gzip"}]},"body":"x"}`, []string{"warning /body body-compressed-as-text"}},
		"gzip that stays the origin's":       {OriginResponse, `{"status":"200","headers":{"via":[{"value":"1.1 x"}],"transfer-encoding":[{"value":"chunked"}],"content-encoding":[{"value":"gzip"}]}}`, nil},
		"an answer with a null":              {ViewerRequest, `{"status":"302","headers":null}`, []string{"error /headers null-member"}},
		"no content, and a body":             {ViewerRequest, `{"status":"204","body":"x"}`, []string{"error /body status-204-body"}},
		"no content, and none":               {ViewerRequest, `{"status":"204","body":""}`, nil},
		"no content, at the origin":          {OriginRequest, `{"status":"204","body":"x"}`, nil},
		"a body as a buffer":                 {ViewerRequest, `{"status":"200","body":{"type":"Buffer","data":[1]}}`, []string{"error /body body"}},
		"a body that is null":                {ViewerRequest, `{"status":"200","body":null}`, []string{"error /body null-member"}},
		"base64":                             {ViewerRequest, `{"status":"200","body":"eA==","bodyEncoding":"base64"}`, nil},
		"no base64":                          {ViewerRequest, `{"status":"200","body":"e-_=","bodyEncoding":"base64"}`, []string{"error /body body-encoding"}},
		"base64 of one letter":               {ViewerRequest, `{"status":"200","body":"e","bodyEncoding":"base64"}`, []string{"error /body body-encoding"}},
		"a read-only header added":           {OriginRequest, `{"status":"200","headers":{"content-length":[{"value":"1"}]}}`, []string{"error /headers/content-length header-read-only"}},
		"a blacklisted one added":            {OriginRequest, `{"status":"200","headers":{"keep-alive":[{"value":"1"}]}}`, []string{"error /headers/keep-alive header-disallowed"}},
		"40 KB":                              {ViewerRequest, `{"status":"200","body":"` + long + `"}`, nil},
		"40 KB and a header":                 {ViewerRequest, `{"status":"200","headers":{"a":[{"value":""}]},"body":"` + long + `"}`, []string{"error /body response-size"}},
		"40 KB at the origin":                {OriginRequest, `{"status":"200","headers":{"a":[{"value":""}]},"body":"` + long + `"}`, nil},
		"40 KB of base64 once read":          {ViewerRequest, `{"status":"200","bodyEncoding":"base64","body":"` + coded + `"}`, []string{"warning /body response-size-base64"}},
	}
}

// Responses of the function's own, and results that are nothing of the kind.
func TestAWholeResultBreaksItsRule(t *testing.T) {
	t.Parallel()
	for name, test := range wholes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := brief(Judge(parse(t, fixture(test.trigger)), Returned{JSON: []byte(test.result)}))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// hiding is a result whose JSON hides something.
type hiding struct {
	result string
	hidden Hidden
	want   []string
	text   string
}

func hides() map[string]hiding {
	return map[string]hiding{
		"undefined":                     {`null`, Hidden{Path: "", Kind: "undefined"}, []string{"error  result-object"}, "returned undefined"},
		"a Map as headers":              {`{"status":"200","headers":{}}`, Hidden{Path: "/headers", Kind: "Map", How: Emptied}, []string{"error /headers lost-in-json"}, "is a Map"},
		"a Set":                         {`{"status":"200","headers":{}}`, Hidden{Path: "/headers", Kind: "Set", How: Emptied}, []string{"error /headers lost-in-json"}, "is a Set"},
		"a Headers":                     {`{"status":"200","headers":{}}`, Hidden{"/headers", "Headers", Emptied}, []string{"error /headers lost-in-json"}, "is lost; headers are a plain object"},
		"a Response":                    {`{}`, Hidden{"", "Response", Emptied}, []string{"error  lost-in-json"}, "is lost; CloudFront wants"},
		"a Buffer as body":              {`{"status":"200","body":{"type":"Buffer","data":[1]}}`, Hidden{"/body", "Buffer", Spelled}, []string{"error /body body"}, "is a Buffer, which JSON writes out"},
		"a Uint8Array as value":         {`{"status":"200","headers":{"a":[{"value":{"0":1}}]}}`, Hidden{"/headers/a/0/value", "Uint8Array", Spelled}, []string{"error /headers/a/0/value header-value"}, "a Uint8Array"},
		"a Date as value":               {`{"status":"200","headers":{"expires":[{"value":"1970-01-01T00:00:00.000Z"}]}}`, Hidden{"/headers/expires/0/value", "Date", Dated}, []string{"warning /headers/expires/0/value date-in-json"}, "toUTCString"},
		"an instance of nothing to see": {`{"status":"200","headers":{}}`, Hidden{"/headers", "Own", Opaque}, []string{"warning /headers opaque-instance"}, "is an Own"},
		"a status behind an accessor":   {`{}`, Hidden{"/status", "Answer", Unlisted}, []string{"error /status lost-in-json"}, "an Answer lists"},
		"an accessor of its own":        {`{"status":"200"}`, Hidden{"/size", "Answer", Unlisted}, nil, ""},
		"a promise as value":            {`{"status":"200","headers":{"a":[{"value":{}}]}}`, Hidden{"/headers/a/0/value", "Promise", Emptied}, []string{"error /headers/a/0/value lost-in-json"}, "is a Promise, which JSON turns into {}: what is in it is lost; await it"},
		"an undefined value":            {`{"status":"200","headers":{"a":[{"key":"A"}]}}`, Hidden{Path: "/headers/a/0/value", Kind: "undefined"}, []string{"error /headers/a/0 header-value"}, "it is undefined"},
		"an invalid Date":               {`{"status":"200","headers":{"a":[{"value":null}]}}`, Hidden{Path: "/headers/a/0/value", Kind: "an invalid Date"}, []string{"error /headers/a/0/value null-member"}, "is an invalid Date"},
		"a symbol":                      {`{"status":"200"}`, Hidden{Path: "/body", Kind: "symbol"}, []string{"error /body lost-in-json"}, "is a symbol"},
		"a function":                    {`{"status":"200"}`, Hidden{Path: "/body", Kind: "function"}, []string{"error /body lost-in-json"}, "leaves out"},
		"a helper of the handler's own": {`{"status":"200"}`, Hidden{Path: "/header", Kind: "function"}, nil, ""},
		"NaN":                           {`{"status":null}`, Hidden{Path: "/status", Kind: "NaN"}, []string{"error /status null-member"}, "is NaN"},
		"an undefined body":             {`{"status":"200"}`, Hidden{Path: "/body", Kind: "undefined"}, nil, ""},
		"undefined in a row":            {`{"status":"200","headers":{"a":[null]}}`, Hidden{Path: "/headers/a/0", Kind: "undefined"}, []string{"error /headers/a/0 header-shape"}, "is undefined"},
	}
}

func TestWhatJSONHidesIsSaid(t *testing.T) {
	t.Parallel()
	e := parse(t, fixture(ViewerRequest))
	for name, test := range hides() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Judge(e, Returned{JSON: []byte(test.result), Hidden: []Hidden{test.hidden}})
			if diff := cmp.Diff(test.want, brief(got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if len(got) > 0 && !strings.Contains(got[0].Text, test.text) {
				t.Errorf("%q does not say %q", got[0].Text, test.text)
			}
		})
	}
}

// The words people search the web for.
func TestCloudFrontsOwnWordsAreGiven(t *testing.T) {
	t.Parallel()
	e := parse(t, fixture(ViewerRequest))
	for result, want := range map[string]string{
		`{"status":"200","headers":{"host":[{"value":"a"}]}}`:       "The Lambda function result failed validation: The function tried to add, delete, or change a read-only header.",
		`{"status":"200","headers":{"connection":[{"value":"a"}]}}`: "The Lambda function result failed validation: The function tried to add a blacklisted header.",
		`{"status":"200","body":1}`:                                 "The Lambda function result failed validation: The body is not a string, is not an object, or exceeds the maximum size.",
	} {
		got := Judge(e, Returned{JSON: []byte(result)})
		if len(got) != 1 || got[0].Page != want || got[0].Status != 502 {
			t.Errorf("%s: %+v", result, got)
		}
	}
}

func TestParseEventTakesARecordToo(t *testing.T) {
	t.Parallel()
	whole := parse(t, fixture(OriginResponse))
	var doc struct {
		Records []struct{ CF json.RawMessage }
	}
	if err := json.Unmarshal(whole.JSON(), &doc); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(doc.Records[0].CF), `{"cf":` + string(doc.Records[0].CF) + `}`, fixture(OriginResponse) + "\n"} {
		if e := parse(t, text); string(e.JSON()) != string(whole.JSON()) || e.Trigger != OriginResponse {
			t.Errorf("%s became %s", text, e.JSON())
		}
	}
}

// An event may leave its trigger to the caller, and the function gets it.
func TestAnEventWithoutTriggerGetsTheGivenOne(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		`{"request":{"uri":"/"}}`: `{"config":{"eventType":"origin-request"},"request":{"uri":"/"}}`,
		`{"Records":[{"cf":{"config":{"distributionId":"E1"},"request":{"uri":"/"}}}]}`: `{"config":{"distributionId":"E1","eventType":"origin-request"},"request":{"uri":"/"}}`,
		`{"cf":{"config":{"eventType":"viewer-request"},"request":{"uri":"/"}}}`:        `{"config":{"eventType":"viewer-request"},"request":{"uri":"/"}}`,
	} {
		e, err := ParseEventAt([]byte(doc), OriginRequest)
		if err != nil {
			t.Errorf("%s: %v", doc, err)
			continue
		}
		if got := string(e.JSON()); got != `{"Records":[{"cf":`+want+`}]}` || !strings.Contains(want, string(e.Trigger)) {
			t.Errorf("%s became %s at %s, want %s", doc, got, e.Trigger, want)
		}
	}
	for doc, untriggered := range map[string]bool{
		`{"request":{"uri":"/"}}`: true, `{"config":{},"request":{"uri":"/"}}`: true,
		`{"config":{"eventType":null},"request":{}}`: false, `{"config":[],"request":{}}`: false, `[]`: false,
	} {
		_, err := ParseEvent([]byte(doc))
		if e, ok := errors.AsType[*EventError](err); !ok || e.Untriggered != untriggered {
			t.Errorf("%s: %v", doc, err)
		}
		if _, err := ParseEventAt([]byte(doc), ViewerRequest); (err == nil) != untriggered {
			t.Errorf("%s at viewer-request: %v", doc, err)
		}
	}
}

func TestParseEventSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		``:                             "is no JSON",
		`{"a":`:                        "is no JSON",
		`[]`:                           "is no JSON object",
		`null`:                         "is null",
		`{} {}`:                        "something behind its end",
		`{"Records":[]}`:               "/Records is no list of exactly one",
		`{"Records":[{"s3":{}}]}`:      "/Records/0 has no cf",
		`{"cf":1}`:                     "/cf is no object",
		`{}`:                           "has no config.eventType",
		`{"config":1}`:                 "/config is no object",
		`{"config":{}}`:                "has no config.eventType",
		`{"config":{"eventType":1}}`:   "/config/eventType is",
		`{"config":{"eventType":"x"}}`: `/config/eventType is "x": want viewer-request`,
		`{"config":{"eventType":"viewer-request"}}`:                                             "/request is no object",
		`{"Records":[{"cf":{"config":{"eventType":"origin-response"},"request":{"uri":"/"}}}]}`: "/Records/0/cf/response is no object",
	} {
		_, err := ParseEvent([]byte(doc))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", doc, err, want)
		}
	}
}

// People return the event, or what is in it, more often than anything else that
// is wrong: the sentence has to say so.
func TestAReturnedEventIsCalledOne(t *testing.T) {
	t.Parallel()
	var doc struct{ Records []json.RawMessage }
	if err := json.Unmarshal([]byte(fixture(OriginResponse)), &doc); err != nil {
		t.Fatal(err)
	}
	e, err := ParseEvent([]byte(fixture(OriginResponse)))
	if err != nil {
		t.Fatal(err)
	}
	var record struct{ CF json.RawMessage }
	if err := json.Unmarshal(doc.Records[0], &record); err != nil {
		t.Fatal(err)
	}
	for name, returned := range map[string][]byte{"all of it": []byte(fixture(OriginResponse)), "its record": doc.Records[0], "what is in cf": record.CF} {
		got := Judge(e, Returned{JSON: returned})
		if len(got) != 1 || got[0].Rule != "result-kind" || !strings.Contains(got[0].Text, "returned the event; return event.Records[0].cf.response") {
			t.Errorf("%s: %v", name, got)
		}
	}
}
