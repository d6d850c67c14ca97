package localaws

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/lambda"
)

const (
	defaultAccount = "000000000000"
	defaultRegion  = "us-east-1"
	privatePath    = "/_edgedeploy/"
)

// The services, by the names that clients sign for.
const (
	lambdaService     = "lambda"
	cloudfrontService = "cloudfront"
	iamService        = "iam"
	stsService        = "sts"
	codeService       = "code" // ours: downloads from code locations
)

// identity is what a request says about itself.
type identity struct {
	Account, AccessKey, Region string

	Service string // of the scope; "" if the request is not signed
	Guessed bool   // the access key id is no account number
}

var (
	// The parts of a Signature Version 4 header (AWS General Reference).
	credentialPart = regexp.MustCompile(`^Credential=([^/\s,]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request$`)
	headersPart    = regexp.MustCompile(`^SignedHeaders=[a-z0-9;._-]+$`)
	signaturePart  = regexp.MustCompile(`^Signature=[0-9a-f]{64}$`)
	accountKey     = regexp.MustCompile(`^\d{12}$`)
)

// identify reads the Authorization header. The signature itself cannot be
// checked: no secret is known. ok says that the header is there and well formed.
// An access key id of 12 digits is the account; any other one stands for the
// account of the data.
func (s *Server) identify(r *http.Request) (id identity, present, ok bool) {
	id = identity{Account: defaultAccount, Region: defaultRegion}
	header := r.Header.Get("Authorization")
	if header == "" {
		return id, false, false
	}
	rest, found := strings.CutPrefix(header, "AWS4-HMAC-SHA256 ")
	parts := strings.Split(rest, ",")
	if !found || len(parts) != 3 {
		return id, true, false
	}
	m := credentialPart.FindStringSubmatch(strings.TrimSpace(parts[0]))
	if m == nil || !headersPart.MatchString(strings.TrimSpace(parts[1])) || !signaturePart.MatchString(strings.TrimSpace(parts[2])) {
		return id, true, false
	}
	id.AccessKey, id.Region, id.Service = m[1], m[3], m[4]
	id.Account = id.AccessKey
	if id.Guessed = !accountKey.MatchString(id.AccessKey); id.Guessed {
		id.Account = s.account()
	}
	return id, true, true
}

// serviceOf tells which service a request is for: the one it is signed for,
// else the one whose paths it uses. "" is a signed service that nobody offers.
func serviceOf(r *http.Request, id identity) string {
	if strings.HasPrefix(r.URL.Path, lambda.CodePath) {
		return codeService
	}
	switch id.Service {
	case lambdaService, cloudfrontService, iamService, stsService:
		return id.Service
	case "":
	default:
		return ""
	}
	switch {
	case strings.HasPrefix(r.URL.Path, "/2020-05-31/"):
		return cloudfrontService
	case r.URL.Path == "/" || r.URL.Path == "":
		return stsService
	}
	return lambdaService
}
