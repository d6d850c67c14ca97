package awscloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxDocument bounds what is read of an answer. A page of a hundred
// distributions is some megabytes at worst.
const maxDocument = 64 << 20

// captureBody keeps the bytes of a successful answer in to, and gives the SDK
// none: its headers (the ETag) are decoded as always, the document is not. It
// sits inside the retry loop, so an answer that was cut off is asked for
// again, and to holds the last attempt's.
func captureBody(to *reply) func(*middleware.Stack) error {
	capture := func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
		middleware.DeserializeOutput, middleware.Metadata, error,
	) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if err != nil {
			return out, metadata, err
		}
		response, ok := out.RawResponse.(*smithyhttp.Response)
		if !ok || response.StatusCode < 200 || response.StatusCode > 299 {
			return out, metadata, nil // an error, which the SDK decodes
		}
		body, err := readAtMost(response.Body, maxDocument)
		if err = errors.Join(err, response.Body.Close()); err != nil {
			return out, metadata, fmt.Errorf("read the answer: %w", err)
		}
		*to = replyOf(response.Response, body)
		response.Body = io.NopCloser(bytes.NewReader(nil))
		return out, metadata, nil
	}
	return func(stack *middleware.Stack) error {
		return stack.Deserialize.Insert(middleware.DeserializeMiddlewareFunc("edgedeployCapture", capture), "OperationDeserializer", middleware.After)
	}
}

func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = fmt.Errorf("it is longer than %d bytes", limit)
	}
	return body, err
}

// sendBody sends doc as the body, byte for byte. The SDK's own serializer has
// set path, query and headers before; length, checksum, signature and retries
// come after, and are the SDK's. Its validation wants a decoded configuration,
// which there is none of.
func sendBody(doc []byte) func(*middleware.Stack) error {
	send := func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (
		middleware.SerializeOutput, middleware.Metadata, error,
	) {
		request, ok := in.Request.(*smithyhttp.Request)
		if !ok {
			return middleware.SerializeOutput{}, middleware.Metadata{}, fmt.Errorf("unknown transport %T", in.Request)
		}
		request, err := request.SetStream(bytes.NewReader(doc))
		if err != nil {
			return middleware.SerializeOutput{}, middleware.Metadata{}, fmt.Errorf("set the body: %w", err)
		}
		request.Header.Set("Content-Type", "application/xml") // as the SDK's serializer says it
		in.Request = request
		return next.HandleSerialize(ctx, in)
	}
	return func(stack *middleware.Stack) error {
		if _, err := stack.Initialize.Remove("OperationInputValidation"); err != nil {
			return fmt.Errorf("leave out the validation: %w", err)
		}
		return stack.Serialize.Insert(middleware.SerializeMiddlewareFunc("edgedeployBody", send), "OperationSerializer", middleware.After)
	}
}
