#!/bin/bash
# Runs edgedeploy with INPUT_ARGS. They are split here, and no shell reads them:
# nothing in them is expanded, and quotes mean nothing.
#
#   one line       words, at spaces
#   several lines  an argument a line, with the spaces in it
set -euo pipefail

fail() {
	printf 'edgedeploy action: %s\n' "$1" >&2
	exit 1
}

text=$INPUT_ARGS
while [[ $text == *$'\n' ]]; do text=${text%$'\n'}; done # as YAML's | leaves it

args=()
if [[ $text == *$'\n'* ]]; then
	while read -r line; do
		[[ $line != -*[[:space:]]* || $line == -*=* ]] ||
			fail "$(printf 'args: %q would be one argument: write what follows the flag on a line of its own, or --flag=value' "$line")"
		[ -z "$line" ] || args+=("$line")
	done <<<"$text"
else
	[[ $text != *[\"\']* ]] || fail "args: quotes are not read: write one argument a line instead"
	read -r -a args <<<"$text"
fi
[ ${#args[@]} -gt 0 ] || fail "args: there is no argument in it"

unset INPUT_ARGS
exec edgedeploy "${args[@]}"
