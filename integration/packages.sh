#!/bin/sh
# Installs npm packages by other people, each made with wasm-bindgen and met in
# the wild, TypeScript to check the starter's types with, gitlab-ci-local for
# GitLab's schema of pipelines, AWS's runtime interface clients (3 is what
# Lambda's Node.js 20 and 22 have, 4 what 24 has), and the packages of
# examples/image. Prints the folder of all but the last as the tests want it:
#
#   export EDGEDEPLOY_TEST_PACKAGES=$(integration/packages.sh .tools/packages)
#
# What is there already is not fetched again. The versions are pinned: new ones
# are tried by hand.
set -eu

[ $# -eq 1 ] || { echo "usage: packages.sh DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)

wanted='@silvia-odwyer/photon-node@0.3.4
@resvg/resvg-wasm@2.6.2
tiktoken@1.0.22
@cedar-policy/cedar-wasm@4.13.0
html-rewriter-wasm@0.4.1
@minify-html/wasm@0.18.1
typescript@7.0.2
gitlab-ci-local@4.75.1
lambda-ric-3@npm:aws-lambda-ric@3.3.0
lambda-ric-4@npm:aws-lambda-ric@4.0.2'

if [ "$(cat "$dir/installed" 2>/dev/null)" != "$wanted" ]; then
	# shellcheck disable=SC2086 # one argument a line
	npm install --prefix "$dir" --ignore-scripts --no-audit --no-fund --no-save --silent $wanted >&2
	echo "$wanted" >"$dir/installed"
fi
npm ci --prefix "$here/examples/image" --ignore-scripts --no-audit --no-fund --silent >&2
echo "$dir"
