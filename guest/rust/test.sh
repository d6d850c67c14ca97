#!/bin/sh
# Runs the tests of this crate, and of the examples that use it, natively and
# without cargo: with the Rust of Debian 12, the oldest that they work with.
set -eu
cd "$(dirname "$0")"
rustc=${RUSTC:-/usr/bin/rustc}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compile() {
	"$rustc" --edition 2021 -C opt-level=1 -C debug-assertions=on -D warnings --out-dir "$work" "$@"
}

echo "guest/rust"
compile --test --crate-name guest_tests --cfg 'feature="std"' src/lib.rs
"$work/guest_tests" --quiet

compile --crate-type rlib --crate-name edgedeploy_guest --cfg 'feature="std"' src/lib.rs
# What the documentation shows compiles, and what it says does not, does not.
for page in src/lib.rs README.md; do
	"${RUSTDOC:-$(dirname "$rustc")/rustdoc}" --test --edition 2021 --crate-name edgedeploy_guest --cfg 'feature="std"' \
		-L "$work" --extern "edgedeploy_guest=$work/libedgedeploy_guest.rlib" "$page"
done

for source in ../../examples/*/Cargo.toml; do
	example=$(dirname "$source")
	grep -q '^edgedeploy-guest' "$source" || continue
	name=$(basename "$example" | tr - _)
	echo "examples/$(basename "$example")"
	compile --test --crate-name "${name}_tests" --extern "edgedeploy_guest=$work/libedgedeploy_guest.rlib" "$example/src/lib.rs"
	"$work/${name}_tests" --quiet
done
