#!/usr/bin/env bash
# Runs golangci-lint over the workspace, over the peers, and over generated code.
# The linter is built once per version and kept in the user's cache; nothing is
# installed.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/modules.sh

version=v2.15.0
dir=${XDG_CACHE_HOME:-$HOME/.cache}/kitgen/tools/golangci-lint-$version-$(go env GOVERSION)
lint=$dir/golangci-lint
if [ ! -x "$lint" ]; then
	echo "lint: building golangci-lint $version: about two minutes, once"
	# Outside the workspace, whose build list is not the linter's.
	(cd / && GOWORK=off GOFLAGS= GOBIN=$dir go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version")
fi

"$lint" config verify
patterns=()
for module in "${workspace[@]}"; do
	# A module without packages yet would be an error of the linter.
	if [ -n "$(go list "$module/..." 2>/dev/null)" ]; then
		patterns+=("$module/...")
	fi
done
echo "lint: ${patterns[*]} (a minute the first time)"
"$lint" run "$@" "${patterns[@]}"
echo "lint: ./internal/peers"
(cd internal/peers && GOWORK=off "$lint" run "$@" ./...)
echo "lint: ./internal/deployment"
(cd internal/deployment && GOWORK=off "$lint" run "$@" ./...)
echo "lint: generated services, as if somebody had written them"
scripts/lint-generated.sh "$lint" "$@"
