#!/bin/bash
# Puts the release INPUT_VERSION of edgedeploy into PATH, or the last of the list
# if that is empty. The list, SHA256SUMS beside this file, has the digest of every
# archive that is accepted; another one is never unpacked.
set -euo pipefail

sums=$(dirname "${BASH_SOURCE[0]}")/SHA256SUMS

fail() {
	printf 'edgedeploy action: %s\n' "$1" >&2
	exit 1
}

known=$(sed -nE 's/^[0-9a-f]{64}  edgedeploy_(.+)_linux_amd64\.tar\.gz$/\1/p' "$sums")
version=${INPUT_VERSION#v}
[ -n "$version" ] || version=$(tail -n 1 <<<"$known")
[ -n "$version" ] || fail "nothing is released yet: action/SHA256SUMS has no digest"
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || fail "$(printf 'version %q is no release: say one like 1.2.3' "$version")"

case "$RUNNER_OS" in
Linux) os=linux ;;
macOS) os=darwin ;;
*) fail "$RUNNER_OS is not supported: use a runner with Linux or macOS" ;;
esac
case "$RUNNER_ARCH" in
X64) arch=amd64 ;;
ARM64) arch=arm64 ;;
*) fail "$RUNNER_ARCH is not supported: use a runner with x64 or arm64" ;;
esac

archive=edgedeploy_${version}_${os}_${arch}.tar.gz
want=$(awk -v name="$archive" '$2 == name { print $1 }' "$sums")
[ -n "$want" ] || fail "this commit of the action knows no digest of $archive: take a newer one, or one of these versions: $(tr '\n' ' ' <<<"${known:-none}")"

dir=$RUNNER_TEMP/edgedeploy-$version
mkdir -p "$dir"
curl --proto '=https' --tlsv1.2 --fail --silent --show-error --location --retry 3 --output "$dir/$archive" \
	"https://github.com/edgedeploy/edgedeploy/releases/download/v$version/$archive"

if command -v sha256sum >/dev/null; then
	got=$(sha256sum <"$dir/$archive" | cut -c 1-64)
else
	got=$(shasum -a 256 <"$dir/$archive" | cut -c 1-64)
fi
if [ "$got" != "$want" ]; then
	rm -f "$dir/$archive"
	fail "$archive is not the one that was released: its SHA-256 is $got, and action/SHA256SUMS says $want"
fi

tar -xzf "$dir/$archive" -C "$dir" edgedeploy
"$dir/edgedeploy" version
echo "$dir" >>"$GITHUB_PATH"
