package cf

import (
	"fmt"
	"slices"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

const tableReplicas = "cf-replicas" // account/version ARN -> replica

// replica is the copy of a function version at the edges.
type replica struct {
	Users []string  // ids of distributions associated with it
	Until time.Time // when nobody uses it: the moment it is gone
}

// Replicated reports whether a function version has replicas at the edges at
// the given time, so that Lambda must refuse to delete it. Replicas appear
// with the first association and go some time after the last one, over all
// distributions, has gone (Developer Guide, "Delete Lambda@Edge functions and
// replicas": "typically within a few hours"). A record that cannot be read
// counts as a replica, for refusing is the harmless mistake.
func Replicated(tx kv.Tx, account, versionARN string, now time.Time) bool {
	stored := tx.Get(tableReplicas, account+"/"+versionARN)
	if stored == nil {
		return false
	}
	var r replica
	if err := decode(stored, &r); err != nil {
		return true
	}
	return len(r.Users) > 0 || now.Before(r.Until)
}

// replicate notes that a distribution's associations changed.
func (s *Service) replicate(tx kv.Tx, c *call, id string, before, after []string) error {
	for _, arn := range before {
		if slices.Contains(after, arn) {
			continue
		}
		if err := s.editReplica(tx, c, arn, func(r *replica) {
			r.Users = slices.DeleteFunc(r.Users, func(user string) bool { return user == id })
			if len(r.Users) == 0 {
				r.Until = c.now.Add(s.ReplicaDelay)
			}
		}); err != nil {
			return err
		}
	}
	for _, arn := range after {
		if err := s.editReplica(tx, c, arn, func(r *replica) {
			if !slices.Contains(r.Users, id) {
				r.Users = append(r.Users, id)
			}
		}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) editReplica(tx kv.Tx, c *call, arn string, change func(*replica)) error {
	key := c.account + "/" + arn
	var r replica
	if err := decode(tx.Get(tableReplicas, key), &r); err != nil {
		return fmt.Errorf("replica %s: %w", key, err)
	}
	change(&r)
	return put(tx, tableReplicas, key, r)
}
