#!/bin/sh
# Builds body.wasm from body.c. The same sources give the same bytes with the
# clang of Debian 12, whatever the folder:
#
#   apt-get install -y --no-install-recommends clang-14 lld-14
#
# build.sh           writes body.wasm
# build.sh --check   builds aside and compares; exit 1 if body.wasm is stale
set -eu
cd "$(dirname "$0")"

clang=${CLANG:-clang-14}
want='clang version 14.0.6'

have=$("$clang" --version | head -n 1)
case "$have" in
*"$want"*) ;;
*)
	echo "build.sh: $clang is $have; the committed bytes come from $want (Debian 12)" >&2
	exit 1
	;;
esac

out=body.wasm
check=
case "${1-}" in
'') ;;
--check)
	check=$out
	out=$(mktemp)
	trap 'rm -f "$out"' EXIT
	;;
*)
	echo "usage: build.sh [--check]" >&2
	exit 2
	;;
esac

# -Os, as for the example ab-test.
"$clang" --target=wasm32 -std=c11 -Wall -Wextra -Werror -Os -mbulk-memory -nostdlib \
	-Wl,--no-entry -Wl,--strip-all -Wl,--stack-first -Wl,-z,stack-size=8192 -o "$out" body.c

chmod 644 "$out"

if [ -n "$check" ] && ! cmp "$out" "$check"; then
	echo "build.sh: $check is not what body.c builds; run ./build.sh and commit it" >&2
	exit 1
fi
