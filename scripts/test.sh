#!/usr/bin/env bash
# Every test of every module with the race detector, against real etcd, Consul
# and ZooKeeper processes. Arguments go to go test.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/modules.sh

echo "test: looking for the etcd and Consul binaries (a first run builds them: about six minutes on two cores)"
go run ./internal/servers/prebuild
echo "test: compiling with the race detector (some minutes from a cold cache); results come package by package"
go test -race "$@" work
echo "test: the simulator again without the race detector, which makes it a hundred times slower: now it plays all of its cells"
go test "$@" ./lb/lbsim/...
echo "test: the benchmark beside the peers, one tiny round (a first run compiles the peers: about two minutes)"
(cd internal/peers && GOWORK=off go test "${peers[@]}" "$@" ./...)
echo "test: what comes with a new service, by the parsers of Kubernetes, Prometheus and others (a first run compiles those: about two minutes)"
(cd internal/deployment && GOWORK=off go test "$@" ./...)
