package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/edgedeploy/edgedeploy/internal/local/localaws"
)

// hinting is how a hint comes to be printed.
type hinting struct {
	name string
	make func(*hintRig) // all that comes before
	// run is the command that prints; code what it exits with.
	run  string
	code int
	// ends are the exit codes of the commands that are named, by their beginning.
	// The ones of a hint are exactly these.
	ends map[string]int
}

func hintings() []hinting {
	two := func(r *hintRig) { r.must("apply --yes -f one.yaml", "apply --yes -f two.yaml") }
	back := func(r *hintRig) { two(r); r.must("rollback --yes --stack shop") }
	half := func(r *hintRig) {
		r.must("apply --yes -f one.yaml")
		r.refuse("cloudfront", "UpdateDistribution", 2)
		r.run("apply --yes -f two.yaml")
	}
	halfBack := func(r *hintRig) {
		two(r)
		r.refuse("cloudfront", "UpdateDistribution", 2)
		r.run("rollback --yes -f two.yaml")
	}
	// locked lets a hand hold the lock: of a run that is alive, or by other words.
	locked := func(description string) func(*hintRig) {
		return func(r *hintRig) { two(r); r.describe("lock", description) }
	}
	alive := locked(`edgedeploy lock: {"v":1,"turn":99,"run":"r1.2","expires":4102444800,"phase":"apply","holder":"jo","live":2,"pending":2}`)
	onward := map[string]int{"apply": 0, "rollback --of 2": 0}
	onwardBack := map[string]int{"apply": 0, "rollback --of 3": 0}
	return []hinting{
		{"held", back, "apply --yes -f two.yaml", 5, map[string]int{"resume 2": 0}},
		{"a held plan", back, "plan -f two.yaml", 0, map[string]int{"resume 2": 0}},
		{"back", back, "status --stack shop", 0, map[string]int{"resume 2": 0}},
		{"live", two, "apply --yes -f three.yaml", 0, map[string]int{"rollback --of 3": 0}},
		{"went back", two, "rollback --yes --stack shop", 0, map[string]int{"rollback --to 2": 0}},
		{"back already", back, "rollback --yes --stack shop", 0, map[string]int{"rollback --to 0": 0}},
		{"half", func(r *hintRig) {
			r.must("apply --yes -f one.yaml")
			r.refuse("cloudfront", "UpdateDistribution", 2)
		}, "apply --yes -f two.yaml", 1, onward},
		{"half, status", half, "status -f two.yaml", 0, onward},
		{"half, resume", half, "resume -f two.yaml", 4, onward},
		// What is held stays held: the very content that was rolled back is refused.
		{"half back", func(r *hintRig) { two(r); r.refuse("cloudfront", "UpdateDistribution", 2) },
			"rollback --yes -f two.yaml", 1, map[string]int{"rollback --of 3": 0, "apply": 5}},
		{"half back, status", halfBack, "status -f three.yaml", 0, onwardBack},
		{"half back, resume", halfBack, "resume -f three.yaml", 4, onwardBack},
		{"nothing to go back to", func(r *hintRig) { r.must("apply --yes -f one.yaml") },
			"rollback --yes --stack shop", 1, map[string]int{"rollback --to 0": 0, "history": 0}},
		{"no such release", two, "rollback --yes --stack shop --to 9", 1, map[string]int{"history": 0}},
		{"nothing to show", two, "show --stack shop 9", 1, map[string]int{"history": 0}},
		{"locked", alive, "apply --yes -f three.yaml", 4, map[string]int{"unlock r1.2": 0}},
		{"a live lock is not taken", alive, "unlock --yes --stack shop", 4, map[string]int{"unlock r1.2": 0}},
		{"another run's lock", alive, "unlock r7 --yes --stack shop", 4, map[string]int{"unlock r1.2": 0}},
		{"not understood", locked("frozen until Monday"), "rollback --yes --stack shop", 4, map[string]int{"unlock unknown": 0}},
		{"not understood, status", locked("frozen until Monday"), "status --stack shop", 0, map[string]int{"unlock unknown": 0}},
		{"several held", func(r *hintRig) {
			back(r)
			r.must("apply --yes -f three.yaml", "rollback --yes --stack shop")
		}, "resume --stack shop", 1, map[string]int{"resume 2": 0, "resume 4": 0}},
	}
}

// wrecks are how hints come to be printed by what died, was lost or was left.
func wrecks() []hinting {
	died := func(lines ...string) func(*hintRig) {
		return func(r *hintRig) {
			r.must(lines...)
			r.dies("apply --yes -f three.yaml", "lambda", "PublishVersion", 1)
		}
	}
	// rollout is what a newer edgedeploy leaves: in flight, in a phase of its own.
	rollout := func(r *hintRig) {
		r.must("apply --yes -f one.yaml")
		r.refuse("cloudfront", "UpdateDistribution", 2)
		r.run("apply --yes -f two.yaml")
		r.describe("pending", "v1 kind=apply phase=shift step=2 since=2026-08-01T12:00:00Z")
	}
	uncommitted := func(r *hintRig) {
		r.arm(localaws.Fault{Service: "lambda", Operation: "UpdateAlias", Resource: "edgedeploy-shop-releases:live", Times: 100, Kind: localaws.Error, Status: 403, Code: "AccessDeniedException", Message: "armed"})
	}
	// gone lets the cache behavior go that the release before needs.
	gone := func(r *hintRig) {
		r.must("apply --yes -f wide.yaml", "apply --yes -f one.yaml")
		r.edit("E1AAAAAAAAAAAA", func(c string) string {
			r.cached = imgPaths.FindString(c)
			return imgPaths.ReplaceAllString(c, "<CacheBehaviors><Quantity>0</Quantity></CacheBehaviors>")
		})
	}
	foreign := func(r *hintRig) {
		r.must("apply --yes -f one.yaml", "apply --yes -f two.yaml", "apply --yes -f theirs.yaml")
		r.edit("E2AAAAAAAAAAAA", func(c string) string {
			return boundARN.ReplaceAllString(c, "arn:aws:lambda:us-east-1:123456789012:function:theirs-a:1")
		})
	}
	return []hinting{
		{"died", died("apply --yes -f one.yaml", "apply --yes -f two.yaml"), "rollback --yes --stack shop", 4, map[string]int{"rollback --of 2": 0, "rollback --to 2": 0}},
		{"died upon the first", died("apply --yes -f one.yaml"), "rollback --yes --stack shop", 4, map[string]int{"rollback --to 0": 0, "rollback --to 1": 0}},
		{"rollout", rollout, "apply --yes -f three.yaml", 4, map[string]int{"rollback --of 2": 0}},
		{"rollout, resume", rollout, "resume -f three.yaml", 4, map[string]int{"rollback --of 2": 0}},
		{"rollout, status", rollout, "status -f three.yaml", 0, map[string]int{"rollback --of 2": 0}},
		{"not made live", func(r *hintRig) { r.must("apply --yes -f one.yaml"); uncommitted(r) },
			"apply --yes -f two.yaml", 1, map[string]int{"apply": 0, "rollback --of 2": 0}},
		{"rollback not made live", func(r *hintRig) {
			r.must("apply --yes -f one.yaml", "apply --yes -f two.yaml")
			uncommitted(r)
		}, "rollback --yes -f fix.yaml", 1, map[string]int{"rollback --of 3": 0, "apply": 0}},
		{"resume not made live", func(r *hintRig) {
			r.must("apply --yes -f one.yaml", "apply --yes -f two.yaml", "rollback --yes --stack shop")
			uncommitted(r)
		}, "resume 2 --stack shop", 1, map[string]int{"resume 2": 0}},
		{"left undone", gone, "rollback --yes --stack shop", 1, map[string]int{"rollback --to 2": 0, "rollback --to 1": 1}},
		{"taken", foreign, "apply --yes -f three.yaml", 4, map[string]int{"apply": 0}},
		{"taken, status", foreign, "status -f three.yaml", 0, map[string]int{"apply": 0}},
		{"emptied, status", func(r *hintRig) {
			r.must("apply --yes -f one.yaml", "apply --yes -f wide.yaml")
			r.edit("E1AAAAAAAAAAAA", func(c string) string { // the slot of the default behavior, which comes first
				at := noAssociations.FindStringIndex(c)
				return c[:at[0]] + "<LambdaFunctionAssociations><Quantity>0</Quantity></LambdaFunctionAssociations>" + c[at[1]:]
			})
		}, "status -f wide.yaml", 0, map[string]int{"apply": 0}},
		{"taken, rollback", foreign, "rollback --yes --stack shop", 4, map[string]int{"rollback": 0}},
		{"not rolled back", func(r *hintRig) {
			r.must("apply --yes -f one.yaml")
			r.arm(localaws.Fault{Service: "cloudfront", Operation: "UpdateDistribution", Call: 2, Times: 100, Kind: localaws.Error, Status: 403, Code: "AccessDenied", Message: "armed"})
		}, "apply --yes --on-failure rollback -f two.yaml", 1, map[string]int{"apply": 0, "rollback --of 3": 0}},
	}
}

// A hint is a promise. Each command that one names is run from the very state in
// which it was printed, and ends as it says.
func TestEveryHintedCommandWorksFromWhereItIsPrinted(t *testing.T) {
	followed := 0
	defer func() { t.Logf("%d advised commands were followed", followed) }()
	for _, s := range append(hintings(), wrecks()...) {
		t.Run(s.name, func(t *testing.T) {
			show := func(t *testing.T) (*hintRig, []string, string) {
				r := newHintRig(t)
				s.make(r)
				code, text := r.run(s.run)
				if code != s.code {
					t.Fatalf("%s exits with %d, want %d: %s", s.run, code, s.code, text)
				}
				r.aws.Disarm()
				return r, adviceIn(s.run+" --endpoint-url "+r.url, text), text
			}
			_, commands, text := show(t)
			if len(commands) != len(s.ends) {
				t.Fatalf("%s names %q, want %v: %s", s.run, commands, s.ends, text)
			}
			for _, command := range commands {
				name, _, _ := strings.Cut(command, " -")
				t.Run(name, func(t *testing.T) {
					r, _, _ := show(t)
					want, known := endOf(s.ends, command)
					if !known {
						t.Fatalf("it is named, and nothing says how it ends")
					}
					// The port is another one each time.
					line := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).ReplaceAllString(command, r.url)
					if !strings.Contains(line, "--endpoint-url "+r.url) {
						t.Errorf("%s does not say which account is meant", command)
					}
					followed++
					if code, text := r.follow(line); code != want {
						t.Errorf("%s exits with %d, want %d: %s", line, code, want, text)
					}
				})
			}
		})
	}
}

func endOf(ends map[string]int, command string) (int, bool) {
	for begin, code := range ends {
		if command == begin || strings.HasPrefix(command, begin+" ") {
			return code, true
		}
	}
	return 0, false
}
