package lambda_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/lambda"
)

func emptyArchive(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := zip.NewWriter(&out).Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// inflating is a small zip that unpacks to size bytes. Its files share one
// compressed block, so that making it costs little.
func inflating(t *testing.T, size int) []byte {
	t.Helper()
	const block = 10_000_000
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; size > 0; i++ {
		n := min(block, size)
		size -= n
		content := make([]byte, n)
		var packed bytes.Buffer
		deflate, err := flate.NewWriter(&packed, flate.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := deflate.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := deflate.Close(); err != nil {
			t.Fatal(err)
		}
		for ; ; i++ { // the same block again, as long as it fits
			file, err := w.CreateRaw(&zip.FileHeader{
				Name: fmt.Sprintf("%d.bin", i), Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(content),
				CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(n),
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := file.Write(packed.Bytes()); err != nil {
				t.Fatal(err)
			}
			if size < n {
				break
			}
			size -= n
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func layers(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("arn:aws:lambda:us-east-1:999999999999:layer:theirs%d:1", i))
	}
	return all
}

func tags(n int) object {
	all := object{}
	for i := range n {
		all[fmt.Sprintf("key%d", i)] = "value"
	}
	return all
}

func unknownRuntime(name string) string {
	return "Value " + name + " at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [" +
		"nodejs26.x, nodejs24.x, nodejs22.x, nodejs20.x, nodejs18.x, nodejs16.x, " +
		"python3.15, python3.14, python3.13, python3.12, python3.11, python3.10, python3.9, python3.8, " +
		"java25, java21, java17, java11, java8.al2, dotnet10, dotnet8, dotnet6, ruby4.0, ruby3.4, ruby3.3, ruby3.2, " +
		"provided.al2023, provided.al2] or be a valid ARN"
}

// TestTheUnzippedSizeIsMeasuredNotRead: headers may lie, so bytes are counted.
func TestTheUnzippedSizeIsMeasuredNotRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	const limit = 262144000
	a := f.send("POST", functions, creation(t, "fn", object{"Code": object{"ZipFile": inflating(t, limit)}}))
	if want := "Unzipped size must be smaller than 262144000 bytes"; a.status != 400 || a.object(t)["message"] != want {
		t.Errorf("exactly the limit: %d %s", a.status, a.body)
	}
	f.must(201, "POST", functions, creation(t, "fn", object{"Code": object{"ZipFile": inflating(t, limit-1)}}))
}

func TestABrokenArchiveIsNotUnzipped(t *testing.T) {
	t.Parallel()
	f := newFixture(t, lambda.Delays{})
	good := archiveOf(t, "index.js", strings.Repeat("the same again and again\n", 100))
	start := bytes.Index(good, []byte("index.js")) + len("index.js")
	bad := bytes.Clone(good)
	for i := start; i < start+8; i++ {
		bad[i] ^= 0xff
	}
	a := f.send("POST", functions, creation(t, "fn", object{"Code": object{"ZipFile": bad}}))
	if want := "Could not unzip uploaded file. Please check your file, then try to upload again."; a.status != 400 || a.object(t)["message"] != want {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAZipOrARequestThatIsTooLargeIsA413(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("sends 120 MB over loopback")
	}
	f := newFixture(t, lambda.Delays{})
	for rule, c := range map[string]struct {
		bytes   int // of the zip, divisible by 3
		message string
	}{
		"the zip":     {52428801, "Zipped size must be smaller than 52428800 bytes"},
		"the request": {52428801 + 300_000, "Request must be smaller than 70167211 bytes for the CreateFunction operation"},
	} {
		body := `{"FunctionName":"fn","Runtime":"nodejs24.x","Handler":"index.handler","Role":"` + role +
			`","Code":{"ZipFile":"` + strings.Repeat("AAAA", c.bytes/3) + `"}}`
		a := f.send("POST", functions, body)
		if a.status != 413 || a.header.Get("x-amzn-ErrorType") != "RequestEntityTooLargeException" || a.object(t)["message"] != c.message {
			t.Errorf("%s: %d %.200s", rule, a.status, a.body)
		}
	}
}
