#!/bin/sh
# Builds bytes.wasm from bytes.c. The same sources give the same bytes with the
# clang of Debian 12, whatever the folder:
#
#   apt-get install -y --no-install-recommends clang-14 lld-14
#
# build.sh           writes bytes.wasm
# build.sh --check   builds aside and compares; exit 1 if bytes.wasm is stale
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

out=bytes.wasm
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

# -O2, because it is measured.
"$clang" --target=wasm32 -std=c11 -Wall -Wextra -Werror -O2 -mbulk-memory -nostdlib \
	-Wl,--no-entry -Wl,--strip-all -Wl,--stack-first -Wl,-z,stack-size=8192 -o "$out" bytes.c

chmod 644 "$out"

if [ -n "$check" ] && ! cmp "$out" "$check"; then
	echo "build.sh: $check is not what bytes.c builds; run ./build.sh and commit it" >&2
	exit 1
fi
