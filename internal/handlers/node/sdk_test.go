package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func installed(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What Lambda's image has beside a bundle is named when it is missing, and taken
// from a folder that has it; nothing else of that folder is.
func TestTheSDKComesFromAFolder(t *testing.T) {
	t.Parallel()
	npm := installed(t, map[string]string{
		"node_modules/@aws-sdk/client-s3/index.js": "exports.s3 = require('@smithy/core').n + require('tslib')",
		"node_modules/@smithy/core/index.js":       "exports.n = 40", "node_modules/tslib/index.js": "module.exports = 2",
	})
	tests := map[string]string{
		"index.js":  "const { s3 } = require('@aws-sdk/client-s3'); let other = ''; try { require('tslib') } catch (e) { other = e.code } exports.handler = async () => [s3, other]",
		"index.mjs": "import { s3 } from '@aws-sdk/client-s3'; let other = ''; try { await import('tslib') } catch (e) { other = e.code } export const handler = async () => [s3, other]",
	}
	onEach(t, func(t *testing.T, n Node) {
		for name, text := range tests {
			f := Function{Name: "f", Zip: zipped(t, map[string]string{name: text}), Handler: "index.handler", Runtime: "nodejs22.x", Timeout: 5 * time.Second}
			if s := run(t, n, f, `{}`); s.Load == nil || s.Load.MissingSDK() != "@aws-sdk/client-s3" {
				t.Errorf("%s: without it %v", name, s.Load)
			}
			f.SDK = npm
			s := run(t, n, f, `{}`)
			if s.Load != nil {
				t.Fatalf("%s: %v", name, s.Load)
			}
			if got := lines(s)[0]; !strings.HasPrefix(got, `[42,"`) || !strings.Contains(got, "MODULE_NOT_FOUND") {
				t.Errorf("%s: %s", name, got)
			}
		}
	})
	f := commonJS(t, "exports.handler = async () => 1")
	f.SDK = t.TempDir()
	if _, err := nodes(t)[0].Run(t.Context(), f, nil); err == nil || !strings.Contains(err.Error(), "has no node_modules/@aws-sdk") {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestPythonsSDKComesFromAFolder(t *testing.T) {
	t.Parallel()
	p := python(t)
	f := Function{Name: "f", Zip: zipped(t, map[string]string{"index.py": "import boto3\ndef handler(e, c): return boto3.n"}), Handler: "index.handler", Runtime: "python3.13", Timeout: 5 * time.Second}
	s, err := p.Run(t.Context(), f, nil)
	if err != nil || s.Load == nil || s.Load.MissingSDK() != "boto3" {
		t.Errorf("without it: %v, %v", s.Load, err)
	}
	f.SDK = installed(t, map[string]string{"boto3/__init__.py": "import botocore\nn = botocore.n", "botocore/__init__.py": "n = 42"})
	s, err = p.Run(t.Context(), f, [][]byte{[]byte(`{}`)})
	if err != nil || cmp.Diff([]string{"42"}, lines(s)) != "" {
		t.Errorf("%v, %v", lines(s), err)
	}
	f.SDK = t.TempDir()
	if _, err := p.Run(t.Context(), f, nil); err == nil || !strings.Contains(err.Error(), "has no botocore") {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestOtherFailuresAreNotAboutTheSDK(t *testing.T) {
	t.Parallel()
	for _, message := range []string{"Cannot find module 'nope'", "Cannot find module './@aws-sdk/x'", "No module named 'boto33'", "no"} {
		if got := (&Failure{Message: message}).MissingSDK(); got != "" {
			t.Errorf("%s: %s", message, got)
		}
	}
}
