#!/bin/sh
# Installs npm packages by other people that handlers are tested with (the first
# lines of integration/handlers/testdata/npm/*.mjs name them, with versions),
# TypeScript to check the starter's types with, gitlab-ci-local for GitLab's
# schema of pipelines, AWS's runtime interface clients (3 is what Lambda's Node.js
# 20 and 22 have, 4 what 24 has; with pip the one for Python), and the packages of
# examples/image. Prints the folder of all but the last as the tests want it:
#
#   export EDGEDEPLOY_TEST_PACKAGES=$(integration/packages.sh .tools/packages)
#
# Of the packages for handlers it installs those that CI runs, which say "fast";
# packages.sh DIR all installs every one. What is there already is not fetched
# again. The versions are pinned: new ones are tried by hand.
set -eu

[ $# -eq 1 ] || [ "$*" = "$1 all" ] || { echo "usage: packages.sh DIR [all]" >&2; exit 2; }
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)

handlers=$here/integration/handlers/testdata/npm
if [ $# -eq 2 ]; then
	named=$(cat "$handlers"/*.mjs)
else
	named=$(grep -lx '// fast' "$handlers"/*.mjs | xargs cat)
fi
wanted="$(echo "$named" | sed -n 's|^// npm: ||p' | sort -u)
typescript@7.0.2
gitlab-ci-local@4.75.1
lambda-ric-3@npm:aws-lambda-ric@3.3.0
lambda-ric-4@npm:aws-lambda-ric@4.0.2"

if [ "$(cat "$dir/installed" 2>/dev/null)" != "$wanted" ]; then
	# shellcheck disable=SC2086 # one argument a line
	npm install --prefix "$dir" --ignore-scripts --no-audit --no-fund --no-save --silent $wanted >&2
	echo "$wanted" >"$dir/installed"
fi
# Half of it is made for one release of Python. Debian has pip in python3-pip.
ric="awslambdaric==4.2.2"
if [ "$(cat "$dir/python/installed" 2>/dev/null)" != "$ric, $(python3 -V 2>&1)" ]; then
	rm -rf "$dir/python"
	if python3 -m pip --version >/dev/null 2>&1; then
		python3 -m pip install --quiet --no-input --disable-pip-version-check --root-user-action=ignore --only-binary :all: --target "$dir/python" "$ric" >&2
		echo "$ric, $(python3 -V 2>&1)" >"$dir/python/installed"
	else
		echo "packages.sh: python3 has no pip, so $ric is not installed" >&2
	fi
fi
npm ci --prefix "$here/examples/image" --ignore-scripts --no-audit --no-fund --silent >&2
echo "$dir"
