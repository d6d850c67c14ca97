package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/fetch"
)

// fetchTimeout is for one record, with all its tries.
const fetchTimeout = time.Minute

// Download is one request for a record's bytes.
type Download struct {
	Attempt  int // from 1
	Status   int // 0 if no answer came
	Start    time.Time
	Duration time.Duration // until the answer's headers were there
}

var errTooLarge = errors.New("the answer is larger than a record can be")

// fetch reads a presigned location. Neither its path nor its query, which are
// the permission to read it, appear in an error; redirects are not followed,
// and nothing but the location itself authorises the request.
func (l *Ledger) fetch(ctx context.Context, location string) ([]byte, error) {
	client := fetch.Client{Transport: l.Transport, AllowHTTP: l.AllowHTTP, Timeout: fetchTimeout, MaxBytes: maxRecordZip}
	if l.OnDownload != nil {
		client.OnTry = func(t fetch.Try) { l.OnDownload(Download(t)) }
	}
	body, err := client.Get(ctx, location)
	switch {
	case errors.Is(err, fetch.ErrNoURL):
		return nil, errors.New("fetch the record: Lambda gave no URL for it")
	case errors.Is(err, fetch.ErrTooLarge):
		return nil, fmt.Errorf("fetch the record from %s: %w", fetch.Name(location, false), errTooLarge)
	case err != nil:
		return nil, fmt.Errorf("fetch the record from %w", err)
	}
	return body, nil
}
