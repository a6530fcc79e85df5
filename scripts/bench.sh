#!/usr/bin/env bash
# The benchmarks, with allocations. Arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "bench: compiling; results come package by package"
go test -run '^$' -bench . -benchmem "$@" ./sd/... ./internal/sdbench ./lb/... ./middleware/... ./cmd/kitgen/...
