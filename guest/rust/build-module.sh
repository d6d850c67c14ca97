#!/bin/sh
# Builds a handler of this repository on this crate, without cargo: NAME.wasm
# from src/lib.rs in the current folder. The same sources give the same bytes
# with the Rust of Debian 12, whatever the folder:
#
#   apt-get install -y --no-install-recommends rustc libstd-rust-dev-wasm32 lld
#
# build-module.sh NAME [--no-std]           writes NAME.wasm
# build-module.sh NAME [--no-std] --check   builds aside and compares; exit 1 if
#                                           NAME.wasm is stale
#
# SOURCE=src/other.rs names another source. Your own handler needs none of this:
# see README.md.
set -eu

name=${1:?usage: build-module.sh NAME [--no-std] [--check]}
shift
check=
std='feature="std"'
for arg; do
	case "$arg" in
	--check) check=yes ;;
	--no-std) std='no_std' ;;
	*)
		echo "usage: build.sh [--check]" >&2
		exit 2
		;;
	esac
done

guest=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$guest/../.." && pwd)

# A toolchain by rustup earlier in PATH has no wasm target; ask for Debian's.
rustc=${RUSTC:-/usr/bin/rustc}
want='rustc 1.63.0'
have=$("$rustc" --version)
case "$have" in
"$want"*) ;;
*)
	echo "build-module.sh: $rustc is $have; the committed bytes come from $want (Debian 12)" >&2
	exit 1
	;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# compile CRATE-TYPE NAME SOURCE OPTION...
compile() {
	type=$1 crate=$2 source=$3
	shift 3
	"$rustc" --edition 2021 --target wasm32-unknown-unknown --crate-type "$type" --crate-name "$crate" \
		-C opt-level=s -C panic=abort -C codegen-units=1 \
		--remap-path-prefix "$root=." --out-dir "$work" "$@" "$source"
}

compile rlib edgedeploy_guest "$guest/src/lib.rs" --cfg "$std"
compile cdylib "$name" "${SOURCE:-src/lib.rs}" -C lto=fat -C strip=symbols \
	--extern "edgedeploy_guest=$work/libedgedeploy_guest.rlib"

if [ -z "$check" ]; then
	cp "$work/$name.wasm" "$name.wasm"
	chmod 644 "$name.wasm"
elif ! cmp "$work/$name.wasm" "$name.wasm"; then
	echo "build.sh: $name.wasm is not what its sources build; run ./build.sh and commit it" >&2
	exit 1
fi
