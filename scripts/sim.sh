#!/usr/bin/env bash
# The balancers' simulator: ours and the peers' in every scenario. Arguments go
# to the program (-scenarios S1,S7, -balancers adaptive, -seeds 3, -list);
# JSON=1 ends with one line of JSON. Without arguments it draws docs/sim-*.svg.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "sim: building bin/lbsim; playing everything takes a few minutes (-scenarios and -balancers make it seconds)"
[ $# -gt 0 ] || set -- -svg docs # not of a few: the pictures have all
go build -o bin/lbsim ./lb/lbsim
exec bin/lbsim ${JSON:+-json} "$@"
