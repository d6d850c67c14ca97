package stackspec

// root is the table of keys: all there are, what they hold, what a missing
// one stands for, in the order in which they are best explained.
func root() *typ {
	return &typ{shape: anObject, fields: append([]field{
		{
			key: "version", required: true,
			typ:   &typ{shape: anInteger, label: "1", min: 1, max: 1, says: "this program reads version 1 of the spec format"},
			about: "The version of this format.",
		},
		{
			key: "stack", required: true, typ: stackName(), also: []string{"name"},
			about: "The stack's name. Functions are called <stack>-<function>, and its releases are kept in the function edgedeploy-<stack>-releases.",
		},
		{
			key: "account", typ: account(), otherwise: "any account",
			about: "The only AWS account that the stack may be applied in.",
		},
		{
			key: "tags", typ: tags(), otherwise: "none",
			about: "Tags on every function of the stack, the one with its releases too.",
		},
		{
			key: "hold", typ: words("strict"), otherwise: "content only",
			about: "What a rollback holds back. By default apply goes on as soon as what was rolled back has changed; strict waits for `edgedeploy resume`.",
		},
		{
			key: "limits", typ: limits(), otherwise: "AWS's documented limits",
			about: "What the edge allows, where your account differs from AWS's pages. Limits that are written here are not warned about.",
		},
		{
			key: "defaults", typ: defaults(), otherwise: "none",
			about: "What functions have that do not say otherwise.",
		},
		{
			key: "functions", otherwise: "none", also: []string{"lambdas", "handlers"},
			typ: &typ{
				shape: aMap, label: "map of functions", keyName: "function",
				keys: key("function key"), elem: function(),
			},
			about: "The functions of the stack, by a name of your choice.",
		},
		{
			key: "distributions", otherwise: "none",
			typ: &typ{
				shape: aMap, label: "map of distributions", keyName: "distribution",
				keys: key("distribution key"), elem: distribution(),
			},
			about: "The CloudFront distributions to bind functions in, by a name of your choice.",
		},
		{key: "region", refused: "functions for CloudFront live in " + edgeRegion + ", always", hint: "leave it out"},
	}, reserved()...)}
}

// reserved are words that mean something one day.
func reserved() []field {
	const hint = "leave it out for now"
	return []field{
		{key: "checks", refused: "checks is a reserved word: checks after a deploy are not there yet", hint: hint},
		{key: "rollout", refused: "rollout is a reserved word: gradual rollouts are not there yet", hint: hint},
	}
}

func limits() *typ {
	side := func() *typ {
		return &typ{shape: anObject, fields: []field{
			{key: "memory", typ: memory(), otherwise: "as documented", about: "The most memory a function may have."},
			{key: "timeout", typ: timeout(), otherwise: "as documented", about: "The longest timeout a function may have."},
			{
				key: "zip", otherwise: "as documented",
				typ:   &typ{shape: anInteger, min: 1, max: 262144000, unit: "bytes"},
				about: "The largest bundle, compressed.",
			},
		}}
	}
	return &typ{shape: anObject, fields: []field{
		{key: "viewer", typ: side(), otherwise: "as documented", about: "Limits of viewer-request and viewer-response."},
		{key: "origin", typ: side(), otherwise: "as documented", about: "Limits of origin-request and origin-response."},
	}}
}

// shared are the keys that functions and defaults have in common.
func shared(defaults bool) []field {
	standard := func(f field, value, otherwise string) field {
		if f.otherwise = otherwise; defaults {
			f.standard, f.otherwise = value, ""
		}
		return f
	}
	role := field{
		key: "role", typ: roleARN(), otherwise: "`defaults.role`; one of the two is required",
		about: "The execution role, which Lambda and the edge (edgelambda.amazonaws.com) must be allowed to assume.",
	}
	if defaults {
		role.otherwise = "the first function's"
		role.about = "The execution role. It is the role of the function that keeps the releases, too."
	}
	onError := standard(field{
		key: "on-error", typ: words("fail", "continue"),
		about: "What happens when the handler fails: fail answers with an error, continue passes the request or response on as it came.",
	}, "fail", "`defaults.on-error`")
	if !defaults {
		onError.needs = []need{{"wasm", "entry", "on-error goes with wasm: and entry: only; a bundle deals with its errors itself", "leave it out"}}
	}
	return []field{
		role,
		standard(field{key: "runtime", typ: runtimes(), about: "The Lambda runtime. What `wasm` and `entry` name runs in Node.js."}, "nodejs24.x", "`defaults.runtime`"),
		standard(field{key: "memory", typ: memory(), about: "Memory in MB. What the edge allows depends on the trigger."}, "128", "`defaults.memory`"),
		standard(field{key: "timeout", typ: timeout(), about: "Timeout in seconds. What the edge allows depends on the trigger."}, "5", "`defaults.timeout`"),
		{key: "logging", typ: logging(defaults), otherwise: otherwiseLogging(defaults), about: "How and where the function logs, in the region that it runs in."},
		onError,
	}
}

func otherwiseLogging(defaults bool) string {
	if defaults {
		return "Lambda's own"
	}
	return "`defaults.logging`, key by key"
}

func logging(defaults bool) *typ {
	fields := []field{
		{key: "format", typ: words("text", "json"), standard: "text", about: "The format of log lines."},
		{key: "level", typ: words("trace", "debug", "info", "warn", "error", "fatal"), standard: "info", about: "The least level that is logged. Only with format: json."},
		{key: "group", typ: logGroup(), otherwise: "/aws/lambda/<Lambda name>", about: "The CloudWatch log group."},
	}
	if !defaults {
		for i := range fields {
			fields[i].standard, fields[i].otherwise = "", "`defaults.logging."+fields[i].key+"`"
		}
	}
	return &typ{shape: anObject, fields: fields}
}

func defaults() *typ {
	return &typ{shape: anObject, fields: append(shared(true), forbidden()...)}
}

// forbidden are keys that other tools have and that the edge has not.
func forbidden() []field {
	const environment = "functions at the edge have no environment variables"
	const config = "write what the handler needs under the function's config: it is baked into the bundle"
	return []field{
		{key: "environment", refused: environment, hint: config},
		{key: "env", refused: environment, hint: config},
		{key: "layers", refused: "functions at the edge have no layers", hint: "put everything into the bundle"},
		{key: "region", refused: "functions for CloudFront live in " + edgeRegion + ", always", hint: "leave it out"},
	}
}

func function() *typ {
	packed := func(key string) []need {
		return []need{{"wasm", "entry", key + " goes with wasm: and entry: only; a bundle is taken as it is", "leave it out"}}
	}
	fields := []field{
		{
			key: "name", typ: lambdaName(), otherwise: "<stack>-<function>",
			about: "The Lambda function's name.",
		},
		{
			key: "wasm", also: []string{"module", "webassembly"}, typ: source(), otherwise: "one of `wasm`, `entry` and `bundle` is required",
			about: "The WebAssembly module, relative to the spec file or at an https address, or the folder that wasm-bindgen wrote. It is bundled with a trampoline.",
		},
		{
			key: "entry", also: []string{"script", "main", "entrypoint"}, typ: filePath("path"), otherwise: "one of `wasm`, `entry` and `bundle` is required",
			about: "A JavaScript or TypeScript file that exports `handler`, relative to the spec file. It is bundled with what it imports and with a trampoline.",
		},
		{
			key: "bundle", also: []string{"zip", "code", "folder"}, typ: source(), otherwise: "one of `wasm`, `entry` and `bundle` is required",
			needs: []need{{"handler", "", "a bundle needs a handler, which Lambda calls", "add handler: index.handler, for exports.handler in index.js"}},
			about: "A ready folder or .zip, relative to the spec file, or a .zip at an https address.",
		},
		{
			key: "sha256", typ: digest(), otherwise: "required with an address",
			about: "The SHA-256 of what the address in wasm or bundle leads to.",
		},
		{
			key: "handler", typ: handler(), otherwise: "required with `bundle`",
			needs: []need{{"bundle", "", "handler goes with bundle: only; any other handler is called by the trampoline", "leave it out"}},
			about: "What Lambda calls in a bundle.",
		},
	}
	fields = append(fields, shared(false)...)
	fields = append(fields,
		field{
			key: "config", otherwise: "none",
			typ:   &typ{shape: aMap, label: "mapping", keyName: "name", keys: &typ{shape: aString, label: "name", noVariables: true}, elem: &typ{shape: aValue}},
			about: "Configuration for the handler, baked into the bundle: strings, numbers, true and false, lists and mappings.",
		},
		field{
			key: "external", typ: &typ{shape: aList, label: "list of package names", elem: packageName()}, otherwise: "none",
			needs: []need{{"entry", "", "external goes with entry: only; nothing else is bundled with packages", "leave it out"}},
			about: "Packages that are not bundled, because they are there at run time: their names, or the beginnings of names with a * behind them.",
		},
		field{key: "keep-names", typ: flag(), standard: "false", needs: packed("keep-names"), about: "Keep the module's names and debug sections, for readable stack traces."},
		field{
			key: "trampoline", otherwise: "the one it has, or the newest", needs: packed("trampoline"),
			typ:   &typ{shape: anInteger, label: "number", min: 1, max: 9999, says: "trampolines are numbered from 1"},
			about: "The number of the trampoline to bundle.",
		},
		field{key: "tags", refused: "tags are the whole stack's", hint: "write them at the top level"},
	)
	fields = append(fields, forbidden()...)
	return &typ{shape: anObject, label: "mapping", fields: append(fields, reserved()...), oneOf: []string{"wasm", "entry", "bundle"}, pin: pinned()}
}

func distribution() *typ {
	behavior := &typ{shape: anObject, label: "mapping", fields: []field{
		{key: "viewer-request", typ: triggerBinding(true), otherwise: "not bound", about: "Runs on every request, before the cache."},
		{key: "origin-request", typ: triggerBinding(true), otherwise: "not bound", about: "Runs before a request goes to the origin."},
		{key: "origin-response", typ: triggerBinding(false), otherwise: "not bound", about: "Runs before a response of the origin is cached."},
		{key: "viewer-response", typ: triggerBinding(false), otherwise: "not bound", about: "Runs on every response, after the cache."},
	}}
	origins := &typ{
		shape: aMap, label: "map of folders and URLs", keyName: "path",
		keys: pathPattern(), elem: origin(),
	}
	fields := []field{
		{key: "id", also: []string{"distributionid", "distribution"}, typ: distributionID(), otherwise: "one of `id` and `alias` is required", about: "The distribution's id."},
		{key: "alias", also: []string{"domain", "domainname", "cname", "hostname"}, typ: domainName(), otherwise: "one of `id` and `alias` is required", about: "An alternate domain name to find the distribution by."},
		{
			key: "behaviors", otherwise: "none", also: []string{"cachebehaviors", "paths", "patterns"},
			typ: &typ{
				shape: aMap, label: "map of cache behaviors", keyName: "pattern",
				keys: pathPattern(), elem: behavior,
			},
			about: "Which functions to bind, by the path pattern of a cache behavior that the distribution has. default is the default one; a pattern that is spelled default is written /default.",
		},
		{
			key: "local", otherwise: "none", about: "For the local AWS only.",
			typ: &typ{shape: anObject, fields: []field{{
				key: "origins", typ: origins, otherwise: "none",
				about: "Where origins are, by path pattern; * for every one that is not named. It is checked; nothing serves HTTP on the local AWS yet.",
			}}},
		},
	}
	return &typ{shape: anObject, label: "mapping", fields: append(fields, reserved()...), oneOf: []string{"id", "alias"}}
}
