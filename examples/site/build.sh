#!/bin/sh
# Builds site.wasm from src/ with the Rust of Debian 12, which gives the
# same bytes everywhere. With any other Rust: cargo build, see README.md.
#
# build.sh           writes site.wasm
# build.sh --check   builds aside and compares; exit 1 if site.wasm is stale
set -eu
cd "$(dirname "$0")"
exec ../../guest/rust/build-module.sh site "$@"
