#!/bin/sh
# Mints a token: mint.sh SUBJECT SCOPE SECONDS
#
# KID names the key (the key-id of edgedeploy.yaml) and AUTH_KEY is the key. For
# trying out: openssl takes the key as an argument, which whoever is on the same
# machine can read. A login service uses the HMAC of its own language.
set -eu

if [ $# -ne 3 ] || [ -z "${AUTH_KEY-}" ] || [ -z "${KID-}" ]; then
	echo "usage: KID=2026-11 AUTH_KEY=... mint.sh SUBJECT SCOPE SECONDS" >&2
	exit 2
fi
case "$KID$1" in
*.*)
	echo "mint.sh: neither KID nor SUBJECT may contain a dot" >&2
	exit 2
	;;
esac
case "$2" in
/*) ;;
*)
	echo "mint.sh: SCOPE is a path and starts with /" >&2
	exit 2
	;;
esac

claims="v1.$KID.$(($(date +%s) + $3)).$1.$2"
signature=$(printf %s "$claims" | openssl dgst -sha256 -hmac "$AUTH_KEY" | sed 's/.* //')
printf '%s.%s\n' "$claims" "$signature"
