#!/bin/sh
# Builds pkg/ with what examples/wasm-bindgen is built with, which its own
# build.sh sees to.
set -eu
cd "$(dirname "$0")"
top=$PWD/../../../..
"$top/examples/wasm-bindgen/build.sh" >/dev/null

cargo=${CARGO:-/usr/bin/cargo}
RUSTC=${RUSTC:-/usr/bin/rustc}
export RUSTC
case $("$cargo" --version) in
'cargo 1.65.'*) export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_SPARSE_REGISTRY=true ;; # as there
esac
"$cargo" build --quiet --release --locked --target wasm32-unknown-unknown
rm -rf pkg
"${TOOLS:-$top/.tools}/wasm-bindgen/bin/wasm-bindgen" --target nodejs --no-typescript --out-dir pkg \
	"${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/release/bench.wasm"
