package lambda

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// route binds a method and a path to an operation. A nil do is an operation of
// AWS that the local one leaves out, so that the error can name it.
type route struct {
	operation  string
	method     string
	path       string // {} stands for one percent-encoded segment
	status     int    // of success
	writes     bool
	namespaced bool // FunctionName is a NamespacedFunctionName in the API model
	do         func(*call) (any, error)
}

const functionsPath = "/2015-03-31/functions"

// offered reports whether the local AWS answers the request. Of all ways to
// invoke, only the dry run needs nothing that runs.
func (rt route) offered(r *http.Request) bool {
	return rt.do != nil && (rt.operation != "Invoke" || r.Header.Get("X-Amz-Invocation-Type") == "DryRun")
}

// routes is AWS's API model, "http" of each operation.
func routes() []route {
	const fn, tags = functionsPath + "/{}", "/2017-03-31/tags/{}"
	return []route{
		{"CreateFunction", "POST", functionsPath, 201, true, false, (*call).createFunction},
		{"ListFunctions", "GET", functionsPath, 200, false, false, (*call).listFunctions},
		{"GetFunction", "GET", fn, 200, false, true, (*call).getFunction},
		// The model says 200; recorded answers say 204.
		{"DeleteFunction", "DELETE", fn, 204, true, true, (*call).deleteFunction},
		{"GetFunctionConfiguration", "GET", fn + "/configuration", 200, false, true, (*call).getConfiguration},
		{"UpdateFunctionConfiguration", "PUT", fn + "/configuration", 200, true, false, (*call).updateConfiguration},
		{"UpdateFunctionCode", "PUT", fn + "/code", 200, true, false, (*call).updateCode},
		{"PublishVersion", "POST", fn + "/versions", 201, true, false, (*call).publishVersion},
		{"ListVersionsByFunction", "GET", fn + "/versions", 200, false, true, (*call).listVersions},
		{"CreateAlias", "POST", fn + "/aliases", 201, true, false, (*call).createAlias},
		{"ListAliases", "GET", fn + "/aliases", 200, false, false, (*call).listAliases},
		{"GetAlias", "GET", fn + "/aliases/{}", 200, false, false, (*call).getAlias},
		{"UpdateAlias", "PUT", fn + "/aliases/{}", 200, true, false, (*call).updateAlias},
		{"DeleteAlias", "DELETE", fn + "/aliases/{}", 204, true, false, (*call).deleteAlias},
		{"TagResource", "POST", tags, 204, true, false, (*call).tagResource},
		{"UntagResource", "DELETE", tags, 204, true, false, (*call).untagResource},
		{"ListTags", "GET", tags, 200, false, false, (*call).listTags},
		{"Invoke", "POST", fn + "/invocations", 204, true, true, (*call).dryInvoke}, // 204 is a dry run's
		{"GetFunctionCodeSigningConfig", "GET", "/2020-06-30/functions/{}/code-signing-config", 200, false, true, (*call).codeSigning},
		{"GetFunctionConcurrency", "GET", "/2019-09-30/functions/{}/concurrency", 200, false, true, (*call).concurrency},
		{"GetAccountSettings", "GET", "/2016-08-19/account-settings", 200, false, false, (*call).accountSettings},

		{"InvokeAsync", "POST", "/2014-11-13/functions/{}/invoke-async", 0, false, true, nil},
		{"AddPermission", "POST", fn + "/policy", 0, false, false, nil},
		{"GetPolicy", "GET", fn + "/policy", 200, false, true, (*call).getPolicy},
		{"RemovePermission", "DELETE", fn + "/policy/{}", 204, true, true, (*call).removePermission},
		{"PutRuntimeManagementConfig", "PUT", "/2021-07-20/functions/{}/runtime-management-config", 0, false, false, nil},
		{"GetRuntimeManagementConfig", "GET", "/2021-07-20/functions/{}/runtime-management-config", 0, false, false, nil},
		{"PutFunctionConcurrency", "PUT", "/2017-10-31/functions/{}/concurrency", 0, false, false, nil},
		{"PutFunctionCodeSigningConfig", "PUT", "/2020-06-30/functions/{}/code-signing-config", 0, false, false, nil},
		{"PutProvisionedConcurrencyConfig", "PUT", "/2019-09-30/functions/{}/provisioned-concurrency", 0, false, false, nil},
	}
}

// Operation names the operation that a request means, "" if it is none.
func (s *Service) Operation(r *http.Request) string {
	rt, _, _ := s.match(r)
	return rt.operation
}

// Resource names what a request is about, "" if it does not tell: the function,
// and the alias or qualifier after a colon. A creation says so in its body,
// which is left to be read again.
func (s *Service) Resource(r *http.Request) string {
	rt, params, ok := s.match(r)
	if !ok {
		return ""
	}
	switch rt.operation {
	case "CreateFunction":
		return bodied(r).FunctionName
	case "CreateAlias":
		params = append(params, bodied(r).Name)
	}
	for i, p := range params {
		if _, name, found := strings.Cut(p, ":function:"); found {
			params[i] = name // of an ARN
		}
	}
	if q := r.URL.Query().Get("Qualifier"); q != "" {
		params = append(params, q)
	}
	return strings.Join(params, ":")
}

type names struct{ FunctionName, Name string }

// bodied reads the names in a body. What is no JSON has none.
func bodied(r *http.Request) (n names) {
	raw, err := io.ReadAll(r.Body)
	rest := io.Reader(bytes.NewReader(raw))
	if err != nil {
		rest = io.MultiReader(rest, broken{err})
	}
	r.Body = io.NopCloser(rest)
	if json.Unmarshal(raw, &n) != nil {
		return names{} // the operation will say what is wrong with it
	}
	return n
}

// broken is where a body broke off.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// match finds the route of a request. AWS's clients percent-encode an ARN into
// one path segment, so the path is taken apart before it is unescaped.
func (s *Service) match(r *http.Request) (route, []string, bool) {
	got := strings.Split(strings.TrimSuffix(r.URL.EscapedPath(), "/"), "/")
	for _, rt := range s.routes {
		if rt.method != r.Method {
			continue
		}
		if params, ok := capture(strings.Split(rt.path, "/"), got); ok {
			return rt, params, true
		}
	}
	return route{}, nil, false
}

func capture(want, got []string) ([]string, bool) {
	if len(want) != len(got) {
		return nil, false
	}
	var params []string
	for i, segment := range want {
		if segment != "{}" {
			if segment != got[i] {
				return nil, false
			}
			continue
		}
		param, err := url.PathUnescape(got[i])
		if err != nil || param == "" {
			return nil, false
		}
		params = append(params, param)
	}
	return params, true
}
