#!/usr/bin/env bash
# tidy.sh      fails with a diff if a module's go.mod or go.sum is not tidy
# tidy.sh -w   makes them so
#
# Plain go mod tidy cannot do it: the nested modules require the library at
# v0.0.0, which is not published, and must not carry a replace, because
# go install refuses a module that has one. So it works on copies that do.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/modules.sh
root=$PWD
library=github.com/kitgen/kitgen
export GOWORK=off GOFLAGS=
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

tidy() { # module
	local dir=$root/$1 mod=$tmp/go.mod
	cp "$dir/go.mod" "$mod"
	if [ -f "$dir/go.sum" ]; then cp "$dir/go.sum" "$tmp/go.sum"; else : >"$tmp/go.sum"; fi
	case $1 in
	./cmd/kitgen | ./examples | ./internal/interop) # these use the library beside them
		go mod edit -require "$library@v0.0.0" -replace "$library=$root" "$mod"
		(cd "$dir" && go mod tidy -modfile="$mod") || return 1
		go mod edit -dropreplace "$library" "$mod"
		;;
	*)
		(cd "$dir" && go mod tidy -modfile="$mod") || return 1
		;;
	esac
	if [ "${write:-}" ]; then
		cp "$mod" "$dir/go.mod"
		if [ -s "$tmp/go.sum" ]; then cp "$tmp/go.sum" "$dir/go.sum"; fi
		return
	fi
	local old=$dir/go.sum
	[ -f "$old" ] || old=/dev/null
	diff -u "$dir/go.mod" "$mod" --label "$1/go.mod" --label "$1/go.mod, tidy" &&
		diff -u "$old" "$tmp/go.sum" --label "$1/go.sum" --label "$1/go.sum, tidy"
}

write=
if [ "${1:-}" = -w ]; then write=1; fi
status=0
for module in "${workspace[@]}" "${outside[@]}"; do
	tidy "$module" || { echo "tidy: $module is not; run scripts/tidy.sh -w"; status=1; }
done
exit $status
