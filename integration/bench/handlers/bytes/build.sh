#!/bin/sh
# Builds bytes.wasm, or checks with --check that it is what bytes.c builds.
set -eu
cd "$(dirname "$0")"
exec ../../../c-module.sh bytes bytes.c "$@" -O2
