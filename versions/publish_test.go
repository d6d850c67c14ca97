package versions

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgedeploy/edgedeploy/internal/pace"
)

const testRole = "arn:aws:iam::123456789012:role/edge"

func testConfig() Config {
	return Config{Runtime: "nodejs24.x", Handler: "index.handler", Role: testRole, MemoryMB: 128, TimeoutSeconds: 5}
}

func testSpec(content ContentID) Spec {
	return Spec{Function: "fn", Content: content, Config: testConfig()}
}

// testJob is a job whose zip is named after its content.
func testJob(content ContentID) Job {
	zip := []byte("zip of " + content)
	return Job{Spec: testSpec(content), Stack: "shop", Zip: zip, CodeSHA256: hashOf(zip)}
}

// own puts a settled function of stack shop there, with content a1 published.
func (l *lambda) own() *function {
	job := testJob("a1")
	f := &function{name: "fn", config: testConfig(), code: job.CodeSHA256, update: "Successful", revision: l.rev(),
		tags: map[string]string{StackTag: "shop"}, numbered: 1,
		versions: []*version{{number: 1, config: testConfig(), code: job.CodeSHA256, description: Mark{"shop", "a1"}.Describe()}}}
	l.functions["fn"] = f
	return f
}

// bubble runs a test with its own time, in which transitions take 3 s.
func bubble(t *testing.T, run func(t *testing.T, l *lambda)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newLambda()
		l.delay, l.published = 3*time.Second, 0
		run(t, l)
	})
}

// mustPublish publishes, and checks that what it says is what there is.
func mustPublish(t *testing.T, l *lambda, job Job) Version {
	t.Helper()
	v, err := Publish(t.Context(), l, job, steady, nil)
	if err != nil {
		t.Fatalf("Publish: %v\ncalls: %v", err, l.calls)
	}
	want := Version{Ref: v.Ref, Spec: job.Spec, CodeSHA256: job.CodeSHA256, Stack: job.Stack}
	list := l.list(job.Spec.Function)
	i := slices.IndexFunc(list, func(have Version) bool { return have.Ref == v.Ref })
	if i < 0 {
		t.Fatalf("%v is not among the published: %v", v.Ref, list)
	}
	if diff := cmp.Diff(want, list[i]); diff != "" {
		t.Errorf("what is published differs from the job (-want +got):\n%s", diff)
	}
	if v != want {
		t.Errorf("Publish = %v, want %v", v, want)
	}
	if problem := l.named(v); problem != "" {
		t.Error(problem)
	}
	return v
}

func wantCalls(t *testing.T, l *lambda, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, l.mutations(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("calls besides looks (-want +got):\n%s", diff)
	}
}

func TestPublishCreatesWhatIsMissing(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, l *lambda) {
		job := testJob("a1")
		job.Create, job.Tags = true, map[string]string{"team": "web"}
		v := mustPublish(t, l, job)
		if v.Ref.Number != 1 {
			t.Errorf("published %v, want 1", v.Ref)
		}
		wantCalls(t, l, "Create", "Publish")
		if diff := cmp.Diff(map[string]string{"team": "web", StackTag: "shop"}, l.functions["fn"].tags); diff != "" {
			t.Errorf("tags (-want +got):\n%s", diff)
		}
		if _, tagged := job.Tags[StackTag]; tagged {
			t.Error("the caller's tags were changed")
		}
	})
}

func TestPublishCreatesAtOnceWhenThePlanSawNothing(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, l *lambda) {
		job := testJob("a1")
		job.Create, job.Head = true, Head{Function: "fn"}
		mustPublish(t, l, job)
		if l.calls[0] != "Create" {
			t.Errorf("the first call is %s", l.calls[0])
		}
	})
}

func TestChangeOfCodeCostsFourCallsBesidesLooks(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, l *lambda) {
		l.own()
		job := testJob("b2")
		job.Head = l.head("fn")
		mustPublish(t, l, job)
		// Looks at 0 s, 1 s, 2 s and 3 s; the version is Active at once and not looked at.
		want := []string{"CreateAlias", "UpdateCode", "Head", "Head", "Head", "Head", "Publish", "UpdateAlias"}
		if diff := cmp.Diff(want, l.calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestOnlyWhatDiffersIsUpdated(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		job    func(*Job)
		latest func(*function)
		want   []string
	}{
		"configuration goes before code": {
			job:  func(j *Job) { *j = testJob("b2"); j.Spec.Config.MemoryMB = 256 },
			want: []string{"UpdateConfig", "UpdateCode", "Publish"},
		},
		"a change of configuration uploads nothing": {
			job:  func(j *Job) { j.Spec.Config.TimeoutSeconds = 7 },
			want: []string{"UpdateConfig", "Publish"},
		},
		"what was uploaded before a crash is only published": {
			job:    func(j *Job) { *j = testJob("b2") },
			latest: func(f *function) { f.code, f.changed = testJob("b2").CodeSHA256, true },
			want:   []string{"Publish"},
		},
		"forbidden configuration is reset before publishing": {
			job:    func(j *Job) { *j = testJob("b2") },
			latest: func(f *function) { f.config.Extra, f.changed = "environment,layers", true },
			want:   []string{"UpdateConfig", "UpdateCode", "Publish"},
		},
		"another architecture is reset by uploading the same code": {
			job:    func(*Job) {},
			latest: func(f *function) { f.config.Extra, f.changed = "architecture", true },
			want:   []string{"UpdateCode", "Publish"},
		},
		"both kinds of forbidden configuration are reset": {
			job:    func(*Job) {},
			latest: func(f *function) { f.config.Extra, f.changed = "architecture,vpc", true },
			want:   []string{"UpdateConfig", "UpdateCode", "Publish"},
		},
		"after an update that failed both are made again": {
			job:    func(j *Job) { *j = testJob("b2") },
			latest: func(f *function) { f.code, f.changed, f.update = testJob("b2").CodeSHA256, true, "Failed" },
			want:   []string{"UpdateConfig", "UpdateCode", "Publish"},
		},
		"an edit in the console is undone": {
			job:    func(j *Job) { *j = testJob("b2") },
			latest: func(f *function) { f.config.Handler, f.changed = "main.handler", true },
			want:   []string{"UpdateConfig", "UpdateCode", "Publish"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, l *lambda) {
				f, job := l.own(), testJob("a1")
				tc.job(&job)
				if tc.latest != nil {
					tc.latest(f)
				}
				mustPublish(t, l, job)
				wantCalls(t, l, tc.want...)
			})
		})
	}
}

func TestNothingIsDoneTwice(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, l *lambda) {
		l.own()
		if v := mustPublish(t, l, testJob("a1")); v.Ref.Number != 1 {
			t.Errorf("published %v although version 1 is the same", v.Ref)
		}
		wantCalls(t, l, "Publish") // Lambda itself answers with version 1
	})
}

func TestTransitionsAreWaitedOut(t *testing.T) {
	t.Parallel()
	t.Run("a function that an earlier run left Pending is carried on", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			job := testJob("a1")
			if err := l.Create(t.Context(), CreateInput{Function: "fn", Config: testConfig(), Zip: job.Zip, Tags: map[string]string{StackTag: "shop"}}); err != nil {
				t.Fatal(err)
			}
			job.Create = true
			mustPublish(t, l, job)
			wantCalls(t, l, "Create", "Publish")
		})
	})
	t.Run("somebody else's update is waited for", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			f := l.own()
			job := testJob("b2")
			job.Head = l.head("fn") // the plan saw it settled
			l.begin(f, "InProgress")
			mustPublish(t, l, job)
			wantCalls(t, l, "UpdateCode", "UpdateCode", "Publish") // refused once
		})
	})
	t.Run("a new version that is Pending is waited for", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			l.own()
			l.published = 90 * time.Second
			var reasons []string
			start := time.Now()
			_, err := Publish(t.Context(), l, testJob("b2"), Pace{Polls: pace.Backoff{First: 30 * time.Second, Max: 30 * time.Second}, Luck: even}, func(r string) { reasons = append(reasons, r) })
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took != 120*time.Second {
				t.Errorf("took %v, want 30 s for the update and 90 s for the version", took)
			}
			pending := "fn:2 is Pending (The function is being created.)"
			want := []string{"fn is being updated (The function is being created.)", pending, pending, pending}
			if diff := cmp.Diff(want, reasons); diff != "" {
				t.Errorf("ticks (-want +got):\n%s", diff)
			}
		})
	})
	t.Run("a new version may be missing from the first answers", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			l.own()
			l.published = time.Second
			for n := range 3 { // Head, CreateAlias, UpdateCode, 4 Heads, Publish: the looks begin with call 9
				l.before[9+n] = func() error { return ErrNoVersion }
			}
			mustPublish(t, l, testJob("b2"))
		})
	})
	t.Run("a new function may be missing from the first answers", func(t *testing.T) {
		t.Parallel()
		for name, answer := range map[string]error{"created": nil, "created by a request that was repeated": ErrFunctionExists} {
			bubble(t, func(t *testing.T, l *lambda) {
				job := testJob("a1")
				job.Create, job.Head = true, Head{Function: "fn"}
				var f *function
				l.after[1] = func() error { f = l.functions["fn"]; delete(l.functions, "fn"); return answer }
				l.before[4] = func() error { l.functions["fn"] = f; return nil }
				mustPublish(t, l, job)
				if diff := cmp.Diff([]string{"Create", "Publish"}, l.mutations()); diff != "" {
					t.Errorf("%s: calls besides looks (-want +got):\n%s", name, diff)
				}
			})
		}
	})
	t.Run("a look that is older than the update is not believed", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			f := l.own()
			l.delay = 0
			job := testJob("b2")
			job.Head = l.head("fn")
			old := *f
			var now function
			l.before[3] = func() error { now = *f; *f = old; return nil }
			l.after[3] = func() error { *f = now; return nil }
			mustPublish(t, l, job)
			wantCalls(t, l, "UpdateCode", "Publish")
		})
	})
}

func TestOwnershipIsByTag(t *testing.T) {
	t.Parallel()
	t.Run("another stack's function is refused untouched", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			l.own().tags[StackTag] = "other"
			_, err := Publish(t.Context(), l, testJob("b2"), steady, nil)
			e, ok := errors.AsType[*OwnerError](err)
			if !ok || *e != (OwnerError{"fn", "other"}) {
				t.Errorf("got %v", err)
			}
			wantCalls(t, l)
		})
	})
	t.Run("a function without our tag is refused even when it was to be created", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			l.own().tags = nil
			job := testJob("b2")
			job.Create, job.Head = true, Head{Function: "fn"}
			_, err := Publish(t.Context(), l, job, steady, nil)
			if e, ok := errors.AsType[*OwnerError](err); !ok || *e != (OwnerError{Function: "fn"}) {
				t.Errorf("got %v", err)
			}
			wantCalls(t, l, "Create")
		})
	})
	t.Run("an old head does not prove the owner wrong", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			l.own()
			job := testJob("b2")
			job.Head = l.head("fn")
			job.Head.Tags = nil
			mustPublish(t, l, job)
		})
	})
	t.Run("adopting tags first, when the tag can be seen", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			f := l.own()
			f.tags = map[string]string{StackTag: "other", "cost": "7"}
			l.tagsTake = 2 * time.Second
			l.begin(f, "InProgress") // tagging is refused meanwhile
			job := testJob("b2")
			job.Adopt, job.Tags = true, map[string]string{"team": "web"}
			mustPublish(t, l, job)
			wantCalls(t, l, "Tag", "UpdateCode", "Publish")
			if diff := cmp.Diff(map[string]string{StackTag: "shop", "cost": "7", "team": "web"}, f.tags); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
		})
	})
	t.Run("tags of a function that is ours are left alone", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			f := l.own()
			job := testJob("b2")
			job.Adopt, job.Tags = true, map[string]string{"team": "web"}
			mustPublish(t, l, job)
			wantCalls(t, l, "UpdateCode", "Publish")
			if len(f.tags) != 1 {
				t.Errorf("tags are %v", f.tags)
			}
		})
	})
	t.Run("unknown tags are an error that names the permission", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, l *lambda) {
			l.own().hideTags = "AccessDenied: no"
			_, err := Publish(t.Context(), l, testJob("b2"), steady, nil)
			if _, ok := errors.AsType[*UnknownOwnerError](err); !ok || !strings.Contains(err.Error(), "lambda:ListTags") {
				t.Errorf("got %v", err)
			}
			wantCalls(t, l)
		})
	})
}

func TestStatesThatLeadNowhere(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		job  func(*Job)
		with func(*lambda, *function)
		want string
	}{
		"a creation that failed must be deleted": {
			with: func(_ *lambda, f *function) { f.failed = "InternalError" },
			want: "function fn is Failed (InternalError): its creation never ended; delete it",
		},
		"a container image cannot be published": {
			with: func(_ *lambda, f *function) { f.config.Extra = "image,vpc" },
			want: "function fn is made with image: Lambda@Edge does not run that",
		},
		"what is not known is not published": {
			with: func(_ *lambda, f *function) { f.config.Extra = "GpuConfig,LoggingConfig.Sampling,vpc" },
			want: "function fn carries GpuConfig and LoggingConfig.Sampling, which this edgedeploy does not know",
		},
		"our own update that fails is reported with AWS's words": {
			with: func(l *lambda, f *function) {
				l.after[3] = func() error { f.updFailed = "InvalidZipFileException"; return nil }
			},
			want: "function fn is update Failed (InvalidZipFileException)",
		},
		"a version that fails is not given back": {
			with: func(l *lambda, f *function) {
				l.published = time.Second
				l.after[8] = func() error { f.last().state = "Failed"; return nil }
			},
			want: "fn:2 is Failed",
		},
		"a function that is gone is not created again": {
			with: func(l *lambda, _ *function) { delete(l.functions, "fn") },
			want: ErrNoVersion.Error(),
		},
		"a function that vanishes on the way is not created": {
			with: func(l *lambda, _ *function) { l.after[4] = func() error { delete(l.functions, "fn"); return nil } },
			want: ErrNoVersion.Error(),
		},
		"a function that was created and vanishes is not created again": {
			job: func(j *Job) { j.Create = true },
			with: func(l *lambda, _ *function) {
				delete(l.functions, "fn")
				l.after[4] = func() error { delete(l.functions, "fn"); return nil }
			},
			want: ErrNoVersion.Error(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, l *lambda) {
				job := testJob("b2")
				if tc.job != nil {
					tc.job(&job)
				}
				tc.with(l, l.own())
				start := time.Now()
				v, err := Publish(t.Context(), l, job, steady, nil)
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("Publish = %v, %v; want an error with %q", v, err, tc.want)
				}
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("it took %v to say so", took)
				}
			})
		})
	}
}

func TestJobThatContradictsItselfIsRefusedBeforeAnyCall(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Job){
		"a hash of another zip":                func(j *Job) { j.Zip = []byte("other") },
		"a wanted configuration with extras":   func(j *Job) { j.Spec.Config.Extra = "vpc" },
		"a stack that no description can hold": func(j *Job) { j.Stack = "two words" },
		"no stack":                             func(j *Job) { j.Stack = "" },
		"no content":                           func(j *Job) { j.Spec.Content = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, job := newLambda(), testJob("a1")
			change(&job)
			if _, err := Publish(t.Context(), l, job, steady, nil); err == nil || len(l.calls) > 0 {
				t.Errorf("got %v after %v", err, l.calls)
			}
		})
	}
}

// How long an update takes is not known: one that takes no time is seen without
// waiting, and a long one costs few looks and is not seen late.
func TestLooksFollowSoonAtFirstAndLaterMoreRarely(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		takes, late time.Duration
		looks       int
	}{{0, 0, 1}, {50 * time.Millisecond, 250 * time.Millisecond, 2}, {2 * time.Second, 1500 * time.Millisecond, 7}, {4 * time.Minute, 6 * time.Second, 62}} {
		bubble(t, func(t *testing.T, l *lambda) {
			l.own()
			l.delay = tt.takes
			start := time.Now()
			if _, err := Publish(t.Context(), l, testJob("b2"), Pace{}, nil); err != nil {
				t.Fatal(err)
			}
			heads := 0
			for _, call := range l.calls {
				if call == "Head" {
					heads++
				}
			}
			late := time.Since(start) - tt.takes
			if looks := heads - 1; looks > tt.looks || late < 0 || late > tt.late { // one is before the update
				t.Errorf("an update of %v is seen %v late, with %d looks", tt.takes, late, looks)
			}
		})
	}
}
