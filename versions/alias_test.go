package versions

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// alias puts an alias of a content there.
func (l *lambda) alias(spec Spec, stack, version string) {
	if _, err := l.setAlias(l.functions[spec.Function], Alias{Name: spec.Alias(), Version: version, Description: spec.describeAlias(stack)}); err != nil {
		panic(err)
	}
}

// named says what is wrong with the alias of a version's content.
func (l *lambda) named(v Version) string {
	name := v.Spec.Alias()
	want := Alias{Name: name, Version: strconv.Itoa(v.Ref.Number), Description: v.Spec.describeAlias(v.Stack)}
	have := l.functions[v.Spec.Function].aliases[name]
	have.RevisionID = ""
	if have != want {
		return fmt.Sprintf("the alias is %+v, want %+v", have, want)
	}
	return ""
}

// The names are in accounts: whatever changes them publishes every function of
// every stack anew.
func TestAliasGolden(t *testing.T) {
	t.Parallel()
	full := testSpec("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
	full.Config.Logging = Logging{Format: "json", Level: "warn", Group: "/edge/<shop>"}
	for want, spec := range map[string]Spec{
		"edge-a38b79d3347340fc0c20e34e4c69d2048212982e78dc417909a1312446b9191a": testSpec("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
		"edge-62876f26fab0598f9e20a83e5dc258ab19e5268b908ea8322d1414821a02430d": full,
	} {
		if got := spec.Alias(); got != want {
			t.Errorf("the alias is %s, want %s", got, want)
		}
	}
}

func TestAliasIsOfContentAndConfiguration(t *testing.T) {
	t.Parallel()
	names := map[string]string{}
	base := testSpec("a1")
	other := base
	other.Function = "another"
	if base.Alias() != other.Alias() {
		t.Error("the function's name counts, although the alias is on the function")
	}
	specs := map[string]Spec{"base": base, "content": testSpec("a2")}
	for what, edit := range map[string]func(*Config){
		"runtime": func(c *Config) { c.Runtime = "nodejs26.x" }, "handler": func(c *Config) { c.Handler = "main.handler" },
		"role": func(c *Config) { c.Role += "2" }, "memory": func(c *Config) { c.MemoryMB++ }, "timeout": func(c *Config) { c.TimeoutSeconds++ },
		"format": func(c *Config) { c.Logging.Format = "json" }, "level": func(c *Config) { c.Logging.Level = "warn" },
		"group": func(c *Config) { c.Logging.Group = "/edge" }, "extra": func(c *Config) { c.Extra = "layers" },
	} {
		s := base
		edit(&s.Config)
		specs[what] = s
	}
	// Lambda API model, Alias: (?!^[0-9]+$)([a-zA-Z0-9-_]+), at most 128.
	pattern := regexp.MustCompile(`^edge-[0-9a-f]{64}$`)
	for what, s := range specs {
		name := s.Alias()
		if !pattern.MatchString(name) {
			t.Errorf("%s: Lambda takes no alias %q", what, name)
		}
		if twin, taken := names[name]; taken {
			t.Errorf("%s and %s have the same alias", what, twin)
		}
		names[name] = what
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		with func(*lambda, *function)
		want Standing
		err  string
	}{
		"a version that its alias names exists": {
			with: func(l *lambda, _ *function) { l.alias(testSpec("a1"), "shop", "1") }, want: Exists,
		},
		"so it does where another program packed it": {
			with: func(l *lambda, f *function) { l.alias(testSpec("a1"), "shop", "1"); f.versions[0].code = "other" }, want: Exists,
		},
		"without the alias nothing is published": {with: func(*lambda, *function) {}},
		"nor without the function":               {with: func(l *lambda, _ *function) { delete(l.functions, "fn") }},
		"an alias on $LATEST is interrupted": {
			with: func(l *lambda, _ *function) { l.alias(testSpec("a1"), "shop", latest) }, want: Interrupted,
		},
		"a function of another stack has nothing of ours": {
			with: func(l *lambda, f *function) { l.alias(testSpec("a1"), "shop", "1"); f.tags[StackTag] = "other" },
		},
		"nor has an alias that the former owner left": {
			with: func(l *lambda, f *function) {
				f.versions[0].description = Mark{"other", "a1"}.Describe()
				l.alias(testSpec("a1"), "other", "1")
			},
		},
		"an unknown owner is an error": {
			with: func(l *lambda, f *function) { l.alias(testSpec("a1"), "shop", "1"); f.hideTags = "AccessDenied" }, err: "lambda:ListTags",
		},
		"other content under the alias is an error": {
			with: func(l *lambda, f *function) {
				f.versions[0].description = Mark{"shop", "zz"}.Describe()
				l.alias(testSpec("a1"), "shop", "1")
			},
			err: "of function fn names version 1, which is not what the alias stands for: content is \"zz\" instead of \"a1\"; delete the alias",
		},
		"other content of another stack is an error": {
			with: func(l *lambda, f *function) {
				f.versions[0].description = Mark{"other", "zz"}.Describe()
				l.alias(testSpec("a1"), "other", "1")
			},
			err: `content is "zz" instead of "a1"`,
		},
		"a version without a mark is an error": {
			with: func(l *lambda, f *function) { f.versions[0].description = ""; l.alias(testSpec("a1"), "shop", "1") },
			err:  `publishing stack is "" instead of "shop"`,
		},
		"another configuration is an error": {
			with: func(l *lambda, f *function) {
				f.versions[0].config.MemoryMB = 256
				l.alias(testSpec("a1"), "shop", "1")
			},
			err: `memory is "256" instead of "128"`,
		},
		"what Lambda answers comes through": {
			with: func(l *lambda, _ *function) { l.before[1] = func() error { return errLost } }, err: errLost.Error(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, l *lambda) {
				tc.with(l, l.own())
				got, err := Find(t.Context(), l, testSpec("a1"), "shop")
				if tc.err == "" && err != nil || tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) {
					t.Errorf("Find = %v, %v; want an error with %q", got, err, tc.err)
				}
				if got.Standing != tc.want {
					t.Errorf("the standing is %d, want %d", got.Standing, tc.want)
				}
				var want Published
				if tc.want == Exists {
					want = l.observe(l.functions["fn"], l.functions["fn"].versions[0])
				}
				if diff := cmp.Diff(want, got.Published); diff != "" {
					t.Errorf("found (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([]string{"ByAlias"}, l.calls); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// wantAllCalls compares all calls but the looks at $LATEST.
func wantAllCalls(t *testing.T, l *lambda, want ...string) {
	t.Helper()
	calls := slices.DeleteFunc(slices.Clone(l.calls), func(c string) bool { return c == "Head" })
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestWhatTheAliasNamesIsNotPublishedAgain(t *testing.T) {
	t.Parallel()
	t.Run("a version that exists is looked at and given back", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			f := l.own()
			l.alias(testSpec("a1"), "shop", "1")
			f.code, f.changed = "of b2", true // something else was published since
			if v := mustPublish(t, l, testJob("a1")); v.Ref.Number != 1 {
				t.Errorf("published %v", v.Ref)
			}
			wantAllCalls(t, l, "CreateAlias", "Alias", "Version", "Version")
		})
	})
	t.Run("also where another program packed it into another zip", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			l.own().versions[0].code = "other"
			l.alias(testSpec("a1"), "shop", "1")
			v, err := Publish(t.Context(), l, testJob("a1"), steady, nil)
			if err != nil || v.Ref.Number != 1 || v.CodeSHA256 != "other" {
				t.Errorf("published %v, %v", v, err)
			}
		})
	})
	t.Run("a run that died after it published is found in the list", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			f := l.own()
			l.alias(testSpec("a1"), "shop", latest)
			f.code, f.changed = "of b2", true
			if v := mustPublish(t, l, testJob("a1")); v.Ref.Number != 1 {
				t.Errorf("published %v", v.Ref)
			}
			wantAllCalls(t, l, "CreateAlias", "Alias", "Versions", "Version", "UpdateAlias")
		})
	})
	t.Run("a run that died before it published is carried on", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			l.own()
			l.alias(testSpec("b2"), "shop", latest)
			if v := mustPublish(t, l, testJob("b2")); v.Ref.Number != 2 {
				t.Errorf("published %v", v.Ref)
			}
			wantAllCalls(t, l, "CreateAlias", "Alias", "Versions", "UpdateCode", "Publish", "UpdateAlias")
		})
	})
	t.Run("the alias that the former owner left is taken over", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			l.own().versions[0].description = Mark{"other", "a1"}.Describe()
			l.alias(testSpec("a1"), "other", "1")
			if v := mustPublish(t, l, testJob("a1")); v.Ref.Number != 2 {
				t.Errorf("published %v", v.Ref)
			}
			wantAllCalls(t, l, "CreateAlias", "Alias", "Version", "UpdateAlias", "Publish", "UpdateConfig", "Publish", "UpdateAlias")
		})
	})
}

// Between the look at the former owner's version and the take-over, another
// run of the stack may have published.
func TestTakingOverMeetsAnotherRun(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, l *lambda) {
		f := l.own()
		f.versions[0].description = Mark{"other", "a1"}.Describe()
		l.alias(testSpec("a1"), "other", "1")
		l.before[5] = func() error { // Head, CreateAlias, Alias, Version, UpdateAlias
			f.versions = append(f.versions, &version{number: 2, config: testConfig(), code: f.code, description: Mark{"shop", "a1"}.Describe()})
			l.alias(testSpec("a1"), "shop", "2")
			return nil
		}
		if v := mustPublish(t, l, testJob("a1")); v.Ref.Number != 2 {
			t.Errorf("published %v", v.Ref)
		}
		wantAllCalls(t, l, "CreateAlias", "Alias", "Version", "UpdateAlias", "Alias", "CreateAlias", "Alias", "Version", "Version")
	})
	t.Run("or its own move, whose answer was lost", func(t *testing.T) {
		t.Parallel()
		for _, answer := range []error{errLost, ErrStaleRevision} {
			bubble(t, func(t *testing.T, l *lambda) {
				l.own().versions[0].description = Mark{"other", "a1"}.Describe()
				l.alias(testSpec("a1"), "other", "1")
				l.after[5] = func() error { return answer }
				mustPublish(t, l, testJob("a1"))
				wantAllCalls(t, l, "CreateAlias", "Alias", "Version", "UpdateAlias", "Alias", "Versions", "Publish", "UpdateConfig", "Publish", "UpdateAlias")
			})
		}
	})
}

func TestAnAliasThatIsWrongIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	name := testSpec("b2").Alias()
	for what, tc := range map[string]struct {
		with    func(*lambda, *function)
		version string
		want    Difference
	}{
		"other content": {
			func(l *lambda, _ *function) { l.alias(testSpec("b2"), "shop", "1") }, "1", Difference{"content", "b2", "a1"},
		},
		"another configuration": {
			func(l *lambda, f *function) {
				f.versions[0].description, f.versions[0].config.TimeoutSeconds = Mark{"shop", "b2"}.Describe(), 30
				l.alias(testSpec("b2"), "shop", "1")
			}, "1", Difference{"timeout", "5", "30"},
		},
		"no mark": {
			func(l *lambda, f *function) { f.versions[0].description = ""; l.alias(testSpec("b2"), "shop", "1") },
			"1", Difference{"publishing stack", "shop", ""},
		},
		"traffic is shared": {
			func(l *lambda, f *function) {
				l.alias(testSpec("b2"), "shop", "1")
				a := f.aliases[name]
				a.Second = "1"
				f.aliases[name] = a
			}, "1", Difference{"routing", "one version", "weights"},
		},
		"no version at all": {
			func(l *lambda, f *function) {
				f.aliases = map[string]Alias{name: {Name: name, Version: "$LATEST.PUBLISHED"}}
			},
			"$LATEST.PUBLISHED", Difference{"version", "a number", "$LATEST.PUBLISHED"},
		},
		"it was moved during the publication": {
			func(l *lambda, f *function) {
				l.before[8] = func() error { l.alias(testSpec("b2"), "shop", "1"); return nil }
			}, "1", Difference{"version", "2", "1"},
		},
		"it was shared during the publication": {
			func(l *lambda, f *function) {
				l.before[9] = func() error {
					l.alias(testSpec("b2"), "shop", "2")
					a := f.aliases[name]
					a.Second = "1"
					f.aliases[name] = a
					return nil
				}
			}, "2", Difference{"routing", "one version", "weights"},
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, l *lambda) {
				f := l.own()
				tc.with(l, f)
				before := *f
				_, err := Publish(t.Context(), l, testJob("b2"), steady, nil)
				e, ok := errors.AsType[*WrongAliasError](err)
				if !ok || e.Function != "fn" || e.Alias != name || e.Version != tc.version || !slices.Contains(e.Differences, tc.want) {
					t.Fatalf("got %v", err)
				}
				for _, word := range []string{"function fn", name, "version " + tc.version, "aws lambda delete-alias"} {
					if !strings.Contains(err.Error(), word) {
						t.Errorf("the error does not say %q: %v", word, err)
					}
				}
				if strings.HasPrefix(what, "it was") {
					return
				}
				if f.code != before.code || f.config != before.config || len(f.versions) != 1 {
					t.Error("the function was changed")
				}
			})
		})
	}
}

// An alias that is described anew between a read and the move is still ours.
func TestPointMeetsAnotherRevision(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, l *lambda) {
		l.own()
		l.before[9] = func() error { l.alias(testSpec("b2"), "a person", latest); return nil } // Head, CreateAlias, UpdateCode, 4 Heads, Publish
		mustPublish(t, l, testJob("b2"))
		wantAllCalls(t, l, "CreateAlias", "UpdateCode", "Publish", "UpdateAlias", "Alias", "UpdateAlias")
	})
	t.Run("but not for ever", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			l.own()
			for n := 9; n < 40; n++ {
				l.before[n] = func() error { l.alias(testSpec("b2"), "a person", latest); return nil }
			}
			_, err := Publish(t.Context(), l, testJob("b2"), steady, nil)
			if _, ok := errors.AsType[*ContestedError](err); !ok || !errors.Is(err, ErrStaleRevision) {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestPoint(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		at    string // what the alias names; "" for no alias
		fails bool
		calls []string
	}{
		"from $LATEST to the version":      {at: latest, calls: []string{"Alias", "UpdateAlias"}},
		"what names the version stays":     {at: "1", calls: []string{"Alias"}},
		"what names another is an error":   {at: "2", calls: []string{"Alias"}, fails: true},
		"so is an alias that is not there": {calls: []string{"Alias"}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, l *lambda) {
				f := l.own()
				f.versions = append(f.versions, &version{number: 2})
				if tc.at != "" {
					l.alias(testSpec("a1"), "shop", tc.at)
				}
				v := l.list("fn")[0]
				if err := Point(t.Context(), l, v); (err != nil) != tc.fails {
					t.Errorf("got %v", err)
				}
				if !tc.fails && l.named(v) != "" {
					t.Error(l.named(v))
				}
				if diff := cmp.Diff(tc.calls, l.calls); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A new function may be seen by one call and not by the next.
func TestAFunctionThatTakesNoAliasYetIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, refusal := range []error{ErrNoVersion, ErrInProgress} {
		bubble(t, func(t *testing.T, l *lambda) {
			job := testJob("a1")
			job.Create, job.Head = true, Head{Function: "fn"}
			l.delay = 0
			for n := range 3 { // Create, Head, then CreateAlias and Head by turns
				l.before[3+2*n] = func() error { return refusal }
			}
			start := time.Now()
			mustPublish(t, l, job)
			if took := time.Since(start); took != 3*time.Second {
				t.Errorf("%v: took %v, want a second for each refusal", refusal, took)
			}
		})
	}
	bubble(t, func(t *testing.T, l *lambda) {
		l.own()
		for n := range 100 {
			l.before[n+1] = func() error {
				if l.calls[n] == "CreateAlias" {
					return ErrInProgress
				}
				return nil
			}
		}
		_, err := Publish(t.Context(), l, testJob("b2"), steady, nil)
		if _, ok := errors.AsType[*ContestedError](err); !ok || !errors.Is(err, ErrInProgress) {
			t.Errorf("got %v", err)
		}
	})
}

// die lets the run end with call n: nothing that comes after it arrives.
func (l *lambda) die(n int, effect bool) {
	lost := func() error { return fmt.Errorf("call: %w", errLost) }
	if effect {
		l.after[n] = lost
	} else {
		l.before[n] = lost
	}
	for m := n + 1; m < n+40; m++ {
		l.before[m] = lost
	}
}

// A run that publishes X dies at any call, Y is published, and then X again:
// the content has one version, and its alias names it.
func TestContentThatWasLeftHalfPublishedHasOneVersionInTheEnd(t *testing.T) {
	t.Parallel()
	for _, effect := range []bool{false, true} {
		for n := 1; ; n++ {
			var done bool
			synctest.Test(t, func(t *testing.T) {
				l := newLambda()
				l.delay = time.Second
				x, y := testJob("x1"), testJob("y2")
				x.Create, y.Create = true, true
				l.die(n, effect)
				_, err := again(t.Context(), l, x)
				done = err == nil
				clear(l.before)
				clear(l.after)
				for _, job := range []Job{y, x, y, x} {
					publishAgain(t.Context(), t, l, job, n)
				}
				for _, content := range []ContentID{"x1", "y2"} {
					if count := marked(l, content); count != 1 {
						t.Errorf("died at call %d (effect %t): %d versions of %s", n, effect, count, content)
					}
				}
			})
			if done {
				if n < 8 {
					t.Errorf("the run took only %d calls", n)
				}
				break
			}
		}
	}
}

func publishAgain(ctx context.Context, t *testing.T, l *lambda, job Job, n int) {
	v, err := again(ctx, l, job)
	if err != nil {
		t.Fatalf("died at call %d: %v", n, err)
	}
	if problem := l.named(v); problem != "" || v.Spec != job.Spec {
		t.Errorf("died at call %d: %v of %s: %s", n, v.Ref, job.Spec.Content, problem)
	}
}

func TestALongDescriptionIsRefusedBeforeAnythingIsAsked(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, l *lambda) {
		job := testJob(ContentID(strings.Repeat("a", 230)))
		if _, err := Publish(t.Context(), l, job, steady, nil); err == nil || !strings.Contains(err.Error(), "256 characters") {
			t.Errorf("got %v", err)
		}
		if len(l.calls) > 0 {
			t.Errorf("calls: %v", l.calls)
		}
	})
}
