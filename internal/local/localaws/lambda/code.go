package lambda

import (
	"archive/zip"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

const (
	maxZippedBytes   = 52428800  // recorded: "Zipped size must be smaller than …"
	maxUnzippedBytes = 262144000 // recorded: "Unzipped size must be smaller than …"

	// CodePath is where GetFunction's Code.Location points; a token follows it.
	CodePath = "/_edgedeploy/code/"
	// codeLifetime is how long a location works (API model, GetFunction).
	codeLifetime = 10 * time.Minute
)

func codeSHA256(sum [sha256.Size]byte) string { return base64.StdEncoding.EncodeToString(sum[:]) }

// codeKey is the table key of a zip whose digest is written as AWS writes it.
func codeKey(sha string) string {
	raw, err := base64.StdEncoding.DecodeString(sha)
	if err != nil {
		panic("lambda: a stored CodeSha256 is not base64: " + sha) // only codeSHA256 makes them
	}
	return hex.EncodeToString(raw)
}

// checkZip applies the checks that AWS makes on an uploaded archive. It reads
// every byte, but never keeps more than a buffer of them.
func checkZip(raw []byte) error {
	if len(raw) == 0 {
		return invalid("Uploaded file must be a non-empty zip") // LIKELY: widely quoted
	}
	if len(raw) > maxZippedBytes {
		return tooLarge("Zipped size must be smaller than %d bytes", maxZippedBytes)
	}
	unreadable := invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return unreadable
	}
	if len(archive.File) == 0 {
		return invalid("Uploaded file must be a non-empty zip")
	}
	left := int64(maxUnzippedBytes)
	for _, file := range archive.File {
		if escapes(file.Name) {
			return unreadable // LIKELY: AWS's unzip leaves no file outside of /var/task
		}
		size, err := unzippedSize(file, left)
		if err != nil {
			return unreadable
		}
		if left -= size; left <= 0 {
			return invalid("Unzipped size must be smaller than %d bytes", maxUnzippedBytes)
		}
	}
	return nil
}

func escapes(name string) bool {
	name = strings.ReplaceAll(name, `\`, "/")
	return path.IsAbs(name) || name == ".." || strings.HasPrefix(path.Clean(name), "../")
}

// unzippedSize inflates a file, up to limit bytes: headers may lie.
func unzippedSize(file *zip.File, limit int64) (int64, error) {
	r, err := file.Open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return io.Copy(io.Discard, io.LimitReader(r, limit))
}

// ticket is what a code location's token carries, signed.
type ticket struct {
	Account, Region, Key string

	Expires int64 // Unix seconds
}

// location makes the presigned URL of a version's zip.
func (c *call) location(r record) string {
	raw, err := json.Marshal(ticket{
		Account: c.caller.Account, Region: c.caller.Region, Key: codeKey(r.CodeSHA256),
		Expires: c.now.Add(codeLifetime).Unix(),
	})
	if err != nil {
		panic("lambda: a ticket does not encode: " + err.Error()) // strings and a number always do
	}
	enc := base64.RawURLEncoding
	return c.caller.Base + CodePath + enc.EncodeToString(raw) + "." + enc.EncodeToString(c.s.sign(raw))
}

func (s *Service) sign(raw []byte) []byte {
	mac := hmac.New(sha256.New, s.Secret)
	mac.Write(raw)
	return mac.Sum(nil)
}

// ServeCode answers a download from a code location. The token in the path is
// all the authorisation there is, as with AWS's presigned URLs.
func (s *Service) ServeCode(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "code locations can only be read", http.StatusMethodNotAllowed)
		return
	}
	t, ok := s.open(strings.TrimPrefix(r.URL.Path, CodePath))
	if !ok || s.Now(t.Account).Unix() >= t.Expires {
		http.Error(w, "this code location is not valid, or no longer", http.StatusForbidden)
		return
	}
	var zip []byte
	err := s.Store.View(func(tx kv.Tx) error {
		zip = tx.Get(codeTable, t.Account+"/"+t.Region+"/"+t.Key)
		return nil
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInsufficientStorage)
		return
	}
	if zip == nil {
		http.Error(w, "this code was deleted", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/zip")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(zip))
}

// CodeOwner tells whose code a download asks for; false if its token is not ours.
func (s *Service) CodeOwner(r *http.Request) (account string, ok bool) {
	t, ok := s.open(strings.TrimPrefix(r.URL.Path, CodePath))
	return t.Account, ok
}

// open checks a token and takes it apart.
func (s *Service) open(token string) (ticket, bool) {
	enc := base64.RawURLEncoding
	head, tail, ok := strings.Cut(token, ".")
	if !ok {
		return ticket{}, false
	}
	raw, err := enc.DecodeString(head)
	if err != nil {
		return ticket{}, false
	}
	mac, err := enc.DecodeString(tail)
	if err != nil || !hmac.Equal(mac, s.sign(raw)) {
		return ticket{}, false
	}
	var t ticket
	if err := json.Unmarshal(raw, &t); err != nil {
		return ticket{}, false
	}
	return t, true
}
