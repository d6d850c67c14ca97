package versions

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestVersionWithoutOurMarkIsReplacedByOneThatHasIt(t *testing.T) {
	t.Parallel()
	for name, description := range map[string]string{
		"another stack's":     Mark{"other", "a1"}.Describe(),
		"a person's":          "fix the redirect",
		"ours, other content": Mark{"shop", "zz"}.Describe(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, l *lambda) {
				l.own().versions[0].description = description
				if v := mustPublish(t, l, testJob("a1")); v.Ref.Number != 2 {
					t.Errorf("published %v", v.Ref)
				}
				wantCalls(t, l, "Publish", "UpdateConfig", "Publish")
			})
		})
	}
	t.Run("or the error says what to do when Lambda insists", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			l.own().versions[0].description = "fix the redirect"
			l.contents = true
			_, err := Publish(t.Context(), l, testJob("a1"), steady, nil)
			e, ok := errors.AsType[*UnmarkedError](err)
			if !ok || e.Ref != (Ref{"fn", 1}) || !strings.Contains(err.Error(), "delete that version") {
				t.Errorf("got %v", err)
			}
			wantCalls(t, l, "Publish", "UpdateConfig", "Publish")
		})
	})
	t.Run("also when the answer of the update is lost", func(t *testing.T) {
		t.Parallel()
		for _, when := range []string{"before", "after"} {
			bubble(t, func(t *testing.T, l *lambda) {
				l.own().versions[0].description = "fix the redirect"
				faults := map[string]map[int]func() error{"before": l.before, "after": l.after}
				faults[when][4] = func() error { return errLost } // Head, CreateAlias, Publish, UpdateConfig
				v, err := Publish(t.Context(), l, testJob("a1"), steady, nil)
				if when == "after" && (err != nil || v.Ref.Number != 2) {
					t.Errorf("lost after its effect: %v, %v", v.Ref, err)
				}
				if when == "before" && !errors.Is(err, errLost) {
					t.Errorf("lost before its effect: %v, %v", v.Ref, err)
				}
			})
		}
	})
}

func TestVersionThatIsNotWhatWasSentIsRefused(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, l *lambda) {
		f := l.own()
		l.contents = true
		f.versions[0].config.MemoryMB = 1024 // and Lambda holds that nothing changed
		f.config.MemoryMB = 1024
		l.after[1] = func() error { f.config.MemoryMB = 128; return nil }
		l.before[2] = func() error { f.config.MemoryMB = 1024; return nil }
		job := testJob("a1")
		job.Head = l.head("fn")
		job.Head.Config.MemoryMB = 128
		_, err := Publish(t.Context(), l, job, steady, nil)
		e, ok := errors.AsType[*MismatchError](err)
		if !ok || !slices.Contains(e.Differences, Difference{"memory", "128", "1024"}) {
			t.Errorf("got %v", err)
		}
	})
}

// A client that repeats a request whose answer was lost meets its own success.
func TestOwnSuccessIsRecognised(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		call   string
		answer error
	}{
		"a creation that exists already":         {"Create", ErrFunctionExists},
		"an upload that is in progress already":  {"UpdateCode", ErrInProgress},
		"an upload with the revision before it":  {"UpdateCode", ErrStaleRevision},
		"an update with the revision before it":  {"UpdateConfig", ErrStaleRevision},
		"a publish with the revision before it":  {"Publish", ErrStaleRevision},
		"a publish whose answer was lost":        {"Publish", errLost},
		"a creation whose answer was lost":       {"Create", errLost},
		"an adoption whose answer was lost":      {"Tag", errLost},
		"an adoption that meets the next update": {"Tag", ErrInProgress},
		"an alias that exists already":           {"CreateAlias", ErrAliasExists},
		"an alias whose creation was not told":   {"CreateAlias", errLost},
		"an alias with the revision before it":   {"UpdateAlias", ErrStaleRevision},
		"an alias whose move was not told":       {"UpdateAlias", errLost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, l *lambda) {
				job := testJob("b2")
				job.Spec.Config.MemoryMB = 256
				job.Adopt, job.Create = true, tc.call == "Create"
				if !job.Create {
					l.own().tags[StackTag] = "other"
				}
				hits := 0
				for n := range 100 {
					l.after[n+1] = func() error {
						if l.calls[n] == tc.call && hits == 0 {
							hits++
							return tc.answer
						}
						return nil
					}
				}
				mustPublish(t, l, job)
				if hits != 1 {
					t.Fatalf("%s was never called: %v", tc.call, l.calls)
				}
				if n := marked(l, "b2"); n != 1 {
					t.Errorf("%d versions carry the mark", n)
				}
			})
		})
	}
}

// Between a publication whose answer was lost and the next one somebody may
// update the function: then Lambda would make a second version.
func TestLostPublicationIsFoundInTheListBeforeAnother(t *testing.T) {
	t.Parallel()
	for _, answer := range []error{errLost, ErrStaleRevision, ErrInProgress} {
		bubble(t, func(t *testing.T, l *lambda) {
			f := l.own()
			l.after[8] = func() error { l.begin(f, "InProgress"); return answer }
			if v := mustPublish(t, l, testJob("b2")); v.Ref.Number != 2 {
				t.Errorf("published %v", v.Ref)
			}
			wantCalls(t, l, "UpdateCode", "Publish", "Versions")
		})
	}
}

func TestErrorOfLambdaComesThroughWhenNothingHappened(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"Create", "Tag", "CreateAlias", "UpdateConfig", "UpdateCode", "Publish", "UpdateAlias"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, l *lambda) {
				job := testJob("b2")
				job.Spec.Config.MemoryMB = 256
				job.Adopt, job.Create = true, call == "Create"
				if !job.Create {
					l.own().tags[StackTag] = "other"
				}
				denied := errors.New("AccessDeniedException")
				for n := range 100 {
					l.before[n+1] = func() error {
						if l.calls[n] == call {
							return denied
						}
						return nil
					}
				}
				if _, err := Publish(t.Context(), l, job, steady, nil); !errors.Is(err, denied) || err.Error() != denied.Error() {
					t.Errorf("got %v", err)
				}
				if n := slices.Index(l.calls, call); slices.Contains(l.calls[n+1:], call) {
					t.Errorf("%s was called again: %v", call, l.calls)
				}
			})
		})
	}
}

func marked(l *lambda, content ContentID) (n int) {
	for _, v := range l.list("fn") {
		if v.Spec.Content == content && v.Stack == "shop" {
			n++
		}
	}
	return n
}

// scene is a state that a run may find, and the job that it has.
type scene struct {
	name    string
	prepare func(l *lambda) Job
}

func scenes() []scene {
	return []scene{
		{"nothing is there", func(*lambda) Job {
			job := testJob("b2")
			job.Create = true
			return job
		}},
		{"code and configuration differ", func(l *lambda) Job {
			l.own()
			job := testJob("b2")
			job.Spec.Config.MemoryMB = 256
			return job
		}},
		{"the plan's head is known", func(l *lambda) Job {
			l.own()
			job := testJob("b2")
			job.Head = l.head("fn")
			return job
		}},
		{"it is another stack's", func(l *lambda) Job {
			l.own().tags[StackTag] = "other"
			job := testJob("b2")
			job.Adopt = true
			return job
		}},
		{"a version is equal but for its mark", func(l *lambda) Job {
			l.own().versions[0].description = Mark{"other", "b2"}.Describe()
			f := l.functions["fn"]
			f.code, f.versions[0].code = testJob("b2").CodeSHA256, testJob("b2").CodeSHA256
			return testJob("b2")
		}},
		{"the alias is the former owner's", func(l *lambda) Job {
			l.own().versions[0].description = Mark{"other", "b2"}.Describe()
			f := l.functions["fn"]
			f.code, f.versions[0].code = testJob("b2").CodeSHA256, testJob("b2").CodeSHA256
			l.alias(testSpec("b2"), "other", "1")
			return testJob("b2")
		}},
		{"a run died before it published", func(l *lambda) Job {
			l.own()
			l.alias(testSpec("b2"), "shop", latest)
			return testJob("b2")
		}},
		{"$LATEST carries forbidden configuration", func(l *lambda) Job {
			l.own().config.Extra = "architecture,environment"
			return testJob("b2")
		}},
	}
}

// again is what a run does that finds the account as it is: it uses the
// version that is there, and publishes otherwise.
func again(ctx context.Context, l *lambda, job Job) (Version, error) {
	found, err := Find(ctx, l, job.Spec, job.Stack)
	if err != nil {
		return Version{}, err
	}
	job.Head = Head{} // a new run knows nothing
	if found.Standing == Exists {
		return AwaitActive(ctx, l, found.Published.Version, job.Stack, steady, nil)
	}
	return Publish(ctx, l, job, steady, nil)
}

// Whichever call fails, before or after its effect, and even if the process
// dies of it: running again ends with exactly one version of the content.
func TestRunningAgainAfterAnyFaultPublishesOnce(t *testing.T) {
	t.Parallel()
	for _, sc := range scenes() {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				type fault struct {
					call  int
					after bool
				}
				draw := rapid.Custom(func(t *rapid.T) fault {
					return fault{rapid.IntRange(1, 30).Draw(t, "call"), rapid.Bool().Draw(t, "after")}
				})
				faults := rapid.SliceOfN(draw, 1, 4).Draw(rt, "faults")
				delay := rapid.SampledFrom([]time.Duration{0, 1500 * time.Millisecond, 3 * time.Second}).Draw(rt, "delay")
				published := rapid.SampledFrom([]time.Duration{0, 2 * time.Second}).Draw(rt, "version delay")
				var problem string // rapid's own Fatalf must stay on its goroutine
				synctest.Test(t, func(t *testing.T) {
					l := newLambda()
					l.delay, l.published = delay, published
					job := sc.prepare(l)
					for _, f := range faults {
						where := l.before
						if f.after {
							where = l.after
						}
						where[f.call] = func() error { return fmt.Errorf("call %d: %w", f.call, errLost) }
					}
					problem = untilItWorks(t.Context(), l, job, len(faults))
				})
				if problem != "" {
					rt.Fatal(problem)
				}
			})
		})
	}
}

// untilItWorks runs a job, and runs it again after each lost answer. It says
// what is wrong with the end, if anything is.
func untilItWorks(ctx context.Context, l *lambda, job Job, faults int) string {
	v, err := Publish(ctx, l, job, steady, nil)
	for runs := 0; err != nil; runs++ {
		if runs > faults || !errors.Is(err, errLost) {
			return fmt.Sprintf("run %d: %v\ncalls: %v", runs, err, l.calls)
		}
		v, err = again(ctx, l, job)
	}
	if n := marked(l, "b2"); n != 1 {
		return fmt.Sprintf("%d versions carry the mark, calls: %v", n, l.calls)
	}
	want := Version{Ref: v.Ref, Spec: job.Spec, CodeSHA256: job.CodeSHA256, Stack: "shop"}
	if v != want || !slices.Contains(l.list("fn"), v) {
		return fmt.Sprintf("got %v, want %v of %v", v, want, l.list("fn"))
	}
	return l.named(v)
}

func TestAwaitActive(t *testing.T) {
	t.Parallel()
	recorded := Version{Ref: Ref{"fn", 1}, Spec: testSpec("a1"), CodeSHA256: testJob("a1").CodeSHA256, Stack: "shop"}
	for name, tc := range map[string]struct {
		with func(*lambda, *function)
		want func(*Version)
		err  string // "" for none
		took time.Duration
	}{
		"an Active version is looked at once": {},
		"a Pending one is waited for":         {with: func(l *lambda, f *function) { f.versions[0].activeAt = time.Now().Add(7 * time.Second) }, took: 7 * time.Second},
		"without a recorded hash the mark suffices": {
			with: func(_ *lambda, f *function) { f.versions[0].code = "other" },
			want: func(v *Version) { v.CodeSHA256 = "" },
		},
		"a deleted one is an error": {
			with: func(_ *lambda, f *function) { f.versions = nil }, err: ErrNoVersion.Error(),
		},
		"a Failed one never serves": {
			with: func(_ *lambda, f *function) { f.versions[0].state = "Failed" }, err: "fn:1 is Failed",
		},
		"one that stays Pending is given up after 26 minutes": {
			with: func(_ *lambda, f *function) { f.versions[0].activeAt = time.Now().Add(time.Hour) },
			err:  "gave up after 26m0s", took: 26 * time.Minute,
		},
		"other code is a mismatch": {
			with: func(_ *lambda, f *function) { f.versions[0].code = "other" }, err: `CodeSha256 is "other"`,
		},
		"another content mark is a mismatch": {
			with: func(_ *lambda, f *function) { f.versions[0].description = Mark{"shop", "zz"}.Describe() }, err: `content is "zz" instead of "a1"`,
		},
		"another stack's mark is a mismatch": {
			with: func(_ *lambda, f *function) { f.versions[0].description = Mark{"other", "a1"}.Describe() }, err: `publishing stack is "other"`,
		},
		"no mark is a mismatch": {
			with: func(_ *lambda, f *function) { f.versions[0].description = "" }, err: `content is "" instead of "a1"`,
		},
		"another configuration is a mismatch": {
			with: func(_ *lambda, f *function) { f.versions[0].config.TimeoutSeconds = 30 }, err: `timeout is "30" instead of "5"`,
		},
		"forbidden configuration is a mismatch": {
			with: func(_ *lambda, f *function) { f.versions[0].config.Extra = "layers" }, err: `forbidden configuration is "layers"`,
		},
		"another owner is an error": {
			with: func(_ *lambda, f *function) { f.tags[StackTag] = "other" }, err: "belongs to stack other",
		},
		"no owner is an error": {
			with: func(_ *lambda, f *function) { f.tags = nil }, err: "carries no tag edgedeploy:stack",
		},
		"an unknown owner is an error": {
			with: func(_ *lambda, f *function) { f.hideTags = "AccessDenied" }, err: "lambda:ListTags",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, l *lambda) {
				f, want := l.own(), recorded
				if tc.with != nil {
					tc.with(l, f)
				}
				if tc.want != nil {
					tc.want(&want)
				}
				start := time.Now()
				got, err := AwaitActive(t.Context(), l, want, "shop", steady, nil)
				if tc.err == "" && (err != nil || got != l.list("fn")[0]) {
					t.Errorf("AwaitActive = %v, %v", got, err)
				}
				if tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) {
					t.Errorf("AwaitActive = %v, %v; want an error with %q", got, err, tc.err)
				}
				if took := time.Since(start); took != tc.took {
					t.Errorf("took %v, want %v", took, tc.took)
				}
				if tc.took == 0 && len(l.calls) != 1 {
					t.Errorf("calls: %v", l.calls)
				}
			})
		})
	}
}

// Every member of Config counts: one that is added must be compared too.
func TestEveryConfigurationMemberIsCompared(t *testing.T) {
	t.Parallel()
	var changed int
	var visit func(base Config, v reflect.Value, whole *Config)
	visit = func(base Config, v reflect.Value, whole *Config) {
		for i := range v.NumField() {
			switch field := v.Field(i); field.Kind() {
			case reflect.Struct:
				visit(base, field, whole)
			case reflect.String, reflect.Int:
				*whole = base
				if field.Kind() == reflect.String {
					field.SetString("changed")
				} else {
					field.SetInt(1)
				}
				changed++
				if got := configDifferences(*whole, base); len(got) != 1 {
					t.Errorf("%+v: differences %v, want one", *whole, got)
				}
			default:
				t.Fatalf("this test does not know how to change a %s", field.Kind())
			}
		}
	}
	var whole Config
	visit(testConfig(), reflect.ValueOf(&whole).Elem(), &whole)
	if changed < 9 {
		t.Errorf("only %d members were changed", changed)
	}
	if got := configDifferences(testConfig(), testConfig()); len(got) != 0 {
		t.Errorf("no difference is %v", got)
	}
}
