#!/bin/sh
# Builds probe.wasm from src/ and examples/ab-test/src/edge.h, or checks with
# --check that it is what they build.
set -eu
cd "$(dirname "$0")"
exec ../../c-module.sh probe src/probe.c "$@" -I ../../../examples/ab-test/src -Wl,--initial-memory=131072
