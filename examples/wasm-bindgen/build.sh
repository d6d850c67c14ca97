#!/bin/sh
# Builds pkg/ from src/: the module, and the JavaScript that wasm-bindgen writes
# for Node.js. Needs the Rust of Debian 12:
#
#   apt-get install -y --no-install-recommends \
#     cargo libstd-rust-dev-wasm32 lld pkg-config libssl-dev
#
# wasm-bindgen-cli, in the version of Cargo.lock, is built once from the crate
# registry, which takes minutes, and kept in TOOLS (.tools of the repository).
# It is what wants the last two.
# CARGO and RUSTC name another toolchain. pkg/ is not committed: most of the
# JavaScript in it is other people's.
set -eu
cd "$(dirname "$0")"

# A toolchain by rustup earlier in PATH may have no wasm target; ask for Debian's.
cargo=${CARGO:-/usr/bin/cargo}
RUSTC=${RUSTC:-/usr/bin/rustc}
export RUSTC
tools=${TOOLS:-$PWD/../../.tools}/wasm-bindgen

version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' Cargo.lock)
[ -n "$version" ] || { echo "build.sh: Cargo.lock has no wasm-bindgen" >&2; exit 1; }

# Debian's cargo wants the index of all crates as a git clone of hundreds of
# megabytes, unless it is told to read it file by file, as newer ones do.
case $("$cargo" --version) in
'cargo 1.65.'*) export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_SPARSE_REGISTRY=true ;;
esac

bindgen=$tools/bin/wasm-bindgen
if [ "$("$bindgen" --version 2>/dev/null)" != "wasm-bindgen $version" ]; then
	echo "build.sh: building wasm-bindgen-cli $version, once; it takes some minutes" >&2
	"$cargo" install --quiet --locked --version "$version" --root "$tools" --bin wasm-bindgen wasm-bindgen-cli
fi

"$cargo" build --quiet --release --locked --target wasm32-unknown-unknown
rm -rf pkg
"$bindgen" --target nodejs --no-typescript --out-dir pkg \
	"${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/release/rewrite.wasm"
ls -l pkg
