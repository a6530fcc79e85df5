#!/usr/bin/env bash
# Ours beside the peers', in one process, with ratios to a floor: choices, what
# surrounds a call, and calls end to end over gRPC and HTTP. QUICK=1 is a look in
# one minute, JSON=1 ends with one line of JSON, ROUNDS=N makes more or fewer
# rounds; arguments go to the program (-only grpc, -n 3,1000, -only around: the
# policies alone, -only e2e: calls end to end alone, -contention FILE: who waits
# for whom, -h).
# PACKAGES=1 runs the packages' own benchmarks instead; arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/modules.sh

if [ "${PACKAGES:-}" ]; then
	echo "bench: compiling; results come package by package"
	exec go test -run '^$' -bench . -benchmem "$@" ./sd/... ./internal/sdbench ./lb/... ./middleware/... ./cmd/kitgen/...
fi
echo "bench: building bin/peers (from a cold cache it compiles all peers: about two minutes on two cores)"
(cd internal/peers && GOWORK=off go build "${peers[@]}" -o ../../bin/peers .)
exec bin/peers ${JSON:+-json} ${QUICK:+-quick} ${ROUNDS:+-rounds "$ROUNDS"} "$@"
