package main

import (
	"slices"
	"strings"
)

// plainSpec is what the rows of the table are laid over.
const plainSpec = `{
  "version": 1, "stack": "s",
  "defaults": {"role": "arn:aws:iam::123456789012:role/edge"},
  "functions": {"f": {"wasm": "redirect.wasm"}},
  "distributions": {"www": {"id": "E1AAAAAAAAAAAA", "behaviors": {"default": {"viewer-request": "f"}}}}
}`

// effect is what a row does to the same spec without its key.
type effect int

const (
	changes effect = iota // something is published, bound or tagged anew
	same                  // the key says what holds without it, or what AWS never hears of
	alone                 // without the key there is no spec, or another stack
)

// keyRow applies values of one key, beside other keys that it needs.
type keyRow struct {
	effect effect
	at     string
	values []string
	with   patch
}

// unapplied are the values that no stack can have, and why.
func unapplied() map[string]string {
	return map[string]string{
		"limits viewer zip 1":         "no bundle is that small",
		"limits origin zip 1":         "no bundle is that small",
		"functions * trampoline 9999": "there is none of that number yet",
	}
}

func keyRows(site keySite) []keyRow {
	return slices.Concat(stackRows(), commonRows("defaults"), commonRows("functions f"), functionRows(site), distributionRows(), triggerRows())
}

func stackRows() []keyRow {
	return []keyRow{
		{alone, "version", []string{`1`}, nil},
		{alone, "stack", []string{`"s"`, `"shop-2"`, `"` + strings.Repeat("a", 40) + `"`}, nil},
		{same, "account", []string{`"123456789012"`}, nil},
		{same, "tags", []string{`{}`}, nil},
		{changes, "tags", []string{`{"team": "web", "Team": "other"}`}, nil},
		{changes, "tags team", []string{`"web"`, `""`, `"ü + - = . _ : / @"`, `"` + strings.Repeat("v", 256) + `"`}, nil},
		{changes, "tags " + strings.Repeat("k", 128), []string{`"v"`}, nil},
		{same, "hold", []string{`"strict"`}, nil},
		{same, "limits", []string{`{}`}, nil},
		{same, "limits viewer", []string{`{}`}, nil},
		{same, "limits viewer memory", []string{`128`, `10240`}, nil},
		{same, "limits viewer timeout", []string{`1`, `900`}, patch{"defaults timeout": `1`}},
		{same, "limits viewer zip", []string{`4194304`, `262144000`}, nil},
		{same, "limits origin", []string{`{}`}, nil},
		{same, "limits origin memory", []string{`128`, `10240`}, nil},
		{same, "limits origin timeout", []string{`1`, `900`}, patch{"defaults timeout": `1`}},
		{same, "limits origin zip", []string{`4194304`, `262144000`}, nil},
		{alone, "defaults", []string{`{"role": "arn:aws:iam::123456789012:role/edge"}`}, nil},
		{same, "defaults", []string{`{}`}, patch{"functions f role": `"arn:aws:iam::123456789012:role/edge"`}},
		{alone, "functions", []string{`{}`}, patch{"distributions": ``}},
		{alone, "functions", []string{`{"f": {"wasm": "./redirect.wasm"}}`}, nil},
		{changes, "functions A_b-9", []string{`{"wasm": "redirect.wasm"}`}, nil},
		{changes, "functions g", []string{`{"entry": "entry.ts"}`}, nil},
	}
}

// commonRows are the keys that the defaults and each function have.
func commonRows(at string) []keyRow {
	unbound := patch{"distributions": ``}
	json := patch{at + " logging format": `"json"`}
	python := patch{"functions f wasm": ``, "functions f bundle": `"dist"`, "functions f handler": `"index.handler"`}
	return []keyRow{
		{changes, at + " role", []string{`"arn:aws:iam::123456789012:role/team/+=,.@-_"`}, nil},
		{same, at + " runtime", []string{`"nodejs24.x"`}, nil},
		{changes, at + " runtime", []string{`"nodejs20.x"`, `"nodejs22.x"`, `"nodejs26.x"`}, nil},
		{changes, at + " runtime", []string{
			`"python3.9"`, `"python3.10"`, `"python3.11"`, `"python3.12"`, `"python3.13"`, `"python3.14"`, `"python3.15"`,
		}, python},
		{same, at + " memory", []string{`128`}, nil},
		{changes, at + " memory", []string{`129`, `10240`}, nil},
		{same, at + " timeout", []string{`5`}, nil},
		{changes, at + " timeout", []string{`1`, `30`}, nil},
		{changes, at + " timeout", []string{`900`}, unbound},
		{same, at + " logging", []string{`{}`, `{"format": "text"}`, `{"group": "/aws/lambda/s-f"}`, `{"format": "text", "group": "/aws/lambda/s-f"}`}, nil},
		{changes, at + " logging", []string{`{"format": "json", "level": "info", "group": "/edge/s"}`}, nil}, // the starter's own line
		{same, at + " logging format", []string{`"text"`}, nil},
		{changes, at + " logging format", []string{`"json"`}, nil},
		{same, at + " logging level", []string{`"info"`}, json},
		{changes, at + " logging level", []string{`"trace"`, `"debug"`, `"warn"`, `"error"`, `"fatal"`}, json},
		{same, at + " logging group", []string{`"/aws/lambda/s-f"`}, nil},
		{changes, at + " logging group", []string{`"/edge/s"`, `"g"`, `"/aws/lambda/S-F"`, `"` + strings.Repeat("g", 512) + `"`}, nil},
		{changes, at + " logging group", []string{`"/edge/s"`}, json},
		{same, at + " on-error", []string{`"fail"`}, nil},
		{changes, at + " on-error", []string{`"continue"`}, nil},
	}
}

func functionRows(site keySite) []keyRow {
	ready := patch{"functions f wasm": ``, "functions f handler": `"index.handler"`}
	script := patch{"functions f wasm": ``, "functions f bundle": `"dist"`}
	json := patch{"defaults logging": `{"format": "json", "level": "error", "group": "/edge/s"}`}
	return []keyRow{
		{same, "functions f name", []string{`"s-f"`}, nil},
		{same, "functions f logging", []string{`{"group": "/aws/lambda/own"}`}, patch{"functions f name": `"own"`}},
		{changes, "functions f name", []string{`"S-F"`, `"own_name"`, `"` + strings.Repeat("n", 64) + `"`}, nil},
		{same, "functions f wasm", []string{`"redirect.wasm"`, `"./redirect.wasm"`, `"dist/../redirect.wasm"`}, nil},
		{alone, "functions f sha256", []string{site.digest("redirect.wasm")}, patch{"functions f wasm": site.address("redirect.wasm")}},
		{alone, "functions f sha256", []string{site.digest("dist.zip")}, patch{
			"functions f wasm": ``, "functions f handler": `"index.handler"`, "functions f bundle": site.address("dist.zip"),
		}},
		{same, "functions f", []string{`{"wasm": ` + site.address("redirect.wasm") + `, "sha256": ` + site.digest("redirect.wasm") + `}`}, nil},
		{alone, "functions f entry", []string{`"entry.ts"`, `"./entry.ts"`, `"dist/lib/../index.js"`}, patch{"functions f wasm": ``}},
		{alone, "functions f external", []string{`["@aws-sdk/*", "pg"]`, `[]`}, patch{"functions f wasm": ``, "functions f entry": `"entry.ts"`}},
		{alone, "functions f bundle", []string{`"dist"`, `"./dist/"`, `"dist.zip"`}, ready},
		{alone, "functions f handler", []string{`"index.handler"`, `"lib/main.run"`}, script},
		// What the defaults say is taken back.
		{changes, "functions f logging", []string{`{"format": "text"}`, `{"level": "info"}`, `{"group": "/aws/lambda/s-f"}`, `{"format": "text", "group": "/aws/lambda/s-f"}`}, json},
		{same, "functions f logging", []string{`{}`, `{"format": "json"}`, `{"level": "error"}`, `{"group": "/edge/s"}`}, json},
		{changes, "functions f on-error", []string{`"fail"`}, patch{"defaults on-error": `"continue"`}},
		{changes, "functions f memory", []string{`128`}, patch{"defaults memory": `256`}},
		{changes, "functions f timeout", []string{`5`}, patch{"defaults timeout": `4`}},
		{same, "functions f config", []string{`{}`}, nil},
		{changes, "functions f config", []string{`{"a": {"b": [1, 1.5, "x", true, {}, []]}}`}, nil},
		{changes, "functions f config a", []string{`""`, `"ü"`, `"${env:EDGEDEPLOY_NONE:-x}"`, `0`, `-1.50`, `9007199254740991`, `true`, `false`, `[]`, `{}`, `[[{"b": "c"}]]`}, nil},
		{same, "functions f keep-names", []string{`false`}, nil},
		{changes, "functions f keep-names", []string{`true`}, patch{"functions f wasm": `"named.wasm"`}},
		{same, "functions f trampoline", []string{`1`}, nil},
	}
}

func distributionRows() []keyRow {
	const www = "distributions www"
	const behaviors = www + " behaviors"
	return []keyRow{
		{alone, "distributions", []string{`{}`}, nil},
		{changes, "distributions other", []string{`{"id": "E2AAAAAAAAAAAA", "behaviors": {"default": {"viewer-response": "f"}}}`}, nil},
		{changes, "distributions empty", []string{`{"id": "E2AAAAAAAAAAAA"}`}, nil},
		{changes, www + " id", []string{`"E2AAAAAAAAAAAA"`, `"EAAAAA"`, `"E` + strings.Repeat("9", 31) + `"`}, nil},
		{alone, www + " alias", []string{`"www.example.com"`, `"WWW.Example.COM"`, `"*.example.com"`}, patch{www + " id": ``}},
		{same, www + " alias", []string{`"WWW.Example.COM"`}, patch{www + " id": ``, www + " alias": `"www.example.com"`}},
		{changes, behaviors, []string{`{}`}, nil},
		{same, behaviors, []string{`{"img/*": {"origin-request": "f"}}`}, patch{behaviors: `{"/img/*": {"origin-request": "f"}}`}},
		{same, behaviors + " /img/*", []string{`{}`}, nil},
		{changes, behaviors + " /img/*", []string{`{"origin-request": "f"}`}, nil},
		{changes, behaviors + " img/*", []string{`{"origin-request": "f"}`}, nil},
		{changes, behaviors + " *.jpg", []string{`{"origin-request": "f"}`}, nil},
		{changes, behaviors + " *", []string{`{"origin-request": "f"}`}, nil},
		{changes, behaviors + " /default", []string{`{"origin-request": "f"}`}, nil},
		{changes, behaviors + ` /A_.*$/~"'@:+&?-`, []string{`{"origin-request": "f"}`}, nil},
		{same, www + " local", []string{`{}`}, nil},
		{same, www + " local origins", []string{`{}`, `{"*": "dist"}`}, nil},
		{same, www + " local origins default", []string{`"dist"`, `"./dist"`, `"http://127.0.0.1:3000"`}, nil},
	}
}

func triggerRows() []keyRow {
	const path = "distributions www behaviors /img/* "
	var rows []keyRow
	for _, trigger := range []string{"viewer-request", "origin-request", "origin-response", "viewer-response"} {
		bound := patch{path + trigger: `"f"`}
		long := patch{path + trigger: `{"function": "f"}`}
		second := patch{path + trigger: `"f"`, "functions g": `{"wasm": "redirect.wasm", "on-error": "continue"}`}
		rows = append(rows,
			keyRow{changes, path + trigger, []string{`"f"`, `{"function": "f"}`}, nil},
			keyRow{same, path + trigger, []string{`"f"`, `{"function": "f"}`}, bound},
			keyRow{changes, path + trigger + " function", []string{`"g"`}, second},
			keyRow{same, path + trigger + " function", []string{`"f"`}, long},
		)
		if strings.HasSuffix(trigger, "-request") {
			rows = append(rows,
				keyRow{changes, path + trigger + " include-body", []string{`true`}, long},
				keyRow{same, path + trigger + " include-body", []string{`false`}, long},
			)
		}
	}
	return rows
}
