#!/bin/sh
# Builds geo.wasm with the Go in PATH (1.24 or newer). It has some MB and every
# Go release makes other bytes, so it is not in the repository.
set -eu
cd "$(dirname "$0")"
GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o geo.wasm .
