package main

import (
	"slices"

	"github.com/edgedeploy/edgedeploy/associations"
	"github.com/edgedeploy/edgedeploy/internal/screen/render"
)

// coverage compares the triggers of all fixtures with those that the spec binds
// the functions to: the bound ones that no fixture is for, and the fixtures for
// others. A function without any fixture is named as such, and one that the spec
// binds nowhere may be meant for any trigger: neither is told about here.
//
// A fixture whose event cannot be read is for no trigger; it fails when it runs.
func (s *spec) coverage(all []testFixture) (uncovered, unbound []render.Coverage) {
	for _, key := range s.functionKeys() {
		fixtures := map[associations.Trigger][]string{}
		tested := false
		for _, f := range all {
			if f.Function != key {
				continue
			}
			tested = true
			if f.err == nil {
				t := associations.Trigger(f.event.Trigger)
				fixtures[t] = append(fixtures[t], f.Name)
			}
		}
		bound := s.triggers(key)
		for _, t := range associations.Triggers() {
			c := render.Coverage{Function: key, Trigger: t, Fixtures: fixtures[t]}
			switch is := slices.Contains(bound, t); {
			case is && tested && len(c.Fixtures) == 0:
				uncovered = append(uncovered, c)
			case !is && len(bound) > 0 && len(c.Fixtures) > 0:
				unbound = append(unbound, c)
			}
		}
	}
	return uncovered, unbound
}
