# The modules of the repository, for the scripts beside this file, which source
# it from the root. Consul's, the peers' and deployment are no part of the workspace (see
# DECISIONS.md), and what works on them sets GOWORK=off.
# shellcheck shell=bash disable=SC2034 # others read what is set here
workspace=(. ./cmd/kitgen ./examples ./internal/interop ./internal/servers/etcd)
outside=(./internal/servers/consul ./internal/peers ./internal/deployment)

# kitex links to the insides of encoding/json.
peers=(-ldflags=-checklinkname=0)
