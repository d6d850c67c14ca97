#!/bin/sh
# Builds typed.wasm and bare.wasm from src/ with the Rust of Debian 12, which
# gives the same bytes everywhere.
#
# build.sh           writes them
# build.sh --check   builds aside and compares; exit 1 if one is stale
set -eu
cd "$(dirname "$0")"
SOURCE=src/typed.rs ../../../guest/rust/build-module.sh typed "$@"
RUSTC_BOOTSTRAP=bare SOURCE=src/bare.rs ../../../guest/rust/build-module.sh bare --no-std "$@"
