#!/bin/sh
# Runs clippy over this crate and the examples that use it, and builds the crate's
# documentation, with the oldest Rust that they work with and with a new one; a
# warning is a failure.
#
#   guest/rust/lint.sh DIR
#
# The oldest is Debian 12's rustc, which has to be installed. The new one, which Debian builds browsers with, is rustc-web: it cannot be
# installed beside, so it is unpacked below DIR, as both releases of clippy are.
# What is there already is not fetched again.
set -eu

[ $# -eq 1 ] || { echo "usage: lint.sh DIR" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
cd "$(dirname "$0")"

depends() { apt-cache depends "$1" | sed -n "s/^ *Depends: \($2\)$/\1/p" | head -n 1; }

# unpack TO PACKAGE… fetches packages and unpacks them below DIR/TO.
unpack() {
	to=$dir/$1
	shift
	[ -f "$to/complete" ] && return
	rm -rf "$to" && mkdir -p "$to/debs"
	(cd "$to/debs" && apt-get download -q "$@" >&2)
	for deb in "$to"/debs/*.deb; do
		dpkg -x "$deb" "$to"
	done
	rm -r "$to/debs"
	touch "$to/complete"
}

# lint SYSROOT RUSTDOC CLIPPY looks at everything with one Rust.
lint() {
	sysroot=$1 rustdoc=$2 clippy=$3
	"$rustdoc" --version
	work=$(mktemp -d)
	# What came after the oldest Rust is not to be used: cargo would say so like this.
	check() {
		CARGO_PKG_RUST_VERSION=1.63 "$clippy" --sysroot "$sysroot" --edition 2021 -D warnings \
			--emit metadata --out-dir "$work" -L "$work" "$@"
	}
	echo "guest/rust"
	check --crate-type rlib --crate-name edgedeploy_guest src/lib.rs # without std
	check --crate-type rlib --crate-name edgedeploy_guest --cfg 'feature="std"' src/lib.rs
	check --test --crate-name guest_tests --cfg 'feature="std"' src/lib.rs
	"$rustdoc" --sysroot "$sysroot" --edition 2021 -D warnings --crate-name edgedeploy_guest --cfg 'feature="std"' \
		--out-dir "$work/doc" src/lib.rs
	for source in ../../examples/*/Cargo.toml; do
		example=$(dirname "$source")
		grep -q '^edgedeploy-guest' "$source" || continue
		echo "examples/$(basename "$example")"
		check --crate-type rlib --crate-name "$(basename "$example" | tr - _)" \
			--extern "edgedeploy_guest=$work/libedgedeploy_guest.rmeta" "$example/src/lib.rs"
	done
	rm -r "$work"
}

unpack clippy-of-rustc rust-clippy
lint /usr /usr/bin/rustdoc "$dir/clippy-of-rustc/usr/bin/clippy-driver"

std=$(depends libstd-rust-web-dev 'libstd-rust-web-[0-9.]*')
llvm=$(depends "$std" 'libllvm[0-9]*')
unpack rustc-web rustc-web rust-web-clippy libstd-rust-web-dev "$std" "$llvm"
rust=$dir/rustc-web/usr
LD_LIBRARY_PATH=$rust/lib/$(gcc -print-multiarch):$rust/lib/llvm-${llvm#libllvm}/lib
export LD_LIBRARY_PATH
lint "$rust" "$rust/bin/rustdoc" "$rust/bin/clippy-driver"
