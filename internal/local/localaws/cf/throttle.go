package cf

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

const tableWrites = "cf-writes"

// admit counts a write against the account's rate, and refuses it when the
// last minute already had as many as are allowed. CloudFront does not publish
// its rate; accounts saw two or three UpdateDistribution calls a minute
// throttled, with this code and status (ansible community.aws issue 296).
// A write that is refused later, for another reason, has been counted too.
func (s *Service) admit(account string, now time.Time) error {
	if s.WritesPerMinute <= 0 {
		return nil
	}
	return s.Store.Update(func(tx kv.Tx) error {
		var past, recent []time.Time
		if err := decode(tx.Get(tableWrites, account), &past); err != nil {
			return fmt.Errorf("writes of account %s: %w", account, err)
		}
		for _, at := range past {
			if now.Sub(at) < time.Minute {
				recent = append(recent, at)
			}
		}
		if len(recent) >= s.WritesPerMinute {
			return refuse(http.StatusBadRequest, "Throttling", msgThrottling)
		}
		return put(tx, tableWrites, account, append(recent, now))
	})
}

// decode reads a stored value; an absent one leaves into as it is.
func decode(stored []byte, into any) error {
	if stored == nil {
		return nil
	}
	return json.Unmarshal(stored, into)
}

func put(tx kv.Tx, table, key string, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode %s of %s: %w", key, table, err)
	}
	return tx.Put(table, key, encoded)
}
