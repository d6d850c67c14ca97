#!/bin/sh
# Builds probe.wasm from src/. The same sources give the same bytes with the
# Rust of Debian 12, whatever the folder:
#
#   apt-get install -y --no-install-recommends rustc libstd-rust-dev-wasm32 lld
#
# build.sh           writes probe.wasm
# build.sh --check   builds aside and compares; exit 1 if probe.wasm is stale
set -eu
cd "$(dirname "$0")"

# A toolchain by rustup earlier in PATH has no wasm target; ask for Debian's.
rustc=${RUSTC:-/usr/bin/rustc}
want='rustc 1.63.0'

have=$("$rustc" --version)
case "$have" in
"$want"*) ;;
*)
	echo "build.sh: $rustc is $have; the committed bytes come from $want (Debian 12)" >&2
	exit 1
	;;
esac

out=probe.wasm
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

"$rustc" --edition 2021 --target wasm32-unknown-unknown --crate-type cdylib --crate-name probe \
	-C opt-level=s -C panic=abort -C lto=fat -C codegen-units=1 -C strip=symbols \
	--remap-path-prefix "$(cd ../../.. && pwd)=." -o "$out" src/lib.rs

chmod 644 "$out"

if [ -n "$check" ] && ! cmp "$out" "$check"; then
	echo "build.sh: $check is not what src/ builds; run ./build.sh and commit it" >&2
	exit 1
fi
