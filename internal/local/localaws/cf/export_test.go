package cf

import "github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"

// PutShared stores an origin access control or a policy under an id that a
// document of a test names. path is the one of its kind in the API.
func PutShared(store kv.Store, account, path, id string) error {
	return store.Update(func(tx kv.Tx) error {
		for _, k := range resourceKinds() {
			if k.path != path {
				continue
			}
			if err := tx.Put(tableResourceConfigs, k.key(account, id), []byte("<"+k.name+"Config><Name>"+id+"</Name></"+k.name+"Config>")); err != nil {
				return err
			}
			return put(tx, tableResources, k.key(account, id), shared{ID: id, ETag: "E0", Name: id})
		}
		panic("cf: no kind has the path " + path)
	})
}
