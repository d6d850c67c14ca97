package script

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// project has what a project has beside its handlers and nobody means to deploy.
func project() tree {
	const key = "-----BEGIN PRIVATE KEY-----"
	return tree{
		".env": "TOKEN=1", ".git/config": "[remote]", ".npmrc": "//token", "keys/a.pem": key, "public/a.pem": "-----BEGIN PUBLIC KEY-----",
		"data/de.json": "{}", "data/.secret.json": "{}", "package.json": "{}", "tsconfig.json": "{}", "site.json": "{}",
		"node_modules/p/package.json": `{"main": "i.js"}`, "node_modules/p/own.json": "{}",
	}
}

func packedBy(t *testing.T, files tree) (names []string, warnings string) {
	t.Helper()
	out, err := bundleAt(files.write(t, t.TempDir()), "h.js")
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(out.Files)), strings.Join(out.Warnings, "\n")
}

// A package packs nothing of the project that uses it, and its own files only.
func TestAPackageTakesNothingOfTheProject(t *testing.T) {
	t.Parallel()
	files := project()
	files["h.js"] = "const p = require('p');\nexports.handler = () => p;"
	files["node_modules/p/i.js"] = `const fs = require('fs'), path = require('path'), root = path.join(__dirname, '..', '..');
exports.a = () => fs.readFileSync(path.join(root, '.env'));
exports.b = () => fs.readFileSync(path.join(root, '.git/config'));
exports.c = path.join(root, '.npmrc');
exports.d = (n) => fs.readFileSync(path.join(root, 'keys', n + '.pem'));
exports.e = () => fs.readFileSync(path.join(root, 'site.json'));
exports.f = () => fs.readFileSync(path.join(__dirname, 'own.json'));
`
	names, warnings := packedBy(t, files)
	if diff := cmp.Diff([]string{"files/own.json"}, names); diff != "" {
		t.Errorf("packed: -want +got\n%s", diff)
	}
	for _, want := range []string{"i.js:2:", "i.js:3:", "i.js:6:", "names site.json, which is not of its package"} {
		if !strings.Contains(warnings, want) {
			t.Errorf("no warning of %s in\n%s", want, warnings)
		}
	}
}

// What a script of the project reads by its full name is packed, and told where it
// may be a secret. A pattern brings no hidden files, keys, or what tools keep.
func TestSecretsArePackedOnlyWhereTheyAreNamedAndThenTold(t *testing.T) {
	t.Parallel()
	files := project()
	files["h.js"] = `const fs = require('fs'), path = require('path');
exports.handler = (n) => [
  fs.readFileSync(__dirname + '/.env'),
  fs.readFileSync(path.join(__dirname, n + '.json')),
  fs.readFileSync(path.join(__dirname, 'data', n + '.json')),
  fs.readFileSync(path.join(__dirname, 'keys', n + '.pem')),
  fs.readFileSync(path.join(__dirname, 'public', n + '.pem')),
  path.join(__dirname, '.npmrc'),
];
`
	names, warnings := packedBy(t, files)
	if diff := cmp.Diff([]string{"files/.env", "files/data/de.json", "files/public/a.pem", "files/site.json"}, names); diff != "" {
		t.Errorf("packed: -want +got\n%s", diff)
	}
	if !strings.Contains(warnings, "h.js:3:") || !strings.Contains(warnings, "reads .env, so it is packed and deployed") || strings.Contains(warnings, "h.js:5:") {
		t.Errorf("warnings:\n%s", warnings)
	}
}

// A name that begins with a dot keeps it, so that it is found, and is no other.
func TestHiddenFilesKeepTheirNames(t *testing.T) {
	t.Parallel()
	names, _ := packedBy(t, tree{
		"h.js":                  "const fs = require('fs');\nexports.handler = () => ['/.well-known/aasa.json', '/.d/x.txt', '/d/x.txt'].length + fs.readFileSync(__dirname + '/.well-known/aasa.json') + fs.readFileSync(__dirname + '/.d/x.txt') + fs.readFileSync(__dirname + '/d/x.txt');",
		".well-known/aasa.json": "{}", ".d/x.txt": "A", "d/x.txt": "B",
	})
	if diff := cmp.Diff([]string{"files/.d/x.txt", "files/.well-known/aasa.json", "files/d/x.txt"}, names); diff != "" {
		t.Errorf("packed: -want +got\n%s", diff)
	}
}

func TestTwoWorkersOfOneStemAreTwo(t *testing.T) {
	t.Parallel()
	out, err := bundleAt(tree{
		"h.mjs": "export const handler = () => [new Worker(new URL('./w.js', import.meta.url)), new Worker(new URL('./w.mjs', import.meta.url))];\nimport { Worker } from 'worker_threads';",
		"w.js":  "console.log('js')", "w.mjs": "console.log('mjs')",
	}.write(t, t.TempDir()), "h.mjs")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"files/w.js.worker.cjs", "files/w.mjs.worker.cjs"}, slices.Sorted(maps.Keys(out.Files))); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
