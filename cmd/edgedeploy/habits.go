package main

import "github.com/spf13/cobra"

// What other tools taught, and how the same is done here.

// commandHabits are names of commands that other tools have.
var commandHabits = map[string]string{
	"delete": "edgedeploy destroy takes a stack out of an account", "teardown": "edgedeploy destroy takes a stack out of an account",
	"remove": "edgedeploy destroy takes a stack out of an account", "down": "edgedeploy destroy takes a stack out of an account",
	"gc": "edgedeploy prune shows what nothing needs", "clean": "edgedeploy prune shows what nothing needs", "cleanup": "edgedeploy prune shows what nothing needs",
	"undo": "edgedeploy rollback undoes what is live", "revert": "edgedeploy rollback undoes what is live",
	"list": "edgedeploy history lists the releases", "ls": "edgedeploy history lists the releases",
	"log": "edgedeploy history lists the releases", "versions": "edgedeploy history lists the releases", "deployments": "edgedeploy history lists the releases",
	"lint": "edgedeploy validate checks the spec", "check": "edgedeploy validate checks the spec", "verify": "edgedeploy validate checks the spec",
	"preview": "edgedeploy plan shows what apply would do",
	"up":      "edgedeploy apply publishes and associates", "publish": "edgedeploy apply publishes and associates", "push": "edgedeploy apply publishes and associates",
	"get": "edgedeploy show N shows a release in full", "describe": "edgedeploy show N shows a release in full", "inspect": "edgedeploy show N shows a release in full",
	"logs": "what functions log is in CloudWatch, in the viewers' regions", "tail": "what functions log is in CloudWatch, in the viewers' regions",
	"dev": "edgedeploy test runs the fixtures, edgedeploy invoke one event", "run": "edgedeploy invoke runs a function with one event",
	"serve": "edgedeploy local serves the local AWS", "start": "edgedeploy local serves the local AWS", "localstack": "edgedeploy local serves the local AWS",
	"new": "edgedeploy init writes a spec, --lang a handler too", "create": "edgedeploy init writes a spec, --lang a handler too",
	"policy": "edgedeploy iam-policy prints what the account has to allow", "iam": "edgedeploy iam-policy prints what the account has to allow",
	"pack": "edgedeploy build writes the bundles", "zip": "edgedeploy build writes the bundles", "bundle": "edgedeploy build writes the bundles", "archive": "edgedeploy build writes the bundles",
	"force-unlock": "edgedeploy unlock takes a dead run's lock away", "cancel": "edgedeploy unlock takes a dead run's lock away",
	"unhold": "edgedeploy resume lifts what a rollback holds", "continue": "edgedeploy resume lifts what a rollback holds",
}

// habit is a flag of other tools: how the same is done, where the command has the
// flag that does it.
type habit struct {
	needs string // "" for none
	text  string
}

// flagHabits are flags of other tools, by name or letter.
var flagHabits = map[string][]habit{
	"json":        {{"output", "-o json prints a document for programs"}},
	"format":      {{"output", "-o is the form: text, json or markdown"}},
	"config":      {{"file", "-f names the spec"}},
	"c":           {{"file", "-f names the spec"}},
	"spec":        {{"file", "-f names the spec"}},
	"env":         {{"file", "-f names the spec: each environment has its own"}},
	"e":           {{"file", "-f names the spec: each environment has its own"}},
	"environment": {{"file", "-f names the spec: each environment has its own"}},
	"dry-run":     {{"adopt", "edgedeploy plan shows what apply would do"}},
	"n":           {{"adopt", "edgedeploy plan shows what apply would do"}},
	"version":     {{"", "edgedeploy --version prints it"}},
	"V":           {{"", "edgedeploy --version prints it"}},
	"region":      {{"", "there is none to choose: Lambda@Edge lives in us-east-1"}},
	"force":       {{"adopt", "--adopt takes over what another holds, --yes does not ask"}, {"yes", "--yes does not ask"}},
	"debug":       {{"verbose", "-v prints each AWS call"}},
	"trace":       {{"verbose", "-v prints each AWS call"}},
	"log-level":   {{"verbose", "-v prints each AWS call"}},
	"quiet":       {{"", "the result alone is on stdout: 2>/dev/null leaves the rest"}},
	"q":           {{"", "the result alone is on stdout: 2>/dev/null leaves the rest"}},
	"silent":      {{"", "the result alone is on stdout: 2>/dev/null leaves the rest"}},
	"wait":        {{"no-wait", "waiting is the rule: --no-wait and --timeout change it"}},
	"watch":       {{"", "apply and rollback wait until a change is everywhere"}},
	"w":           {{"", "apply and rollback wait until a change is everywhere"}},
	"var":         {{"allow-env", "--allow-env NAME lets the spec read a variable"}},
	"set":         {{"allow-env", "--allow-env NAME lets the spec read a variable"}},
	"target":      {{"", "a run is of a whole spec: there is no part to name"}},
	"input":       {{"yes", "without a terminal nothing is asked: --yes answers"}},
	"description": {{"message", "-m says why, for the history"}},
	"reason":      {{"message", "-m says why, for the history"}},
	"revision":    {{"to", "--to names the release"}},
	"to-revision": {{"to", "--to names the release"}},
	"max":         {{"limit", "--limit says how many"}},
	"name":        {{"stack", "--stack names the stack"}},
	"s":           {{"stack", "--stack names the stack"}},
	"p":           {{"profile", "--profile names one of ~/.aws/config"}},
	"no-colour":   {{"no-color", "--no-color does it"}},
}

// flagHabit is how a command does what a flag of other tools does; "" if that is
// not known.
func flagHabit(cmd *cobra.Command, name string) string {
	for _, h := range flagHabits[name] {
		if h.needs == "" || cmd.Flags().Lookup(h.needs) != nil || cmd.InheritedFlags().Lookup(h.needs) != nil {
			return h.text
		}
	}
	return ""
}
