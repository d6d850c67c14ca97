package load

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/edgedeploy/edgedeploy/versions"
)

// codeBound bounds the code of a function.
const codeBound = 60_000

// function is one whose code a writer replaces.
type function struct {
	*resource
	a       *account
	digests sync.Map // CodeSha256 -> int64, the generation; before its write begins
}

func (a *account) makeFunction(ctx context.Context, name string) (*function, error) {
	f := &function{resource: &resource{name: name}, a: a}
	code, err := f.code(0)
	if err != nil {
		return nil, err
	}
	err = a.cloud.Lambda.Create(ctx, versions.CreateInput{Function: name, Zip: code, Config: versions.Config{
		Runtime: "nodejs22.x", Handler: "index.handler", Role: role, MemoryMB: 128, TimeoutSeconds: 5,
	}})
	if err != nil {
		return nil, err
	}
	f.write = f.update
	f.reads = []*reading{
		{operation: "the program's GetFunction", read: f.head},
		{operation: "GetFunction and download", read: f.download},
	}
	return f, nil
}

// code packs a generation, uncompressed.
func (f *function) code(n int64) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	file, err := w.CreateHeader(&zip.FileHeader{Name: "index.js", Method: zip.Store})
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(file, "//"+mark(f.name, n)+filled(f.name, n, size(n, codeBound))); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	f.digests.Store(digest(out.Bytes()), n)
	return out.Bytes(), nil
}

func digest(code []byte) string {
	sum := sha256.Sum256(code)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (f *function) update(ctx context.Context, n int64) error {
	code, err := f.code(n)
	if err != nil {
		return err
	}
	return f.a.cloud.Lambda.UpdateCode(ctx, f.name, "", code)
}

// of returns the generation whose code has a digest.
func (f *function) of(sha string) (int64, error) {
	n, ok := f.digests.Load(sha)
	if !ok {
		return 0, fmt.Errorf("the digest %q is of no generation", sha)
	}
	return n.(int64), nil
}

// head reads the function as the program does.
func (f *function) head(ctx context.Context) (int64, error) {
	got, err := f.a.cloud.Lambda.Head(ctx, f.name)
	if err != nil {
		return 0, err
	}
	return f.of(got.CodeSHA256)
}

// download reads the function and then its code, which is gone if a write was
// faster.
func (f *function) download(ctx context.Context) (int64, error) {
	out, err := f.a.lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String(f.name)})
	if err != nil {
		return 0, err
	}
	sha := aws.ToString(out.Configuration.CodeSha256)
	n, err := f.of(sha)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, aws.ToString(out.Code.Location), nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }() // it was read, or an error is told already
	code, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return 0, fmt.Errorf("download the code: %w", err)
	case response.StatusCode == http.StatusNotFound && f.begun.Load() > n:
		return n, nil
	case response.StatusCode != http.StatusOK:
		return 0, fmt.Errorf("download the code: %s: %.200s", response.Status, code)
	case digest(code) != sha:
		return 0, fmt.Errorf("the code has the digest %s, not %s: %.200q", digest(code), sha, code)
	}
	return n, nil
}
