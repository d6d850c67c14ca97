#!/bin/sh
# Builds the example of wasm-bindgen with the newest release of it, for the tests
# of all its targets: DIR/bin/wasm-bindgen, and DIR/rewrite.wasm for it.
#
#   export EDGEDEPLOY_TEST_BINDGEN=$(integration/bindgen/build.sh .tools/bindgen)
#
# That needs a newer Rust than Debian 12's. The one that Debian builds browsers
# with, rustc-web, cannot be installed beside rustc, so it is unpacked below DIR.
# It brings no library for wasm32: cargo builds that from rust-web-src, as only
# a nightly would without RUSTC_BOOTSTRAP. All of it takes some minutes, once.
set -eu

[ $# -eq 1 ] || { echo "usage: build.sh DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)

version=$(sed -n 's/^wasm-bindgen = "=\(.*\)"$/\1/p' "$here/Cargo.toml")
if [ "$("$dir/bin/wasm-bindgen" --version 2>/dev/null)" = "wasm-bindgen $version" ] && [ -f "$dir/rewrite.wasm" ]; then
	echo "$dir"
	exit
fi

depends() { apt-cache depends "$1" | sed -n "s/^ *Depends: \($2\)$/\1/p" | head -n 1; }
std=$(depends libstd-rust-web-dev 'libstd-rust-web-[0-9.]*')
llvm=$(depends "$std" 'libllvm[0-9]*')
major=${llvm#libllvm}
mkdir -p "$dir/debs"
(cd "$dir/debs" && apt-get download -q rustc-web cargo-web libstd-rust-web-dev rust-web-src "$std" "$llvm" "lld-$major" >&2)
for deb in "$dir"/debs/*.deb; do
	dpkg -x "$deb" "$dir/debian"
done
rm -r "$dir/debs"

rust=$dir/debian/usr
LD_LIBRARY_PATH=$rust/lib/$(gcc -print-multiarch):$rust/lib/llvm-$major/lib
RUSTC=$rust/bin/rustc
export LD_LIBRARY_PATH RUSTC
# Not locked: its own Cargo.lock may name what its registry has not.
"$rust/bin/cargo" install --quiet --version "$version" --root "$dir" --bin wasm-bindgen wasm-bindgen-cli >&2
RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$dir/target CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$rust/lib/llvm-$major/bin/wasm-ld \
	"$rust/bin/cargo" build --quiet --release --locked -Zbuild-std=std,panic_abort \
	--target wasm32-unknown-unknown --manifest-path "$here/Cargo.toml" >&2
cp "$dir/target/wasm32-unknown-unknown/release/rewrite.wasm" "$dir/rewrite.wasm"
echo "$dir"
