package lambda

import (
	"crypto/sha256"
	"errors"
	"strconv"
	"strings"
	"time"
)

// lambdaPrincipal is who assumes an execution role.
const lambdaPrincipal = "lambda.amazonaws.com"

func (c *call) createFunction() (any, error) {
	var in createInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	var v violations
	if in.FunctionName == nil {
		v.missing("functionName")
	}
	if in.Role == nil {
		v.missing("role")
	}
	if in.Code == nil {
		v.missing("code")
	}
	arch := architecture(&v, in.Architectures)
	in.check(&v, c.s.patterns)
	in.Code.checkKey(&v, "code.sourceKMSKeyArn", c.s.patterns)
	if err := v.err(); err != nil {
		return nil, err
	}
	name, err := c.newName(*in.FunctionName)
	if err != nil {
		return nil, err
	}
	start := defaults(name)
	set(&start.Architecture, notEmpty(arch))
	zip, s, err := c.newSettings(in, start, name)
	if err != nil {
		return nil, err
	}
	f := function{Name: name, Tags: in.Tags, Changed: true}
	if _, err := c.read(numbersTable, name, &f.LastVersion); err != nil {
		return nil, err
	}
	return c.storeNew(f, s, zip, in.Publish)
}

// newSettings makes the checks of a function that is to be, in the order that
// recorded errors suggest: package type, role, runtime, the rest, the zip.
func (c *call) newSettings(in createInput, start settings, name string) ([]byte, settings, error) {
	if in.PackageType != nil && *in.PackageType != "Zip" {
		return nil, settings{}, notOffered("package type %s", *in.PackageType)
	}
	if in.Runtime == nil || in.Handler == nil {
		return nil, settings{}, invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.") // LIKELY
	}
	if err := c.checkRole(*in.Role); err != nil {
		return nil, settings{}, err
	}
	if err := checkRuntime(*in.Runtime); err != nil {
		return nil, settings{}, err
	}
	s, err := c.apply(in.configInput, start, name)
	if err != nil {
		return nil, settings{}, err
	}
	if err := checkTags(in.Tags, nil); err != nil {
		return nil, settings{}, err
	}
	var known function
	if ok, err := c.read(functionsTable, name, &known); err != nil {
		return nil, settings{}, err
	} else if ok {
		return nil, settings{}, conflict("Function already exist: %s", name) // wording LIKELY
	}
	zip, err := in.Code.zip()
	if err != nil {
		return nil, settings{}, err
	}
	set(&s.CodeKMSKey, in.Code.SourceKMSKeyArn)
	return zip, s, nil
}

func (c *call) storeNew(f function, s settings, zip []byte, publish bool) (any, error) {
	if err := c.storeCode(zip); err != nil {
		return nil, err
	}
	r := record{Function: f.Name, Version: latest, Settings: s, CodeSHA256: codeSHA256(sha256.Sum256(zip)), CodeSize: int64(len(zip))}
	r = r.changed(c.now, creating, c.s.Delays.FunctionCreate)
	return c.finish(f, r, publish)
}

// finish stores a $LATEST that Create or Update changed, publishes it if asked
// to, and answers with what the caller has to wait for.
func (c *call) finish(f function, r record, publish bool) (any, error) {
	if !publish {
		if err := errors.Join(c.putVersion(r), c.putFunction(f)); err != nil {
			return nil, err
		}
		return c.fresh(r, ""), nil
	}
	// The version is Pending for as long as $LATEST is busy, or longer.
	ready := c.now.Add(c.s.Delays.VersionActive)
	if r.ReadyAt.After(ready) {
		ready = r.ReadyAt
	}
	version, err := c.freeze(f, r, nil, ready)
	if err != nil {
		return nil, err
	}
	return c.fresh(version, version.Version), nil
}

func (c *call) updateConfiguration() (any, error) {
	var in updateConfigInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	var v violations
	in.check(&v, c.s.patterns)
	if err := v.err(); err != nil {
		return nil, err
	}
	f, r, err := c.mutable(in.RevisionId)
	if err != nil {
		return nil, err
	}
	if in.Role != nil {
		if err := c.checkRole(*in.Role); err != nil {
			return nil, err
		}
	}
	if in.Runtime != nil {
		if err := checkRuntime(*in.Runtime); err != nil {
			return nil, err
		}
	}
	if r.Settings, err = c.apply(in.configInput, r.Settings, f.Name); err != nil {
		return nil, err
	}
	f.Changed = true
	return c.finish(f, r.changed(c.now, updating, c.s.Delays.FunctionUpdate), false)
}

func (c *call) updateCode() (any, error) {
	var in updateCodeInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	var v violations
	arch := architecture(&v, in.Architectures)
	in.checkKey(&v, "sourceKMSKeyArn", c.s.patterns)
	if err := v.err(); err != nil {
		return nil, err
	}
	f, r, err := c.mutable(in.RevisionId)
	if err != nil {
		return nil, err
	}
	// A function whose runtime has been retired must change it first (seen in deploy tools' reports).
	if err := checkRuntime(r.Settings.Runtime); err != nil {
		return nil, err
	}
	zip, err := in.zip()
	if err != nil {
		return nil, err
	}
	r.CodeSHA256, r.CodeSize = codeSHA256(sha256.Sum256(zip)), int64(len(zip))
	r.Settings.CodeKMSKey = ""
	set(&r.Settings.CodeKMSKey, in.SourceKMSKeyArn)
	set(&r.Settings.Architecture, notEmpty(arch))
	if in.DryRun {
		return c.view(r, ""), nil // LIKELY: what would be, with the RevisionId that still is
	}
	if err := c.storeCode(zip); err != nil {
		return nil, err
	}
	f.Changed = true
	return c.finish(f, r.changed(c.now, updating, c.s.Delays.FunctionUpdate), in.Publish)
}

func (c *call) publishVersion() (any, error) {
	var in publishInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	var v violations
	if in.Description != nil {
		longest(&v, *in.Description, "description", maxDescription)
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	f, r, err := c.mutable(in.RevisionId)
	if err != nil {
		return nil, err
	}
	if in.CodeSha256 != nil && *in.CodeSha256 != "" && *in.CodeSha256 != r.CodeSHA256 {
		return nil, invalid("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.", *in.CodeSha256, r.CodeSHA256)
	}
	if !f.Changed {
		last, ok, err := c.version(f.Name, strconv.Itoa(f.LastVersion))
		if err != nil {
			return nil, err
		}
		if ok {
			return c.view(last, last.Version), nil // 201, and a new Description is ignored (recorded)
		}
	}
	r.Transition = settled // it is not busy; its next revision comes from freeze
	version, err := c.freeze(f, r, in.Description, c.now.Add(c.s.Delays.VersionActive))
	if err != nil {
		return nil, err
	}
	return c.view(version, version.Version), nil
}

// freeze makes the next version out of $LATEST, Pending until ready, and gives
// $LATEST a new RevisionId, as publishing does (recorded).
func (c *call) freeze(f function, r record, description *string, ready time.Time) (record, error) {
	f.LastVersion++
	f.Changed = false
	version := r
	version.Version = strconv.Itoa(f.LastVersion)
	set(&version.Settings.Description, description)
	version.Revision = newUUID()
	version.LastModified = c.now
	version.ReadyAt = ready
	// Create and Update with Publish answer Pending even when nothing takes
	// time; a version of a settled function without delay is Active at once.
	version.Transition = creating
	if r.Transition == settled && !ready.After(c.now) {
		version.Transition = settled
	}
	r.Revision = newUUID()
	return version, errors.Join(c.putVersion(r), c.putVersion(version), c.putFunction(f))
}

// mutable finds the function in the path, ready to be changed. Which of a
// running update and a stale RevisionId AWS reports first is UNKNOWN.
func (c *call) mutable(revision *string) (function, record, error) {
	name, err := c.whole()
	if err != nil {
		return function{}, record{}, err
	}
	f, err := c.function(name, "")
	if err != nil {
		return function{}, record{}, err
	}
	r, ok, err := c.version(name, latest)
	if err != nil {
		return function{}, record{}, err
	}
	if !ok {
		return function{}, record{}, errors.New("function " + name + " has no $LATEST")
	}
	if err := c.idle(r); err != nil {
		return function{}, record{}, err
	}
	if revision != nil && *revision != "" && *revision != r.revision(c.now) {
		return function{}, record{}, stale()
	}
	return f, r, nil
}

// idle refuses what AWS refuses during a transition of $LATEST.
func (c *call) idle(r record) error {
	switch {
	case r.state(c.now) == "Pending":
		return pendingConflict()
	case r.busy(c.now):
		return conflict("The operation cannot be performed at this time. An update is in progress for resource: %s", c.arn(r.Function, ""))
	}
	return nil
}

func pendingConflict() error {
	return conflict("The operation cannot be performed at this time. The function is currently in the following state: Pending")
}

// checkRole asks IAM. A role that was made a moment ago may not be assumable
// yet, and AWS's sentence does not tell the two apart.
func (c *call) checkRole(arn string) error {
	if account := strings.Split(arn, ":")[4]; account != c.caller.Account {
		sentence := "Cross-account pass role is not allowed." // LIKELY: widely quoted
		if c.caller.Guessed {
			sentence += " (The access key id is no account number, and so stands for account " + c.caller.Account + " of the local AWS; use " + account + " as the access key id.)"
		}
		return accessDenied(sentence)
	}
	if !c.s.Roles.Trusts(c.tx, arn, lambdaPrincipal, c.now) {
		return invalid("The role defined for the function cannot be assumed by Lambda.")
	}
	return nil
}

// checkKey judges the customer's key for the zip by the API model's pattern.
func (in *codeInput) checkKey(v *violations, member string, p patterns) {
	if in != nil && in.SourceKMSKeyArn != nil && !p.codeKey.MatchString(*in.SourceKMSKeyArn) {
		v.add(*in.SourceKMSKeyArn, member, "Member must satisfy regular expression pattern: "+codeKeyPattern)
	}
}

// zip is the archive that the request carries. The local AWS has no buckets,
// so code from S3 fails as it would with a bucket that does not exist.
func (in codeInput) zip() ([]byte, error) {
	switch {
	case in.ImageUri != nil:
		return nil, notOffered("container images")
	case in.S3Bucket != nil || in.S3Key != nil || in.S3ObjectVersion != nil:
		return nil, invalid("Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist") // LIKELY
	case in.ZipFile == nil:
		return nil, invalid("Please provide a source for function code.") // LIKELY
	}
	return in.ZipFile, checkZip(in.ZipFile)
}

func notEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
