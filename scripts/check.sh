#!/usr/bin/env bash
# What must hold before a change lands, cheapest first. Runs every step even if
# one fails, and ends with the list of those that did.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
source scripts/modules.sh

failed=()
step() { # name, command...
	local name=$1 start=$SECONDS
	shift
	echo "check: $name"
	if "$@"; then
		echo "check: $name: ok ($((SECONDS - start)) s)"
	else
		echo "check: $name: FAILED ($((SECONDS - start)) s)"
		failed+=("$name")
	fi
}

formatted() {
	local files
	files=$(git ls-files --cached --others --exclude-standard -z '*.go' | xargs -0 gofmt -s -l 2>&1)
	[ -z "$files" ] || { echo "not formatted; run gofmt -s -w on:"; echo "$files"; return 1; }
}

# The modernizers of go fix, without those files that are generated.
modern() {
	go fix -diff work || { echo "go fix would change the code above; run: go fix work"; return 1; }
}

vet_peers() { (cd internal/peers && GOWORK=off go vet ./...); }

step "format (gofmt)" formatted
step "vet (go vet; compiles everything, 2 minutes from a cold cache)" go vet work
step "vet the peers (the first time, compiling them: two minutes)" vet_peers
step "modern (go fix -diff)" modern
step "go.mod and go.sum (go mod tidy -diff)" scripts/tidy.sh
step "generated files (make generate leaves no diff)" scripts/generate.sh --check
step "architecture (internal/archtest)" go test -count=1 ./internal/archtest
step "lint (golangci-lint)" scripts/lint.sh

if [ ${#failed[@]} -gt 0 ]; then
	echo "check: FAILED:"
	printf '  %s\n' "${failed[@]}"
	exit 1
fi
echo "check: ok"
