package awscli

import (
	"archive/zip"
	"bytes"
	"testing"
)

// smallZip is a function's code; with ballast it has at least so many bytes.
func smallZip(t *testing.T, ballast int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, body := range map[string][]byte{
		"index.js": []byte("exports.handler = async (event) => event.Records[0].cf.request"),
		"ballast":  make([]byte, ballast),
	} {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = f.Write(body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
