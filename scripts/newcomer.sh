#!/usr/bin/env bash
# What a newcomer types with kitgen, and with goctl, kitex and kratos, until a
# service is registered, answers over HTTP and gRPC, and its tests pass. Installs
# them from the Go module proxy, and is therefore no part of make test. -only
# kitgen,goctl plays with these, -v prints what was typed.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "newcomer: five minutes from cold caches, most of it for others' tools" >&2
go run ./internal/newcomer -kit "$PWD" "$@"
