#!/bin/sh
# Writes many distributions of a local CloudFront that throttles, in real time, and
# prints what it took:
#
#   integration/pacing.sh [DISTRIBUTIONS [WRITES-A-MINUTE]]     200 and 60 if not said
set -eu

many=${1:-200} limit=${2:-60}
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" || :; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

(cd "$root" && go build -o "$dir/edgedeploy" ./cmd/edgedeploy)
cp "$root/examples/redirect/redirect.wasm" "$dir"
cd "$dir"
{
	echo 'version: 1'
	echo 'stack: pacing'
	echo 'defaults: { role: "arn:aws:iam::123456789012:role/edge" }'
	echo 'functions: { site: { wasm: redirect.wasm } }'
	echo 'distributions:'
	i=0
	while [ "$i" -lt "$many" ]; do
		echo "  d$i: { id: E$(printf %013d "$i"), behaviors: { default: { viewer-request: site } } }"
		i=$((i + 1))
	done
} >edgedeploy.yaml
HOME=$dir
export HOME

./edgedeploy local --listen 127.0.0.1:0 --writes-per-minute "$limit" >served &
server=$!
until grep -q http served; do sleep 0.1; done

start=$(date +%s)
./edgedeploy apply --local --yes -v >out 2>err || { cat err >&2; exit 1; }
whole=$(($(date +%s) - start))

# The lines of a distribution stand between its started and its done.
awk -v limit="$limit" -v whole="$whole" '
	/^update .*: started$/ { refused = 0 }
	/^CloudFront UpdateDistribution +400 / { all++; if (++refused > worst) worst = refused }
	/^CloudFront UpdateDistribution +200 / { writes++ }
	/^Lambda +[A-Za-z]+ +429 / { lambda++ }
	END {
		ideal = writes / limit * 60
		printf "%d distributions, %d writes a minute: %d s with all else, %.2f times writes / limit\n", writes, limit, whole, whole / ideal
		printf "%d writes throttled, at most %d of one distribution; %d calls to Lambda throttled\n", all, worst, lambda
	}' err
tail -n 1 err
