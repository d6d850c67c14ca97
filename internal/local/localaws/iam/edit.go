package iam

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const defaultSession = 3600 // seconds

const (
	msgRoleName  = "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
	msgPath      = "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."
	msgSession   = "MaxSessionDuration must be from 3600 to 43200 seconds" // text ours
	msgMalformed = "This policy contains invalid Json"                     // LIKELY
)

type roleResult struct{ Role roleView }

type roleView struct {
	Path, RoleName, RoleId, Arn, CreateDate string

	AssumeRolePolicyDocument string
	Description              string `xml:",omitempty"`
	MaxSessionDuration       int
	Tags                     *members[tag] // absent without tags
}

func view(r role) roleResult {
	v := roleView{
		Path: r.Path, RoleName: r.Name, RoleId: r.ID, Arn: r.ARN,
		CreateDate:               r.Created.UTC().Format(time.RFC3339),
		AssumeRolePolicyDocument: encoded(r.Document),
		Description:              r.Description, MaxSessionDuration: r.MaxSession,
	}
	if len(r.Tags) > 0 {
		v.Tags = &members[tag]{r.Tags}
	}
	return roleResult{v}
}

// encoded is a document as it travels: percent-encoded (RFC 3986), as the API
// reference says.
func encoded(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

// members is a list of the Query protocol.
type members[T any] struct {
	Items []T `xml:"member"`
}

// role finds the role that the request names.
func (r *request) role() (role, error) {
	name := r.form.Get("RoleName")
	if !r.s.patterns.name.MatchString(name) {
		return role{}, refuse(http.StatusBadRequest, "ValidationError", msgRoleName)
	}
	found, ok, err := r.s.find(r.tx, r.caller.Account, name)
	if err == nil && !ok {
		err = refuse(http.StatusNotFound, "NoSuchEntity", "The role with name %s cannot be found.", name)
	}
	return found, err
}

// edit changes the role that the request names, unless change refuses.
func (r *request) edit(change func(*role) error) (role, error) {
	found, err := r.role()
	if err != nil {
		return role{}, err
	}
	if err := change(&found); err != nil {
		return role{}, err
	}
	return found, r.s.put(r.tx, r.caller.Account, found)
}

func (r *request) getRole() (any, error) {
	found, err := r.role()
	return view(found), err
}

func (r *request) createRole() (any, error) {
	form, account := r.form, r.caller.Account
	made := role{Name: form.Get("RoleName"), Path: "/", Document: form.Get("AssumeRolePolicyDocument"), Description: form.Get("Description"), MaxSession: defaultSession, Created: r.s.Now(account)}
	if !r.s.patterns.name.MatchString(made.Name) {
		return nil, refuse(http.StatusBadRequest, "ValidationError", msgRoleName)
	}
	if path := form.Get("Path"); path != "" {
		if !r.s.patterns.path.MatchString(path) {
			return nil, refuse(http.StatusBadRequest, "ValidationError", msgPath)
		}
		made.Path = path
	}
	if err := r.session(&made); err != nil {
		return nil, err
	}
	if _, err := trusted(made.Document); err != nil {
		return nil, refuse(http.StatusBadRequest, "MalformedPolicyDocument", msgMalformed)
	}
	tags, err := r.tags()
	if err != nil {
		return nil, err
	}
	if made.Tags, err = r.s.tagged(nil, tags); err != nil {
		return nil, err
	}
	if _, ok, err := r.s.find(r.tx, account, made.Name); err != nil {
		return nil, err
	} else if ok {
		return nil, refuse(http.StatusConflict, "EntityAlreadyExists", "Role with name %s already exists.", made.Name)
	}
	made.ID, made.ARN = newID(), "arn:aws:iam::"+account+":role"+made.Path+made.Name
	made.AssumableAt = made.Created.Add(r.s.Propagation)
	return view(made), r.s.put(r.tx, account, made)
}

// session takes over a MaxSessionDuration that was sent.
func (r *request) session(to *role) error {
	raw := r.form.Get("MaxSessionDuration")
	if raw == "" {
		return nil
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n < 3600 || n > 43200 {
		return refuse(http.StatusBadRequest, "ValidationError", msgSession)
	}
	to.MaxSession = n
	return nil
}

// updateRole changes what was sent and leaves the rest (API reference,
// UpdateRole). Its result is empty, but there.
func (r *request) updateRole() (any, error) {
	_, err := r.edit(func(to *role) error {
		if r.form.Has("Description") {
			to.Description = r.form.Get("Description")
		}
		return r.session(to)
	})
	return struct{}{}, err
}

func (r *request) updateDescription() (any, error) {
	changed, err := r.edit(func(to *role) error {
		to.Description = r.form.Get("Description")
		return nil
	})
	return view(changed), err
}

func (r *request) updateTrust() (any, error) {
	_, err := r.edit(func(to *role) error {
		to.Document = r.form.Get("PolicyDocument")
		if _, err := trusted(to.Document); err != nil {
			return refuse(http.StatusBadRequest, "MalformedPolicyDocument", msgMalformed)
		}
		return nil
	})
	return nil, err
}

// deleteRole refuses while policies hang on the role. Both sentences are IAM's
// own, quoted in many logs.
func (r *request) deleteRole() (any, error) {
	found, err := r.role()
	switch {
	case err != nil:
		return nil, err
	case len(found.Attached) > 0:
		return nil, refuse(http.StatusConflict, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	case len(found.Policies) > 0:
		return nil, refuse(http.StatusConflict, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	}
	return nil, r.tx.Delete(rolesTable, r.caller.Account+"/"+found.Name)
}
