package versions_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/edgedeploy/edgedeploy/versions"
)

// A part that is added and not compared would never be named.
func TestEveryPartIsNamedWhenItDiffers(t *testing.T) {
	t.Parallel()
	var was versions.Parts
	all := reflect.ValueOf(&was).Elem()
	for i := range all.NumField() {
		all.Field(i).SetString("a")
	}
	seen := map[string]bool{}
	for i := range all.NumField() {
		is := was
		reflect.ValueOf(&is).Elem().Field(i).SetString("b")
		names := is.Differ(was)
		if len(names) != 1 || seen[names[0]] {
			t.Errorf("where %s differs, %q is named", all.Type().Field(i).Name, names)
			continue
		}
		seen[names[0]] = true
		reflect.ValueOf(&is).Elem().Field(i).SetString("")
		if got := is.Differ(was); !slices.Equal(got, names) {
			t.Errorf("where %s is gone, %q is named", all.Type().Field(i).Name, got)
		}
	}
	if got := was.Differ(was); got != nil {
		t.Errorf("nothing differs, and %q is named", got)
	}
	if was.Differ(versions.Parts{}) != nil || (versions.Parts{}).Differ(was) != nil {
		t.Error("what is not known differs")
	}
}
