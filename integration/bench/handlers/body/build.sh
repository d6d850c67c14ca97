#!/bin/sh
# Builds body.wasm, or checks with --check that it is what body.c builds.
set -eu
cd "$(dirname "$0")"
exec ../../../c-module.sh body body.c "$@"
