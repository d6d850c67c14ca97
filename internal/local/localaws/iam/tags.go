package iam

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of tags (API model, tagKeyType and tagValueType; IAM quotas page).
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

type tag struct{ Key, Value string }

// tags reads the list Tags of the request.
func (r *request) tags() ([]tag, error) {
	var tags []tag
	for i := 1; ; i++ {
		at := fmt.Sprintf("Tags.member.%d.", i)
		if !r.form.Has(at+"Key") && !r.form.Has(at+"Value") {
			return tags, r.checkList("Tags", 2*len(tags))
		}
		tags = append(tags, tag{r.form.Get(at + "Key"), r.form.Get(at + "Value")})
	}
}

// checkList looks that a list has no more members than were read, so that a
// gap in the numbers or another spelling is refused and not dropped.
func (r *request) checkList(name string, read int) error {
	for key := range r.form {
		if strings.HasPrefix(key, name+".") {
			read--
		}
	}
	if read != 0 {
		return refuse(http.StatusBadRequest, "ValidationError", "the members of %s are not numbered from 1, or not whole", name) // text ours
	}
	return nil
}

// tagged lays tags over those that there are.
func (s *Service) tagged(old, added []tag) ([]tag, error) {
	tags, seen := slices.Clone(old), map[string]bool{}
	for _, t := range added {
		if err := s.checkTag(t); err != nil {
			return nil, err
		}
		// Keys of roles are case insensitive (IAM User Guide, "Tags for IAM
		// resources"); the sentence was logged by many.
		fold := strings.ToLower(t.Key)
		if seen[fold] {
			return nil, refuse(http.StatusBadRequest, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[fold] = true
		tags = slices.DeleteFunc(tags, func(o tag) bool { return strings.EqualFold(o.Key, t.Key) })
		tags = append(tags, t)
	}
	if len(tags) > maxTags {
		return nil, refuse(http.StatusConflict, "LimitExceeded", "The number of tags has reached the maximum limit.") // sentence LIKELY
	}
	slices.SortFunc(tags, func(a, b tag) int { return cmp.Compare(a.Key, b.Key) })
	return tags, nil
}

// checkTag refuses what the API model does. The sentences are ours.
func (s *Service) checkTag(t tag) error {
	switch n := utf8.RuneCountInString(t.Key); {
	case n < 1 || n > maxTagKey || !s.patterns.tag.MatchString(t.Key):
		return refuse(http.StatusBadRequest, "ValidationError", "the tag key %q is not 1 to %d letters, digits, spaces and _.:/=+-@", t.Key, maxTagKey)
	case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
		return refuse(http.StatusBadRequest, "InvalidInput", "the tag key %q begins with aws:, which is AWS's own", t.Key)
	case utf8.RuneCountInString(t.Value) > maxTagValue || !s.patterns.tag.MatchString(t.Value):
		return refuse(http.StatusBadRequest, "ValidationError", "the value of the tag %q is not at most %d letters, digits, spaces and _.:/=+-@", t.Key, maxTagValue)
	}
	return nil
}

func (r *request) tagRole() (any, error) {
	_, err := r.edit(func(to *role) error {
		tags, err := r.tags()
		if err == nil {
			to.Tags, err = r.s.tagged(to.Tags, tags)
		}
		return err
	})
	return nil, err
}

// untagRole takes no offence at a key that is not there.
func (r *request) untagRole() (any, error) {
	_, err := r.edit(func(to *role) error {
		read := 0
		for i := 1; r.form.Has(fmt.Sprintf("TagKeys.member.%d", i)); i++ {
			key := r.form.Get(fmt.Sprintf("TagKeys.member.%d", i))
			to.Tags = slices.DeleteFunc(to.Tags, func(t tag) bool { return strings.EqualFold(t.Key, key) })
			read++
		}
		return r.checkList("TagKeys", read)
	})
	return nil, err
}

// whole is a list that is always answered as one page: none here is longer
// than IAM's own pages of 100.
type whole struct{ IsTruncated bool }

type tagsResult struct {
	Tags members[tag]
	whole
}

func (r *request) listTags() (any, error) {
	found, err := r.role()
	return tagsResult{Tags: members[tag]{found.Tags}}, err
}
