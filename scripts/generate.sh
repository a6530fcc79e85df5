#!/usr/bin/env bash
# generate.sh           brings every generated file up to date: go generate, the
#                       go.mod and go.sum of new services, generated services
# generate.sh --check   does so in a copy, and fails with a diff if there was
#                       anything to do; the tree itself is not touched
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/modules.sh
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

generate() {
	local module service
	for module in "${workspace[@]}"; do
		(cd "$module" && go generate ./...)
	done
	go run ./cmd/kitgen internal-snapshot templates/module
	go build -o "$tmp/kitgen" ./cmd/kitgen # holds what was refreshed just now
	find examples internal/peers -name kitgen.json -print0 | while IFS= read -r -d '' service; do
		"$tmp/kitgen" generate "$(dirname "$service")"
	done
}

# copy takes all that git would take, as it is now.
copy() {
	git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' f; do
		if [ -e "$f" ]; then printf '%s\0' "$f"; fi # else deleted, not yet committed
	done | tar --null -T - -cf - | tar -xf - -C "$1"
}

if [ "${1:-}" != --check ]; then
	generate
	exit
fi
mkdir "$tmp/before" "$tmp/after"
copy "$tmp/before"
cp -R "$tmp/before/." "$tmp/after"
(cd "$tmp/after" && generate)
(cd "$tmp" && diff -ruN before after) || {
	echo "generate: the files above are out of date; run make generate"
	exit 1
}
