package stackspec

import "strings"

// Starter gives a commented spec to start from: one function, bound in one
// distribution, which runs on the local AWS as soon as handler.wasm is there.
// name becomes the stack's; what a stack name cannot have is brought into form.
func Starter(name string) []byte {
	return []byte(strings.ReplaceAll(starter, "<stack>", NameFrom(name)))
}

// NameFrom makes a stack name of any text, such as a folder's name: what a
// stack name cannot have is brought into form.
func NameFrom(s string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(s))
	for strings.Contains(name, "--") {
		name = strings.ReplaceAll(name, "--", "-")
	}
	for {
		rest, ours := strings.CutPrefix(strings.Trim(name, "-"), "edgedeploy")
		if name = rest; !ours {
			break
		}
	}
	const most = 40
	if name = strings.Trim(name[:min(len(name), most)], "-"); name == "" {
		return "my-site"
	}
	return name
}

const starter = `# yaml-language-server: $schema=./edgedeploy.schema.json
# What runs at the edge, and where. The first line gives editors completion,
# once "edgedeploy schema > edgedeploy.schema.json" was run.

version: 1
stack: "<stack>"
# account: "123456789012"         # refuse to be applied in any other account
# tags: { team: web }             # on every Lambda function of the stack
# hold: strict                    # after a rollback, wait for "edgedeploy resume"

# limits:                         # only if your account differs from AWS's pages
#   viewer: { memory: 128, timeout: 5, zip: 1048576 }     # MB, seconds, bytes
#   origin: { memory: 10240, timeout: 30, zip: 52428800 }

defaults:                         # for every function that says nothing else
  # The role that Lambda and the edge assume. The local AWS takes this one.
  role: arn:aws:iam::123456789012:role/edge-exec
  runtime: nodejs24.x
  memory: 128                     # MB
  timeout: 5                      # seconds
  on-error: fail                  # or continue: pass the request or response on
  # logging: { format: json, level: info, group: /edge/<stack> }

functions:
  hello:                          # the Lambda function <stack>-hello
    wasm: handler.wasm            # relative to this file
    # name: another-name          # for the Lambda function
    # config:                     # baked into the bundle, for the handler;
    #   greeting: hello           # the edge has no environment variables
    #   stage: ${env:EDGEDEPLOY_STAGE:-dev}
    # keep-names: true            # readable stack traces, larger bundle
    # trampoline: 1               # pin what is wrapped around the module

  # A module or zip that somebody else builds, and the digest that you reviewed:
  # auth:
  #   wasm: https://example.com/auth-1.2.0.wasm
  #   sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855

  # JavaScript or TypeScript that exports handler, with the packages it imports:
  # images:
  #   entry: src/images.ts
  #   external: ["@aws-sdk/*"]    # what is there at run time, and not bundled

  # A folder or zip that has its own JavaScript:
  # resize:
  #   bundle: dist/resize
  #   handler: index.handler
  #   memory: 512

distributions:
  www:
    id: E2EXAMPLE1ABCD            # or alias: www.example.com
    behaviors:
      default:                    # the default cache behavior
        viewer-request: hello
      # /img/*:                   # a path pattern that the distribution has;
      #                           # quote it if it begins with *
      #   origin-request: { function: hello, include-body: true }
      #   origin-response: hello
      #   viewer-response: hello
    # local:                      # for the local AWS, once it serves HTTP (not yet)
    #   origins: { "*": ./site }  # a folder, or http://127.0.0.1:3000
`
