package stackspec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// noControls is any text without control characters.
const noControls = `^[^\x00-\x1f\x7f-\x9f]*$`

const edgeRegion = "us-east-1"

func stackName() *typ {
	return &typ{shape: aString, label: "name", form: form{
		pattern: `^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`, never: `^edgedeploy`,
		says: "a stack name: 1 to 40 of a-z, 0-9 and inner hyphens, not beginning with edgedeploy",
		hint: "it names the Lambda functions: edgedeploy-<stack>-releases keeps the history",
	}}
}

// account is an AWS account id (Lambda API model, \d{12} in every ARN).
func account() *typ {
	return &typ{shape: aString, label: "12 digits", form: form{
		pattern: `^[0-9]{12}$`, says: "an AWS account id: twelve digits",
		hint: "quoted, because it may begin with 0",
	}}
}

// roleARN is Lambda's pattern for Role (Lambda API model), narrowed to the
// only partition that has Lambda@Edge in us-east-1.
func roleARN() *typ {
	return &typ{shape: aString, label: "IAM role ARN", form: form{
		pattern: `^arn:aws:iam::[0-9]{12}:role/[a-zA-Z_0-9+=,.@/-]+$`, max: 512,
		says: "the ARN of an IAM role",
		hint: "write it in full: arn:aws:iam::123456789012:role/edge-exec",
		tell: func(s string) (string, string) {
			part := strings.SplitN(s, ":", 6)
			if len(part) == 6 && part[0] == "arn" && part[2] == "iam" && part[3] != "" {
				return "there is a region in this role's ARN; IAM has none, the field stays empty", "write arn:aws:iam::123456789012:role/edge-exec, with two colons after iam"
			}
			return wrongRegion(s)
		},
	}}
}

// wrongRegion recognises an ARN of another region than the edge's.
func wrongRegion(s string) (message, hint string) {
	part := strings.SplitN(s, ":", 6)
	if len(part) < 5 || part[0] != "arn" || part[3] == "" || part[3] == edgeRegion {
		return "", ""
	}
	return "wrong region in an ARN: CloudFront takes functions and their roles from " + edgeRegion + " only", ""
}

// runtimes are those of Lambda's list that Lambda@Edge takes: "the latest
// versions of Node.js and Python" (CloudFront Developer Guide, "Restrictions
// on Lambda@Edge"), spelled as the Lambda API model of 2026-08 spells them.
// Which of them still accept new functions changes over the years and is for
// Lambda to say.
func runtimes() *typ {
	return &typ{
		shape: aString, label: "runtime",
		words:       append(nodeRuntimes(), "python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14", "python3.15"),
		wordsSource: "Lambda API model, read 2026-08",
	}
}

func nodeRuntimes() []string {
	return []string{"nodejs20.x", "nodejs22.x", "nodejs24.x", "nodejs26.x"}
}

// memory and timeout are Lambda's own bounds (Lambda Developer Guide, quotas).
// What the edge allows depends on the triggers a function serves, and is
// judged by associations.CheckLimits once its size is known, too.
func memory() *typ  { return &typ{shape: anInteger, min: 128, max: 10240, unit: "MB"} }
func timeout() *typ { return &typ{shape: anInteger, min: 1, max: 900, unit: "seconds"} }

func flag() *typ { return &typ{shape: aBool} }

// packageName is what an import begins with. The edge's runtime decides whether
// there is such a package.
func packageName() *typ {
	return &typ{shape: aString, label: "package name", noVariables: true, form: form{
		pattern: `^[@A-Za-z0-9][A-Za-z0-9._~/@-]*\*?$`,
		says:    "the name of a package, or the beginning of names and a *",
		hint:    "write it like @aws-sdk/client-s3, or @aws-sdk/*",
	}}
}

func words(list ...string) *typ { return &typ{shape: aString, words: list} }

// key is what the spec calls a function or a distribution.
func key(label string) *typ {
	return &typ{shape: aString, label: label, noVariables: true, form: form{
		pattern: `^[A-Za-z][A-Za-z0-9_-]{0,63}$`,
		says:    "a " + label + ": a letter, then up to 63 of A-Z, a-z, 0-9, hyphen and underscore",
		hint:    "it is a name of your choice, like geo-redirect",
	}}
}

// functionRef is the key of a function of the same spec.
func functionRef() *typ {
	t := key("function key")
	t.noVariables = false
	t.form.hint = "name a function of functions:"
	t.form.tell = func(s string) (string, string) {
		if message, _ := wrongRegion(s); message != "" {
			return message, "name a function of functions: by its key"
		}
		switch {
		case strings.HasPrefix(s, "arn:"):
			return "an ARN cannot be written here: a spec binds the functions it defines", "name a function of functions: by its key"
		case strings.Contains(s, ":"), strings.Contains(s, "$LATEST"), s != "" && strings.Trim(s, "0123456789") == "":
			return "version numbers cannot be written: apply publishes what the files hold, and finds the version that is there already",
				"name the function only; `edgedeploy rollback` goes back to older versions"
		}
		return "", ""
	}
	return t
}

// lambdaName is FunctionName without an ARN around it (Lambda API model; the
// bare name has 64 characters at most).
func lambdaName() *typ {
	return &typ{shape: aString, label: "Lambda function name", form: form{
		pattern: `^[a-zA-Z0-9_-]{1,64}$`, never: `^edgedeploy-.*-releases$`,
		says: "a Lambda function name: 1 to 64 of A-Z, a-z, 0-9, hyphen and underscore, and not a stack's edgedeploy-<stack>-releases",
		hint: "the bare name, without ARN, version or alias",
		tell: wrongRegion,
	}}
}

// filePath is a file or folder below the project.
func filePath(label string) *typ {
	return &typ{shape: aString, label: label, noVariables: true, form: form{
		pattern: noControls, min: 1, max: 1024, says: "a path", tell: pathMistake,
		hint:  "name a file relative to the spec, in up to 1024 characters",
		never: `^/|^[A-Za-z]:|\\|://|\$\{`,
	}}
}

// pathMistake says what is wrong with a path that never comes true.
func pathMistake(s string) (message, hint string) {
	switch {
	case strings.Contains(s, "${"):
		return "variables are not substituted in paths", "a path is the same on every machine: write it out"
	case strings.Contains(s, "://"):
		return "this is an address, not a path", "name a file relative to the spec"
	case strings.HasPrefix(s, "/"), len(s) > 1 && s[1] == ':' && strings.ContainsAny(s[:1], letters):
		return "the path is absolute", "paths are relative to the spec file, so that they are the same on every machine"
	case strings.Contains(s, `\`):
		return "there is a backslash in the path", "folders are separated by / on every system"
	}
	return "", ""
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// handler has the same form as the one that bundles are held to.
func handler() *typ {
	return &typ{shape: aString, label: "file.function", form: form{
		pattern: `^[\w./-]+\.[A-Za-z_$][\w$]*$`, never: `\.\.`, max: 128,
		says: "a handler: a file of the bundle without its extension, a dot, and what it exports",
		hint: "write index.handler for exports.handler in index.js",
	}}
}

// logGroup is LoggingConfig.LogGroup (Lambda API model).
func logGroup() *typ {
	return &typ{shape: aString, label: "log group name", form: form{
		pattern: `^[.\-_/#A-Za-z0-9]{1,512}$`, says: "a log group name: 1 to 512 of A-Z, a-z, 0-9 and . - _ / #",
		hint: "the name, not the ARN", tell: wrongRegion,
	}}
}

// maxTags is Lambda's limit of 50 tags, less the one that edgedeploy sets.
const maxTags = 49

// tags are limited as Lambda limits them (Lambda Developer Guide, "Tag keys
// and values": 128 and 256 characters, no aws: in any case).
func tags() *typ {
	return &typ{
		shape: aMap, label: "map of strings", keyName: "tag", most: maxTags,
		keys: &typ{shape: aString, label: "tag key", noVariables: true, form: form{
			pattern: noControls, never: `^([Aa][Ww][Ss]|[Ee][Dd][Gg][Ee][Dd][Ee][Pp][Ll][Oo][Yy]):`, min: 1, max: 128,
			says: "a tag key: 1 to 128 characters, not beginning with aws: or edgedeploy:",
			hint: "choose another key: those are AWS's and edgedeploy's own",
		}},
		elem: &typ{shape: aString, form: form{
			pattern: noControls, max: 256, says: "a tag value: up to 256 characters", hint: "shorten it, and leave control characters out",
		}},
	}
}

// distributionID is checked loosely: AWS documents no grammar for it (UNKNOWN),
// all that were ever seen are E and upper-case letters and digits.
func distributionID() *typ {
	return &typ{shape: aString, label: "distribution id", form: form{
		pattern: `^E[A-Z0-9]{5,31}$`, says: "a distribution id: E and upper-case letters and digits, like E2EXAMPLE1ABCD",
		hint: "`aws cloudfront list-distributions` shows ids; a domain name goes into alias:",
		tell: func(s string) (string, string) {
			if strings.HasPrefix(s, "arn:") {
				return "an ARN cannot be written here", "write the id at its end only"
			}
			return "", ""
		},
	}}
}

func domainName() *typ {
	return &typ{shape: aString, label: "domain name", form: form{
		pattern: `^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$`, max: 253,
		says: "an alternate domain name of a distribution, like www.example.com",
		hint: "the name only: no scheme, port or path",
	}}
}

// pathPattern is what CloudFront allows (CloudFront Developer Guide, "Path
// pattern"): up to 255 of these characters. "default" is the default behaviour.
func pathPattern() *typ {
	return &typ{shape: aString, label: "path pattern", noVariables: true, form: form{
		pattern: `^[A-Za-z0-9_.*$/~"'@:+&?-]{1,255}$`,
		says:    `a path pattern: 1 to 255 of A-Z, a-z, 0-9 and _ - . * $ / ~ " ' @ : + & ?`,
		hint:    "write ? for any one other character, * for any number of them",
		tell: func(s string) (string, string) {
			switch {
			case strings.Contains(s, "&amp;"):
				return "CloudFront shows & as &amp; in its XML; a spec has the character itself", "write &"
			case saysDefault(s):
				return "this is no path pattern; the default cache behavior is called default here", "write default"
			}
			return "", ""
		},
	}}
}

// saysDefault recognises what consoles and people call the default cache
// behavior: "Default (*)", "default behaviour".
func saysDefault(s string) bool {
	first, rest, more := strings.Cut(strings.ToLower(strings.TrimSpace(s)), " ")
	return more && first == "default" && !strings.Contains(rest, "/")
}

// origin is where the local AWS finds an origin.
func origin() *typ {
	return &typ{shape: aString, label: "folder or URL", form: form{
		pattern: `^(https?://[^\x00-\x20\x7f-\x9f/?#@]+(/[^\x00-\x20\x7f-\x9f?#]*)?|[^\x00-\x1f\x7f-\x9f\\:/][^\x00-\x1f\x7f-\x9f\\:]*)$`,
		max:     2048,
		says:    "a folder relative to the spec file, or an address like http://127.0.0.1:3000",
		hint:    "an address has no user, query or fragment; a folder has no colon or backslash, and is not absolute",
	}}
}

func triggerBinding(request bool) *typ {
	body := field{
		key: "include-body", typ: flag(), standard: "false",
		about: "Give the function the request's body.",
	}
	if !request {
		// The sentence is CloudFront's own.
		body.refused = "The IncludeBody option can only be used with viewer-request or origin-request events."
		body.hint = "leave it out: a response trigger never sees the request's body"
	}
	t := functionRef()
	t.label = "function key, or mapping"
	t.long = &typ{shape: anObject, fields: []field{
		{key: "function", typ: functionRef(), required: true, about: "The key of a function of this spec."},
		body,
	}}
	return t
}

// begun finds the one word that begins like an unknown one; "" if there is none.
func begun(unknown string, known []string) string {
	found := ""
	for _, k := range known {
		switch {
		case len(unknown) < 4 || !strings.HasPrefix(k, strings.ToLower(unknown)):
		case found != "":
			return ""
		default:
			found = k
		}
	}
	return found
}

// list joins words for a message.
func list(words []string) string {
	return strings.Join(words, ", ")
}

// closest finds the known word that an unknown one was probably meant to be:
// one with few letters exchanged, or one that is the same or begins the same
// but for case and separators (memorySize for memory). "" if there is none.
func closest(unknown string, known []string) string {
	best, distance := "", min(len(unknown), 1+max(1, (len(unknown)+1)/3))
	for _, k := range known {
		if d := edits(strings.ToLower(unknown), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	if best != "" {
		return best
	}
	bare := strings.NewReplacer("-", "", "_", "")
	u := strings.ToLower(bare.Replace(unknown))
	for _, k := range known {
		if b := strings.ToLower(bare.Replace(k)); len(b) >= 4 && strings.HasPrefix(u, b) {
			return k
		}
	}
	return ""
}

// edits counts the letters to insert, remove, replace, or swap with the next
// one, to make b of a. Long words are not compared: they are as far apart as
// they are long.
func edits(a, b string) int {
	const long = 100
	if len(a) > long || len(b) > long {
		return max(len(a), len(b))
	}
	// The rows of the table for two letters of a ago, one ago, and this one.
	older, old, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		older, old, row = old, row, older
		row[0] = i + 1
		for j := range len(b) {
			cost := old[j]
			if a[i] != b[j] {
				cost++
			}
			row[j+1] = min(cost, old[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
		}
	}
	return row[len(b)]
}

// maxNamed bounds how many names a hint lists.
const maxNamed = 24

// didYouMean is the hint for an unknown word.
func didYouMean(unknown string, known []string, otherwise string) string {
	if k := closest(unknown, known); k != "" {
		return fmt.Sprintf("did you mean %s?", quoted(k))
	}
	if len(known) <= maxNamed {
		return otherwise + list(known)
	}
	return fmt.Sprintf("%s%s and %d more", otherwise, list(Nearest(unknown, known, maxNamed/4)), len(known)-maxNamed/4)
}

// quoted writes a name as it may stand in a file.
func quoted(name string) string {
	if strings.ContainsAny(name, "*&:?\"'@~ ") {
		return quote(name)
	}
	return shown(name, 60)
}

// Nearest gives the names that are most like one that does not exist, nearest
// first, at most n.
func Nearest(unknown string, names []string, n int) []string {
	sorted := slices.Clone(names)
	u := strings.ToLower(unknown)
	slices.SortStableFunc(sorted, func(a, b string) int {
		return cmp.Compare(edits(u, strings.ToLower(a)), edits(u, strings.ToLower(b)))
	})
	return sorted[:min(n, len(sorted))]
}
