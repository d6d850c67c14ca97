package node

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// sdkScopes are the npm scopes of the AWS SDK for JavaScript 3, which Lambda's
// image has beside a function (Lambda Developer Guide, "Runtime-included SDK
// versions").
func sdkScopes() []string { return []string{"@aws-sdk", "@smithy", "@aws-crypto"} }

// linkSDK puts the SDK of a folder that npm installed it in beside the task,
// where require and import both look after the bundle's own packages. Nothing
// else of the folder comes within reach.
func (b box) linkSDK(folder string) error {
	if folder == "" {
		return nil
	}
	from, err := filepath.Abs(filepath.Join(folder, "node_modules"))
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(from, "@aws-sdk")); err != nil {
		return fmt.Errorf("the AWS SDK: %s has no node_modules/@aws-sdk: install there what the handler uses, with npm install --prefix", folder)
	}
	to := filepath.Join(b.dir, "node_modules")
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	for _, scope := range sdkScopes() {
		if _, err := os.Stat(filepath.Join(from, scope)); err != nil {
			continue // not every client needs every scope
		}
		if err := os.Symlink(filepath.Join(from, scope), filepath.Join(to, scope)); err != nil {
			return fmt.Errorf("the AWS SDK: %w", err)
		}
	}
	return nil
}

// MissingSDK is the package of the AWS SDK that a failure is about: Lambda's
// image has it, and nothing here does. "" for any other failure.
func (f *Failure) MissingSDK() string {
	for _, form := range []string{
		`Cannot find (?:module|package) '((?:@aws-sdk|@smithy|@aws-crypto)/[^'/]+)`,
		`No module named '((?:boto3|botocore)(?:\.[^']*)?)'`,
	} {
		if m := regexp.MustCompile(form).FindStringSubmatch(f.Message); m != nil {
			return m[1]
		}
	}
	return ""
}
