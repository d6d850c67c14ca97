package cf

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws/kv"
)

const (
	tableResources       = "cf-resources"        // account/path/id -> shared
	tableResourceConfigs = "cf-resource-configs" // account/path/id -> the document, verbatim
)

// shared is what is kept, besides its document, of a thing that distributions
// name: an origin access control or one of the three kinds of policies.
type shared struct {
	ID, ETag, Name string

	Modified time.Time
}

// resourceKind is what the four have in common, and where they differ.
type resourceKind struct {
	name    string // the root element; its config is name + "Config"
	plural  string
	path    string // of the API, after the version
	config  *shape
	newID   func(*Service) string
	managed []managed
	dated   bool // it tells when it was modified

	// absent is the answer where a distribution names one that does not exist;
	// codes and sentences of all four are the API model's.
	absent       apiError
	exists, used string
	existsText   string
	usedText     string
	// users tells which ids a configuration names.
	users func(root *node) []string
}

func (k *resourceKind) key(account, id string) string { return account + "/" + k.path + "/" + id }

// find reads one, AWS's own included.
func (k *resourceKind) find(tx kv.Tx, account, id string) (shared, *document, bool, error) {
	for _, m := range k.managed {
		if m.id == id {
			doc, err := parseDocument([]byte(m.document))
			return shared{ID: m.id, ETag: m.etag(), Name: m.name, Modified: managedSince}, doc, true, err
		}
	}
	key := k.key(account, id)
	stored := tx.Get(tableResources, key)
	if stored == nil {
		return shared{}, nil, false, nil
	}
	var r shared
	if err := decode(stored, &r); err != nil {
		return shared{}, nil, false, fmt.Errorf("%s %s: %w", k.name, key, err)
	}
	doc, err := parseDocument(tx.Get(tableResourceConfigs, key))
	if err != nil {
		return shared{}, nil, false, fmt.Errorf("document of %s %s: %w", k.name, key, err)
	}
	return r, doc, true, nil
}

// load is find for an operation on the thing itself.
func (k *resourceKind) load(tx kv.Tx, c *call) (shared, *document, error) {
	r, doc, ok, err := k.find(tx, c.account, c.params[0])
	if err == nil && !ok {
		// The model has a NoSuch of each kind, with 404.
		err = refuse(http.StatusNotFound, "NoSuch"+k.name, k.absent.message)
	}
	return r, doc, err
}

func (k *resourceKind) read(c *call) (*document, error) {
	doc, err := readDocument(c.body, k.name+"Config", k.config)
	if err != nil {
		return nil, err
	}
	return doc, checkQuantities(doc.root, k.config)
}

// checkName refuses a name that another one of the kind has.
func (k *resourceKind) checkName(tx kv.Tx, account, id, name string) error {
	for _, m := range k.managed {
		if m.name == name {
			return refuse(http.StatusConflict, k.exists, k.existsText)
		}
	}
	return k.each(tx, account, func(r shared) error {
		if r.Name == name && r.ID != id {
			return refuse(http.StatusConflict, k.exists, k.existsText)
		}
		return nil
	})
}

func (k *resourceKind) each(tx kv.Tx, account string, f func(shared) error) error {
	return tx.Scan(tableResources, k.key(account, ""), func(key string, value []byte) error {
		var r shared
		if err := decode(value, &r); err != nil {
			return fmt.Errorf("%s %s: %w", k.name, key, err)
		}
		return f(r)
	})
}

func (k *resourceKind) create(s *Service, tx kv.Tx, c *call) (*reply, error) {
	doc, err := k.read(c)
	if err != nil {
		return nil, err
	}
	answer, err := k.save(s, tx, c, shared{ID: k.newID(s)}, doc)
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// save stores a document with a new ETag.
func (k *resourceKind) save(s *Service, tx kv.Tx, c *call, r shared, doc *document) (*reply, error) {
	r.ETag, r.Modified, r.Name = "E"+s.NewID(), c.now, doc.root.value("Name")
	if err := k.checkName(tx, c.account, r.ID, r.Name); err != nil {
		return nil, err
	}
	key := k.key(c.account, r.ID)
	if err := tx.Put(tableResourceConfigs, key, doc.src); err != nil {
		return nil, err
	}
	answer := k.describe(r, doc)
	if c.request.Method == http.MethodPost {
		answer.location = locationOf(k.path + "/" + r.ID)
	}
	return answer, put(tx, tableResources, key, r)
}

func (k *resourceKind) describe(r shared, doc *document) *reply {
	var out bytes.Buffer
	open(&out, k.name)
	k.write(&out, r, doc)
	out.WriteString("</" + k.name + ">")
	return &reply{etag: r.ETag, body: out.Bytes()}
}

func (k *resourceKind) write(out *bytes.Buffer, r shared, doc *document) {
	leaf(out, "Id", r.ID)
	if k.dated {
		leaf(out, "LastModifiedTime", timestamp(r.Modified))
	}
	out.Write(doc.lift(doc.root, namespace))
}

func (k *resourceKind) get(_ *Service, tx kv.Tx, c *call) (*reply, error) {
	r, doc, err := k.load(tx, c)
	if err != nil {
		return nil, err
	}
	return k.describe(r, doc), nil
}

func (k *resourceKind) getConfig(_ *Service, tx kv.Tx, c *call) (*reply, error) {
	r, doc, err := k.load(tx, c)
	if err != nil {
		return nil, err
	}
	return &reply{etag: r.ETag, body: doc.src}, nil
}

// own is load for a write, which AWS's own things do not take.
func (k *resourceKind) own(tx kv.Tx, c *call, code, message string) (shared, error) {
	r, _, err := k.load(tx, c)
	if err != nil {
		return shared{}, err
	}
	if tx.Get(tableResources, k.key(c.account, r.ID)) == nil {
		return shared{}, refuse(http.StatusBadRequest, code, message)
	}
	return r, checkIfMatch(c.request.Header.Get("If-Match"), r.ETag)
}

func (k *resourceKind) update(s *Service, tx kv.Tx, c *call) (*reply, error) {
	doc, err := k.read(c)
	if err != nil {
		return nil, err
	}
	r, err := k.own(tx, c, "IllegalUpdate", msgManagedUpdate)
	if err != nil {
		return nil, err
	}
	return k.save(s, tx, c, r, doc)
}

func (k *resourceKind) delete(_ *Service, tx kv.Tx, c *call) (*reply, error) {
	r, err := k.own(tx, c, "IllegalDelete", msgManagedDelete)
	if err != nil {
		return nil, err
	}
	err = eachRecord(tx, c.account, func(_ string, rec record) error {
		_, doc, err := load(tx, c.account, rec.ID)
		if err != nil {
			return err
		}
		for _, id := range k.users(doc.root) {
			if id == r.ID {
				return refuse(http.StatusConflict, k.used, k.usedText)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	key := k.key(c.account, r.ID)
	if err := tx.Delete(tableResourceConfigs, key); err != nil {
		return nil, err
	}
	return &reply{}, tx.Delete(tableResources, key)
}

// list answers AWS's own first; the order of the real lists is UNKNOWN. Lists of
// policies have neither Marker nor IsTruncated (API model).
func (k *resourceKind) list(_ *Service, tx kv.Tx, c *call) (*reply, error) {
	query := c.request.URL.Query()
	limit, err := pageLimit(query)
	if err != nil {
		return nil, err
	}
	kind := query.Get("Type")
	if kind != "" && kind != typeManaged && kind != typeCustom {
		return nil, invalidArgument(msgPolicyType)
	}
	all, err := k.all(tx, c.account, kind)
	if err != nil {
		return nil, err
	}
	p := page{limit: limit, marker: query.Get("Marker")}
	start := 0
	for i, r := range all {
		if r.ID == p.marker {
			start = i + 1
		}
	}
	var items bytes.Buffer
	for _, r := range all[start:] {
		if p.truncated = len(p.ids) == limit; p.truncated {
			break
		}
		p.ids = append(p.ids, r.ID)
		_, doc, _, err := k.find(tx, c.account, r.ID)
		if err != nil {
			return nil, err
		}
		k.summarize(&items, r, doc)
	}
	if !k.dated {
		return &reply{body: p.write(k.name+"List", items.Bytes())}, nil
	}
	var out bytes.Buffer
	open(&out, k.name+"List")
	if p.truncated {
		leaf(&out, "NextMarker", p.ids[len(p.ids)-1])
	}
	leaf(&out, "MaxItems", strconv.Itoa(limit))
	leaf(&out, "Quantity", strconv.Itoa(len(p.ids)))
	out.WriteString("<Items>" + items.String() + "</Items></" + k.name + "List>")
	return &reply{body: out.Bytes()}, nil
}

const (
	typeManaged = "managed"
	typeCustom  = "custom"
)

func (k *resourceKind) all(tx kv.Tx, account, kind string) ([]shared, error) {
	var all []shared
	if kind != typeCustom {
		for _, m := range k.managed {
			all = append(all, shared{ID: m.id, ETag: m.etag(), Name: m.name, Modified: managedSince})
		}
	}
	if kind == typeManaged {
		return all, nil
	}
	err := k.each(tx, account, func(r shared) error { all = append(all, r); return nil })
	return all, err
}

// summarize writes an element of the list. That of an origin access control has
// the members of its configuration beside the id.
func (k *resourceKind) summarize(out *bytes.Buffer, r shared, doc *document) {
	out.WriteString("<" + k.name + "Summary>")
	if !k.dated {
		leaf(out, "Id", r.ID)
		for _, m := range k.config.members {
			leaf(out, m.name, doc.root.value(m.name))
		}
	} else {
		kind := typeCustom
		for _, m := range k.managed {
			if m.id == r.ID {
				kind = typeManaged
			}
		}
		leaf(out, "Type", kind)
		out.WriteString("<" + k.name + ">")
		k.write(out, r, doc)
		out.WriteString("</" + k.name + ">")
	}
	out.WriteString("</" + k.name + "Summary>")
}

// checkReferences looks that what a configuration names exists.
func (s *Service) checkReferences(tx kv.Tx, account string, root *node) error {
	for _, k := range s.resources {
		for _, id := range k.users(root) {
			_, _, ok, err := k.find(tx, account, id)
			if err != nil {
				return err
			}
			if !ok {
				return &k.absent
			}
		}
	}
	return nil
}
