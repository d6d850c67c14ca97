#!/bin/sh
# Builds a handler of the tests from C: NAME.wasm from SOURCE, in the current
# folder. The same sources give the same bytes with the clang of Debian 12,
# whatever the folder:
#
#   apt-get install -y --no-install-recommends clang-14 lld-14
#
# c-module.sh NAME SOURCE [--check] [FLAG...]
#
# With --check it builds aside and compares; exit 1 if NAME.wasm is stale. The
# example ab-test has a script of its own, which is meant to be copied.
set -eu

name=${1:?usage: c-module.sh NAME SOURCE [--check] [FLAG...]} source=$2
shift 2
check=
case "${1-}" in
--check)
	check=yes
	shift
	;;
esac

clang=${CLANG:-clang-14}
want='clang version 14.0.6'
have=$("$clang" --version | head -n 1)
case "$have" in
*"$want"*) ;;
*)
	echo "c-module.sh: $clang is $have; the committed bytes come from $want (Debian 12)" >&2
	exit 1
	;;
esac

out=$(mktemp)
trap 'rm -f "$out"' EXIT
"$clang" --target=wasm32 -std=c11 -Wall -Wextra -Werror -Os -mbulk-memory -nostdlib \
	-Wl,--no-entry -Wl,--strip-all -Wl,--stack-first -Wl,-z,stack-size=8192 "$@" -o "$out" "$source"

if [ -z "$check" ]; then
	cp "$out" "$name.wasm"
	chmod 644 "$name.wasm"
elif ! cmp "$out" "$name.wasm"; then
	echo "build.sh: $name.wasm is not what $source builds; run ./build.sh and commit it" >&2
	exit 1
fi
